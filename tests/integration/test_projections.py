"""Projections at work on PostgreSQL: the SQL counter against the pure fold, and what a follower does when things go wrong."""

from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

import pytest
from psycopg import AsyncConnection, sql
from psycopg_pool import AsyncConnectionPool

from fanfare.platform.hosts.follower import Follower, ProjectionReplaced
from fanfare.platform.hosts.worker import Worker
from fanfare.platform.logs.port import StoredEntry
from fanfare.platform.logs.postgres import PostgresLog
from fanfare.record.entry import Entry, unpack
from fanfare.record.members import MemberJoined
from fanfare.reports.counted import Counted
from fanfare.reports.recount import Recount
from fanfare.reports.report import encoded
from fanfare.reports.tables import COUNTED
from fanfare.views.projection import Projection, Seen
from tests.builders import body, recorded
from tests.histories import Teller, interleaved


async def store(pool: AsyncConnectionPool, written: Iterable[StoredEntry]) -> None:
    """Put a history into an empty record as it is, and forget what was projected from another one."""
    rows = [(each.partition, each.offset, each.body) for each in written]
    async with pool.connection() as connection, connection.cursor() as cursor:
        await cursor.execute("truncate record.entries")
        await cursor.execute("delete from platform.projections")
        await cursor.executemany("insert into record.entries values (%s, %s, %s)", rows)


def decoded(written: Iterable[StoredEntry]) -> list[Entry]:
    """Return the entries as they are read back."""
    return [unpack(each.partition, each.offset, each.body) for each in written]


def batches(random: Random, entries: Sequence[Entry], most: int) -> Iterable[list[Entry]]:
    """Cut entries into batches of one partition, each of any size up to *most*."""
    batch: list[Entry] = []
    size = 1
    for entry in entries:
        if batch and (entry.partition != batch[0].partition or len(batch) >= size):
            yield batch
            batch, size = [], random.randint(1, most)
        batch.append(entry)
    if batch:
        yield batch


async def follow(pool: AsyncConnectionPool, partitions: int, projection: Projection = COUNTED) -> Follower:
    """Return a follower that is ready."""
    follower = Follower(projection, pool, PostgresLog(pool, partitions))
    await follower.prepare()
    return follower


async def tables(pool: AsyncConnectionPool, schema: str = "counted") -> dict[str, list[Any]]:
    """Return every row of a projection, with its positions."""
    async with pool.connection() as connection:
        query = "select table_name from information_schema.tables where table_schema = %s order by 1"
        names = [row[0] for row in await (await connection.execute(query, (schema,))).fetchall()]
        found = {name: await ordered(connection, sql.Identifier(schema, name)) for name in names}
        query = "select partition, next_offset from platform.positions where projection = %s order by 1"
        return found | {"positions": await (await connection.execute(query, (schema,))).fetchall()}


async def ordered(connection: AsyncConnection, table: sql.Identifier) -> list[Any]:
    """Return the rows of a table in an order of their own."""
    rows = await (await connection.execute(sql.SQL("select * from {}").format(table))).fetchall()
    return sorted(rows, key=repr)


async def in_sql(pool: AsyncConnectionPool, told: Teller, fold: Recount) -> list[bytes]:
    """Return the canonical reports of the SQL counter, of what is known at that moment."""
    async with pool.connection() as connection:
        counter = Counted(connection)
        known = [(each, fold.streams.campaigns[each]) for each in told.campaigns if each in fold.streams.campaigns]
        return [encoded(await counter.campaign_report(each, told.partitions)) for each, _ in known] + [
            encoded(await counter.round_report(campaign, each.id, told.partitions))
            for campaign, state in known
            for each in state.rounds
        ]


def in_python(told: Teller, fold: Recount) -> list[bytes]:
    """Return the canonical reports of the pure fold."""
    known = [(each, fold.streams.campaigns[each]) for each in told.campaigns if each in fold.streams.campaigns]
    campaigns = [encoded(fold.campaign_report(each)) for each, _ in known]
    return campaigns + [encoded(fold.round_report(each.id)) for _, state in known for each in state.rounds]


@pytest.mark.parametrize("partitions", [1, 4, 8])
async def test_the_two_counters_agree_to_the_byte_at_every_moment(pool: AsyncConnectionPool, partitions: int) -> None:
    for seed in range(8):
        told = Teller(seed, partitions).tell()
        await store(pool, told.written)
        follower, fold = await follow(pool, partitions), Recount(partitions)
        mixed = decoded(interleaved(told.random, told.written) if seed % 2 else told.written)
        moments = sorted(told.random.sample(range(2, len(mixed)), 3))

        for begin, end in zip([0, *moments], [*moments, len(mixed)], strict=True):
            for batch in batches(told.random, mixed[begin:end], 40):
                await follower.apply(batch)
            for entry in mixed[begin:end]:
                fold.apply(entry)
            if fold.streams.site.founded:
                assert await in_sql(pool, told, fold) == in_python(told, fold), f"seed {seed}, up to {fold.moment}"
        assert follower.stopped == ""


@pytest.mark.parametrize("partitions", [1, 4, 8])
async def test_a_worker_brings_the_whole_record_to_the_sql_counter(pool: AsyncConnectionPool, partitions: int) -> None:
    told = Teller(100 + partitions, partitions).tell()
    await store(pool, told.written)
    worker = Worker(PostgresLog(pool, partitions), [await follow(pool, partitions)])
    fold = Recount(partitions)
    for entry in decoded(told.written):
        fold.apply(entry)

    while await worker.drain():
        pass

    assert await in_sql(pool, told, fold) == in_python(told, fold)


async def test_a_worker_that_starts_again_goes_on_where_the_last_one_stopped(pool: AsyncConnectionPool) -> None:
    told = Teller(7, 4).tell()
    await store(pool, told.written)
    fold = Recount(4)
    for entry in decoded(told.written):
        fold.apply(entry)

    for batch in batches(told.random, decoded(told.written), 30):
        follower = await follow(pool, 4)
        await follower.apply(batch)

    assert await in_sql(pool, told, fold) == in_python(told, fold)


async def test_batches_of_any_size_give_the_same_tables(pool: AsyncConnectionPool) -> None:
    told = Teller(11, 4).tell()
    found = []
    for most in (1, 7, 1000):
        await store(pool, told.written)
        follower = await follow(pool, 4)
        for batch in batches(Random(most), sorted(decoded(told.written), key=lambda each: each.partition), most):
            await follower.apply(batch)
        found.append(await tables(pool))

    assert found[1:] == [found[0], found[0]]


async def test_a_projection_fed_twice_equals_a_projection_fed_once(pool: AsyncConnectionPool) -> None:
    told = Teller(12, 4).tell()
    await store(pool, told.written)
    follower = await follow(pool, 4)
    for batch in batches(told.random, decoded(told.written), 30):
        await follower.apply(batch)
    once = await tables(pool)

    for batch in batches(told.random, decoded(told.written), 50):
        await follower.apply(batch)
        await follower.apply(batch)

    assert await tables(pool) == once
    assert follower.stopped == ""


async def test_entries_that_are_not_delivered_or_out_of_order_are_read_from_the_record(pool: AsyncConnectionPool) -> None:
    told = Teller(13, 4).tell()
    await store(pool, told.written)
    follower = await follow(pool, 4)
    for batch in batches(told.random, decoded(told.written), 30):
        await follower.apply(batch)
    whole = await tables(pool)

    await store(pool, told.written)
    follower = await follow(pool, 4)
    for partition in range(4):
        lane = decoded(each for each in told.written if each.partition == partition)
        lane = [*told.random.sample(lane[:-1], len(lane) // 3), lane[-1]]
        for batch in batches(told.random, lane, 9):
            await follower.apply([*batch, batch[0]])

    assert await tables(pool) == whole
    assert follower.stopped == ""


async def test_an_entry_that_is_nowhere_to_be_read_stops_the_projection(pool: AsyncConnectionPool) -> None:
    written = [StoredEntry(0, offset, body(recorded(MemberJoined(member=f"fan{offset}")))) for offset in (0, 1, 3)]
    await store(pool, written)
    follower = await follow(pool, 4)

    await follower.apply(decoded(written))

    assert follower.stopped.startswith("0:0: RecordGap")
    assert (await tables(pool))["members"] == []


async def joined(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    """Keep the members who joined, without asking whether a row is there already: a double would be seen."""
    for _, each in seen:
        if isinstance(each.event, MemberJoined):
            await connection.execute("insert into joined values (%s)", (each.event.member,))


async def joined_but_one(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    """Fail at one member, after the rows before it were written."""
    await joined(connection, [each for each in seen if each[1].event != MemberJoined(member="fan5")])
    if any(each.event == MemberJoined(member="fan5") for _, each in seen):
        raise ZeroDivisionError("the fifth fan")


HEALTHY = Projection("healthy", 1, "create table joined (member text)", {MemberJoined: joined})
BROKEN = Projection("broken", 1, "create table joined (member text)", {MemberJoined: joined_but_one})


async def test_a_projection_that_fails_stops_alone_at_its_position_and_tells_it(pool: AsyncConnectionPool) -> None:
    written = [StoredEntry(0, offset, body(recorded(MemberJoined(member=f"fan{offset}")))) for offset in range(9)]
    await store(pool, written)
    healthy, broken = await follow(pool, 1, HEALTHY), await follow(pool, 1, BROKEN)
    await healthy.apply(decoded(written[:3]))
    await broken.apply(decoded(written[:3]))
    worker = Worker(PostgresLog(pool, 1), [broken, healthy])

    while await worker.drain():
        pass

    assert broken.stopped == "0:3: ZeroDivisionError: the fifth fan"
    assert await tables(pool, "broken") == {"joined": [("fan0",), ("fan1",), ("fan2",)], "positions": [(0, 3)]}
    assert await tables(pool, "healthy") == {"joined": [(f"fan{n}",) for n in range(9)], "positions": [(0, 9)]}
    async with pool.connection() as connection:
        rows = await (await connection.execute("select name, stopped from platform.projections order by name")).fetchall()
    assert rows == [("broken", "0:3: ZeroDivisionError: the fifth fan"), ("healthy", None)]


async def test_a_stopped_projection_goes_on_at_its_position_once_its_code_is_mended(pool: AsyncConnectionPool) -> None:
    written = [StoredEntry(0, offset, body(recorded(MemberJoined(member=f"fan{offset}")))) for offset in range(9)]
    await store(pool, written)
    broken = await follow(pool, 1, BROKEN)
    for entry in decoded(written):
        await broken.apply([entry])

    mended = await follow(pool, 1, Projection(BROKEN.name, 1, BROKEN.schema, HEALTHY.on))
    await mended.apply(decoded(written))

    assert broken.stopped.startswith("0:5: ")
    assert await tables(pool, "broken") == {"joined": [(f"fan{n}",) for n in range(9)], "positions": [(0, 9)]}


async def test_two_workers_on_one_projection_apply_every_entry_once(pool: AsyncConnectionPool) -> None:
    written = [StoredEntry(0, offset, body(recorded(MemberJoined(member=f"fan{offset}")))) for offset in range(9)]
    await store(pool, written)
    one, other = await follow(pool, 1, HEALTHY), await follow(pool, 1, HEALTHY)

    await one.apply(decoded(written[:4]))
    await other.apply(decoded(written[:6]))
    await other.apply(decoded(written[2:]))
    await one.apply(decoded(written[3:]))

    assert await tables(pool, "healthy") == {"joined": [(f"fan{n}",) for n in range(9)], "positions": [(0, 9)]}
    assert one.stopped == other.stopped == ""


class CountingLog(PostgresLog):
    """Counts the entries that were read from it."""

    entries_read = 0

    async def read(self, partition: int, start: int, limit: int = 500) -> list[StoredEntry]:
        found = await super().read(partition, start, limit)
        self.entries_read += len(found)
        return found


class Clock:
    """A clock that stands still until it is put forward."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def alarm(pool: AsyncConnectionPool, projection: str) -> str | None:
    """Return the alarm of a projection, as the site shows it."""
    async with pool.connection() as connection:
        query = "select stopped from platform.projections where name = %s"
        row = await (await connection.execute(query, (projection,))).fetchone()
        return row[0] if row else None


async def test_a_stopped_projection_tries_again_ever_later_and_its_alarm_stands_until_it_is_level(
    pool: AsyncConnectionPool,
) -> None:
    written = [StoredEntry(0, offset, body(recorded(MemberJoined(member=f"fan{offset}")))) for offset in range(400)]
    await store(pool, written)
    log, clock, tries, is_mended = PostgresLog(pool, 1), Clock(), 0, False

    async def joined_once_mended(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
        nonlocal tries
        tries += 1
        if not is_mended:
            raise ZeroDivisionError("a passing trouble")
        await joined(connection, seen)

    follower = Follower(Projection("moody", 1, HEALTHY.schema, {MemberJoined: joined_once_mended}), pool, log, clock=clock)
    await follower.prepare()
    worker = Worker(log, [follower])
    pauses = []
    for _ in range(9):
        await worker.drain()
        before = clock.now
        while not follower.is_due:
            clock.now += 0.5
        pauses.append(clock.now - before)

    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert tries == 9
    assert await alarm(pool, "moody") == "0:0: ZeroDivisionError: a passing trouble"
    is_mended = True
    await follower.apply(decoded(written[:100]))
    await follower.end_alarm()
    assert await alarm(pool, "moody") == "0:0: ZeroDivisionError: a passing trouble"
    while await worker.drain():
        pass
    assert await alarm(pool, "moody") is None
    assert len((await tables(pool, "moody"))["joined"]) == 400


async def test_an_alarm_outlives_the_worker_and_ends_when_the_next_one_is_level(pool: AsyncConnectionPool) -> None:
    await store(pool, [StoredEntry(0, offset, body(recorded(MemberJoined(member=f"fan{offset}")))) for offset in range(9)])
    broken = await follow(pool, 1, BROKEN)
    await Worker(PostgresLog(pool, 1), [broken]).drain()

    mended = await follow(pool, 1, Projection(BROKEN.name, 1, BROKEN.schema, HEALTHY.on))
    before = await alarm(pool, "broken")
    while await Worker(PostgresLog(pool, 1), [mended]).drain():
        pass

    assert before == broken.stopped
    assert await alarm(pool, "broken") is None


async def test_one_that_stopped_at_the_beginning_makes_nobody_read_the_record_again(pool: AsyncConnectionPool) -> None:
    written = [StoredEntry(0, offset, body(recorded(MemberJoined(member=f"fan{offset + 5}")))) for offset in range(1000)]
    await store(pool, written)
    log = CountingLog(pool, 1)
    worker = Worker(log, [await follow(pool, 1, BROKEN), await follow(pool, 1, HEALTHY)])
    while await worker.drain():
        pass
    log.entries_read = 0

    async with pool.connection() as connection:
        for offset in range(1000, 1030):
            await connection.execute("insert into record.entries values (0, %s, %s)", (offset, written[0].body))
            await connection.commit()
            while await worker.drain():
                pass

    assert len((await tables(pool, "healthy"))["joined"]) == 1030
    assert log.entries_read <= 30 + 3 * 500  # the one that stopped has a page of its own, whenever it tries again


async def test_those_who_are_a_little_apart_read_together_again(pool: AsyncConnectionPool) -> None:
    written = [StoredEntry(0, offset, body(recorded(MemberJoined(member=f"fan{offset}")))) for offset in range(450)]
    await store(pool, written)
    log = CountingLog(pool, 1)
    one, other = await follow(pool, 1, HEALTHY), await follow(pool, 1)
    await one.apply(decoded(written[:100]))

    while await Worker(log, [one, other]).drain():
        pass

    assert log.entries_read <= 450 + 2 * 20  # until the first page has shown how much an entry weighs
    assert one.next_offset(0) == other.next_offset(0) == 450


async def test_an_old_version_applies_nothing_to_the_tables_of_another(pool: AsyncConnectionPool) -> None:
    written = [StoredEntry(0, offset, body(recorded(MemberJoined(member=f"fan{offset}")))) for offset in range(9)]
    await store(pool, written)
    old = await follow(pool, 1, HEALTHY)
    await old.apply(decoded(written[:5]))

    async with pool.connection() as connection:
        await connection.execute("update platform.projections set version = 2")
    await old.apply(decoded(written[5:]))

    assert "ProjectionReplaced: healthy is not kept in version 1 any more" in old.stopped
    assert await tables(pool, "healthy") == {"joined": [(f"fan{n}",) for n in range(5)], "positions": [(0, 5)]}
    assert await alarm(pool, "healthy") is None
    with pytest.raises(ProjectionReplaced):
        await follow(pool, 1, HEALTHY)
