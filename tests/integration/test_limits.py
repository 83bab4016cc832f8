"""Limits on a running site: who is told to come back when, who never is, and what is kept of it."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx2
import msgspec
import pytest
from fastapi import FastAPI
from psycopg_pool import AsyncConnectionPool

from fanfare.members import joining
from fanfare.members.sessions import open_session
from fanfare.platform.limits import caps
from fanfare.platform.limits.caps import Caps
from fanfare.platform.limits.meter import Meter
from fanfare.platform.limits.rules import IDEAS_A_DAY, JOINS, LINKS_TO_A_MAILBOX, LINKS_UNUSED, RULES
from tests.page_reader import PAGE, an_open_round, hidden, paper, signed_in
from tests.site_fixture import ADDRESS, SiteUnderTest, round_of, running_site

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
CARRIER, STRANGER = "203.0.113.7", "198.51.100.1"


def tighten(app: FastAPI, name: str, most: int) -> None:
    """Let only so many pass under the rule of that name."""
    rule = next(each for each in RULES if each.name == name)
    app.state.limits.meters[name] = Meter(msgspec.structs.replace(rule, most=most))


def at(app: FastAPI, address: str, *, page: bool = False, token: str = "") -> httpx2.AsyncClient:
    """Return a client that comes from *address*."""
    headers = {**(PAGE if page else {}), **({"Authorization": f"Bearer {token}"} if token else {})}
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app, client=(address, 4711)), base_url=ADDRESS, headers=headers)


def waits_s(answer: httpx2.Response) -> int:
    """Return after how many seconds an answer says to come back."""
    return int(answer.headers["Retry-After"])


async def counts(pool: AsyncConnectionPool) -> list[int]:
    """Return what the hard rules have counted, the most first."""
    async with pool.connection() as connection:
        rows = await (await connection.execute("select used from vault.limits order by used desc")).fetchall()
    return [row[0] for row in rows]


async def an_idea(site: SiteUnderTest) -> tuple[str, str, str]:
    """Open a round that takes ideas, raise one, and return campaign, round and idea."""
    campaign = await site.publish(round_of(method="support.v1", options_from="ideas", options=[]))
    of = campaign["rounds"][0]["id"]
    await site.until(of, "open")
    form = {"title": "Sour Cherry Cola", "body": "With the stone left in."}
    raised = (await site.host.post(f"/api/v1/rounds/{of}/ideas", json=form)).raise_for_status()
    await site.host.get(f"/api/v1/ideas/{raised.json()['id']}", headers={"Fanfare-Wait": raised.headers["Fanfare-Position"]})
    return campaign["id"], of, raised.json()["id"]


async def test_a_ballot_changed_a_hundred_times_passes_and_a_script_is_told_when_to_come_back(site: SiteUnderTest) -> None:
    _, round_id = await an_open_round(site)
    fan, other = await site.fan(), await site.fan("Mira")
    path = f"/api/v1/rounds/{round_id}/ballot"

    changes = [await fan.put(path, json={"number": n, "options": [f"o{n % 3 + 1}"]}) for n in range(1, 101)]
    tighten(site.app, "ballots", 1)
    again = [await fan.put(path, json={"number": n, "options": ["o1"]}) for n in (101, 102)]
    hers = await other.put(path, json={"number": 1, "options": ["o2"]})

    assert {each.status_code for each in changes} == {200}
    assert [again[0].status_code, again[1].status_code, hers.status_code] == [200, 429, 200]
    assert again[1].headers["content-type"] == "application/problem+json"
    assert 570 <= waits_s(again[1]) <= 600
    told = {"code": "too-many-requests", "rule": "ballots", "retry_after": waits_s(again[1])}
    assert told.items() <= again[1].json().items()


async def test_two_tokens_of_one_member_share_her_limit(site: SiteUnderTest) -> None:
    member = await joining.join(site.parts.desk, "Noor A.")
    async with site.parts.pool.connection() as connection:
        clients = [at(site.app, CARRIER, token=await open_session(connection, member, "token", each)) for each in "ab"]
    tighten(site.app, "writes", 1)

    answers = [await each.patch("/api/v1/me", json={"name": "Noor"}) for each in clients]

    assert [each.status_code for each in answers] == [200, 429]


async def test_an_idea_that_comes_too_soon_is_shown_again_with_all_that_was_typed(site: SiteUnderTest) -> None:
    campaign, _, _ = await an_idea(site)
    fan = await signed_in(site)
    tighten(site.app, "ideas", 1)
    where = f"/campaigns/{campaign}/ideas"
    answers = []
    for title in ("Pine and Lime", "Rhubarb Gate"):
        page = (await fan.get(where + "/new")).text
        fields = {"csrf": hidden(page, "csrf"), "key": hidden(page, "key"), "title": title, "text": "Cold, with a leaf."}
        answers.append(await fan.post(where, data=fields))

    assert [each.status_code for each in answers] == [303, 429]
    assert 570 <= waits_s(answers[1]) <= 600
    assert 'value="Rhubarb Gate"' in answers[1].text
    assert "Cold, with a leaf." in answers[1].text
    assert "Come back in 10 minutes; nothing you wrote is lost." in answers[1].text


async def test_a_ballot_page_over_the_limit_says_what_was_marked(site: SiteUnderTest) -> None:
    _, round_id = await an_open_round(site)
    fan = await signed_in(site)
    tighten(site.app, "ballots", 1)
    first = await fan.post(f"/rounds/{round_id}/ballot", data={**await paper(fan, round_id), "option": "o1"})
    second = await fan.post(f"/rounds/{round_id}/ballot", data={**await paper(fan, round_id), "option": "o2"})

    assert [first.status_code, second.status_code] == [303, 429]
    assert 570 <= waits_s(second) <= 600
    assert "You had marked Pine &amp; Lime. No ballot was written." in second.text


async def test_a_flood_is_turned_away_by_its_network_and_everybody_else_is_served(site: SiteUnderTest) -> None:
    tighten(site.app, "requests", 3)
    flood, reader = at(site.app, CARRIER), at(site.app, CARRIER, page=True)
    await asyncio.gather(*(flood.get("/api/v1/site") for _ in range(3)))

    problem, page = await flood.get("/api/v1/site"), await reader.get("/")
    others = [await each.get("/api/v1/site") for each in (at(site.app, STRANGER), at(site.app, "2001:db8::1"), site.stranger)]

    assert [problem.status_code, page.status_code, *(each.status_code for each in others)] == [429, 429, 200, 200, 200]
    assert problem.json()["code"] == "too-many-requests"
    assert 1 <= waits_s(page) <= waits_s(problem) <= 10
    assert f"Come back in {waits_s(page)} second" in page.text
    assert (await at(site.app, "127.0.0.1").get("/api/v1/site")).status_code == 200


async def test_a_phone_shares_its_address_with_a_hundred_fans_who_all_vote_and_nobody_is_locked_out(site: SiteUnderTest) -> None:
    _, round_id = await an_open_round(site)
    members = await asyncio.gather(*(joining.join(site.parts.desk, f"Fan {n}") for n in range(100)))
    async with site.parts.pool.connection() as connection:
        fans = [at(site.app, CARRIER, token=await open_session(connection, each, "token", "test")) for each in members]

    async def play(fan: httpx2.AsyncClient) -> list[int]:
        reads = [await fan.get("/api/v1/campaigns"), await fan.get(f"/api/v1/rounds/{round_id}/paper")]
        cast = await fan.put(f"/api/v1/rounds/{round_id}/ballot", json={"number": 1, "options": ["o1"]})
        return [each.status_code for each in (*reads, cast)]

    assert {status for answers in await asyncio.gather(*map(play, fans)) for status in answers} == {200}


async def test_an_auditor_who_downloads_everything_is_let_on_until_it_is_a_flood(site: SiteUnderTest) -> None:
    auditor = at(site.app, STRANGER)
    tighten(site.app, "downloads", 5)

    answers = [(await auditor.get("/api/v1/rounds/r1/report")).status_code for _ in range(6)]

    assert answers == [404] * 5 + [429]
    assert (await auditor.get("/api/v1/campaigns")).status_code == 200


async def test_members_of_a_simulation_are_programs_and_have_no_limits(database: str) -> None:
    async with running_site(database, simulation=True) as site:
        tighten(site.app, "writes", 1)
        fan = await site.fan()

        answers = [await fan.patch("/api/v1/me", json={"name": "Noor"}) for _ in range(5)]

        assert {each.status_code for each in answers} == {200}


async def test_a_mailbox_gets_so_many_links_a_day_from_whatever_addresses_and_processes(site: SiteUnderTest) -> None:
    known = Caps(site.parts.pool, site.parts.desk.vault_key)
    for _ in range(18):
        await known.claim(LINKS_TO_A_MAILBOX, "anna@example.org", site.parts.desk.now)
    form = {"email": "Anna@example.org"}
    asked = [await at(site.app, f"203.0.113.{n}").post("/api/v1/sign-in", json=form) for n in range(3)]
    page = await at(site.app, STRANGER, page=True).post("/sign-in", data={"email": "anna@Example.org"})
    other = await at(site.app, STRANGER).post("/api/v1/sign-in", json={"email": "bea@example.org"})
    elsewhere = await known.claim(LINKS_TO_A_MAILBOX, "anna@example.org", site.parts.desk.now)

    assert [each.status_code for each in asked] == [202, 202, 429]
    assert 1 <= int(asked[2].headers["Retry-After"]) <= 86_400
    assert (page.status_code, other.status_code) == (429, 202)
    assert 'value="anna@Example.org"' in page.text
    assert elsewhere > 0


async def test_links_that_are_used_make_room_for_others_of_the_same_network(site: SiteUnderTest) -> None:
    hall = at(site.app, CARRIER)
    assert (await hall.post("/api/v1/sign-in", json={"email": "anna@example.org"})).status_code == 202
    async with site.parts.pool.connection() as connection:
        unused = Caps(site.parts.pool, site.parts.desk.vault_key).window(LINKS_UNUSED, CARRIER, site.parts.desk.now)
        await connection.execute("update vault.limits set used = 1000 where key = %s", (unused.key,))
        row = await (await connection.execute("select body from vault.outbox")).fetchone()
    assert row
    full = await hall.post("/api/v1/sign-in", json={"email": "bea@example.org"})
    elsewhere = await at(site.app, STRANGER).post("/api/v1/sign-in", json={"email": "cleo@example.org"})
    token = row[0].partition("token=")[2].split()[0]
    (await hall.post("/api/v1/sign-in/confirm", json={"token": token, "name": "Anna"})).raise_for_status()

    room = await hall.post("/api/v1/sign-in", json={"email": "bea@example.org"})

    assert [full.status_code, elsewhere.status_code, room.status_code] == [429, 202, 202]
    assert full.json()["rule"] == "links-unused"


async def test_new_members_of_one_network_are_bounded_and_the_link_is_not_used_up(site: SiteUnderTest) -> None:
    hall = at(site.app, CARRIER)
    (await hall.post("/api/v1/sign-in", json={"email": "anna@example.org"})).raise_for_status()
    window = Caps(site.parts.pool, site.parts.desk.vault_key).window(JOINS, CARRIER, site.parts.desk.now)
    async with site.parts.pool.connection() as connection:
        row = await (await connection.execute("select body from vault.outbox")).fetchone()
        await connection.execute("insert into vault.limits values (%s, %s, %s)", (window.key, JOINS.most, window.ends_at))
    assert row
    form = {"token": row[0].partition("token=")[2].split()[0], "name": "Anna"}

    bounded = await hall.post("/api/v1/sign-in/confirm", json=form)
    elsewhere = await at(site.app, STRANGER).post("/api/v1/sign-in/confirm", json=form)

    assert (bounded.status_code, bounded.json()["rule"]) == (429, "joins")
    assert elsewhere.status_code == 200


async def test_what_was_refused_does_not_count(site: SiteUnderTest) -> None:
    _, of, idea = await an_idea(site)
    fan = await site.fan()
    before = await counts(site.parts.pool)

    wrong = [
        await fan.post(f"/api/v1/rounds/{of}/ideas", json={"title": "", "body": ""}),
        await fan.post(f"/api/v1/ideas/{idea}/comments", json={"text": " "}),
        await at(site.app, CARRIER).post("/api/v1/sign-in", json={"email": "no address"}),
    ]

    assert {each.status_code for each in wrong} == {422}
    assert [each for each in await counts(site.parts.pool) if each] == before
    (await fan.post(f"/api/v1/rounds/{of}/ideas", json={"title": "Pine", "body": "Lime."})).raise_for_status()
    assert sum(await counts(site.parts.pool)) == sum(before) + 1


async def test_of_many_who_claim_the_last_ones_at_once_as_many_get_them_as_there_are(database: str) -> None:
    rule, now = msgspec.structs.replace(IDEAS_A_DAY, most=5), datetime(2026, 11, 22, 12, tzinfo=UTC)
    async with (
        AsyncConnectionPool(database, min_size=4, max_size=4, open=False) as here,
        AsyncConnectionPool(database, min_size=4, max_size=4, open=False) as there,
    ):
        processes = [Caps(here, b"k" * 32), Caps(there, b"k" * 32)]

        waits = await asyncio.gather(*(processes[n % 2].claim(rule, "noor", now) for n in range(40)))
        tomorrow = await processes[0].claim(rule, "noor", now + timedelta(days=1))

    assert sorted(waits) == [0] * 5 + [43_200] * 35
    assert tomorrow == 0


async def test_no_address_is_kept_and_what_ended_is_deleted(pool: AsyncConnectionPool) -> None:
    now, kept = datetime.now(UTC), Caps(pool, b"k" * 32)
    for day in (now - timedelta(days=2), now):
        await kept.claim(JOINS, CARRIER, day)
        await kept.claim(LINKS_TO_A_MAILBOX, "anna@example.org", day)
    async with pool.connection() as connection:
        rows = await (await connection.execute("select limits::text from vault.limits")).fetchall()

    await caps.tidy(pool)

    shown = " ".join(row[0] for row in rows)
    assert len(rows) == 4
    assert not any(each in shown for each in (CARRIER, "anna", CARRIER.encode().hex(), b"anna@example.org".hex()))
    assert kept.window(JOINS, CARRIER, now).key != kept.window(JOINS, CARRIER, now - timedelta(days=1)).key
    assert await counts(pool) == [1, 1]
