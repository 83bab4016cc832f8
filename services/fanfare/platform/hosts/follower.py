"""A projection at work: its rows and its positions change in one transaction, so redeliveries cannot double or lose anything."""

from collections.abc import Callable, Collection, Sequence
from time import monotonic
from typing import Protocol

import structlog
from psycopg import AsyncConnection, OperationalError, sql
from psycopg_pool import AsyncConnectionPool

from fanfare.platform.logging import said
from fanfare.platform.logs.port import LogAway, RecordGap, StoredEntry
from fanfare.record.decisions import Decided
from fanfare.record.entry import Entry, unpack
from fanfare.record.position import Moment
from fanfare.views.projection import Projection

CHANNEL = "fanfare_views"
NEXT = "_next"
"""Ends the name, and so the schema, of tables that fill beside those that are read."""
NEARLY_LEVEL = 100
"""Entries that may be left where tables count as level: less than a moment's work."""
LOAD = """
    select (select coalesce(json_object_agg(partition, next_offset), '{}') from platform.positions where projection = %(name)s),
           (select coalesce(json_object_agg(stream, taken), '{}') from platform.decided where projection = %(name)s)
"""
PLACES = "select partition, next_offset from platform.positions where projection = %s"
# A commit that a crash takes back is made again from the record, which is durable before anybody reads it.
BEGIN = "select set_config('search_path', %s, true), set_config('synchronous_commit', 'off', true)"
MOVE = """
    with moved as (
        insert into platform.positions (projection, partition, next_offset) values (%s, %s, %s)
        on conflict (projection, partition) do update set next_offset = excluded.next_offset)
    select pg_notify(%s, '')
"""
_log = structlog.get_logger()
_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0
_PASSING = ("08", "40", "53", "55", "57", "58")
"""Classes of SQLSTATE that say nothing against the projection: connection, rollback, resources, locks, operator, system."""


class Readable(Protocol):
    """What is read of a log; the Log port says how."""

    @property
    def partitions(self) -> int:
        """How many the record has by now; a site that grows gets more while it runs."""

    async def read(self, partition: int, start: int, limit: int = 500) -> list[StoredEntry]:
        """Return up to *limit* entries of *partition* from offset *start* on."""

    async def heads(self) -> Moment:
        """Return the next offset of each partition."""

    async def changed(self, timeout_s: float) -> None:
        """Return when something may have been appended, or after *timeout_s*."""


class ProjectionReplaced(Exception):
    """Other tables took the place of these. Where they are another version's this process is old: restart it."""


class Follower:
    """
    Feeds the tables of one projection. Owned by one event loop; its counters mirror what was committed when it last looked.

    After an error it pauses, a second at first and then ever longer, and tries again. Its alarm stands until it is level.
    """

    def __init__(
        self,
        projection: Projection,
        pool: AsyncConnectionPool,
        log: Readable,
        *,
        beside: bool = False,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Follow *log* for *projection*, *beside* the tables that are read or into them; call ``prepare`` first."""
        self.projection = projection
        self.name = projection.name + NEXT if beside else projection.name
        """Of its row in platform.projections, and of its schema."""
        self.stopped = ""
        """The alarm: where it stopped, and why."""
        self.is_beside = beside
        self._pool = pool
        self._log = log
        self._clock = clock
        self._next: dict[int, int] = {}
        self._decided = Decided()
        self._stuck: tuple[int, int] | None = None
        """The partition and offset at which it failed, until it has got past them."""
        self._pause_s = 0.0
        self._again_at = 0.0

    @property
    def is_due(self) -> bool:
        """Whether it may be fed: always, but for the pause after an error."""
        return self._stuck is None or self._clock() >= self._again_at

    def next_offset(self, partition: int) -> int:
        """Return the first offset of *partition* that is not applied yet."""
        return self._next.get(partition, 0)

    async def look(self) -> None:
        """Read how far the tables are, whoever filled them; nothing is held, so it may have changed on return."""
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(PLACES, (self.name,))).fetchall()
        self._next = dict(rows)

    def behind(self, heads: Moment, partitions: Collection[int] | None = None) -> int:
        """Return how many entries of these *partitions*, or of all, are not applied yet."""
        places = enumerate(heads)
        return sum(max(0, head - self.next_offset(each)) for each, head in places if partitions is None or each in partitions)

    # Tables

    async def prepare(self) -> None:
        """
        Make the tables where there are none, and load the positions. An alarm that stands, stands until the tables are level.

        Raises:
            ProjectionReplaced: there are tables of another version; or nobody asks for tables beside the old ones any more.
        """
        async with self._pool.connection() as connection, connection.transaction():
            if not self.is_beside:
                query = "insert into platform.projections (name, version) values (%s, %s) on conflict do nothing"
                await connection.execute(query, (self.name, self.projection.version))
            if not await self.load(connection):
                await self._create(connection)

    async def _create(self, connection: AsyncConnection) -> None:
        schema = sql.Identifier(self.name)
        await connection.execute(sql.SQL("drop schema if exists {} cascade").format(schema))
        await connection.execute(sql.SQL("create schema {}").format(schema))
        await connection.execute(sql.SQL("set local search_path = {}, public").format(schema))
        await connection.execute(self.projection.schema)
        await connection.execute("delete from platform.positions where projection = %s", (self.name,))
        await connection.execute("delete from platform.decided where projection = %s", (self.name,))
        query = "update platform.projections set begun_at = clock_timestamp(), stopped = null where name = %s"
        await connection.execute(query, (self.name,))
        self._next, self._decided, self.stopped = {}, Decided(), ""

    async def load(self, connection: AsyncConnection) -> bool:
        """
        Read what is committed, and hold it until the transaction ends: two workers never apply the same entry.

        Returns whether there are tables. Whoever locks them takes this row first, so nobody waits in a ring.

        Raises:
            ProjectionReplaced: the tables are another version's by now, or have taken the place of the old ones.
        """
        query = "select version, begun_at is not null, coalesce(stopped, '') from platform.projections where name = %s for update"
        row = await (await connection.execute(query, (self.name,))).fetchone()
        if row is None or row[0] != self.projection.version:
            message = f"{self.name} is not kept in version {self.projection.version} any more"
            raise ProjectionReplaced(message)
        # A statement of its own: it has to see what whoever held the row committed.
        ((positions, decided),) = await (await connection.execute(LOAD, {"name": self.name})).fetchall()
        self._next = {int(partition): next_offset for partition, next_offset in positions.items()}
        self._decided = Decided(decided)
        self.stopped = row[2]
        return bool(row[1])

    # Entries

    async def apply(self, entries: Sequence[Entry], decisions_to: int = 0) -> None:
        """
        Apply entries of one partition: lower ones than expected are dropped, missing ones are read from the log.

        An error stops this projection alone, at its position, with an alarm; the worker goes on for the others.

        Args:
            decisions_to: the head that partition 0 had when these ballots were read. They are applied only where the tables have
                partition 0 up to there; where they do not, they stay as they are.

        Raises:
            OperationalError: the database does not answer. What was committed is read again at the next call.
            LogAway: the log does not answer.
        """
        if not entries or not self.is_due:
            return
        try:
            wanted = await self._contiguous(entries)
            if wanted:
                await self._commit(wanted, decisions_to)
            if self._stuck and self.next_offset(self._stuck[0]) > self._stuck[1]:
                self._stuck, self._pause_s = None, 0.0
        except Exception as error:  # whatever it is, the other projections go on
            passes = isinstance(error, OperationalError) and (error.sqlstate or "08")[:2] in _PASSING
            if passes or isinstance(error, LogAway):
                raise
            await self.stop(entries[0].partition, error)

    async def _contiguous(self, entries: Sequence[Entry]) -> list[Entry]:
        """Return *entries* from the expected one on, each once, with those between that were not delivered."""
        partition, expected = entries[0].partition, self.next_offset(entries[0].partition)
        wanted: list[Entry] = []
        for entry in sorted(entries, key=lambda each: each.offset):
            wanted += await self.missing(partition, expected + len(wanted), entry.offset)
            if entry.offset == expected + len(wanted):
                wanted.append(entry)
        return wanted

    async def missing(self, partition: int, start: int, end: int) -> list[Entry]:
        """Return the entries from *start* to before *end*. Raises: RecordGap: after three reads they are not there."""
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

    async def _commit(self, entries: Sequence[Entry], decisions_to: int) -> None:
        async with self._pool.connection() as connection, connection.transaction():
            if not await self.load(connection):
                message = f"the tables of {self.name} are to be made anew"
                raise ProjectionReplaced(message)
            if self.next_offset(entries[0].partition) != entries[0].offset:
                return  # another worker, or an earlier commit whose answer was lost, was here first: the next page begins there
            if entries[0].partition and self.next_offset(0) < decisions_to:
                return  # PostgreSQL took back what was thought committed: the terms come first, and their next page begins there
            await self.write(connection, entries)

    async def write(self, connection: AsyncConnection, entries: Sequence[Entry]) -> None:
        """Apply the next *entries* of a partition in the transaction of *connection*, in which ``load`` was called."""
        partition, end = entries[0].partition, entries[-1].offset + 1
        held = [entry for entry in entries if self._decided.take(entry)]
        await connection.execute(BEGIN, (f'"{self.name}", public',))
        await self.projection.apply(connection, [each for entry in held for each in entry.placed])
        if partition == 0:
            await self._save_decided(connection, held)
        await connection.execute(MOVE, (self.name, partition, end, CHANNEL))
        self._next[partition] = end

    async def _save_decided(self, connection: AsyncConnection, held: Sequence[Entry]) -> None:
        streams = sorted({entry.decision.stream for entry in held if entry.decision})
        if streams:
            await connection.execute(
                """insert into platform.decided (projection, stream, taken) select %s, * from unnest(%s::text[], %s::int[])
                   on conflict (projection, stream) do update set taken = excluded.taken""",
                (self.name, streams, [self._decided.taken[stream] for stream in streams]),
            )

    # Alarms

    async def stop(self, partition: int, error: Exception) -> None:
        """Stop at the next offset of *partition*, with an alarm that says why; after a pause it is tried again."""
        told = f"{partition}:{self.next_offset(partition)}: {type(error).__name__}: {said(error)}"
        self.stopped = told[:2000].replace("\0", "")
        self._stuck = (partition, self.next_offset(partition))
        self._pause_s = min(_LONGEST_PAUSE_S, max(_SHORTEST_PAUSE_S, 2 * self._pause_s))
        self._again_at = self._clock() + self._pause_s
        if isinstance(error, ProjectionReplaced):  # no fault of the tables that are there now
            _log.warning("projection replaced", projection=self.name, why=str(error))
            return
        _log.error("projection stopped", projection=self.name, at=self.stopped, again_in_s=self._pause_s, exc_info=error)
        async with self._pool.connection() as connection:
            query = "update platform.projections set stopped = %s where name = %s and version = %s"
            await connection.execute(query, (self.stopped, self.name, self.projection.version))

    async def end_alarm(self) -> None:
        """Take the alarm back where it goes on again and is level; call it now and then. Until then nobody waits for it."""
        if not self.stopped or self._stuck:
            return
        await self.look()  # the alarm may be another worker's
        partition, offset = _place(self.stopped)
        if self.next_offset(partition) <= offset or self.behind(await self._log.heads()) > NEARLY_LEVEL:
            return
        async with self._pool.connection() as connection:
            query = "update platform.projections set stopped = null where name = %s and version = %s and stopped = %s"
            await connection.execute(query, (self.name, self.projection.version, self.stopped))
        _log.info("projection goes on", projection=self.name)
        self.stopped = ""


def _place(stopped: str) -> tuple[int, int]:
    """Return the partition and the offset that an alarm names."""
    partition, offset, _ = stopped.split(":", 2)
    return int(partition), int(offset)
