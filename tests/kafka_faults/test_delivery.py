"""Whatever is delivered twice, out of order or not at all, and wherever a worker dies: the tables are those of a clean replay."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from random import Random

import pytest
from psycopg_pool import AsyncConnectionPool

from fanfare.platform.hosts.follower import Follower
from fanfare.platform.hosts.tail import Tail
from fanfare.platform.hosts.worker import Worker
from fanfare.platform.logs.port import StoredEntry
from fanfare.platform.logs.postgres import PostgresLog
from fanfare.projecting import PROJECTIONS
from tests.faults.checker import Evidence, Rows, read_models_equal_a_clean_replay
from tests.faults.ground import LONG, SEED, rows_of
from tests.histories import Teller
from tests.integration import rebuilding
from tests.kafka_faults.planted import Killed, Mortal, PositionsFirst, Trusting, TrustingTail

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

PARTITIONS = 4
MOST_LIVES = 200
TRIES = 20 if LONG else 3


def shaken(chance: Random, written: Sequence[StoredEntry]) -> Iterator[list[StoredEntry]]:
    """Deliver entries in batches: shuffled, some a second time, at once or much later, and some not at all."""
    place = 0
    while place < len(written):
        size = chance.randint(1, 12)
        batch = [*written[place : place + size], *chance.sample(written[: place + 1], min(place + 1, chance.randint(0, 4)))]
        batch = [each for each in batch if chance.random() < 0.9]
        if chance.random() < 0.7:
            chance.shuffle(batch)
        yield batch
        place += size


async def delivered(
    pool: AsyncConnectionPool, seed: int, follower: type[Follower] = Follower, tail: type[Tail] = Tail
) -> dict[str, Rows]:
    """Deliver a history in the way of *seed* to a worker, which begins anew wherever it dies, and return its rows."""
    chance = Random(seed)
    told = Teller(seed, PARTITIONS).tell()
    await rebuilding.store(pool, told.written)
    log = PostgresLog(pool, PARTITIONS)
    lives = 0
    bringing = shaken(chance, told.written)
    is_level = False
    while not is_level and lives < MOST_LIVES:
        lives += 1
        with suppress(Killed):
            at_hand = tail(log)
            followers = [_born(follower(each, pool, at_hand), chance) for each in PROJECTIONS]
            worker = Worker(at_hand, followers)
            await worker.prepare()
            at_hand.hold(range(PARTITIONS))
            for batch in bringing:
                for entry in batch:
                    await at_hand.deliver(entry)
                await worker.drain()
            at_hand.look_again()
            await at_hand.heads()
            while await worker.drain():
                pass
            is_level = True
    await log.close()
    return await rows_of(pool)


def _born(follower: Follower, chance: Random) -> Follower:
    if isinstance(follower, Mortal):
        follower.chance = chance
    return follower


async def complaints(postgres: str, seed: int, follower: type[Follower] = Follower, tail: type[Tail] = Tail) -> list[str]:
    """Return what the check of read models says to what was delivered, against a clean replay of the same history."""
    async with rebuilding.fresh_database(postgres) as pool:
        rows = await delivered(pool, seed, follower, tail)
    async with rebuilding.fresh_database(postgres) as pool:
        await rebuilding.store(pool, Teller(seed, PARTITIONS).tell().written)
        await rebuilding.replayed(pool, PROJECTIONS)
        clean = await rows_of(pool)
    return read_models_equal_a_clean_replay(Evidence((), (), tables=rows, replayed=clean))


@pytest.mark.parametrize("number", range(TRIES))
async def test_entries_that_come_twice_or_out_of_order_leave_the_tables_of_a_clean_replay(postgres: str, number: int) -> None:
    assert await complaints(postgres, SEED + number) == []


@pytest.mark.parametrize("number", range(TRIES))
async def test_a_worker_that_dies_around_its_commits_leaves_the_tables_of_a_clean_replay(postgres: str, number: int) -> None:
    assert await complaints(postgres, SEED + number, Mortal) == []


async def test_planted_a_worker_without_a_guard_is_caught(postgres: str) -> None:
    assert await complaints(postgres, SEED, Trusting, TrustingTail) != []


async def test_planted_positions_that_are_committed_before_the_rows_are_caught(postgres: str) -> None:
    assert await complaints(postgres, SEED, PositionsFirst) != []
