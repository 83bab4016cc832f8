"""The Log port on PostgreSQL: the contract, a planted sequence that must be caught, and what only PostgreSQL can do."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import psycopg
import pytest
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from fanfare.platform.logs.group import NewEntry
from fanfare.platform.logs.port import Log, RecordGap, StoredEntry
from fanfare.platform.logs.postgres import APPEND, PostgresLog
from fanfare.record.position import Position
from tests.contracts.log_contract import PARTITIONS, Fault, LogContract, Opening, named, whole, write_and_tail

Make = Callable[[AsyncConnectionPool, int, int], PostgresLog]


def faulty(fault: Fault) -> type[AsyncConnection]:
    """Return a connection that awaits *fault* after the rows of an append were inserted, before its commit."""

    class Faulty(AsyncConnection):
        async def execute(self, query: Any, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as psycopg declares it
            if query != APPEND:
                return await super().execute(query, *args, **options)
            await super().execute("begin")
            try:
                found = await super().execute(query, *args, **options)
                await fault()
            except BaseException:
                await super().execute("rollback")
                raise
            await super().execute("commit")
            return found

    return Faulty


@contextlib.asynccontextmanager
async def openings(database: str, make: Make = PostgresLog) -> AsyncIterator[Opening]:
    """Give the way to open logs of one database, and close them all afterwards."""
    async with contextlib.AsyncExitStack() as stack:
        shared = await stack.enter_async_context(AsyncConnectionPool(database, min_size=1, max_size=24, open=False))

        async def opening(*, fault: Fault | None = None, most_waiting_bytes: int = 2**23) -> Log:
            pool = shared
            if fault is not None:
                own = AsyncConnectionPool(database, connection_class=faulty(fault), min_size=1, max_size=4, open=False)
                pool = await stack.enter_async_context(own)
            log = make(pool, PARTITIONS, most_waiting_bytes)
            stack.push_async_callback(log.close)
            return log

        yield opening


@pytest.fixture
async def opening(database: str) -> AsyncIterator[Opening]:
    """Open logs in this test's database."""
    async with openings(database) as found:
        yield found


class TestPostgresLog(LogContract):
    """The contract."""


class SequenceLog(PostgresLog):
    """The planted mistake: numbers come from a sequence, as in many an event store, and the reader believes them."""

    async def _write(self, entries: Sequence[NewEntry]) -> Sequence[int]:
        offsets = []
        async with self._pool.connection() as connection, connection.transaction():
            for entry in entries:
                query = "insert into record.entries values (%s, nextval('numbers'), %s) returning \"offset\""
                ((offset,),) = await (await connection.execute(query, (entry.partition, entry.body))).fetchall()
                offsets.append(offset)
            await connection.execute("select pg_notify('fanfare_record', '')")
        return offsets

    async def read(self, partition: int, start: int, limit: int = 500) -> list[StoredEntry]:
        query = 'select * from record.entries where partition = %s and "offset" >= %s order by "offset" limit %s'
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(query, (partition, start, limit))).fetchall()
        return [StoredEntry(*row) for row in rows]


@pytest.mark.parametrize("failing", [0, 3])
async def test_an_adapter_that_numbers_by_a_sequence_is_caught_by_the_contract(database: str, failing: int) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create sequence numbers minvalue 0")

    async with openings(database, SequenceLog) as opening:
        with pytest.raises(AssertionError):
            await write_and_tail(opening, 2_000, 1, failing=failing)


async def test_a_connection_that_is_killed_before_the_commit_leaves_nothing_and_no_gap(database: str) -> None:
    killed: list[int] = []

    async def kill() -> None:
        if not killed:
            with psycopg.connect(database, autocommit=True) as connection:
                query = "select pid, pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted"
                killed.extend(row[0] for row in connection.execute(query).fetchall())

    async with openings(database) as opening:
        log = await opening(fault=kill)
        with pytest.raises(psycopg.OperationalError):
            await log.append(0, [named(1)])

        assert await log.append(0, [named(2)]) == Position(0, 0, 0)
        assert len(killed) == 1


async def test_one_transaction_writes_a_group_commit_to_several_partitions(database: str) -> None:
    async with openings(database) as opening:
        log = await opening()
        for partition in range(PARTITIONS):
            await log.append(partition, [named(partition)])

        written: list[int] = []

        async def count() -> None:
            written.append(1)

        counted = await opening(fault=count)
        await asyncio.gather(*(counted.append(partition, [named(9)]) for partition in range(PARTITIONS)))

        assert written == [1]
        assert await log.heads() == (2,) * PARTITIONS


async def test_a_row_that_was_taken_out_is_a_gap_that_the_reader_reports(database: str) -> None:
    async with openings(database) as opening:
        log = await opening()
        for number in range(5):
            await log.append(0, [named(number)])
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute('delete from record.entries where "offset" = 2')

        with pytest.raises(RecordGap, match="partition 0 of the record lacks offset 2"):
            await whole(log)
        with pytest.raises(RecordGap):
            await log.read(0, 2)
