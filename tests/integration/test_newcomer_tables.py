"""The tables of newcomers agree with the folds of the record, in whatever batches they are filled."""

import pytest
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from fanfare.awards.newcomers import Newcomers, Welcomes
from fanfare.platform.hosts.follower import Follower
from fanfare.platform.logs.postgres import PostgresLog
from fanfare.record.bringing import NewcomerBrought, NewcomerWelcomed
from fanfare.record.entry import unpack
from fanfare.record.envelope import Recorded
from fanfare.record.position import Position
from fanfare.views import newcomers
from fanfare.views.newcomers import NEWCOMERS
from tests.awarded import lane
from tests.histories import Teller

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
Seen = list[tuple[Position, Recorded]]


def told(seed: int) -> Seen:
    """Return the events about newcomers of a history, with their places."""
    found: Seen = []
    for offset, each in enumerate(lane(Teller(seed, 1).tell().written)):
        found += [
            (at, recorded)
            for at, recorded in unpack(0, offset, each).positioned()
            if isinstance(recorded.event, NewcomerBrought | NewcomerWelcomed)
        ]
    return found


async def filled(connection: AsyncConnection, seen: Seen, size: int) -> None:
    await connection.execute("set local search_path = newcomers, public")
    for start in range(0, len(seen), size):
        await NEWCOMERS.apply(connection, seen[start : start + size])


@pytest.mark.parametrize("size", [1, 7, 500])
async def test_the_tables_agree_with_the_folds(pool: AsyncConnectionPool, size: int) -> None:
    await Follower(NEWCOMERS, pool, PostgresLog(pool, 1)).prepare()
    counted = 0
    for seed in range(12):
        seen, brought, welcomes = told(seed), Newcomers(), Welcomes()
        for _at, each in seen:
            if isinstance(each.event, NewcomerBrought):
                brought.bring(each.event)
            elif isinstance(each.event, NewcomerWelcomed):
                welcomes.apply(each.event)
        async with pool.connection() as connection:
            await filled(connection, [*seen, *seen[: len(seen) // 2]], size)

            rows = await (await connection.execute("select newcomer, by_member from newcomers.brought")).fetchall()
            assert dict(rows) == {newcomer: one.by for newcomer, one in brought.brought.items()}
            for newcomer, given in welcomes.given.items():
                assert await newcomers.welcomed_by(connection, newcomer) == [each.by for each in given]
                counted += len(given)
            await connection.rollback()
    assert counted > 50, "the histories held something to welcome"
