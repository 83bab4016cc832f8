"""A process that is killed at a step of its work: the next one finishes it, and nothing is lost or done twice."""

import asyncio

import pytest

from fanfare.platform.hosts.opening import Parts
from fanfare.record.ballots import BallotCast
from tests.faults.checker import complaints
from tests.faults.credit import awards_in
from tests.faults.driving import Driver, Fan
from tests.faults.failing import AWARDS_AT_ONCE, Failpoint
from tests.faults.ground import LONG, read_record
from tests.faults.history import Asked
from tests.faults.postbox import Postbox
from tests.faults.stage import Stage, until

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

LOG, PAPERS = "fanfare.platform.logs.postgres:PostgresLog", "fanfare.voting.papers:Papers._claim_once"
FOLLOWER, APPLY = "fanfare.platform.hosts.follower:Follower._commit", "fanfare.views.projection:Projection.apply"
APPEND, CLAIM, SENT = "sql:record.append(", "sql:insert into desk.papers", "sql:update vault.outbox set sent_at"


def chosen(short: int, *points: Failpoint) -> list[Failpoint]:
    """Return all of these in the long form, the first *short* of them in the short one."""
    return list(dict.fromkeys(points))[: None if LONG else short]


APPENDING = {
    Failpoint("api", f"{LOG}._write", "after", 3): "stored",
    Failpoint("api", PAPERS, "after", 3): "not stored",
    Failpoint("api", APPEND, "after", 3): "stored",
    Failpoint("api", APPEND, "before", 3): "not stored",
    Failpoint("api", f"{LOG}._write", "before", 3): "not stored",
    Failpoint("api", PAPERS, "before", 3): "not stored",
    Failpoint("api", CLAIM, "after", 3): "not stored",
    Failpoint("api", f"{LOG}.append", "before", 5): "not stored",
    Failpoint("api", f"{LOG}.append", "after", 5): "stored",
}


@pytest.mark.parametrize("failpoint", chosen(1, *APPENDING), ids=str)
async def test_an_api_that_dies_while_it_takes_a_ballot_leaves_a_ballot_whole_or_none(
    stage: Stage, fans: list[Fan], failpoint: Failpoint
) -> None:
    round_id = await stage.open_round()
    driver = await stage.driver(fans[:1], round_id, seed=7)  # one, so that what nobody answered is what it died over
    driver.pause_s = 0.02
    stage.arm(failpoint)
    driver.start()
    await stage.died("api")
    there = await unanswered_ballots_in_the_record(stage, driver)
    await stage.start("api")
    await driver.until(lambda: not driver.in_flight)
    await driver.stop()
    await stage.close(round_id)

    assert complaints(await stage.evidence()) == {}
    assert ("stored" if there else "not stored") == APPENDING[failpoint]


async def unanswered_ballots_in_the_record(stage: Stage, driver: Driver) -> int:
    """Return how many of the ballots that nobody answered are in the record. Nobody writes now: the API is dead."""
    await driver.until(lambda: len(driver.unanswered) > 0)
    unanswered = {key for key, times in driver.unanswered.items() if times}
    asked = {line.key: line for line in stage.history.lines if isinstance(line, Asked)}
    sent = {(asked[key].voter, asked[key].number) for key in unanswered}
    entries = await stage.with_parts(read_record)
    events = [recorded.event for entry in entries for _, recorded in entry.positioned()]
    return sum(isinstance(event, BallotCast) and (event.voter, event.number) in sent for event in events)


BY_HAND = [Failpoint("worker", f"{LOG}.append", when, nth) for nth in range(1, 8) for when in ("after", "before")]
"""The worker's appends where a host closes: opening, three markers, closed, sealed, who took part."""
BY_CLOCK = [Failpoint("worker", f"{LOG}.append", when, 2) for when in ("after", "before")]
"""Where the clock closes, the second is the closing."""
SEAL, CREDIT = "fanfare.campaigns.clockwork:seal", "fanfare.processes:credit"


@pytest.mark.parametrize(
    ("failpoint", "closes_in_s"),
    [
        (Failpoint("worker", f"{LOG}.append", "after", 3), 3600),
        *(
            (each, closes_in_s)
            for each, closes_in_s in (
                *((Failpoint("worker", at, when), 3600) for at in (SEAL, CREDIT) for when in ("before", "after")),
                (Failpoint("worker", "sql:insert into desk.reports", "after"), 3600),
                *((each, 3600) for each in BY_HAND if (each.nth, each.when) != (3, "after")),
                *((each, 20) for each in BY_CLOCK),
            )
            if LONG
        ),
    ],
    ids=str,
)
async def test_a_worker_that_dies_between_opening_and_credit_is_finished_by_the_next_one(
    stage: Stage, fans: list[Fan], failpoint: Failpoint, closes_in_s: int
) -> None:
    stage.arm(failpoint)
    playing = asyncio.create_task(play_a_round(stage, fans, closes_in_s))
    await stage.died("worker", within_s=60)
    await stage.start("worker")
    round_id = await playing
    async with asyncio.timeout(30):
        while await credited(stage, round_id) < len(fans):  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.2)

    assert complaints(await stage.evidence()) == {}
    assert await times_recorded(stage, round_id) == dict.fromkeys(COURSE, 1)
    assert await credited(stage, round_id) == len(fans)


COURSE = (
    "fanfare.campaign.published.v1",
    "fanfare.round.closed.v1",
    "fanfare.round.closing.v1",
    "fanfare.round.opened.v1",
    "fanfare.round.planned.v1",
    "fanfare.round.sealed.v1",
)


async def play_a_round(stage: Stage, fans: list[Fan], closes_in_s: int) -> str:
    """Publish a round, let each fan cast one ballot, close it unless the clock soon does, and return its id once it is sealed."""
    round_id = await stage.open_round(closes_in_s)
    driver = await stage.driver(fans, round_id)
    await asyncio.gather(*(driver.cast(fan, (fan.options[n % 3],)) for n, fan in enumerate(fans)))
    if closes_in_s > 60:
        await stage.close(round_id)
    await stage.until(round_id, "sealed")
    return round_id


async def times_recorded(stage: Stage, round_id: str) -> dict[str, int]:
    """Return how often each decision on a round is in the record under a number of its own, so that it is taken."""
    entries = await stage.with_parts(read_record)
    decisions = {
        (recorded.event.wire, recorded.decision.after)
        for entry in entries
        for _, recorded in entry.positioned()
        if recorded.decision and recorded.decision.stream == stage.rounds[round_id]
    }
    wires = sorted(wire for wire, _ in decisions)
    return {wire: wires.count(wire) for wire in wires}


async def credited(stage: Stage, round_id: str) -> int:
    """Return how many members are told to have taken part."""

    async def count(parts: Parts) -> int:
        async with parts.pool.connection() as connection:
            query = "select count(*) from counted.took_part where round = %s"
            row = await (await connection.execute(query, (round_id,))).fetchone()
            return row[0] if row else 0

    return await stage.with_parts(count)


@pytest.mark.parametrize(
    "failpoint",
    chosen(
        1,
        Failpoint("worker", APPLY, "after", 6),
        *(Failpoint("worker", APPLY, "after", nth) for nth in (1, 2, 3, 4)),
        *(Failpoint("worker", FOLLOWER, when, nth) for nth in (1, 2, 7) for when in ("before", "after")),
    ),
    ids=str,
)
async def test_a_worker_that_dies_while_it_projects_applies_each_entry_once(
    stage: Stage, fans: list[Fan], failpoint: Failpoint
) -> None:
    round_id = await stage.open_round()
    driver = await stage.driver(fans, round_id, seed=5)
    driver.pause_s = 0.02
    stage.arm(failpoint)
    driver.start()
    await stage.died("worker")
    await stage.start("worker")
    await asyncio.sleep(0.3)
    await driver.stop()
    await stage.close(round_id)

    assert complaints(await stage.evidence()) == {}


WRITES = "fanfare.recognition.recogniser:Recogniser._write"
AWARDING = {
    Failpoint("worker", WRITES, "after", 2): 2,
    Failpoint("worker", WRITES, "before"): 0,
    Failpoint("worker", WRITES, "after"): 1,
    Failpoint("worker", WRITES, "before", 2): 1,
    **{Failpoint("worker", f"{LOG}.append", when, nth): None for nth in (7, 8, 9) for when in ("after", "before")},
}
"""How many entries of awards there are when it died; none where that depends on what else the worker appends by then."""


@pytest.mark.parametrize("failpoint", chosen(2, *AWARDING), ids=str)
async def test_a_worker_that_dies_while_it_awards_leaves_no_award_out_and_gives_none_twice(
    stage: Stage, fans: list[Fan], failpoint: Failpoint
) -> None:
    round_id = await stage.open_round()
    driver = await stage.driver(fans, round_id)
    await asyncio.gather(*(driver.cast(fan, (fan.options[n % 3],)) for n, fan in enumerate(fans)))
    before = len(awards_in(await stage.record()))
    stage.arm(failpoint)
    await stage.must("POST", f"/api/v1/rounds/{round_id}/close", key=f"close-{round_id}")
    await stage.died("worker")
    there = len(awards_in(await stage.record())) - before
    await stage.start("worker")
    await stage.until(round_id, "sealed")

    assert complaints(await stage.evidence()) == {}
    assert AWARDING[failpoint] in (None, there / AWARDS_AT_ONCE)
    assert len(awards_in(await stage.record())) - before >= len(fans) > 2 * AWARDS_AT_ONCE


@pytest.mark.parametrize(
    ("failpoint", "copies"),
    [
        (Failpoint("worker", "aiosmtplib:SMTP.send_message", "after"), 2),
        *(
            [
                (Failpoint("worker", "aiosmtplib:SMTP.send_message", "before"), 1),
                (Failpoint("worker", SENT, "after"), 2),
                (Failpoint("worker", "fanfare.members.notices:tell_voters", "before"), 1),
                (Failpoint("worker", "fanfare.members.notices:tell_voters", "after"), 1),
            ]
            if LONG
            else []
        ),
    ],
    ids=str,
)
async def test_a_worker_that_dies_while_it_sends_mail_sends_it_under_one_message_id(
    stage: Stage, postbox: Postbox, failpoint: Failpoint, copies: int
) -> None:
    postbox.taken.clear()
    round_id = await stage.open_round()
    driver = await stage.driver([await stage.somebody("Noor A.", f"noor-{round_id}@example.com")], round_id)
    await driver.cast(driver.fans[0], ("o1",))
    stage.arm(failpoint)
    await stage.must("POST", f"/api/v1/rounds/{round_id}/void", {"reason": "The kitchen burnt down."}, key=f"void-{round_id}")
    await stage.died("worker")
    await stage.start("worker")
    await until(lambda: len(postbox.taken) >= copies)
    await stage.level()
    await asyncio.sleep(1.5)

    assert len(postbox.taken) == copies
    assert len(set(postbox.taken)) == 1
    assert complaints(await stage.evidence()) == {}


async def test_a_host_s_decision_whose_answer_was_lost_is_taken_once(stage: Stage) -> None:
    round_id = await stage.open_round()
    stage.arm(Failpoint("api", "fanfare.platform.requests:finished", "before"))
    pausing = asyncio.create_task(
        stage.must("POST", f"/api/v1/rounds/{round_id}/pause", {"reason": "We look at something."}, key=f"pause-{round_id}")
    )
    await stage.died("api")
    await stage.start("api")
    await pausing

    assert (await times_recorded(stage, round_id))["fanfare.round.paused.v1"] == 1
    assert complaints(await stage.evidence()) == {}
