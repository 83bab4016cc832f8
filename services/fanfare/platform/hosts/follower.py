"""A projection at work: its rows and its positions change in one transaction, so redeliveries cannot double or lose anything."""

from collections.abc import Sequence

import structlog
from psycopg import AsyncConnection, OperationalError, sql
from psycopg_pool import AsyncConnectionPool

from fanfare.platform.logs.port import Log, RecordGap
from fanfare.record.decisions import Decided
from fanfare.record.entry import Entry, unpack
from fanfare.views.projection import Projection

CHANNEL = "fanfare_views"
_log = structlog.get_logger()


class ProjectionReplaced(Exception):
    """Another version of the projection made its tables anew. This process is old: restart it."""


class Follower:
    """Feeds one projection. Owned by one worker; its counters mirror what was committed when it last looked."""

    def __init__(self, projection: Projection, pool: AsyncConnectionPool, log: Log) -> None:
        """Follow *log* for *projection*; call ``prepare`` first."""
        self.projection = projection
        self.stopped = ""
        self._pool = pool
        self._log = log
        self._next: dict[int, int] = {}
        self._decided = Decided()

    def next_offset(self, partition: int) -> int:
        """Return the first offset of *partition* that is not applied yet."""
        return self._next.get(partition, 0)

    async def prepare(self) -> None:
        """Make the tables where they are missing or of another version, and load the positions."""
        name, version = self.projection.name, self.projection.version
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(hashtext(%s))", (f"projection {name}",))
            query = "select version from platform.projections where name = %s"
            row = await (await connection.execute(query, (name,))).fetchone()
            if row is None or row[0] != version:
                await self._create(connection)
            await connection.execute("update platform.projections set stopped = null where name = %s", (name,))
            await self._load(connection)
        self.stopped = ""

    async def _create(self, connection: AsyncConnection) -> None:
        name, version = self.projection.name, self.projection.version
        schema = sql.Identifier(name)
        await connection.execute("delete from platform.projections where name = %s", (name,))
        await connection.execute(sql.SQL("drop schema if exists {} cascade").format(schema))
        await connection.execute(sql.SQL("create schema {}").format(schema))
        await connection.execute(sql.SQL("set local search_path = {}, public").format(schema))
        await connection.execute(self.projection.schema)
        await connection.execute("insert into platform.projections (name, version) values (%s, %s)", (name, version))

    async def _load(self, connection: AsyncConnection) -> None:
        """
        Read what is committed, and hold it until the transaction ends: two workers never apply the same entry.

        Raises:
            ProjectionReplaced: the tables are another version's by now.
        """
        name = self.projection.name
        query = "select version from platform.projections where name = %s for update"
        row = await (await connection.execute(query, (name,))).fetchone()
        if row is None or row[0] != self.projection.version:
            message = f"the tables of {name} are no longer those of version {self.projection.version}"
            raise ProjectionReplaced(message)
        query = "select partition, next_offset from platform.positions where projection = %s"
        self._next = dict(await (await connection.execute(query, (name,))).fetchall())
        query = "select stream, taken from platform.decided where projection = %s"
        self._decided = Decided(dict(await (await connection.execute(query, (name,))).fetchall()))

    async def apply(self, entries: Sequence[Entry]) -> None:
        """
        Apply entries of one partition: lower ones than expected are dropped, missing ones are read from the log.

        An error stops this projection alone, at its position, with an alarm; the worker goes on for the others.

        Raises:
            OperationalError: the database does not answer. What was committed is read again at the next call.
        """
        if self.stopped or not entries:
            return
        try:
            wanted = await self._contiguous(entries)
            if wanted:
                await self._commit(wanted)
        except OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other projections go on
            await self._stop(entries[0], error)

    async def _contiguous(self, entries: Sequence[Entry]) -> list[Entry]:
        """Return *entries* from the expected one on, each once, with those between that were not delivered."""
        partition, expected = entries[0].partition, self.next_offset(entries[0].partition)
        wanted: list[Entry] = []
        for entry in sorted(entries, key=lambda each: each.offset):
            wanted += await self._missing(partition, expected + len(wanted), entry.offset)
            if entry.offset == expected + len(wanted):
                wanted.append(entry)
        return wanted

    async def _missing(self, partition: int, start: int, end: int) -> list[Entry]:
        found: list[Entry] = []
        for _ in range(3):
            if start + len(found) >= end:
                return found
            stored = await self._log.read(partition, start + len(found), end - start - len(found))
            found += [unpack(each.partition, each.offset, each.body) for each in stored]
        if start + len(found) < end:
            message = f"offset {start + len(found)} of partition {partition} cannot be read"
            raise RecordGap(message)
        return found

    async def _commit(self, entries: Sequence[Entry]) -> None:
        name, partition = self.projection.name, entries[0].partition
        async with self._pool.connection() as connection, connection.transaction():
            await self._load(connection)
            if self.next_offset(partition) != entries[0].offset:
                return  # another worker, or an earlier commit whose answer was lost, was here first: the next page begins there
            held = [entry for entry in entries if self._decided.take(entry)]
            await connection.execute(sql.SQL("set local search_path = {}, public").format(sql.Identifier(name)))
            await self.projection.apply(connection, [each for entry in held for each in entry.positioned()])
            await connection.execute(
                """insert into platform.positions (projection, partition, next_offset) values (%s, %s, %s)
                   on conflict (projection, partition) do update set next_offset = excluded.next_offset""",
                (name, partition, entries[-1].offset + 1),
            )
            if partition == 0:
                await self._save_decided(connection, held)
            await connection.execute("select pg_notify(%s, '')", (CHANNEL,))
        self._next[partition] = entries[-1].offset + 1

    async def _save_decided(self, connection: AsyncConnection, held: Sequence[Entry]) -> None:
        streams = sorted({entry.decision.stream for entry in held if entry.decision})
        if streams:
            await connection.execute(
                """insert into platform.decided (projection, stream, taken) select %s, * from unnest(%s::text[], %s::int[])
                   on conflict (projection, stream) do update set taken = excluded.taken""",
                (self.projection.name, streams, [self._decided.taken[stream] for stream in streams]),
            )

    async def _stop(self, entry: Entry, error: Exception) -> None:
        self.stopped = f"{entry.partition}:{self.next_offset(entry.partition)}: {type(error).__name__}: {error}"
        _log.error("projection stopped", projection=self.projection.name, at=self.stopped, exc_info=error)
        async with self._pool.connection() as connection:
            query = "update platform.projections set stopped = %s where name = %s and version = %s"
            await connection.execute(
                query, (self.stopped[:2000].replace("\0", ""), self.projection.name, self.projection.version)
            )
