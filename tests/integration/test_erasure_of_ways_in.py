"""A member has herself erased: her passkeys, her earlier address and the one she asked for go with her."""

import io
import zipfile

import msgspec
import pytest

from tests.authenticator import Device
from tests.integration.test_erasure import a_member, erase_by_mail, link_in_mail, swept
from tests.integration.traces import in_database
from tests.site_fixture import ADDRESS, SiteUnderTest

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

NAME, FORMER, MAIL = "Snickersnack Tumtum", "jabberwock@borogrove.example", "bandersnatch@mimsy.example"
PENDING, PHONE = "jubjub@outgrabe.example", "Uffish thought phone"
HERS = (NAME, FORMER, MAIL, PENDING, PHONE)


async def test_ways_in_are_handed_out_and_gone_after_an_erasure(site: SiteUnderTest) -> None:
    member, she = await a_member(site, NAME, FORMER)
    options = (await she.post("/api/v1/me/passkeys/options")).raise_for_status().json()
    key = {"name": PHONE, "credential": Device(ADDRESS).create(options)}
    (await she.post("/api/v1/me/passkeys", json=key)).raise_for_status()
    (await she.post("/api/v1/me/address", json={"email": MAIL})).raise_for_status()
    token = await link_in_mail(site, MAIL)
    (await she.post("/api/v1/me/address/confirm", json={"token": token})).raise_for_status()
    (await she.post("/api/v1/me/address", json={"email": PENDING})).raise_for_status()
    async with site.parts.pool.connection() as connection:
        await connection.execute("analyze")
    there = in_database(site.database, HERS)
    assert {each for found in there.values() for each in found} == set(HERS), "the search does not see what is there"
    assert "pg_catalog.pg_statistic" not in there
    taken = zipfile.ZipFile(io.BytesIO((await she.get("/api/v1/me/export")).content))
    files = {each: msgspec.json.decode(taken.read(each)) for each in ("passkeys.json", "links.json", "mail.json")}

    done = await erase_by_mail(site, she, MAIL)

    assert done.status_code == 303, done.text
    await swept(site, member)
    assert in_database(site.database, HERS) == {}
    assert [each["name"] for each in files["passkeys.json"]] == [PHONE]
    assert len(files["passkeys.json"][0]["public_key"]) > 100
    assert ("address-undo", FORMER) in {(each["purpose"], each["email"]) for each in files["links.json"]}
    assert PENDING not in str(files), "what is asked for and not confirmed would tell whether a member has it"
