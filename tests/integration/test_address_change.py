"""Changing one's address: from the new mailbox, told to the old one, and back again."""

import re

import pytest
from httpx2 import AsyncClient

from fanfare.platform.desk import Desk
from tests.authenticator import Device
from tests.integration.members_room import SITE, Browse, change, code, link_for, one, sign_in
from tests.integration.test_passkeys import added, mailed

pytestmark = pytest.mark.postgres
OLD, NEW = "dora@example.org", "dora@new.example"


async def dora(desk: Desk, browse: Browse) -> AsyncClient:
    client = browse()
    (await sign_in(desk, client, OLD, "Dora")).raise_for_status()
    return client


async def link_to(desk: Desk, recipient: str, page: str) -> str:
    """Return the secret of the last link to *page* that was mailed to somebody."""
    query = "select body from vault.outbox where recipient = %s and body like %s order by id desc limit 1"
    body = await one(desk, query, recipient, f"%{page}%")
    assert body, f"nothing of {page} was mailed to {recipient}"
    return str(re.findall(r"token=(\S+)", body)[0])


async def changed(desk: Desk, client: AsyncClient, email: str = NEW) -> str:
    """Let somebody change her address, and return the secret with which the old one undoes it."""
    before = (await client.get("/me")).json()["email"]
    (await client.post("/me/address", json={"email": email})).raise_for_status()
    token = await link_to(desk, email, "/me/address/confirm")
    (await client.post("/me/address/confirm", json={"token": token})).raise_for_status()
    return await link_to(desk, before, "/me/address/undo")


async def test_an_address_is_changed_from_the_new_one_and_the_old_one_is_told(desk: Desk, browse: Browse) -> None:
    here = await dora(desk, browse)
    pending = await link_for(desk, OLD)
    asked = await here.post("/me/address", json={"email": " Dora@NEW.example "})
    unchanged = (await here.get("/me")).json()["email"]
    token = await link_to(desk, "Dora@new.example", "/me/address/confirm")

    done = await here.post("/me/address/confirm", json={"token": token})
    again = await here.post("/me/address/confirm", json={"token": token})
    by_old = await browse().post("/sign-in/confirm", json={"token": pending})

    assert (asked.status_code, unchanged) == (202, OLD)
    assert done.json() == {"email": "Dora@new.example"}
    assert (await here.get("/me")).json()["email"] == "Dora@new.example"
    assert code(again) == (410, "link-used")
    assert code(by_old) == (410, "link-used"), "a link that lay in the old mailbox opens nothing any more"
    assert (await mailed(desk, OLD))[-1] == "Your address at Pomfret Soda was changed"
    kept = await one(desk, "select string_agg(l::text, '') from vault.links l")
    assert token not in kept


async def test_the_old_address_undoes_it_and_everybody_is_signed_out(desk: Desk, browse: Browse) -> None:
    here = await dora(desk, browse)
    await change(desk, "update vault.sessions set created_at = now()")
    (await added(here, Device(SITE), "A thief's")).raise_for_status()
    undo = await changed(desk, here)
    token = (await here.post("/tokens", json={"label": "Export"})).json()["token"]

    done = await browse().post("/me/address/undo", json={"token": undo})
    again = await browse().post("/me/address/undo", json={"token": undo})

    assert done.json() == {"email": OLD}
    assert code(again) == (410, "link-used")
    assert code(await here.get("/me")) == (401, "session-expired")
    assert code(await browse(authorization=f"Bearer {token}").get("/me")) == (401, "session-expired")
    back = browse()
    (await sign_in(desk, back, OLD)).raise_for_status()
    assert (await back.get("/me")).json()["name"] == "Dora"
    assert (await back.get("/me/passkeys")).json() == []


async def test_an_undo_reaches_through_a_chain_of_changes_and_ends_the_later_ones(desk: Desk, browse: Browse) -> None:
    here = await dora(desk, browse)
    first = await changed(desk, here)
    second = await changed(desk, here, "third@new.example")

    done = await browse().post("/me/address/undo", json={"token": first})

    assert done.json() == {"email": OLD}
    assert code(await browse().post("/me/address/undo", json={"token": second})) == (410, "link-used")


async def test_nobody_joins_with_an_address_while_its_change_can_be_undone(desk: Desk, browse: Browse) -> None:
    here, emil = await dora(desk, browse), browse()
    await sign_in(desk, emil, "emil@example.org")
    undo = await changed(desk, here)
    before = await mailed(desk, OLD)

    joining = await sign_in(desk, browse(), OLD)
    (await emil.post("/me/address", json={"email": OLD})).raise_for_status()

    assert code(joining) == (409, "address-held")
    assert (await mailed(desk, OLD))[len(before) + 1 :] == ["This address is known at Pomfret Soda"]
    assert (await browse().post("/me/address/undo", json={"token": undo})).status_code == 200
    assert (await sign_in(desk, browse(), OLD)).status_code == 200


async def test_asking_for_another_members_address_tells_the_asker_nothing(desk: Desk, browse: Browse) -> None:
    here, emil = await dora(desk, browse), browse()
    await sign_in(desk, emil, "emil@example.org")

    taken = await here.post("/me/address", json={"email": "emil@example.org"})
    free = await here.post("/me/address", json={"email": NEW})

    assert (taken.status_code, taken.content) == (free.status_code, free.content)
    assert (await mailed(desk, "emil@example.org"))[-1] == "This address is known at Pomfret Soda"
    assert await one(desk, "select count(*) from vault.links where email = 'emil@example.org' and purpose = 'address'") == 0


async def test_the_link_is_for_her_who_asked_and_for_nothing_else(desk: Desk, browse: Browse) -> None:
    here, emil = await dora(desk, browse), browse()
    await sign_in(desk, emil, "emil@example.org")
    (await here.post("/me/address", json={"email": NEW})).raise_for_status()
    token = await link_to(desk, NEW, "/me/address/confirm")

    others = await emil.post("/me/address/confirm", json={"token": token})
    strangers = await browse().post("/me/address/confirm", json={"token": token})
    as_sign_in = await browse().post("/sign-in/confirm", json={"token": token})
    as_undo = await browse().post("/me/address/undo", json={"token": token})
    same = await here.post("/me/address", json={"email": OLD})
    none = await here.post("/me/address", json={"email": "dora"})

    assert code(others) == (403, "other-member")
    assert code(strangers) == (401, "sign-in-needed")
    assert code(as_sign_in) == code(as_undo) == (404, "link-unknown")
    assert code(same) == (422, "address-same")
    assert code(none) == (422, "address-refused")
    assert (await here.post("/me/address/confirm", json={"token": token})).status_code == 200


async def test_somebody_who_joined_meanwhile_keeps_her_address(desk: Desk, browse: Browse) -> None:
    here, other = await dora(desk, browse), browse()
    (await here.post("/me/address", json={"email": NEW})).raise_for_status()
    token = await link_to(desk, NEW, "/me/address/confirm")
    (await sign_in(desk, other, NEW, "Emil")).raise_for_status()

    late = await here.post("/me/address/confirm", json={"token": token})

    assert code(late) == (409, "address-taken")
    assert (await here.get("/me")).json()["email"] == OLD


async def test_a_member_without_an_address_gets_a_first_one(desk: Desk, browse: Browse) -> None:
    here = await dora(desk, browse)
    await change(desk, "update vault.members set email = null")
    await change(desk, "update vault.sessions set created_at = now() - interval '9 days'")

    (await here.post("/me/address", json={"email": NEW})).raise_for_status()
    token = await link_to(desk, NEW, "/me/address/confirm")
    (await here.post("/me/address/confirm", json={"token": token})).raise_for_status()

    assert (await here.get("/me")).json()["email"] == NEW
    assert await one(desk, "select count(*) from vault.links where purpose = 'address-undo'") == 0
    assert (await sign_in(desk, browse(), NEW)).status_code == 200
