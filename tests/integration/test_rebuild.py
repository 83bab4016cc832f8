"""Rebuilding projections: what readers see meanwhile, what crashes leave, and that the new tables equal the old."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import pytest
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from fanfare.platform.hosts.follower import Follower
from fanfare.platform.hosts.rebuild import Rebuilds, ask
from fanfare.platform.hosts.rebuild_command import COULD_NOT, DONE, rebuild
from fanfare.platform.hosts.waiting import Waiting
from fanfare.platform.hosts.worker import Worker
from fanfare.platform.logs.postgres import PostgresLog
from fanfare.projecting import PROJECTIONS
from fanfare.record.position import Position
from fanfare.reports.counted import Counted
from fanfare.reports.report import encoded
from fanfare.views import standings
from fanfare.views.projection import hold
from fanfare.views.standings import STANDINGS
from tests.histories import Teller
from tests.integration.rebuilding import (
    NAMES,
    PARTITIONS,
    a_record,
    applied,
    filled,
    store,
    tables,
    until,
)

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


@pytest.mark.parametrize("seed", range(3))
async def test_what_was_projected_live_equals_what_is_filled_again(
    pool: AsyncConnectionPool, log: PostgresLog, seed: int
) -> None:
    told = Teller(seed, PARTITIONS).tell()
    followers = [Follower(each, pool, log) for each in PROJECTIONS]
    for follower in followers:
        await follower.prepare()
    await store(pool, told.written)
    random = Random(seed)
    worker = Worker(log, followers, random.choice((1, 1_000, 5_000, 50_000)))
    while await worker.drain():
        pass
    live = {name: await tables(pool, name) for name in NAMES}

    await filled(pool, log, NAMES, random.choice((3_000, 40_000)))

    for name in NAMES:
        assert await tables(pool, name) == live[name], f"{name}, seed {seed}"


async def board(connection: AsyncConnection) -> object:
    """Read the board, as its page does."""
    return await standings.scores(connection, "final")


async def across(connection: AsyncConnection) -> object:
    """Read twice in one transaction, of two projections, by prepared statements."""
    query = "select count(*), sum(number) from standings.choices join counted.ballots using (terms, voter, number)"
    one = await (await connection.execute(query, prepare=True)).fetchone()
    query = "select counted, (select sum(votes) from standings.scores) from standings.rounds"
    return one, await (await connection.execute(query, prepare=True)).fetchone()


async def report(connection: AsyncConnection) -> object:
    """Read the report at one moment."""
    await connection.execute("set transaction isolation level repeatable read, read only")
    await hold(connection, "counted.site")
    await connection.execute("select count(*) from desk.reports")
    return encoded(await Counted(connection).round_report("flavour", "final", PARTITIONS))


async def test_readers_of_any_kind_find_the_same_figures_before_during_and_after_every_swap(
    pool: AsyncConnectionPool, log: PostgresLog
) -> None:
    await a_record(pool, 900)
    stop = asyncio.Event()
    reads = 0

    async def read(what: Callable[[AsyncConnection], Awaitable[object]], first: object) -> None:
        nonlocal reads
        while not stop.is_set():
            async with pool.connection() as connection, connection.transaction():
                assert await what(connection) == first
            reads += 1
            await asyncio.sleep(0.005)

    tasks = []
    for each in (board, across, report):
        async with pool.connection() as connection, connection.transaction():
            first = await each(connection)
        tasks.append(asyncio.create_task(read(each, first)))
    for _ in range(6):
        await filled(pool, log, ["standings", "counted"])
    stop.set()
    await asyncio.gather(*tasks)

    assert reads > 20


async def test_a_report_is_of_one_moment_though_a_swap_falls_between_its_snapshot_and_its_figures(
    pool: AsyncConnectionPool, log: PostgresLog
) -> None:
    await a_record(pool, 300)
    async with pool.connection() as connection, connection.transaction():
        before = encoded(await Counted(connection).round_report("flavour", "final", PARTITIONS))

    async with pool.connection() as reader, reader.transaction():
        await reader.execute("set transaction isolation level repeatable read, read only")
        await hold(reader, "counted.site")
        await reader.execute("select count(*) from desk.reports")
        filling = asyncio.create_task(filled(pool, log, ["counted"]))
        await asyncio.wait([filling], timeout=1)
        found = encoded(await Counted(reader).round_report("flavour", "final", PARTITIONS))
    await asyncio.wait_for(filling, 10)

    assert found == before


async def test_a_long_reader_delays_the_swap_and_nobody_else(pool: AsyncConnectionPool, log: PostgresLog) -> None:
    await a_record(pool, 300)

    async with pool.connection() as reader:
        before = await standings.scores(reader, "final")
        filling = asyncio.create_task(filled(pool, log, ["standings"]))
        for _ in range(20):
            async with asyncio.timeout(1), pool.connection() as connection:
                assert await standings.scores(connection, "final") == before
            await asyncio.sleep(0.03)
        assert not filling.done()
        assert await standings.scores(reader, "final") == before
    await asyncio.wait_for(filling, 10)

    async with pool.connection() as connection:
        assert await standings.scores(connection, "final") == before


async def test_two_who_fill_the_same_at_once_do_not_hurt_each_other(pool: AsyncConnectionPool, log: PostgresLog) -> None:
    await a_record(pool, 2_000)
    before = {name: await tables(pool, name) for name in NAMES}

    await asyncio.gather(*(filled(pool, log, NAMES, page_bytes) for page_bytes in (1, 50_000, 200_000)))

    assert {name: await tables(pool, name) for name in NAMES} == before


async def test_tables_that_fill_keep_nobody_waiting(pool: AsyncConnectionPool, log: PostgresLog) -> None:
    await a_record(pool, 300)
    async with pool.connection() as connection:
        await ask(connection, "standings")
    await Follower(STANDINGS, pool, log, beside=True).prepare()

    assert await applied(pool, "standings_next") == 0
    assert await Waiting(pool).reached(Position(1, 0), 0)


async def test_without_a_worker_a_rebuild_stays_asked_for(
    pool: AsyncConnectionPool, log: PostgresLog, capsys: pytest.CaptureFixture[str]
) -> None:
    await a_record(pool, 300)

    code = await rebuild(pool, log, ["standings"], patience_s=0.1)

    assert code == COULD_NOT
    assert "No worker has taken it up" in capsys.readouterr().out
    assert await Rebuilds(PROJECTIONS, pool, log).is_asked()


def figures(found: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the rows of tables without how far they have read: the worker's notary adds its key to the record."""
    return {name: rows for name, rows in found.items() if name not in ("decided", "positions")}


async def test_a_worker_that_is_killed_in_the_middle_leaves_the_old_tables_and_the_next_one_begins_anew(
    database: str, pool: AsyncConnectionPool, log: PostgresLog, tmp_path: Path
) -> None:
    await a_record(pool, 12_000)
    before = figures(await tables(pool, "standings"))
    entries = sum(await log.heads())
    environment = os.environ | {"FANFARE_DATABASE_URL": database, "FANFARE_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "fanfare.cli", "worker"]

    async with pool.connection() as connection:
        await ask(connection, "standings")
    with subprocess.Popen(command, env=environment, start_new_session=True) as worker:  # noqa: ASYNC220 - it starts at once

        async def is_half_way() -> bool:
            assert worker.poll() is None
            return 0 < await applied(pool, "standings_next") < entries

        await until(is_half_way)
        worker.send_signal(signal.SIGKILL)
    assert figures(await tables(pool, "standings")) == before
    assert 0 < await applied(pool, "standings_next") < entries

    with subprocess.Popen(command, env=environment, start_new_session=True) as worker:  # noqa: ASYNC220
        assert await rebuild(pool, log, ["standings"], patience_s=30) == DONE
        worker.send_signal(signal.SIGTERM)
    assert figures(await tables(pool, "standings")) == before
    assert await applied(pool, "standings_next") == 0
