"""Segments as they are counted in tables, and the JSON API by which a host thanks one."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from fanfare.community import audience, thanking
from fanfare.community.segments import SEGMENTS, segments_of
from fanfare.record.ideas import CommentMade, IdeaRaised, IdeaSupported, IdeaWithdrawn
from fanfare.record.kinds import Event
from fanfare.record.members import TookPart
from fanfare.record.position import Position
from fanfare.views.activity import ACTIVITY
from tests.builders import recorded, text
from tests.integration.test_thanks import ANSWER, QUESTION, WORDS, a_member, delivered, hidden_csrf, rows, rows_of
from tests.site_fixture import ADDRESS, SiteUnderTest

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


async def a_crowd(site: SiteUnderTest, now: datetime) -> dict[str, tuple[datetime, list[tuple[str, datetime]]]]:
    """Let sixty fans join and do things at many times; return when each joined, and what the timeline tells of her."""
    wires = (CommentMade.wire, IdeaRaised.wire, IdeaSupported.wire, TookPart.wire, IdeaWithdrawn.wire)
    days = (0, 1, 6, 8, 20, 29, 31, 89, 91, 200)
    people: dict[str, tuple[datetime, list[tuple[str, datetime]]]] = {}
    for n in range(60):
        drawn, member = random.Random(n), (await a_member(site, f"Fan {n}"))[0]
        joined = now - timedelta(days=drawn.choice((1, 29, 31, 300)))
        least = drawn.choice((0, 0, 60, 91))  # some have done nothing for long
        deeds = [
            (drawn.choice(wires), now - timedelta(days=least + drawn.choice(days), minutes=1)) for _ in range(drawn.randint(0, 5))
        ]
        people[member] = (joined, deeds)
        await rows_of(site, "update vault.members set joined_at = %s where id = %s", joined, member)
        seen = [(Position(0, n, number), recorded(did(wire, member), at=at)) for number, (wire, at) in enumerate(deeds)]
        async with site.parts.pool.connection() as connection:
            await connection.execute("set local search_path to activity")
            for first in range(0, len(seen), 2):  # in two portions and more, in no order of time
                await ACTIVITY.apply(connection, seen[first : first + 2])
    return people


def did(wire: str, member: str) -> Event:
    """Return an event of a kind, by a member."""
    match wire:
        case CommentMade.wire:
            return CommentMade(comment="c1", idea="i1", by=member, text=text("so"))
        case IdeaRaised.wire:
            return IdeaRaised(idea="i1", campaign="c1", round="r1", by=member, title=text("so"), body=text("so"), tags=text("so"))
        case IdeaSupported.wire:
            return IdeaSupported(idea="i1", by=member, number=1)
        case TookPart.wire:
            return TookPart(member=member, round="r1")
        case _:
            return IdeaWithdrawn(idea="i1", by=member)


async def test_the_counts_of_segments_are_those_of_their_published_rule(site: SiteUnderTest) -> None:
    now = datetime.now(UTC)
    people = await a_crowd(site, now)
    expected = {
        each: {m for m, (joined, deeds) in people.items() if each in segments_of(joined, deeds, now)} for each in SEGMENTS
    }
    others = [str(row[0]) for row in await rows(site, "select id from vault.members") if row[0] not in people]

    listed = {}
    async with site.parts.pool.connection() as connection:
        counts = await audience.counts(connection, now, others)
        for each in SEGMENTS:
            found = await connection.execute(audience.of_segment(each), audience.asked(now, others))
            listed[each] = {row[0] for row in await found.fetchall()}

    assert listed == expected
    assert counts == {each: len(members) for each, members in expected.items()}
    assert all(0 < len(members) < len(people) for members in expected.values()), counts


async def test_over_the_api_a_segment_is_counted_thanked_and_answers_and_the_figures_come_back(site: SiteUnderTest) -> None:
    _, host = await a_member(site, "Emeka Obi", None, "host")
    (_, she), (_, he) = [await a_member(site, name) for name in ("Noor A.", "Jonah P.")]

    before = (await host.get("/api/v1/segments")).raise_for_status().json()["segments"]
    written = {"segment": "new", "words": WORDS, "question": QUESTION}
    first = await posted(host, "/api/v1/thanks", written, key="k-1")
    again = await posted(host, "/api/v1/thanks", written, key="k-1")
    other = await posted(host, "/api/v1/thanks", {**written, "words": "Other."}, key="k-1")
    await thanking.deliver(site.parts.desk)
    await delivered(site)
    thanks = first.json()["thanks"]
    (line,) = (await she.get("/api/v1/me/thanks")).json()["thanks"]
    read = (await she.get(f"/api/v1/me/thanks/{thanks}")).json()
    answered = await posted(she, f"/api/v1/me/thanks/{thanks}", {"words": ANSWER})
    changed = await posted(she, f"/api/v1/me/thanks/{thanks}", {"words": "Something else."})
    sent = (await host.get("/api/v1/thanks")).json()

    assert {each["segment"]: each["fans"] for each in before}["new"] == 2
    assert [each["segment"] for each in before] == list(SEGMENTS)
    assert (first.status_code, first.json(), other.status_code) == (202, again.json(), 422)
    assert (line["thanks"], line["by_name"], line["opened"], line["asks"], line["answered"]) == (
        thanks, "Emeka Obi", False, True, False,
    )  # fmt: skip
    assert "words" not in line
    assert (read["words"], read["question"], read["answered_at"]) == (WORDS, QUESTION, None)
    assert (answered.json()["answer"], changed.status_code) == (ANSWER, 409)
    (told,) = sent["thanks"]
    assert [told[each] for each in ("fans", "delivered", "mailed", "opened", "answered")] == [2, 2, 0, 1, 1]
    assert [(each["name"], each["answer"]) for each in sent["answers"]] == [("Noor A.", ANSWER)]
    assert (sent["waiting"], sent["as_reported"]) == (1, True)
    assert (await he.get(f"/api/v1/me/thanks/{'0' * 16}")).status_code == 404


async def test_over_the_api_a_thank_you_for_nobody_is_refused_with_the_field(site: SiteUnderTest) -> None:
    _, host = await a_member(site, "Emeka Obi", None, "host")

    answers = [
        await posted(host, "/api/v1/thanks", {"words": WORDS, **whom})
        for whom in ({}, {"segment": "lapsed"}, {"members": ["nobody"]})
    ]

    assert {(each.status_code, each.json()["code"]) for each in answers} == {(422, "nobody-to-thank")}


async def test_over_the_api_fans_who_are_named_each_get_it_and_it_counts_once(site: SiteUnderTest) -> None:
    emeka, host = await a_member(site, "Emeka Obi", None, "host")
    (noor, she), (jonah, he), (_, stranger) = [await a_member(site, name) for name in ("Noor A.", "Jonah P.", "Ewa D.")]

    named = {"members": [noor, jonah, noor, emeka, "0123456789abcdef"], "words": WORDS}
    sent = await posted(host, "/api/v1/thanks", named)
    await thanking.deliver(site.parts.desk)
    await delivered(site)
    too_many = await posted(host, "/api/v1/thanks", {"members": [f"fan{n}" for n in range(51)], "words": WORDS})

    assert sent.status_code == 202
    got = [len((await each.get("/api/v1/me/thanks")).json()["thanks"]) for each in (she, he, stranger, host)]
    assert got == [1, 1, 0, 0]
    (told,) = (await host.get("/api/v1/thanks")).json()["thanks"]
    assert (told["segment"], told["fans"]) == ("", 2)
    assert too_many.status_code == 422


async def posted(client: httpx2.AsyncClient, path: str, body: dict[str, Any], key: str = "") -> httpx2.Response:
    """Post JSON as a script of a page of ours does."""
    page = await client.get("/me")
    headers = {"x-csrf-token": hidden_csrf(page.text), "origin": ADDRESS, "sec-fetch-site": "same-origin"}
    return await client.post(path, json=body, headers=headers | ({"Idempotency-Key": key} if key else {}))
