"""Rebuilding: tables fill beside those that are read, and take their place in one short transaction when they are level."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import LiteralString, NamedTuple

import structlog
from psycopg import AsyncConnection, OperationalError, sql
from psycopg.errors import InvalidSchemaName, LockNotAvailable, UndefinedTable
from psycopg_pool import AsyncConnectionPool

from fanfare.platform.hosts.follower import CHANNEL, NEARLY_LEVEL, NEXT, Follower, ProjectionReplaced
from fanfare.platform.hosts.worker import PAGE_BYTES, Worker
from fanfare.platform.logs.port import Log, LogAway
from fanfare.platform.singly import singly
from fanfare.views.projection import Projection

# A worker knows one version of each projection and leaves another's request alone, so an old one never undoes a new one's work.
ASK = """
    insert into platform.projections (name, version, fills) select name || %s, coalesce(%s::int, version), name
      from platform.projections where name = %s and fills is null
    on conflict (name) do update set version = excluded.version, begun_at = null where projections.version <> excluded.version
"""
ASKED = "select fills, version, begun_at is not null from platform.projections where fills = any(%s) order by fills"
# The alarm of the old tables stays: whoever fed them ends it when it has seen the new positions.
SWAP: tuple[LiteralString, ...] = (
    "delete from platform.positions where projection = %(old)s",
    "update platform.positions set projection = %(old)s where projection = %(new)s",
    "delete from platform.decided where projection = %(old)s",
    "update platform.decided set projection = %(old)s where projection = %(new)s",
    """update platform.projections as old
          set version = new.version, begun_at = new.begun_at, filled_at = clock_timestamp()
         from platform.projections as new where old.name = %(old)s and new.name = %(new)s""",
    "delete from platform.projections where name = %(new)s",
)
_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 5.0
_LITTLE = 768 * 1024
"""Bytes at a time beside a running worker: what is new meanwhile waits for a fraction of a second at most."""
_log = structlog.get_logger()


async def ask(connection: AsyncConnection, name: str, version: int | None = None) -> None:
    """Ask for a rebuild of a projection, in its present version or in another; where one is on its way nothing changes."""
    await connection.execute(ASK, (NEXT, version, name))


class Progress(NamedTuple):
    """How far a rebuild has come."""

    name: str
    done: int
    """Entries of the record that the new tables have."""
    of: int
    stopped: str
    """Where the filling stopped, and why; empty while it goes on."""


class FillFailed(Exception):
    """New tables cannot be filled, so this version does not start. The old ones are as they were: run the version they are of."""


@dataclass
class _Filling:
    """Tables beside those that are read. A swap that met a long reader is tried again, later each time."""

    name: str
    follower: Follower
    pause_s: float = 0.0
    swap_at: float = 0.0


class Rebuilds:
    """
    Carries out what was asked for. Owned by one event loop; two processes that do the same at once do not hurt each other.

    A crash leaves tables that nobody reads; the next ``begin_anew`` makes them afresh, since other code may have filled them.
    """

    def __init__(self, projections: Sequence[Projection], pool: AsyncConnectionPool, log: Log, page_bytes: int = _LITTLE) -> None:
        """Fill from *log*, about *page_bytes* at a time."""
        self._projections = {each.name: each for each in projections}
        self._pool = pool
        self._log = log
        self._worker = Worker(log, [], page_bytes)
        self._filling: dict[str, _Filling] = {}

    async def run(self) -> None:
        """Carry out what is asked for, for ever; a lost database connection is waited for."""
        has_begun = False
        while True:
            try:
                if not has_begun:
                    await self.begin_anew()
                    has_begun = True
                if not await self.step():
                    await asyncio.sleep(0.5)
            except OperationalError as error:
                _log.warning("a rebuild waits for the database", error=str(error))
                await asyncio.sleep(0.5)
            except LogAway as error:
                _log.warning("a rebuild waits for the log", error=str(error))
                await asyncio.sleep(0.5)

    async def begin_anew(self) -> None:
        """Have what a crash left half filled made anew."""
        async with self._pool.connection() as connection:
            for each in self._projections.values():
                query = "update platform.projections set begun_at = null where fills = %s and version = %s"
                await connection.execute(query, (each.name, each.version))

    async def step(self) -> bool:
        """Fill a page of everything that is asked for, swap in what is level, and return whether there is more to do at once."""
        try:
            await self._take_up()
            self._worker.followers = [each.follower for each in self._filling.values()]
            count = await self._worker.drain() if self._filling else 0
            heads = await self._log.heads() if self._filling else ()
            for each in list(self._filling.values()):
                if each.follower.behind(heads) <= NEARLY_LEVEL and not each.follower.stopped and each.swap_at <= monotonic():
                    await self._try_to_swap(each)
        except ProjectionReplaced:  # another process, busy with the same, was faster: what is left is looked up again
            return True
        return bool(count)

    async def progress(self) -> list[Progress]:
        """Return how far each has come."""
        heads = await self._log.heads()
        return [
            Progress(each.name, sum(heads) - each.follower.behind(heads), sum(heads), each.follower.stopped)
            for each in self._filling.values()
        ]

    async def is_asked(self) -> bool:
        """Return whether anything is asked for that this process knows how to do."""
        return bool(await self._asked())

    async def _asked(self) -> dict[str, bool]:
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(ASKED, (list(self._projections),))).fetchall()
        return {name: has_tables for name, version, has_tables in rows if version == self._projections[name].version}

    async def _take_up(self) -> None:
        asked = await self._asked()
        self._filling = {name: each for name, each in self._filling.items() if asked.get(name)}
        for name in asked:
            if name not in self._filling:
                follower = Follower(self._projections[name], self._pool, self._log, beside=True)
                await follower.prepare()
                self._filling[name] = _Filling(name, follower)
                _log.info("filling beside", projection=name, version=follower.projection.version)

    async def _try_to_swap(self, each: _Filling) -> None:
        each.pause_s = min(_LONGEST_PAUSE_S, 2 * each.pause_s or _SHORTEST_PAUSE_S)
        each.swap_at = monotonic() + each.pause_s
        try:
            await self._analyze(each.follower)
            if await self._swap(each.name, each.follower):
                self._filling.pop(each.name)
                _log.info("swapped in", projection=each.name)
        except LockNotAvailable:
            _log.info("somebody reads what is to be swapped", projection=each.name, again_in_s=each.pause_s)
        except (OperationalError, ProjectionReplaced):
            raise
        except Exception as error:  # noqa: BLE001 - an entry that cannot be applied: the next page stops there, with an alarm
            _log.error("cannot be swapped in", projection=each.name, exc_info=error)

    async def _swap(self, name: str, follower: Follower) -> bool:
        """
        Put the tables of *follower* in the place of those that are read, and return whether they were level for it.

        A crash leaves everything as it was before. One order of locks: rows of platform.projections, then tables; followers keep
        to it, and readers lock tables only. Where one of them waits for us as we do for it, we give up first.

        Raises:
            LockNotAvailable: somebody reads the old tables for longer than the others may wait.
            ProjectionReplaced: somebody else swapped.
        """
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute("select from platform.projections where name = %s for update", (name,))
            if not await follower.load(connection) or not await self._level(connection, name, follower):
                return False
            # Dropping locks every old table first: whoever reads one of them ends before, whoever comes later finds the new ones.
            await connection.execute("set local lock_timeout = 200")  # milliseconds; deadlock_timeout is a second
            old, new = sql.Identifier(name), sql.Identifier(follower.name)
            await connection.execute(sql.SQL("drop schema if exists {} cascade").format(old))
            await connection.execute(sql.SQL("alter schema {} rename to {}").format(new, old))
            for statement in SWAP:
                await connection.execute(statement, {"old": name, "new": follower.name})
            await connection.execute("select pg_notify(%s, '')", (CHANNEL,))
        return True

    async def _analyze(self, follower: Follower) -> None:
        """New tables have no statistics yet, and a plan made without them may be slow."""
        async with singly(self._pool) as connection:
            for table in await _tables(connection, follower.name):
                with suppress(InvalidSchemaName, UndefinedTable):  # another process swaps them in; ours will find that out
                    await connection.execute(sql.SQL("analyze {}").format(table))

    async def _level(self, connection: AsyncConnection, name: str, follower: Follower) -> bool:
        """
        Bring the new tables to where the old ones are, which stand still as long as we hold their row; return whether they are.

        Partition 0 goes first: where the old tables have a ballot, they have its terms too.
        """
        query = "select partition, next_offset from platform.positions where projection = %s order by partition"
        rows = await (await connection.execute(query, (name,))).fetchall()
        if sum(max(0, end - follower.next_offset(partition)) for partition, end in rows) > NEARLY_LEVEL:
            return False
        for partition, end in rows:
            if missing := await follower.missing(partition, follower.next_offset(partition), end):
                await follower.write(connection, missing)
        return True


async def _tables(connection: AsyncConnection, schema: str) -> list[sql.Identifier]:
    query = "select relname from pg_class where relnamespace = to_regnamespace(%s) and relkind = 'r' order by relname"
    return [sql.Identifier(schema, row[0]) for row in await (await connection.execute(query, (schema,))).fetchall()]


async def make_level(projections: Sequence[Projection], pool: AsyncConnectionPool, log: Log, tell: Callable[[str], None]) -> None:
    """
    Before anybody reads: make what is missing, and fill what is new or of another version; old tables stay until that is level.

    A crash leaves the old ones; the next start begins anew.

    Args:
        tell: told every two seconds how far that has come; it may raise to stop it.

    Raises:
        FillFailed: a projection stopped.
    """
    if not any(await log.heads()):  # the first start
        for each in projections:
            await Follower(each, pool, log).prepare()
    async with pool.connection() as connection:
        for each in projections:
            query = "insert into platform.projections (name, version) values (%s, %s) on conflict do nothing"
            await connection.execute(query, (each.name, each.version))
            query = "select version = %s and begun_at is not null from platform.projections where name = %s"
            row = await (await connection.execute(query, (each.version, each.name))).fetchone()
            if row and not row[0]:
                await ask(connection, each.name, each.version)
    rebuilds = Rebuilds(projections, pool, log, PAGE_BYTES)
    await rebuilds.begin_anew()
    told_at = monotonic()
    while await rebuilds.is_asked():
        if not await rebuilds.step():
            await asyncio.sleep(0.02)
        for come in await rebuilds.progress():
            if come.stopped:
                message = f"{come.name} cannot be filled from the record: it stopped at {come.stopped}. {FillFailed.__doc__}"
                raise FillFailed(message)
            if monotonic() - told_at > 2:
                tell(f"Filling {come.name} from the record: {come.done:,} of {come.of:,} entries")
        told_at = monotonic() if monotonic() - told_at > 2 else told_at
