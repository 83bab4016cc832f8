"""How fast the record is written, counted and projected. Each table's ratios are against a baseline of the same run."""

import asyncio
from collections.abc import Callable
from time import perf_counter

import msgspec
import pytest
from psycopg_pool import AsyncConnectionPool

from fanfare.platform.hosts.follower import Follower
from fanfare.platform.hosts.worker import Worker
from fanfare.platform.logs.postgres import PostgresLog
from fanfare.projecting import PROJECTIONS
from fanfare.record.campaigns import RoundOpened
from fanfare.record.entry import pack, unpack
from fanfare.record.envelope import Decision, Recorded, derived_id, encode
from fanfare.record.kinds import Event
from fanfare.record.terms import RoundTerms
from fanfare.reports.counted import Counted
from fanfare.reports.recount import Recount
from fanfare.reports.tables import COUNTED
from fanfare.views.standings import STANDINGS, scores
from tests.bench.filling import IN_ENTRY, ballots
from tests.bench.tables import Row, faults, shown
from tests.builders import NOON, SITE, a_plan, founded, planned, published, terms_for

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
BALLOTS = 50_000


def rate(count: int, action: Callable[[], object]) -> float:
    """Return how many of *count* things *action* does in a second."""
    began = perf_counter()
    action()
    return count / (perf_counter() - began)


def opening(terms: RoundTerms) -> list[bytes]:
    """Return the entries of partition 0 that make a round open."""
    plan = a_plan()
    decisions: list[tuple[list[Event], str, int]] = [
        ([founded()], "site", 0),
        ([published(), planned(plan)], "flavour", 0),
        ([RoundOpened(terms=terms)], "flavour", 1),
    ]
    return [
        pack(
            [
                encode(
                    Recorded(
                        id=derived_id(stream, str(after), str(n)),
                        source=SITE,
                        subject=stream,
                        time=NOON,
                        event=event,
                        decision=Decision(stream, after),
                    )
                )
                for n, event in enumerate(events)
            ]
        )
        for events, stream, after in decisions
    ]


def ballot_entries(terms: RoundTerms) -> dict[int, list[bytes]]:
    """Return the entries of each ballot partition, full of ballots."""
    events: dict[int, list[bytes]] = {partition: [] for partition in terms.partitions}
    for partition, ballot in ballots(terms, SITE, BALLOTS):
        events[partition].append(ballot)
    return {
        partition: [pack(each[start : start + IN_ENTRY]) for start in range(0, len(each), IN_ENTRY)]
        for partition, each in events.items()
    }


async def test_appending(pool: AsyncConnectionPool, capsys: pytest.CaptureFixture[str]) -> None:
    log = PostgresLog(pool, 4)
    event = ballot_entries(terms_for(a_plan()))[1][0][1:-1].split(b"},{")[0] + b"}"

    began = perf_counter()
    positions = [await log.append(1, [event]) for _ in range(300)]
    alone = 300 / (perf_counter() - began)
    began = perf_counter()
    positions += await asyncio.gather(*(log.append(1 + n % 3, [event]) for n in range(6_400)))
    together = 6_400 / (perf_counter() - began)
    stored = [at for partition in (1, 2, 3) for at in await _positions(log, partition)]
    await log.close()

    rows = [Row("one at a time", alone), Row("6,400 at once, in groups", together)]
    shown(capsys, "appending a ballot, durably", rows)
    assert faults(rows) == {}
    assert sorted(map(str, positions)) == sorted(stored)
    assert len(set(stored)) == 6_700


async def _positions(log: PostgresLog, partition: int) -> list[str]:
    """Return where all events of a partition stand."""
    stored = await log.read(partition, 0, 10_000)
    return [
        f"{partition}:{each.offset}:{index}"
        for each in stored
        for index in range(len(unpack(partition, each.offset, each.body).events))
    ]


def test_counting(capsys: pytest.CaptureFixture[str]) -> None:
    terms = terms_for(a_plan())
    entries = ballot_entries(terms)
    stored = [(partition, offset, body) for partition, bodies in entries.items() for offset, body in enumerate(bodies)]
    recount = Recount(4)
    for offset, body in enumerate(opening(terms)):
        recount.apply(unpack(0, offset, body))

    def count() -> None:
        for each in stored:
            recount.apply(unpack(*each))

    rows = [
        Row("decoding them as bare JSON", rate(BALLOTS, lambda: [msgspec.json.decode(body) for _, _, body in stored])),
        Row("decoding entries", rate(BALLOTS, lambda: [unpack(*each) for each in stored])),
        Row("decoding and counting", rate(BALLOTS, count)),
    ]
    shown(capsys, "counting ballots with the pure fold", rows)
    assert faults(rows) == {}
    assert recount.round_report("final").ballots.counted == BALLOTS


async def test_projecting(pool: AsyncConnectionPool, capsys: pytest.CaptureFixture[str]) -> None:
    terms = terms_for(a_plan())
    rows = [(0, offset, body) for offset, body in enumerate(opening(terms))]
    rows += [
        (partition, offset, body) for partition, bodies in ballot_entries(terms).items() for offset, body in enumerate(bodies)
    ]
    async with pool.connection() as connection, connection.cursor() as cursor:
        began = perf_counter()
        async with cursor.copy('copy record.entries (partition, "offset", body) from stdin') as copy:
            for row in rows:
                await copy.write_row(row)
        rates = [Row("copying the entries into the table", BALLOTS / (perf_counter() - began))]
    log = PostgresLog(pool, 4)
    for name, chosen in (("the leaderboard", (STANDINGS,)), ("the report's rows", (COUNTED,)), ("all projections", PROJECTIONS)):
        async with pool.connection() as connection:
            await connection.execute("delete from platform.projections")
        worker = Worker(log, [Follower(each, pool, log) for each in chosen])
        await worker.prepare()
        began = perf_counter()
        while await worker.drain():
            pass
        rates.append(Row(name, BALLOTS / (perf_counter() - began)))
    async with pool.connection() as connection:
        board = await scores(connection, "final")
        report = await Counted(connection).round_report("flavour", "final", 4)
    await log.close()

    shown(capsys, f"projecting {BALLOTS:,} ballots in entries of {IN_ENTRY}", rates)
    assert faults(rates) == {}
    assert sum(board.votes.values()) == board.counted == report.ballots.counted == BALLOTS
