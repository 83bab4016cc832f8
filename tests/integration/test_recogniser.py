"""The recogniser on a real log: it may die at any append, and two may run; each award is there once, and none is forgotten."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from fanfare.awards.awarding import Award, award_in
from fanfare.campaigns.founding import Founding, found
from fanfare.platform.desk import Asked, Desk
from fanfare.platform.hosts.opening import Parts, opened
from fanfare.platform.logs.port import Log
from fanfare.recognition.preview import Range, preview
from fanfare.recognition.reading import entries
from fanfare.recognition.recogniser import AT_ONCE, Recogniser
from fanfare.record.entry import unpack
from fanfare.record.envelope import derived_id
from fanfare.record.kinds import Event
from fanfare.record.members import MemberJoined
from fanfare.record.recognition import STREAM, AwardGranted, Points, RulePublished
from tests.builders import HOST, text
from tests.integration.test_clockwork import Died, DyingLog
from tests.integration.test_main_job import ideas_raised_and_supported, in_seconds
from tests.site_fixture import ADDRESS, SiteUnderTest, round_of

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

WORDS = {"title": text("Welcome"), "words": text("For coming."), "by": HOST}
WELCOME = RulePublished(rule="welcome", version=1, deeds=("joined",), earns=Points(points=2), **WORDS)
WINNER = RulePublished(rule="winner", version=1, deeds=("idea-won", "idea-advanced"), earns=Points(points=9), **WORDS)


async def publish(desk: Desk, rule: RulePublished) -> None:
    """Put a rule in force."""
    asked = Asked(actor=HOST, command="publish", target=rule.rule, key=str(rule.version))
    await desk.decide(STREAM, asked, lambda _: [rule])


async def awards(log: Log) -> list[Award]:
    """Return every award in the record, in its order."""
    read = [unpack(0, each.offset, each.body) for each in await log.read(0, 0, 5000)]
    found_awards = [award_in(each) for entry in read for each in entry.events]
    return [each for each in found_awards if each is not None]


async def awards_once_there_are(count: int, log: Log) -> list[Award]:
    """Return every award in the record once there are so many."""
    async with asyncio.timeout(20):
        while True:
            if len(found_awards := await awards(log)) >= count:
                return found_awards
            await asyncio.sleep(0.05)


async def join(desk: Desk, *members: str) -> None:
    """Write that members joined, in one entry."""
    events: list[Event] = [MemberJoined(member=each) for each in members]
    await desk.emit([derived_id("joined", each) for each in members], events, "members")


@asynccontextmanager
async def a_site_with_newcomers(database: str, count: int) -> AsyncIterator[Parts]:
    """A founded site without a worker, on which so many join after a rule that awards it."""
    async with opened(database) as parts:
        await found(parts.desk, Founding(url=ADDRESS, brand="Pomfret", colour="#ff5c7c", zone="UTC"))
        await parts.desk.catch_up()
        await join(parts.desk, "early")
        await publish(parts.desk, WELCOME)
        await join(parts.desk, *(f"fan{each}" for each in range(count)))
        yield parts


def another(parts: Parts) -> Desk:
    """Return the desk of another process."""
    return Desk(parts.pool, parts.log, parts.desk.vault_key, parts.desk.source)


@pytest.mark.parametrize("appended", [False, True])
async def test_wherever_it_dies_the_next_run_finishes_and_nothing_is_awarded_twice(database: str, *, appended: bool) -> None:
    async with a_site_with_newcomers(database, 2 * AT_ONCE + 5) as parts:
        deaths = 0
        for dies_at in (1, 2, 1, 1):
            desk = another(parts)
            desk.log = DyingLog(parts.log, dies_at, appended=appended)
            try:
                await Recogniser(desk).run()
            except Died:
                deaths += 1
        await Recogniser(another(parts)).run()

        found_awards = await awards(parts.log)

    assert deaths >= (2 if appended else 4)
    assert sorted({each.member for each in found_awards}) == sorted(f"fan{each}" for each in range(2 * AT_ONCE + 5))
    assert len(found_awards) == 2 * AT_ONCE + 5, "what was appended before it died was read back and not written again"


async def test_two_at_once_write_each_award_under_one_id(database: str) -> None:
    async with a_site_with_newcomers(database, 30) as parts:
        await asyncio.gather(*(Recogniser(another(parts)).run() for _ in range(2)))

        found_awards = await awards(parts.log)

    assert len({(each.award, each.turn) for each in found_awards}) == 30
    assert {each.turn for each in found_awards} == {1}


async def test_while_no_rule_was_ever_published_it_reads_nothing(database: str) -> None:
    async with opened(database) as parts:
        await found(parts.desk, Founding(url=ADDRESS, brand="Pomfret", colour="#ff5c7c", zone="UTC"))
        await join(parts.desk, "early", "bird")
        recogniser = Recogniser(another(parts))
        await recogniser.run()
        before = recogniser.read_to

        await publish(parts.desk, WELCOME)
        await recogniser.run()

        assert (before, recogniser.read_to) == (0, (await parts.log.heads())[0])
        assert await awards(parts.log) == [], "they joined before the rule"


async def test_a_draft_is_tried_on_the_whole_history_and_writes_nothing(database: str) -> None:
    async with a_site_with_newcomers(database, 120) as parts:
        head, told = (await parts.log.heads())[0], list[tuple[int, int]]()

        found_preview = await preview(another(parts), WELCOME, lambda done, of: told.append((done, of)))

        assert (found_preview.members, found_preview.awards, found_preview.points) == (121, 121, 242)
        assert found_preview.spread == (Range(1, 9, 121),)
        assert len(found_preview.most) == 10
        assert told[-1] == (head, head)
        assert (await parts.log.heads())[0] == head


async def test_an_idea_that_a_vote_chose_is_credited_by_the_sealed_report_and_without_it_by_counting(site: SiteUnderTest) -> None:
    await publish(site.parts.desk, WINNER)
    campaign = await site.publish(
        round_of(name="Ideas", method="support.v1", options_from="ideas", options=[], advance=2),
        round_of(name="Final", options_from="round", from_round=1, options=[], opens_at=in_seconds(1)),
    )
    ideas_round, final = (each["id"] for each in campaign["rounds"])
    fans = [await site.fan(f"Fan {each}") for each in range(6)]
    ideas = await ideas_raised_and_supported(site, ideas_round, fans)
    (await site.host.post(f"/api/v1/rounds/{ideas_round}/close")).raise_for_status()
    await site.until(final, "open")
    (await fans[0].put(f"/api/v1/rounds/{final}/ballot", json={"number": 1, "options": [ideas[1]]})).raise_for_status()
    (await site.host.post(f"/api/v1/rounds/{final}/close")).raise_for_status()
    await site.until(final, "sealed")

    found_awards = await awards_once_there_are(3, site.parts.log)
    by_report = await chosen_by(site.parts)
    async with site.parts.pool.connection() as connection:
        await connection.execute("delete from desk.reports")

    assert [each.points for each in found_awards if isinstance(each, AwardGranted)] == [9, 9, 9]
    assert len({each.member for each in found_awards}) == 2
    assert by_report == {final: (ideas[1],)}
    assert await chosen_by(site.parts) == by_report


async def chosen_by(parts: Parts) -> dict[str, tuple[str, ...]]:
    """Return what a recogniser that starts now finds that rounds of ballots chose."""
    chosen: dict[str, tuple[str, ...]] = {}
    async for _ in entries(another(parts), 0, chosen):
        pass
    return {round_id: options for round_id, options in chosen.items() if options}
