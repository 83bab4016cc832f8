"""Where the record is kept: what a frozen PostgreSQL takes, and which settings a process may start with."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import AsyncConnection, IsolationLevel
from psycopg_pool import AsyncConnectionPool

from fanfare.platform.logs import place
from fanfare.platform.logs.place import Elsewhere, Topic, WrongPlace
from fanfare.platform.logs.port import LogElsewhere, LogMoving
from fanfare.platform.logs.postgres import PostgresLog
from fanfare.record.position import Position
from tests.contracts.log_contract import named
from tests.site_fixture import SiteUnderTest, round_of

pytestmark = pytest.mark.postgres
TOPIC = Topic("r7vHTmtDT2KfAKPIiVWfTA", "fanfare.record")
OTHER = Topic("r7vHTmtDT2KfAKPIiVWfTA", "another")
ELSEWHERE = Topic("AAAAAAAAAAAAAAAAAAAAAA", "fanfare.record")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
COPYING, KEPT = Elsewhere(TOPIC, NOON, None), Elsewhere(TOPIC, NOON, NOON)
WAITING = "select count(*) from pg_locks where locktype = 'advisory' and not granted"


def freeze(conninfo: str, topic: Topic = TOPIC) -> None:
    """Freeze the record of a database."""
    with psycopg.connect(conninfo) as connection:
        place.freeze(connection, topic)


def complete(conninfo: str) -> None:
    """Say that the record of a database has moved."""
    with psycopg.connect(conninfo) as connection:
        place.complete(connection, TOPIC)


def row(conninfo: str) -> Elsewhere | None:
    """Return what a database says of where its record is kept."""
    with psycopg.connect(conninfo) as connection:
        return place.elsewhere(connection)


async def waiters(conninfo: str, count: int) -> None:
    """Return once so many wait for a lock."""
    async with await AsyncConnection.connect(conninfo, autocommit=True) as connection, asyncio.timeout(10):
        while True:
            if await (await connection.execute(WAITING)).fetchone() == (count,):
                return
            await asyncio.sleep(0.01)


@pytest.fixture
async def held_back(database: str) -> AsyncIterator[AsyncConnection]:
    """Give a connection whose transaction has appended to partition 2 and is not committed yet."""
    async with await AsyncConnection.connect(database) as connection:
        await connection.execute("select record.append('{2}', array['[1]'::bytea])")
        yield connection


@pytest.mark.anyio
async def test_an_append_that_is_under_way_is_waited_for_and_is_in_what_is_copied(
    database: str, log: PostgresLog, held_back: AsyncConnection
) -> None:
    freezing = asyncio.create_task(asyncio.to_thread(freeze, database))
    await waiters(database, 1)
    assert row(database) is None

    await held_back.commit()
    await freezing

    assert await log.heads() == (0, 0, 1, 0)
    with pytest.raises(LogMoving, match=r"being copied into the topic fanfare\.record of Kafka: it is written to again"):
        await log.append(2, [named(1)])


@pytest.mark.anyio
async def test_an_append_that_waits_for_the_freeze_sees_it(database: str, log: PostgresLog) -> None:
    with psycopg.connect(database) as connection:
        place.freeze(connection, TOPIC)
        appending = asyncio.create_task(log.append(3, [named(1)]))
        await waiters(database, 1)

    with pytest.raises(LogMoving):
        await appending
    assert await log.heads() == (0, 0, 0, 0)


@pytest.mark.anyio
async def test_a_freeze_under_many_writers_leaves_nothing_behind_what_it_saw(database: str, pool: AsyncConnectionPool) -> None:
    logs = [PostgresLog(pool, 4) for _ in range(4)]
    acknowledged: set[Position] = set()
    under_way = asyncio.Event()

    async def write(log: PostgresLog, partition: int) -> None:
        for number in range(10_000):
            acknowledged.add(await log.append(partition, [named(number)], alone=True))
            if len(acknowledged) == 100:
                under_way.set()

    writing = [asyncio.create_task(write(log, partition)) for log in logs for partition in range(4)]
    await asyncio.wait_for(under_way.wait(), 30)
    await asyncio.to_thread(freeze, database)
    heads = await logs[0].heads()
    ends = await asyncio.gather(*writing, return_exceptions=True)

    assert {type(each) for each in ends} == {LogMoving}
    assert await logs[0].heads() == heads
    assert len(acknowledged) == sum(heads)


@pytest.mark.anyio
async def test_what_moved_says_so_to_whoever_still_writes_here(database: str, log: PostgresLog) -> None:
    freeze(database)
    complete(database)

    with pytest.raises(LogElsewhere, match="set FANFARE_KAFKA_BROKERS and start this process again"):
        await log.append(1, [named(1)])
    with psycopg.connect(database) as connection:
        assert not place.back_out(connection)
    assert row(database)


@pytest.mark.anyio
async def test_a_copy_that_is_backed_out_lets_the_record_go_on(database: str, log: PostgresLog) -> None:
    await log.append(1, [named(1)])
    freeze(database)

    with psycopg.connect(database) as connection:
        assert place.back_out(connection)

    assert (await log.append(1, [named(2)])).offset == 1
    with pytest.raises(WrongPlace, match="somebody backed it out"):
        complete(database)


@pytest.mark.anyio
async def test_a_transaction_with_one_snapshot_may_not_append(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        with pytest.raises(psycopg.errors.InvalidTransactionState, match="needs a transaction that is read committed"):
            connection.execute("select record.append('{0}', array['[1]'::bytea])")


def test_a_record_is_copied_to_one_place_at_a_time(database: str) -> None:
    freeze(database)
    freeze(database)

    with pytest.raises(WrongPlace, match=r"is being copied into the topic fanfare\.record"):
        freeze(database, OTHER)


def test_a_site_that_begins_on_kafka_says_so_before_its_first_entry(database: str) -> None:
    with pytest.raises(WrongPlace, match="run `fanfare migrate` first"):
        place.refuse_if_elsewhere(database, TOPIC)

    place.settle_place(database, TOPIC)
    place.settle_place(database, TOPIC, entries=7)

    place.refuse_if_elsewhere(database, TOPIC)
    with pytest.raises(WrongPlace, match=r"Set FANFARE_KAFKA_BROKERS to its brokers"):
        place.refuse_if_elsewhere(database, None)


def test_a_site_on_postgresql_gets_no_row(database: str) -> None:
    place.settle_place(database, None)

    place.refuse_if_elsewhere(database, None)
    assert row(database) is None


def test_a_new_site_does_not_begin_in_a_topic_that_holds_something(database: str) -> None:
    with pytest.raises(WrongPlace, match="holds 3 entries, and this database knows no record"):
        place.settle_place(database, TOPIC, entries=3)
    assert row(database) is None


FITS = [(None, None, False), (None, None, True), (COPYING, None, True), (KEPT, TOPIC, False), (KEPT, TOPIC, True)]
REFUSED = [
    (None, TOPIC, True, "run `fanfare log copy`"),
    (None, TOPIC, False, "run `fanfare migrate`"),
    (COPYING, TOPIC, True, "Run `fanfare log copy` until"),
    (KEPT, None, True, "Set FANFARE_KAFKA_BROKERS"),
    (KEPT, OTHER, True, "the settings lead to the topic another"),
    (KEPT, ELSEWHERE, True, "of the Kafka cluster AAAAAAAAAAAAAAAAAAAAAA. Correct"),
]


@pytest.mark.parametrize(("kept", "named_topic", "holds"), FITS)
def test_settings_that_fit_let_a_process_start(kept: Elsewhere | None, named_topic: Topic | None, holds: bool) -> None:  # noqa: FBT001
    assert place.misfit(kept, named_topic, holds=holds) == ""


@pytest.mark.parametrize(("kept", "named_topic", "holds", "said"), REFUSED)
def test_settings_that_do_not_fit_are_refused_with_what_to_do(
    kept: Elsewhere | None,
    named_topic: Topic | None,
    holds: bool,  # noqa: FBT001
    said: str,
) -> None:
    assert said in place.misfit(kept, named_topic, holds=holds)


@pytest.mark.anyio
async def test_while_the_record_is_copied_a_site_can_be_read_and_a_ballot_is_told_to_come_back(site: SiteUnderTest) -> None:
    (voted,) = (await site.publish(round_of()))["rounds"]
    await site.until(voted["id"], "open")
    fan = await site.fan()
    ballot = {"number": (await fan.get(f"/api/v1/rounds/{voted['id']}/paper")).json()["number"], "options": ["o1"]}
    freeze(site.database)

    refused = await fan.put(f"/api/v1/rounds/{voted['id']}/ballot", json=ballot, headers={"Idempotency-Key": "once"})

    assert (refused.status_code, refused.json()["code"]) == (503, "moving")
    assert refused.headers["Retry-After"] == "1"
    assert (await site.stranger.get(f"/api/v1/rounds/{voted['id']}")).status_code == 200
    with psycopg.connect(site.database) as connection:
        place.back_out(connection)
    again = await fan.put(f"/api/v1/rounds/{voted['id']}/ballot", json=ballot, headers={"Idempotency-Key": "once"})
    assert again.is_success, again.text
