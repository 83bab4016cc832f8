"""The Log port on PostgreSQL: a table, its numbers taken under a lock inside the inserting transaction."""

import asyncio
from collections.abc import Sequence
from typing import cast

import psycopg
from psycopg_pool import AsyncConnectionPool

from fanfare.platform.logs.group import GroupCommit, NewEntry
from fanfare.platform.logs.port import LogElsewhere, LogMoving, RecordGap, StoredEntry
from fanfare.platform.singly import singly
from fanfare.platform.tasks import ended
from fanfare.record.position import Moment, Position

CHANNEL = "fanfare_record"

APPEND = "select record.append(%b::int[], %b::bytea[])"
"""Migration 0012 says what it does and why."""
MOVING, ELSEWHERE = "FF001", "FF002"
"""With these states it refuses, because the record is being moved or was."""
READ = 'select "offset", body from record.entries where partition = %s and "offset" >= %s order by "offset" limit %s'
HEADS = """
    select coalesce((select max("offset") + 1 from record.entries where partition = n), 0)
      from generate_series(0, %s - 1) as n order by n
"""


class PostgresLog:
    """The record as the table ``record.entries``. Owned by one event loop."""

    def __init__(self, pool: AsyncConnectionPool, partitions: int, most_waiting_bytes: int = 8 * 1024 * 1024) -> None:
        """Write and read through *pool*; *partitions* is how many the record has."""
        self._pool = pool
        self.partitions = partitions
        self._group = GroupCommit(self._write, most_waiting_bytes)
        self._wake = asyncio.Event()
        self._listener: asyncio.Task[None] | None = None

    async def append(self, partition: int, events: Sequence[bytes], *, alone: bool = False) -> Position:
        """Append as the Log port says."""
        if not 0 <= partition < self.partitions:
            message = f"partition {partition} does not exist; the record has {self.partitions}"
            raise ValueError(message)
        return await self._group.append(partition, events, alone=alone)

    def written(self, partition: int, offset: int) -> bytes | None:
        """Return an entry of a moment ago, as the Log port says."""
        return self._group.written(partition, offset)

    async def settle(self) -> None:
        """Return when nothing waits to be written."""
        await self._group.settle()

    async def _write(self, entries: Sequence[NewEntry]) -> Sequence[int]:
        # A crash before the commit leaves nothing, after it everything: there is no state in between.
        partitions, bodies = [entry.partition for entry in entries], [entry.body for entry in entries]
        async with singly(self._pool) as connection:
            try:
                row = await (await connection.execute(APPEND, (partitions, bodies), binary=True)).fetchone()
            except psycopg.DatabaseError as error:
                raise _refused(error) from error
        return cast("tuple[list[int]]", row)[0]

    async def read(self, partition: int, start: int, limit: int = 500) -> list[StoredEntry]:
        """Read as the Log port says."""
        async with singly(self._pool) as connection:
            rows = await (await connection.execute(READ, (partition, start, limit), binary=True)).fetchall()
        entries = [StoredEntry(partition, offset, bytes(body)) for offset, body in rows]
        for expected, entry in enumerate(entries, start):
            if entry.offset != expected:
                message = f"partition {partition} of the record lacks offset {expected}; the next one there is {entry.offset}"
                raise RecordGap(message)
        return entries

    async def heads(self) -> Moment:
        """Return the next offset of each partition."""
        async with singly(self._pool) as connection:
            rows = await (await connection.execute(HEADS, (self.partitions,))).fetchall()
        return tuple(row[0] for row in rows)

    async def changed(self, timeout_s: float) -> None:
        """Return when something may have been appended, or after *timeout_s*."""
        if self._listener is None or self._listener.done():
            self._listener = asyncio.create_task(self._listen())
        try:
            async with asyncio.timeout(timeout_s):  # wait_for of Python 3.11 can swallow the cancellation that ends a process
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    async def _listen(self) -> None:
        # A lost connection ends the task; the next call of changed starts another, and its caller reads after the time-out.
        try:
            async with self._pool.connection() as connection:
                await connection.set_autocommit(True)
                await connection.execute(f"listen {CHANNEL}")
                self._wake.set()
                async for _ in connection.notifies():
                    self._wake.set()
        except psycopg.OperationalError:
            return

    async def close(self) -> None:
        """Settle what is pending and stop listening."""
        await self.settle()
        if self._listener is not None:
            await ended([self._listener])


def _refused(error: psycopg.DatabaseError) -> Exception:
    """Return what an error of an append means to its callers."""
    told = error.diag.message_primary
    if error.sqlstate == MOVING:
        return LogMoving(f"{told}: it is written to again once that is done")
    if error.sqlstate == ELSEWHERE:
        return LogElsewhere(f"{told}: set FANFARE_KAFKA_BROKERS and start this process again")
    return error
