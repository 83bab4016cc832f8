"""Projections of a new version: filled beside the old tables before anybody reads, or not at all."""

import asyncio
from collections.abc import Sequence

import pytest
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from fanfare.platform.hosts.follower import Follower
from fanfare.platform.hosts.rebuild import FillFailed, Rebuilds, ask, make_level
from fanfare.platform.hosts.rebuild_command import STOPPED, rebuild
from fanfare.platform.hosts.worker import Worker
from fanfare.platform.logs.port import StoredEntry
from fanfare.platform.logs.postgres import PostgresLog
from fanfare.platform.tasks import ended
from fanfare.record.members import MemberJoined
from fanfare.views.projection import Projection, Seen
from tests.builders import body, recorded
from tests.integration.rebuilding import (
    replayed,
    store,
    tables,
)

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


JOINED = "create table joined (member text)"


async def joined(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    """Keep the members who joined."""
    for _, each in seen:
        if isinstance(each.event, MemberJoined):
            await connection.execute("insert into joined values (%s)", (each.event.member,))


async def with_a_title(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    """Keep them as the next version does."""
    for _, each in seen:
        if isinstance(each.event, MemberJoined):
            await connection.execute("insert into joined values (%s, 'fan')", (each.event.member,))


async def never(*_: object) -> None:
    """Fail."""
    raise ZeroDivisionError("the first fan")


FANS = Projection("fans", 1, JOINED, {MemberJoined: joined})
LATER = Projection("fans", 2, "create table joined (member text, title text)", {MemberJoined: with_a_title})


async def thirty_members(pool: AsyncConnectionPool) -> None:
    """Write thirty entries, each with a member who joined."""
    await store(pool, [StoredEntry(0, n, body(recorded(MemberJoined(member=f"fan{n:02}")))) for n in range(30)])


async def test_a_higher_version_fills_beside_the_old_tables_before_anybody_reads(
    pool: AsyncConnectionPool, log: PostgresLog
) -> None:
    await thirty_members(pool)
    await replayed(pool, [FANS])
    seen_meanwhile = []

    async def looking(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
        async with pool.connection() as reader:
            row = await (await reader.execute("select count(*) from fans.joined")).fetchone()
            seen_meanwhile.append(row[0] if row else 0)
        await with_a_title(connection, seen)

    await make_level([Projection("fans", 2, LATER.schema, {MemberJoined: looking})], pool, log, print)

    assert set(seen_meanwhile) == {30}
    assert (await tables(pool, "fans"))["joined"] == [f"(fan{n:02},fan)" for n in range(30)]
    old = Follower(FANS, pool, log)
    await old.apply([])
    with pytest.raises(Exception, match="fans is not kept in version 1 any more"):
        await old.prepare()


async def test_a_new_projection_is_filled_before_anybody_reads_it(pool: AsyncConnectionPool, log: PostgresLog) -> None:
    await thirty_members(pool)

    await make_level([FANS], pool, log, print)

    assert len((await tables(pool, "fans"))["joined"]) == 30


async def test_a_version_that_cannot_be_filled_does_not_start_and_leaves_the_old_tables(
    pool: AsyncConnectionPool, log: PostgresLog
) -> None:
    await thirty_members(pool)
    await replayed(pool, [FANS])
    before = await tables(pool, "fans")

    with pytest.raises(FillFailed, match="fans cannot be filled from the record: it stopped at 0:0: ZeroDivisionError"):
        await make_level([Projection("fans", 2, LATER.schema, {MemberJoined: never})], pool, log, print)

    assert await tables(pool, "fans") == before
    await Follower(FANS, pool, log).prepare()


async def test_an_old_worker_leaves_a_newer_versions_filling_alone(pool: AsyncConnectionPool, log: PostgresLog) -> None:
    await thirty_members(pool)
    await replayed(pool, [FANS])
    async with pool.connection() as connection:
        await ask(connection, "fans", 2)
    await Follower(LATER, pool, log, beside=True).prepare()

    old = Rebuilds([FANS], pool, log)
    await old.begin_anew()
    assert not await old.is_asked()
    assert not await old.step()
    newer = Rebuilds([LATER], pool, log)
    while await newer.is_asked():
        await newer.step()

    assert (await tables(pool, "fans"))["joined"][0] == "(fan00,fan)"


async def test_a_filling_that_stops_says_so_and_the_old_tables_stay(
    pool: AsyncConnectionPool, log: PostgresLog, capsys: pytest.CaptureFixture[str]
) -> None:
    await thirty_members(pool)
    await replayed(pool, [FANS])
    before = await tables(pool, "fans")
    rebuilds = Rebuilds([Projection("fans", 1, JOINED, {MemberJoined: never})], pool, log)
    working = asyncio.create_task(rebuilds.run())

    code = await rebuild(pool, log, [], everything=True)
    await ended([working])

    assert code == STOPPED
    assert "The filling of fans stopped at 0:0: ZeroDivisionError: the first fan" in capsys.readouterr().out
    assert await tables(pool, "fans") == before


async def test_a_projection_that_stopped_is_rebuilt_by_mended_code_and_its_alarm_ends(
    pool: AsyncConnectionPool, log: PostgresLog
) -> None:
    await thirty_members(pool)
    now = 1000.0
    stopped = Follower(Projection("fans", 1, JOINED, {MemberJoined: never}), pool, log, clock=lambda: now)
    await stopped.prepare()
    worker = Worker(log, [stopped])
    await worker.drain()
    async with pool.connection() as connection:
        await ask(connection, "fans")
    rebuilds = Rebuilds([FANS], pool, log)

    while await rebuilds.is_asked():
        await rebuilds.step()
    async with pool.connection() as connection:
        query = "select stopped from platform.projections"
        meanwhile = await (await connection.execute(query)).fetchall()
        now += 2
        await worker.drain()
        afterwards = await (await connection.execute(query)).fetchall()

    assert meanwhile == [("0:0: ZeroDivisionError: the first fan",)]
    assert afterwards == [(None,)]
    assert len((await tables(pool, "fans"))["joined"]) == 30
