"""Fans who bring fans: a link, who came by it, the credit once a newcomer contributes, and the welcome that waits for her."""

import asyncio
import io
import json
import re
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from fanfare.community import bringing
from fanfare.members import arriving, joining, mail
from fanfare.members.sessions import open_session
from fanfare.record.bringing import MOST_WELCOMES, NewcomerBrought, NewcomerWelcomed
from fanfare.record.entry import unpack
from fanfare.record.envelope import Recorded, derived_id
from fanfare.record.kinds import Event
from tests.page_reader import all_read, an_ideas_round, browser, hidden, signed_in
from tests.site_fixture import SiteUnderTest, client_of

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
WORDS = "A pine that wants to be tea. Good that you are here."
IDEA = {"title": "Pine & Lime", "body": "Like a walk.", "tags": ""}


async def me(fan: httpx2.AsyncClient) -> str:
    return str((await fan.get("/api/v1/me")).json()["id"])


async def link_of(fan: httpx2.AsyncClient) -> str:
    """Let a fan make her link, and return its path."""
    made = (await fan.post("/api/v1/me/invite-link")).raise_for_status().json()
    found = urlsplit(made["link"])
    return f"{found.path}?{found.query}"


async def newcomer(site: SiteUnderTest, by: str, name: str = "Noor A.") -> httpx2.AsyncClient:
    """Return the client of somebody who came by the link of *by*."""
    member = await joining.join(site.parts.desk, name, brought_by=by)
    async with site.parts.pool.connection() as connection:
        return client_of(site.app, await open_session(connection, member, "token", "test"))


async def raises(fan: httpx2.AsyncClient, round_id: str, **changes: str) -> str:
    answer = await fan.post(f"/api/v1/rounds/{round_id}/ideas", json={**IDEA, **changes})
    return str(answer.raise_for_status().json()["id"])


async def recorded(site: SiteUnderTest, kind: type[Event]) -> list[Recorded]:
    """Return the events of a kind that the record holds, repeated ones once."""
    found: dict[str, Recorded] = {}
    for stored in await site.parts.log.read(0, 0, 2000):
        for each in unpack(0, stored.offset, stored.body).events:
            if isinstance(each, Recorded) and isinstance(each.event, kind):
                found.setdefault(each.id, each)
    return list(found.values())


async def credited(site: SiteUnderTest, most_s: float = 15) -> list[Recorded]:
    """Wait until the worker credited somebody, and return whom."""
    async with asyncio.timeout(most_s):
        while True:
            if found := await recorded(site, NewcomerBrought):
                await all_read(site)
                return found
            await asyncio.sleep(0.05)


async def rows(site: SiteUnderTest, query: str, *given: object) -> list[tuple[Any, ...]]:
    async with site.parts.pool.connection() as connection:
        return await (await connection.execute(query, given)).fetchall()


async def test_somebody_comes_by_a_link_joins_by_mail_and_credits_its_owner_when_she_first_contributes(
    site: SiteUnderTest,
) -> None:
    dora = await site.fan("Dora M.")
    address = await link_of(dora)
    stranger = browser(site)

    page = await stranger.get(address)
    fields = {name: hidden(page.text, name) for name in ("csrf", "next", "from")}
    sent = await stranger.post("/sign-in", data={**fields, "email": "noor@example.org"})
    mailed = await rows(site, "select body from vault.outbox where recipient = 'noor@example.org'")
    confirm = await stranger.get(re.findall(r"http://localhost:8000(\S+)", str(mailed[0][0]))[0])
    token = hidden(confirm.text, "token")
    joined = await stranger.post(
        "/sign-in/confirm", data={"csrf": hidden(confirm.text, "csrf"), "token": token, "name": "Noor A.", "credit": "yes"}
    )
    noor = await me(stranger)

    assert "Dora M. brings you in" in page.text
    assert (sent.status_code, joined.status_code) == (303, 303)
    assert "Dora M. brought me in" in confirm.text
    assert (await dora.get("/api/v1/me/invite-link")).json() | {"link": ""} == {
        "link": "", "came": 1, "waiting": 1, "credited": 0, "brought": []
    }  # fmt: skip
    assert await recorded(site, NewcomerBrought) == []

    _campaign, round_id = await an_ideas_round(site)
    fan = client_of(site.app, await _token(site, noor))
    idea = await raises(fan, round_id)
    ((event),) = await credited(site)

    raised = await rows(site, 'select event_id, "offset" from timeline.acts where idea = %s order by place limit 1', idea)
    assert event.id == derived_id("newcomer-brought", noor)
    assert event.event == NewcomerBrought(newcomer=noor, by=await me(dora), cause=raised[0][0], offset=raised[0][1])
    assert await rows(site, "select * from vault.arrivals") == []
    told = (await dora.get("/api/v1/me/invite-link")).json()
    assert (told["came"], told["waiting"], told["credited"]) == (1, 0, 1)
    assert [each["name"] for each in told["brought"]] == ["Noor A."]
    assert (await site.stranger.get(f"/api/v1/members/{noor}/arrival")).json()["brought_by"] == await me(dora)


async def _token(site: SiteUnderTest, member: str) -> str:
    async with site.parts.pool.connection() as connection:
        return await open_session(connection, member, "token", "test")


async def test_whoever_says_no_at_joining_is_known_to_have_come_by_nobody(site: SiteUnderTest) -> None:
    dora = await site.fan("Dora M.")
    address = await link_of(dora)
    code = address.partition("=")[2]
    await site.stranger.post("/api/v1/sign-in", json={"email": "noor@example.org", "came_by": code})
    mailed = await rows(site, "select body from vault.outbox where recipient = 'noor@example.org'")
    token = re.findall(r"token=(\S+)", str(mailed[0][0]))[0]

    done = await browser(site).post("/api/v1/sign-in/confirm", json={"token": token, "name": "Noor A.", "credit": False})

    assert done.status_code == 200
    assert await rows(site, "select * from vault.arrivals") == []
    assert (await dora.get("/api/v1/me/invite-link")).json()["came"] == 0


async def test_a_member_who_signs_in_by_somebodys_link_is_no_newcomer(site: SiteUnderTest) -> None:
    dora = await site.fan("Dora M.")
    code = (await link_of(dora)).partition("=")[2]
    await joining.join(site.parts.desk, "Noor A.", email="noor@example.org")
    await site.stranger.post("/api/v1/sign-in", json={"email": "noor@example.org", "came_by": code})
    mailed = await rows(site, "select body from vault.outbox where recipient = 'noor@example.org'")

    token = re.findall(r"token=(\S+)", str(mailed[0][0]))[0]
    page = await browser(site).get(f"/sign-in/confirm?token={token}")
    (await browser(site).post("/api/v1/sign-in/confirm", json={"token": token})).raise_for_status()

    assert "brought me in" not in page.text
    assert await rows(site, "select * from vault.arrivals") == []


async def test_a_link_that_was_renewed_brings_nobody_and_says_so(site: SiteUnderTest) -> None:
    dora = await signed_in(site, "Dora M.")
    links = []
    for _ in range(2):
        page = await dora.get("/me/invite")
        assert (await dora.post("/me/invite", data={"csrf": hidden(page.text, "csrf")})).status_code == 303
        links += re.findall(r"(/join\?from=[^<\"]+)<", (await dora.get("/me/invite")).text)

    stale, good = [await browser(site).get(each) for each in links]

    assert "nobody’s any more" in stale.text
    assert "Dora M. brings you in" in good.text


async def test_a_worker_that_dies_behind_the_append_and_two_that_run_at_once_credit_once(site: SiteUnderTest) -> None:
    dora = await me(await site.fan("Dora M."))
    _campaign, round_id = await an_ideas_round(site)
    noor = await newcomer(site, dora)
    async with site.parts.pool.connection() as connection:
        await connection.execute("create table public.held as select * from vault.arrivals")
    await raises(noor, round_id)
    await credited(site)

    async with site.parts.pool.connection() as connection:  # as if nothing had been noted behind the append
        await connection.execute("insert into vault.arrivals select * from public.held")
    await asyncio.gather(bringing.bring(site.parts.desk), bringing.bring(site.parts.desk))
    await all_read(site)

    assert len(await credited(site)) == 1
    assert await rows(site, "select count(*) from newcomers.brought") == [(1,)]
    assert await rows(site, "select * from vault.arrivals") == []


async def test_who_came_is_forgotten_after_ninety_days(site: SiteUnderTest) -> None:
    dora = await me(await site.fan("Dora M."))
    await newcomer(site, dora)
    late = await newcomer(site, dora, "Jonah P.")
    async with site.parts.pool.connection() as connection:
        await connection.execute(
            "update vault.arrivals set at = now() - interval '91 days' where newcomer = %s", (await me(late),)
        )

    await mail.tidy(site.parts.pool)

    assert await rows(site, "select count(*) from vault.arrivals") == [(1,)]


async def test_a_rule_rewards_whoever_brought_somebody_and_what_fell_takes_it_along(site: SiteUnderTest) -> None:
    dora = await site.fan("Dora M.")
    rule = {"rule": "bringer", "title": "Bringer", "words": "Who brings friends.", "deeds": ["fan-brought"]}
    earns = {"kind": "points", "points": 5, "per_day": 2}
    (await site.host.post("/api/v1/recognition/rules", json={**rule, "earns": earns})).raise_for_status()
    _campaign, round_id = await an_ideas_round(site)
    noor = await newcomer(site, await me(dora))
    idea = await raises(noor, round_id)
    await credited(site)

    await _points(site, await me(dora), 5)
    (await noor.delete(f"/api/v1/ideas/{idea}")).raise_for_status()
    await _points(site, await me(dora), 0)
    await raises(noor, round_id, title="Bay")
    await _points(site, await me(dora), 5)


async def _points(site: SiteUnderTest, member: str, wanted: int) -> None:
    async with asyncio.timeout(15):
        while True:
            if (await site.stranger.get(f"/api/v1/members/{member}/recognition")).json()["points"] == wanted:
                return
            await asyncio.sleep(0.1)


async def test_newcomers_wait_for_a_welcome_until_somebody_gives_one_in_words(site: SiteUnderTest) -> None:
    _campaign, round_id = await an_ideas_round(site)
    noor, jonah = await site.fan("Noor A."), await site.fan("Jonah P.")
    silent = await site.fan("Silent S.")
    await raises(noor, round_id)
    await raises(jonah, round_id, title="Salt")
    await all_read(site)

    before = (await site.host.get("/api/v1/newcomers")).raise_for_status().json()
    done = await site.host.post(f"/api/v1/members/{await me(noor)}/welcome", json={"words": WORDS})
    await all_read(site)
    after = (await site.host.get("/api/v1/newcomers")).json()

    assert [(each["name"], each["did"], each["answered"]) for each in before] == [
        ("Noor A.", "fanfare.idea.raised.v1", False),
        ("Jonah P.", "fanfare.idea.raised.v1", False),
    ]
    assert await me(silent) not in {each["member"] for each in before}
    assert done.status_code == 201
    assert [each["name"] for each in after] == ["Jonah P."]
    (welcomed,) = (await site.stranger.get(f"/api/v1/members/{await me(noor)}/arrival")).json()["welcomes"]
    assert (welcomed["words"], welcomed["by_name"]) == (WORDS, "Dora Lindqvist")
    assert WORDS in (await browser(site).get(f"/fans/{await me(noor)}")).text
    assert len(await recorded(site, NewcomerWelcomed)) == 1


@pytest.mark.parametrize(
    ("case", "status", "code"),
    [
        ("again", 409, "welcomed-already"),
        ("herself", 403, "welcome-for-yourself"),
        ("a fan", 403, "role-needed"),
        ("long ago", 409, "no-newcomer"),
        ("another host", 409, "no-newcomer"),
        ("nobody", 404, "member-not-found"),
    ],
)
async def test_a_welcome_that_makes_no_sense_is_refused(site: SiteUnderTest, case: str, status: int, code: str) -> None:
    noor = await site.fan("Noor A.")
    to, by = await me(noor), site.host
    match case:
        case "again":
            (await by.post(f"/api/v1/members/{to}/welcome", json={"words": WORDS})).raise_for_status()
            await all_read(site)
        case "herself":
            to = await me(by)
        case "a fan":
            by = await site.fan("Jonah P.")
        case "long ago":
            async with site.parts.pool.connection() as connection:
                await connection.execute("update vault.members set joined_at = now() - interval '31 days' where id = %s", (to,))
        case "another host":
            (await by.post(f"/api/v1/members/{to}/roles", json={"role": "host"})).raise_for_status()
        case _:
            to = "0" * 16

    answer = await by.post(f"/api/v1/members/{to}/welcome", json={"words": WORDS})

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_three_welcome_a_newcomer_and_the_fourth_is_told(site: SiteUnderTest) -> None:
    noor = await me(await site.fan("Noor A."))
    hosts = [await site.fan(f"Host {n}") for n in range(MOST_WELCOMES + 1)]
    for each in hosts:
        (await site.host.post(f"/api/v1/members/{await me(each)}/roles", json={"role": "host"})).raise_for_status()

    answers = []
    for each in hosts:
        answers.append(await each.post(f"/api/v1/members/{noor}/welcome", json={"words": WORDS}))
        await all_read(site)

    assert [each.status_code for each in answers] == [201] * MOST_WELCOMES + [409]
    assert answers[-1].json()["code"] == "welcomed-often"


async def test_a_fan_with_the_right_to_welcome_does_so_and_no_more_once_it_ended(site: SiteUnderTest) -> None:
    noor, wren = await site.fan("Noor A."), await site.fan("Wren")
    until = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    power = {"may": "welcome", "until": until, "reason": "She knows everybody."}
    granted = (await site.host.post(f"/api/v1/members/{await me(wren)}/powers", json=power)).raise_for_status().json()

    done = await wren.post(f"/api/v1/members/{await me(noor)}/welcome", json={"words": WORDS})
    (await site.host.post(f"/api/v1/powers/{granted['id']}/end", json={"reason": "She moves away."})).raise_for_status()
    late = await wren.get("/api/v1/newcomers")

    assert done.status_code == 201
    assert (late.status_code, late.json()["code"]) == (403, "role-needed")


async def test_a_page_lists_who_waits_and_keeps_what_was_typed(site: SiteUnderTest) -> None:
    _campaign, round_id = await an_ideas_round(site)
    noor = await site.fan("Noor A.")
    await raises(noor, round_id)
    await all_read(site)
    member = await joining.join(site.parts.desk, "Emeka Obi")
    (await site.host.post(f"/api/v1/members/{member}/roles", json={"role": "host"})).raise_for_status()
    async with site.parts.pool.connection() as connection:
        host = browser(site, await open_session(connection, member, "browser", "test"))

    page = await host.get("/welcome")
    fields = {name: hidden(page.text, name) for name in ("csrf", "newcomer", "key")}
    wrong = await host.post("/welcome", data={**fields, "words": "x" * 281})
    done = await host.post("/welcome", data={**fields, "words": WORDS})
    after = await host.get("/welcome")

    assert "One newcomer waits for a welcome" in page.text
    assert (wrong.status_code, done.status_code) == (422, 303)
    assert "x" * 281 in wrong.text
    assert "Nobody waits for a welcome" in after.text
    assert "by Emeka Obi" in after.text


async def test_an_erased_newcomer_leaves_no_name_behind_and_the_credit_stands(site: SiteUnderTest) -> None:
    dora = await site.fan("Dora M.")
    await link_of(dora)
    _campaign, round_id = await an_ideas_round(site)
    noor = await newcomer(site, await me(dora))
    await raises(noor, round_id)
    await credited(site)
    late, owner = await me(await newcomer(site, await me(dora), "Late L.")), await me(dora)

    await erased(site, await me(noor))
    told = (await dora.get("/api/v1/me/invite-link")).json()
    await erased(site, owner)

    assert told["credited"] == 1
    assert [each["name"] for each in told["brought"]] == [None]
    assert await rows(site, "select * from vault.bringers") == await rows(site, "select * from vault.arrivals") == []
    assert (await site.stranger.get(f"/api/v1/members/{late}/arrival")).json()["brought_by"] is None


async def erased(site: SiteUnderTest, member: str) -> None:
    """Let a member erase herself."""
    async with site.parts.pool.connection() as connection:
        her = browser(site, await open_session(connection, member, "browser", "test"))
    kept = await her.get("/me/kept")
    assert (await her.post("/me/erase", data={"csrf": hidden(kept.text, "csrf"), "words": "erase me"})).status_code == 303


async def test_her_own_export_tells_how_she_came_whom_she_brought_and_what_she_said(site: SiteUnderTest) -> None:
    dora = await site.fan("Dora M.")
    await link_of(dora)
    _campaign, round_id = await an_ideas_round(site)
    noor = await newcomer(site, await me(dora))
    await raises(noor, round_id)
    await credited(site)
    (await site.host.post(f"/api/v1/members/{await me(noor)}/welcome", json={"words": WORDS})).raise_for_status()
    await all_read(site)

    told = {}
    for name, fan in (("dora", dora), ("noor", noor), ("host", site.host)):
        export = zipfile.ZipFile(io.BytesIO((await fan.get("/api/v1/me/export")).content))
        told[name] = {(each["what"], each["words"]) for each in json.loads(export.read("newcomers.json"))}

    assert told == {
        "dora": {("your link", None), ("whom you brought in", None)},
        "noor": {("who brought you in", None), ("a welcome to you", None)},
        "host": {("a welcome by you", WORDS)},
    }


async def test_codes_that_nobody_has_find_nobody(site: SiteUnderTest) -> None:
    async with site.parts.pool.connection() as connection:
        found = [await arriving.whose(connection, code) for code in ("", "x", "é" * 12, "a" * 500, "\x00")]

    assert found == [None] * 5
