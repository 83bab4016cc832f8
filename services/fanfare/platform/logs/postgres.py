"""The Log port on PostgreSQL: a table, its numbers taken under a lock inside the inserting transaction."""

import asyncio
from collections.abc import Sequence

import psycopg
from psycopg_pool import AsyncConnectionPool

from fanfare.platform.hosts.tasks import ended
from fanfare.platform.logs.group import GroupCommit, NewEntry
from fanfare.platform.logs.port import RecordGap, StoredEntry
from fanfare.record.position import Moment, Position

LOCK_SPACE = 0x66616E66  # 'fanf': the first half of the advisory locks that appends take
CHANNEL = "fanfare_record"

# Two statements on purpose: the second must see what committed while the first waited. The offset comes from the primary key: a
# sequence would skip at a rollback and run ahead of commits, a counter row would bloat under an old snapshot.
LOCK = "select pg_advisory_xact_lock(%s, %s)"
INSERT = """
    insert into record.entries (partition, "offset", body)
    select %(partition)s, last.next + new.place - 1, new.body
      from unnest(%(bodies)s::bytea[]) with ordinality as new (body, place),
           (select coalesce(max("offset") + 1, 0) as next from record.entries where partition = %(partition)s) as last
    returning "offset"
"""
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

    async def settle(self) -> None:
        """Return when nothing waits to be written."""
        await self._group.settle()

    async def _write(self, entries: Sequence[NewEntry]) -> Sequence[int]:
        # A crash before the commit leaves nothing, after it everything: there is no state in between.
        places: dict[int, list[int]] = {}
        for place, entry in enumerate(entries):
            places.setdefault(entry.partition, []).append(place)
        offsets = [0] * len(entries)
        async with self._pool.connection() as connection, connection.transaction():
            for partition in sorted(places):  # in one order, so two writers never wait for each other in a ring
                await connection.execute(LOCK, (LOCK_SPACE, partition))
                bodies = [entries[place].body for place in places[partition]]
                rows = await (await connection.execute(INSERT, {"partition": partition, "bodies": bodies})).fetchall()
                for place, offset in zip(places[partition], sorted(row[0] for row in rows), strict=True):
                    offsets[place] = offset
            await connection.execute("select pg_notify(%s, '')", (CHANNEL,))
        return offsets

    async def read(self, partition: int, start: int, limit: int = 500) -> list[StoredEntry]:
        """Read as the Log port says."""
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(READ, (partition, start, limit))).fetchall()
        entries = [StoredEntry(partition, offset, bytes(body)) for offset, body in rows]
        for expected, entry in enumerate(entries, start):
            if entry.offset != expected:
                message = f"partition {partition} of the record lacks offset {expected}; the next one there is {entry.offset}"
                raise RecordGap(message)
        return entries

    async def heads(self) -> Moment:
        """Return the next offset of each partition."""
        async with self._pool.connection() as connection:
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
