"""
The guard against a cut record that Kafka keeps: what was last seen of it stands in PostgreSQL, which does not go back with it.

Each process compares before its first append, and again every few seconds, and raises what stands there to what it sees; so every
writer knows what any other was acknowledged, at most a few seconds later. The positions of projections count too.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from time import monotonic
from typing import TYPE_CHECKING, LiteralString

import psycopg
import structlog
from psycopg import OperationalError
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from fanfare.operations.cut import Last, Look, RecordCut, Seen, compared, described, end_at_once
from fanfare.platform.logs.port import Log, LogAway, RecordGap
from fanfare.platform.tasks import ended
from fanfare.record.position import Moment

if TYPE_CHECKING:
    from fanfare.platform.logs.kafka.log import KafkaLog

SEEN: LiteralString = """
    select partition, max(head), coalesce(max(sha256) filter (where head = highest), '')
      from (select partition, head, sha256, max(head) over (partition by partition) as highest from (
                select partition, head, sha256 from record.seen
                union all
                select partition, max(next_offset), null from platform.positions where next_offset > 0 group by partition
            ) as every) as ranked
     group by partition order by partition
"""
"""A projection may be ahead of what was last written down; of its entry no hash is known."""
THERE: LiteralString = "select to_regclass('record.seen') is not null and to_regclass('platform.positions') is not null"
RAISE: LiteralString = """
    insert into record.seen (partition, head, sha256) select * from unnest(%s::int[], %s::bigint[], %s::text[])
    on conflict (partition) do update set head = excluded.head, sha256 = excluded.sha256 where seen.head < excluded.head
"""
EVERY_S = 3.0
SURE_AFTER_S = 20.0
"""
A record that looks shorter for so long was cut. A broker that was stopped, or cut off from the others, believes for a while that
it still leads, and tells of less than there is.
"""
_AGAIN_S = 0.5
_log = structlog.get_logger()


def last_seen(connection: psycopg.Connection) -> Seen:
    """Return what the site has last seen of its record in Kafka; nothing where there is no site yet."""
    if connection.execute(THERE).fetchone() != (True,):
        return Seen()
    return _seen(connection.execute(SEEN).fetchall())


def keep(connection: psycopg.Connection, seen: Seen) -> None:
    """Raise what was last seen, in the connection's transaction; nothing is ever lowered."""
    connection.execute(RAISE, seen.asked())


def _seen(rows: Sequence[tuple[int, int, str]]) -> Seen:
    return Seen(tuple(Last(*row) for row in rows))


async def look(log: Log, seen: Seen) -> Look:
    """
    Compare the record with what was *seen*.

    Raises:
        LogAway: the log does not answer.
    """
    asked = {each.partition: each for each in seen.partitions}
    log.partitions = max(log.partitions, 1 + max(asked, default=0))  # before the founding is read, nothing else tells how many
    rows = []
    for partition, head in enumerate(await log.heads()):
        newest = await _sha256_at(log, partition, head - 1) if head else None
        last = asked.get(partition)
        then = newest if last and last.head == head else await _sha256_at(log, partition, last.head - 1) if last else None
        known = (last.head, last.sha256, then if last.sha256 or then is None else "") if last else (None, None, None)
        rows.append((partition, head, newest, *known))
    return compared(rows)


async def _sha256_at(log: Log, partition: int, offset: int) -> str | None:
    try:
        page = await log.read(partition, offset, 1)
    except RecordGap:
        return None  # what stood there was deleted
    return sha256(page[0].body).hexdigest() if page else None


class Floor:
    """What a process knows of the record's length, and what all of them wrote down. Owned by one event loop."""

    def __init__(self, pool: AsyncConnectionPool, log: "KafkaLog", sure_after_s: float = SURE_AFTER_S) -> None:
        """Compare *log* with what the database of *pool* tells, and raise its floor to that."""
        self._pool = pool
        self._log = log
        self._floor = log.floor
        self._sure_after_s = sure_after_s
        self._noted: Moment = ()

    async def note(self) -> None:
        """
        Compare the record with what was seen, here or by another process, and write down what is there now.

        Raises:
            RecordCut: it lacks something, and not only for a moment.
            LogAway, OperationalError, PoolTimeout: nobody can tell.
        """
        self._refuse_if_shrunk()
        async with self._pool.connection() as connection:
            written = _seen(await (await connection.execute(SEEN)).fetchall())
        for each in written.partitions:  # before anything else is asked: from here on no lower offset is believed
            self._floor[each.partition] = max(each.head, self._floor.get(each.partition, 0))
        known = {each.partition: each for each in written.partitions}
        own = [Last(partition, head, "") for partition, head in self._floor.items() if head > 0]
        known |= {each.partition: each for each in own if each.partition not in known or each.head > known[each.partition].head}
        if (heads := await self._log.heads()) == self._noted and all(_within(each, heads) for each in known.values()):
            return
        found = await self._surely(Seen(tuple(known.values())))
        async with self._pool.connection() as connection:
            await connection.execute(RAISE, found.now.asked())
        for each in found.now.partitions:
            self._floor[each.partition] = max(each.head, self._floor.get(each.partition, 0))
        self._noted = heads

    async def _surely(self, seen: Seen) -> Look:
        until = monotonic() + self._sure_after_s
        while (found := await look(self._log, seen)).missing:
            if any("reads differently" in each for each in found.missing) or monotonic() >= until:
                raise RecordCut(described(found.missing))
            _log.warning("the record looks shorter than it was", missing=found.missing)
            await asyncio.sleep(_AGAIN_S)
            self._refuse_if_shrunk()
        return found

    def _refuse_if_shrunk(self) -> None:
        if self._log.shrunk:
            raise RecordCut(f"{self._log.shrunk} {described(())}")


def _within(last: Last, heads: Moment) -> bool:
    return last.partition < len(heads) and last.head <= heads[last.partition]


@asynccontextmanager
async def watch(
    pool: AsyncConnectionPool,
    log: "KafkaLog",
    stop: Callable[[RecordCut], None] = end_at_once,
    every_s: float = EVERY_S,
    sure_after_s: float = SURE_AFTER_S,
) -> AsyncIterator[None]:
    """
    Let nothing be written to a record that was cut: it is compared before the block begins, and again as long as the block lasts.

    Args:
        stop: called where the record lacks what was seen; it ends the process, or lets the error be raised.

    Raises:
        RecordCut: it lacked something at the beginning.
    """
    floor = Floor(pool, log, sure_after_s)
    try:
        await floor.note()
    except RecordCut as cut:
        stop(cut)
        raise
    noting = asyncio.create_task(_keep_noting(floor, stop, every_s))
    try:
        yield
    finally:
        await ended([noting])


async def _keep_noting(floor: Floor, stop: Callable[[RecordCut], None], every_s: float) -> None:
    try:
        while True:
            await asyncio.sleep(every_s)
            try:
                await floor.note()
            except (OperationalError, PoolTimeout, LogAway) as error:
                _log.warning("what is seen of the record cannot be noted", error=str(error))
    except RecordCut as cut:
        stop(cut)
