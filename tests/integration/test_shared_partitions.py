"""Several workers on one record: each holds some partitions, is brought the tail of them, and brings terms before ballots."""

from collections.abc import Sequence
from random import Random

import pytest
from psycopg_pool import AsyncConnectionPool

from fanfare.platform.hosts.follower import Follower
from fanfare.platform.hosts.tail import Tail
from fanfare.platform.hosts.worker import Worker
from fanfare.platform.logs.port import StoredEntry
from fanfare.platform.logs.postgres import PostgresLog
from fanfare.projecting import PROJECTIONS
from fanfare.reports.tables import COUNTED
from fanfare.views.projection import Projection
from tests.histories import Teller
from tests.integration import rebuilding
from tests.integration import test_projections as rows

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
PARTITIONS = 4


class Apart:
    """A worker that holds some partitions, on a log and with followers of its own, as in a process of its own."""

    def __init__(self, pool: AsyncConnectionPool, held: set[int], projections: Sequence[Projection] = (COUNTED,)) -> None:
        self.log = PostgresLog(pool, PARTITIONS)
        self.tail = Tail(self.log)
        self.followers = [Follower(each, pool, self.tail) for each in projections]
        self.worker = Worker(self.tail, self.followers, page_bytes=5_000)
        self.worker.hold(())
        self.hold(held)

    def hold(self, held: set[int]) -> None:
        self.tail.hold(held)
        self.worker.hold(held)

    async def look(self) -> None:
        """Notice what moved without a delivery, as once a second."""
        self.tail.look_again()
        await self.tail.heads()

    async def drained(self) -> None:
        """Drain to the head as it is now."""
        await self.look()
        while await self.worker.drain():
            await self.look()


async def begin(pool: AsyncConnectionPool, *workers: Apart) -> None:
    await rows.store(pool, [])
    for each in workers:
        await each.worker.prepare()


async def every_row(pool: AsyncConnectionPool) -> dict[str, dict[str, list[str]]]:
    return {each.name: await rebuilding.tables(pool, each.name) for each in PROJECTIONS}


async def as_one_gives(pool: AsyncConnectionPool, told: Teller) -> dict[str, dict[str, list[str]]]:
    """Return what one worker makes of the whole of a history."""
    await rows.store(pool, told.written)
    await rebuilding.replayed(pool, PROJECTIONS)
    return await every_row(pool)


async def test_ballots_wait_for_their_terms_where_nobody_else_brings_those(pool: AsyncConnectionPool) -> None:
    told = Teller(31, PARTITIONS).tell()
    ballots_only, rest = Apart(pool, {1, 2, 3}, PROJECTIONS), Apart(pool, {0}, PROJECTIONS)
    expected = await as_one_gives(pool, told)
    await begin(pool, ballots_only)
    await rebuilding.store(pool, told.written)

    await ballots_only.drained()
    await rest.worker.prepare()
    await rest.drained()

    assert await every_row(pool) == expected


async def test_workers_that_share_a_record_give_the_tables_of_one(pool: AsyncConnectionPool) -> None:
    for seed in range(4):
        told, random = Teller(40 + seed, PARTITIONS).tell(), Random(seed)
        expected = await as_one_gives(pool, told)
        workers = [Apart(pool, held, PROJECTIONS) for held in ({0, 2}, {1, 3}, {1})]
        await begin(pool, *workers)
        left = told.written
        while left:
            many = random.randint(1, 30)
            coming, left = left[:many], left[many:]
            await rebuilding.store(pool, coming)
            for each in random.choices(workers, k=2):
                for entry in coming:
                    if random.random() < 0.7:  # of the others it hears by its looks
                        await each.tail.deliver(entry)
                if random.random() < 0.3:
                    each.hold({partition for partition in range(PARTITIONS) if random.random() < 0.5})
                if random.random() < 0.5:
                    await each.look()
                await each.worker.drain()
        for each in workers:
            each.hold({0, 1, 2, 3})
            await each.drained()

        assert await every_row(pool) == expected, f"seed {seed}"
        assert not any(follower.stopped for each in workers for follower in each.followers)


async def test_deliveries_that_are_doubled_late_or_lost_change_nothing(pool: AsyncConnectionPool) -> None:
    told, random = Teller(51, PARTITIONS).tell(), Random(51)
    worker = Apart(pool, {0, 1, 2, 3}, PROJECTIONS)
    once = await as_one_gives(pool, told)
    await begin(pool, worker)
    await rebuilding.store(pool, told.written)
    deliveries = [*told.written, *random.choices(told.written, k=len(told.written))]
    random.shuffle(deliveries)
    for entry in deliveries:
        await worker.tail.deliver(entry)
        if random.random() < 0.1:
            await worker.worker.drain()
    await worker.drained()

    assert await every_row(pool) == once


async def test_ballots_are_not_applied_where_the_database_took_their_terms_back(pool: AsyncConnectionPool) -> None:
    told = Teller(32, PARTITIONS).tell()
    worker = Apart(pool, {0, 1, 2, 3})
    await begin(pool, worker)
    await rebuilding.store(pool, told.written)
    follower, head = worker.followers[0], (await worker.log.heads())[0]
    ballots = rows.decoded(each for each in told.written if each.partition == 2)

    await follower.apply(ballots, decisions_to=head)

    assert follower.next_offset(2) == 0
    await follower.apply(rows.decoded(each for each in told.written if each.partition == 0))
    await follower.apply(ballots, decisions_to=head)
    assert follower.next_offset(2) == len(ballots)


class Counting(PostgresLog):
    """Counts what is read of it."""

    reads = 0

    async def read(self, partition: int, start: int, limit: int = 500) -> list[StoredEntry]:
        self.reads += 1
        return await super().read(partition, start, limit)


async def test_what_was_delivered_is_not_read_again_and_what_was_not_is_read_once(pool: AsyncConnectionPool) -> None:
    entries = [StoredEntry(1, offset, b"[%d]" % offset) for offset in range(6)]
    await rebuilding.store(pool, entries)
    log = Counting(pool, PARTITIONS)
    tail = Tail(log)
    tail.hold({1})
    for entry in entries[:2] + entries[4:]:
        await tail.deliver(entry)

    assert await tail.read(1, 0) == entries[:4]
    assert log.reads == 1
    assert await tail.read(1, 4) == entries[4:]
    assert await tail.read(1, 6) == []
    assert log.reads == 1


async def test_a_partition_that_is_not_drained_holds_no_other_up(pool: AsyncConnectionPool) -> None:
    entries = [StoredEntry(partition, offset, b"." * 100) for offset in range(3) for partition in (1, 2)]
    await rebuilding.store(pool, entries)
    log = Counting(pool, PARTITIONS)
    tail = Tail(log, most_bytes=250)
    tail.hold({1, 2})

    for entry in entries:
        await tail.deliver(entry)

    assert await tail.read(2, 2) == [entries[-1]]
    assert log.reads == 0
    assert await tail.read(1, 0) == [entries[0], entries[2]]
    assert log.reads == 1


async def test_an_alarm_of_one_worker_is_ended_by_another_once_its_place_is_passed(pool: AsyncConnectionPool) -> None:
    told = Teller(33, PARTITIONS).tell()
    failing, other = Apart(pool, {0, 1, 2, 3}), Apart(pool, {0, 1, 2, 3})
    await begin(pool, failing, other)
    await rebuilding.store(pool, told.written[:50])
    await failing.followers[0].stop(0, ValueError("planted"))

    await other.followers[0].prepare()
    await other.followers[0].end_alarm()
    assert other.followers[0].stopped.startswith("0:0: ValueError")
    await other.drained()

    async with pool.connection() as connection:
        assert await (await connection.execute("select stopped from platform.projections")).fetchall() == [(None,)]
