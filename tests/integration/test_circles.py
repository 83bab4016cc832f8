"""Circles end to end: who belongs, who is invited, what only they read, and the rounds in which only they vote."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from fanfare.circles import inviting
from fanfare.members import joining
from fanfare.members.sessions import open_session
from fanfare.record.entry import unpack
from tests.page_reader import browser
from tests.site_fixture import SiteUnderTest, client_of, round_of

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

POINTS = {
    "rule": "first-idea",
    "title": "Spark",
    "words": "An idea is where everything begins.",
    "deeds": ["idea-raised"],
    "earns": {"kind": "points", "points": 5},
}
TIERS = {
    "rule": "tiers",
    "title": "Tiers",
    "words": "Who does much is let in first.",
    "deeds": [],
    "earns": {"kind": "tier", "levels": [5, 5000], "names": ["Insider", "Legend"]},
}
KITCHEN = {"title": "The kitchen", "words": "You taste before anybody else."}
BRIEF = {"title": "Two bottles", "words": "Bottle B has a longer neck."}
NOTE = "The second one feels colder."


async def put(client: httpx2.AsyncClient, path: str, body: object = None, method: str = "POST") -> dict[str, Any]:
    """Ask for something and return the answer; it has to be a yes."""
    answer = await client.request(method, f"/api/v1{path}", json=body)
    assert answer.status_code < 300, answer.text
    return dict(answer.json()) if answer.content else {}


async def until(look: Callable[[], Awaitable[bool]], timeout_s: float = 10) -> None:
    """Wait until *look* says yes."""
    async with asyncio.timeout(timeout_s):
        while not await look():  # noqa: ASYNC110 - over HTTP
            await asyncio.sleep(0.05)


async def me(client: httpx2.AsyncClient) -> str:
    """Return a fan's member id."""
    return str((await client.get("/api/v1/me")).json()["id"])


def standing(client: httpx2.AsyncClient, circle: str, what: str, *, is_so: bool = True) -> Callable[[], Awaitable[bool]]:
    """Return a look at where a fan stands with a circle."""

    async def look() -> bool:
        found = (await client.get(f"/api/v1/circles/{circle}")).json()["me"]
        return bool(found[what] is is_so)

    return look


async def open_circle(site: SiteUnderTest, **changes: object) -> str:
    """Open a circle and return its id."""
    return str((await put(site.host, "/circles", {**KITCHEN, **changes}))["id"])


async def let_in(site: SiteUnderTest, circle: str, fan: httpx2.AsyncClient) -> None:
    """Invite a fan by name, and let her enter."""
    await put(site.host, f"/circles/{circle}/invitations", {"member": await me(fan), "reason": "She asks well."})
    await until(standing(fan, circle, "is_invited"))
    await put(fan, f"/circles/{circle}/entry", method="PUT")
    await until(standing(fan, circle, "belongs"))


async def record(site: SiteUnderTest) -> bytes:
    """Return every byte of partition 0."""
    return b"\n".join([each.body for each in await site.parts.log.read(0, 0, 10_000)])


async def refused(client: httpx2.AsyncClient, method: str, path: str, body: object = None) -> str:
    """Return the code of a refusal."""
    answer = await client.request(method, f"/api/v1{path}", json=body)
    assert answer.status_code >= 400, answer.text
    return str(answer.json()["code"])


async def test_a_fan_who_was_invited_enters_and_reads_what_nobody_else_does(site: SiteUnderTest) -> None:
    noor, mei = await site.fan("Noor"), await site.fan("Mei")
    circle = await open_circle(site)
    brief = (await put(site.host, f"/circles/{circle}/briefs", BRIEF))["id"]
    assert await refused(noor, "PUT", f"/circles/{circle}/entry") == "not-open-to-you"

    await let_in(site, circle, noor)
    await put(noor, f"/briefs/{brief}/notes", {"words": NOTE})

    told = (await noor.get(f"/api/v1/briefs/{brief}")).json()
    assert told["brief"]["words"] == BRIEF["words"]
    assert [(each["name"], each["words"]) for each in told["notes"]] == [("Noor", NOTE)]
    assert (await site.stranger.get(f"/api/v1/circles/{circle}")).json()["circle"]["members"] == 1
    for path in (f"/circles/{circle}/briefs", f"/briefs/{brief}"):
        assert await refused(mei, "GET", path) == "not-in-circle"
        assert await refused(site.stranger, "GET", path) == "sign-in-needed"
    assert await refused(mei, "POST", f"/briefs/{brief}/notes", {"words": "Me too."}) == "not-in-circle"
    held = await record(site)
    assert not any(word.encode() in held for word in (*BRIEF.values(), NOTE))
    assert b"fanfare.circle.brief-shared.v1" in held


async def test_a_tier_opens_a_circle_until_it_is_lost_and_an_invitation_stays(site: SiteUnderTest) -> None:
    noor, mei = await site.fan("Noor"), await site.fan("Mei")
    for rule in (POINTS, TIERS):
        await put(site.host, "/recognition/rules", rule)
    round_id = (await site.publish(round_of(method="support.v1", options_from="ideas", options=[])))["rounds"][0]["id"]
    await site.until(round_id, "open")
    circle = await open_circle(site, tier={"rule": "tiers", "level": 1})
    words = {"title": "Pine", "body": "Cold.", "tags": ""}
    ideas = [(await put(fan, f"/rounds/{round_id}/ideas", words))["id"] for fan in (noor, mei)]
    for fan in (noor, mei):
        await until(standing(fan, circle, "belongs"))
    await put(noor, f"/circles/{circle}/entry", method="DELETE")
    await until(standing(noor, circle, "belongs", is_so=False))
    await put(noor, f"/circles/{circle}/entry", method="PUT")
    await until(standing(noor, circle, "belongs"))
    assert (
        await refused(site.host, "POST", f"/circles/{circle}/invitations", {"member": await me(mei), "reason": "x"})
        == "nobody-to-invite"
    )

    for fan, idea in zip((noor, mei), ideas, strict=True):
        await put(fan, f"/ideas/{idea}", method="DELETE")

    for fan in (noor, mei):
        await until(standing(fan, circle, "belongs", is_so=False))
    await let_in(site, circle, mei)
    assert await refused(noor, "PUT", f"/circles/{circle}/entry") == "not-open-to-you"


async def test_only_who_belonged_while_it_was_open_votes_in_a_round_of_a_circle(site: SiteUnderTest) -> None:
    noor, mei, ana = [await site.fan(name) for name in ("Noor", "Mei", "Ana")]
    circle = await open_circle(site)
    await let_in(site, circle, noor)
    round_id = (await site.publish(round_of(electorate=f"circle:{circle}")))["rounds"][0]["id"]
    await site.until(round_id, "open")
    ballot = {"number": 1, "options": ["o2"]}
    await until(lambda: admitted(noor, round_id))

    await put(noor, f"/rounds/{round_id}/ballot", ballot, "PUT")
    assert await refused(mei, "PUT", f"/rounds/{round_id}/ballot", ballot) == "not-in-electorate"
    assert await refused(mei, "GET", f"/rounds/{round_id}/paper") == "not-in-electorate"
    await let_in(site, circle, mei)
    await put(mei, f"/rounds/{round_id}/ballot", ballot, "PUT")
    await put(noor, f"/circles/{circle}/entry", method="DELETE")
    await until(standing(noor, circle, "belongs", is_so=False))
    await put(noor, f"/rounds/{round_id}/ballot", {"number": 2, "options": ["o1"]}, "PUT")
    await put(site.host, f"/rounds/{round_id}/close")
    await site.until(round_id, "sealed")
    await let_in(site, circle, ana)

    report = (await site.stranger.get(f"/api/v1/rounds/{round_id}/report")).json()
    assert (report["electorate"], report["members"], report["ballots"]["counted"]) == (f"circle:{circle}", 2, 2)


async def admitted(fan: httpx2.AsyncClient, round_id: str) -> bool:
    """Tell whether a fan gets a paper."""
    return (await fan.get(f"/api/v1/rounds/{round_id}/paper")).status_code == 200


async def test_only_who_belongs_raises_and_supports_ideas_in_a_round_of_a_circle(site: SiteUnderTest) -> None:
    noor, mei = await site.fan("Noor"), await site.fan("Mei")
    circle = await open_circle(site)
    await let_in(site, circle, noor)
    asked = round_of(method="support.v1", options_from="ideas", options=[], electorate=f"circle:{circle}")
    round_id = (await site.publish(asked))["rounds"][0]["id"]
    await site.until(round_id, "open")
    words = {"title": "Pine", "body": "Cold.", "tags": ""}

    async def taken() -> bool:
        return (await noor.post(f"/api/v1/rounds/{round_id}/ideas", json=words)).status_code == 201

    await until(taken)
    await until(lambda: listed(site, round_id))

    assert await refused(mei, "POST", f"/rounds/{round_id}/ideas", words) == "not-in-electorate"


async def listed(site: SiteUnderTest, round_id: str) -> bool:
    """Tell whether an idea of the round is listed."""
    campaign = (await site.stranger.get(f"/api/v1/rounds/{round_id}")).json()["campaign"]
    return bool((await site.stranger.get(f"/api/v1/campaigns/{campaign}/ideas")).json()["ideas"])


async def test_a_round_for_a_circle_that_is_not_there_is_not_published(site: SiteUnderTest) -> None:
    with pytest.raises(httpx2.HTTPStatusError):
        await site.publish(round_of(electorate="circle:nowhere"))


async def test_the_plan_of_a_round_offers_the_circles_that_are_open_and_the_one_that_it_names(site: SiteUnderTest) -> None:
    kitchen, labs, past = [await open_circle(site, title=title) for title in ("The kitchen", "The labs", "The past")]
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    of_it = round_of(
        electorate=f"circle:{kitchen}", opens_at=later, closes_at=(datetime.now(UTC) + timedelta(days=2)).isoformat()
    )
    round_id = (await site.publish(of_it))["rounds"][0]["id"]
    for circle in (kitchen, past):
        await put(site.host, f"/circles/{circle}/close", {"reason": "It is over."})
    async with site.parts.pool.connection() as connection:
        host = browser(site, await open_session(connection, await me(site.host), "browser", "test"))

    plan = (await host.get(f"/host/rounds/{round_id}/plan")).text

    offered = re.findall(r'<option value="(circle:[^"]*)"( selected)?>([^<]*)<', plan)
    assert [(value, bool(chosen), label) for value, chosen, label in offered] == [
        (f"circle:{kitchen}", True, "“The kitchen”, which was closed"),
        (f"circle:{labs}", False, "who belongs to “The labs”"),
    ]
    campaign = (await host.get(f"/api/v1/rounds/{round_id}")).json()["campaign"]
    assert f'href="/circles/{kitchen}"' in (await host.get(f"/campaigns/{campaign}")).text


async def test_a_segment_is_invited_once_and_nobody_twice(site: SiteUnderTest) -> None:
    noor, mei = await site.fan("Noor"), await site.fan("Mei")
    circle = await open_circle(site)
    asked = {"segment": "new", "reason": "You are new, and see with fresh eyes."}

    assert (await put(site.host, f"/circles/{circle}/invitations", asked))["invited"] == 2
    for fan in (noor, mei):
        await until(standing(fan, circle, "is_invited"))
    assert await refused(site.host, "POST", f"/circles/{circle}/invitations", asked) == "nobody-to-invite"
    await put(mei, f"/circles/{circle}/entry", method="DELETE")
    await until(standing(mei, circle, "has_left"))
    async with site.parts.pool.connection() as connection:
        await connection.execute(
            "update vault.circle_invitations set delivered_at = null"
        )  # as a crash behind the record leaves it
    assert await inviting.deliver(site.parts.desk) == 1

    entries = [unpack(0, each.offset, each.body) for each in await site.parts.log.read(0, 0, 10_000)]
    told = [each.id for entry in entries for _, each in entry.positioned() if each.event.wire == "fanfare.circle.invited.v1"]
    assert (len(told), len(set(told))) == (4, 2)
    assert (await site.stranger.get(f"/api/v1/circles/{circle}")).json()["circle"]["members"] == 0


async def test_invitations_and_briefs_are_told_by_mail_that_ends_by_one_press_and_holds_no_word_of_a_brief(
    site: SiteUnderTest,
) -> None:
    member = await joining.join(site.parts.desk, "Noor", email="noor@example.org")
    async with site.parts.pool.connection() as connection:
        noor = client_of(site.app, await open_session(connection, member, "token", "test"))
    circle = await open_circle(site)
    await let_in(site, circle, noor)

    for _ in range(2):
        await put(site.host, f"/circles/{circle}/briefs", BRIEF)

    async with site.parts.pool.connection() as connection:
        query = "select subject, body, unsubscribe from vault.outbox where recipient = 'noor@example.org' order by id"
        mails = await (await connection.execute(query)).fetchall()
    assert [subject for subject, _, _ in mails] == [
        "Pomfret Soda invites you to “The kitchen”",
        "A brief for “The kitchen”",
        "A brief for “The kitchen”",
    ]
    assert "She asks well." in mails[0][1]
    assert f"/circles/{circle}" in mails[0][1]
    assert all("/unsubscribe?token=" in link for _, _, link in mails)
    assert not any(words in body for _, body, _ in mails for words in BRIEF.values())


async def test_an_invitation_that_was_taken_back_lets_nobody_in(site: SiteUnderTest) -> None:
    noor = await site.fan("Noor")
    circle = await open_circle(site)
    await let_in(site, circle, noor)

    await put(site.host, f"/circles/{circle}/uninvite", {"member": await me(noor), "reason": "She works for another brand."})

    await until(standing(noor, circle, "belongs", is_so=False))
    assert await refused(noor, "PUT", f"/circles/{circle}/entry") == "not-open-to-you"
    assert (
        await refused(site.host, "POST", f"/circles/{circle}/uninvite", {"member": await me(noor), "reason": "x"})
        == "not-invited-here"
    )
    await let_in(site, circle, noor)


async def test_a_note_is_reported_hidden_shown_and_taken_back(site: SiteUnderTest) -> None:
    noor, mei = await site.fan("Noor"), await site.fan("Mei")
    circle = await open_circle(site)
    for fan in (noor, mei):
        await let_in(site, circle, fan)
    brief = (await put(site.host, f"/circles/{circle}/briefs", BRIEF))["id"]
    note = (await put(noor, f"/briefs/{brief}/notes", {"words": NOTE}))["id"]

    async def seen_by(fan: httpx2.AsyncClient) -> list[str]:
        return [each["words"] for each in (await fan.get(f"/api/v1/briefs/{brief}")).json()["notes"]]

    await put(mei, f"/notes/{note}/report", method="PUT")
    assert await refused(mei, "POST", f"/notes/{note}/hide", {"reason": "I do not like it."}) == "role-needed"
    await put(site.host, f"/notes/{note}/hide", {"reason": "It names a child."})
    assert (await seen_by(noor), await seen_by(mei), await seen_by(site.host)) == ([NOTE], [""], [NOTE])
    await put(site.host, f"/notes/{note}/show")
    assert await seen_by(mei) == [NOTE]
    assert await refused(mei, "DELETE", f"/notes/{note}") == "not-your-note"
    await put(noor, f"/notes/{note}", method="DELETE")
    assert await seen_by(mei) == []


async def test_a_circle_that_was_closed_opens_to_nobody(site: SiteUnderTest) -> None:
    noor = await site.fan("Noor")
    circle = await open_circle(site)
    await let_in(site, circle, noor)

    await put(site.host, f"/circles/{circle}/close", {"reason": "The eighth flavour is made."})

    assert await refused(noor, "GET", f"/circles/{circle}/briefs") == "not-in-circle"
    assert await refused(noor, "PUT", f"/circles/{circle}/entry") == "circle-is-closed"
    assert await refused(site.host, "POST", f"/circles/{circle}/close", {"reason": "Again."}) == "circle-is-closed"
    assert await refused(site.host, "PUT", f"/circles/{circle}", KITCHEN) == "circle-is-closed"
    told = (await site.stranger.get(f"/api/v1/circles/{circle}")).json()["circle"]
    assert (told["closed"], told["reason"]) == (True, "The eighth flavour is made.")
