"""What tests of projections share: ballots by the thousand, every row of a projection, and a clean replay of a record."""

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import count
from urllib.parse import urlsplit, urlunsplit

from psycopg import AsyncConnection, sql
from psycopg_pool import AsyncConnectionPool

from fanfare.platform.hosts.follower import Follower
from fanfare.platform.hosts.rebuild import Rebuilds, ask
from fanfare.platform.hosts.worker import Worker
from fanfare.platform.logs.port import StoredEntry
from fanfare.platform.logs.postgres import PostgresLog
from fanfare.platform.migrations.run import migrate
from fanfare.projecting import PROJECTIONS
from fanfare.record.ballots import BallotCast, Chosen
from fanfare.record.campaigns import RoundOpened
from fanfare.record.entry import pack
from fanfare.record.envelope import encode
from fanfare.record.terms import RoundTerms, hash_terms, slot
from fanfare.views.projection import Projection
from tests.builders import a_plan, body, founded, planned, published, recorded, terms_for, token

NAMES = [each.name for each in PROJECTIONS]
IN_ENTRY = 100
PARTITIONS = 4
_numbers = count(1)
_OF_PARTITIONS = re.compile(r"\{(\d[\d,]*)\}")
"""An array of partitions is a set: those of a round may close in any order."""


async def store(pool: AsyncConnectionPool, written: Iterable[StoredEntry]) -> None:
    """Append entries to the record as they are."""
    async with pool.connection() as connection, connection.cursor() as cursor:
        async with cursor.copy('copy record.entries (partition, "offset", body) from stdin') as copy:
            for each in written:
                await copy.write_row((each.partition, each.offset, each.body))
        await cursor.execute("select pg_notify('fanfare_record', '')")


async def stored(pool: AsyncConnectionPool) -> list[StoredEntry]:
    """Return the whole record."""
    query = 'select partition, "offset", body from record.entries order by partition, "offset"'
    async with pool.connection() as connection:
        return [StoredEntry(*row) for row in await (await connection.execute(query)).fetchall()]


def ballots(terms: RoundTerms, how_many: int, heads: Sequence[int], name: str = "voter") -> list[StoredEntry]:
    """Return entries of a hundred ballots each, where the heads of the record are; every fourth ballot is for the last option."""
    options = [option.id for option in terms.options]
    lanes: dict[int, list[bytes]] = defaultdict(list)
    hashed, entries, ends = hash_terms(terms), [], dict(enumerate(heads))
    for n in range(how_many):
        choice = Chosen(options=(options[n % 4 % len(options)],))
        voter = token(f"{name}{n}")
        ballot = BallotCast(terms=hashed, voter=voter, number=1, choice=choice, channel="web", admission="member")
        partition = slot(voter, terms.partitions)
        lanes[partition].append(encode(recorded(ballot, id=f"{name}-{n:08}-{'0' * 24}")))
    for partition, lane in lanes.items():
        for start in range(0, len(lane), IN_ENTRY):
            entries.append(StoredEntry(partition, ends[partition], pack(lane[start : start + IN_ENTRY])))
            ends[partition] += 1
    return entries


async def tables(pool: AsyncConnectionPool, projection: str) -> dict[str, list[str]]:
    """Return every row of a projection as text, ordered, with its positions and decisions."""
    async with pool.connection() as connection:
        query = "select table_name from information_schema.tables where table_schema = %s order by 1"
        names = [row[0] for row in await (await connection.execute(query, (projection,))).fetchall()]
        found = {name: await _ordered(connection, sql.Identifier(projection, name)) for name in names}
        for name in ("positions", "decided"):
            found[name] = await _ordered(connection, sql.Identifier("platform", name), projection)
        return found


async def _ordered(connection: AsyncConnection, table: sql.Identifier, projection: str = "") -> list[str]:
    of = sql.SQL("where projection = {}").format(projection) if projection else sql.SQL("")
    query = sql.SQL('select row::text collate "C" from {} as row {} order by 1').format(table, of)
    return [_OF_PARTITIONS.sub(_as_set, row[0]) for row in await (await connection.execute(query)).fetchall()]


def _as_set(found: re.Match[str]) -> str:
    return "{" + ",".join(sorted(found[1].split(","))) + "}"


async def replayed(pool: AsyncConnectionPool, projections: Sequence[Projection], page_bytes: int = 500_000) -> None:
    """Fill *projections* from the beginning of the record, as a first start does."""
    log = PostgresLog(pool, PARTITIONS)
    worker = Worker(log, [Follower(each, pool, log) for each in projections], page_bytes)
    await worker.prepare()
    while await worker.drain():
        pass
    await log.close()


@asynccontextmanager
async def fresh_database(postgres: str) -> AsyncIterator[AsyncConnectionPool]:
    """Open a new, migrated database beside the test's own, and drop it afterwards."""
    name = sql.Identifier(f"fanfare_replay_{next(_numbers)}")
    conninfo = urlunsplit(urlsplit(postgres)._replace(path=f"/{name.as_string().strip(chr(34))}"))
    async with await AsyncConnection.connect(postgres, autocommit=True) as connection:
        await connection.execute(sql.SQL("create database {}").format(name))
        migrate(conninfo)
        async with AsyncConnectionPool(conninfo, min_size=1, max_size=8, open=False) as opened:
            yield opened
        await connection.execute(sql.SQL("drop database {} with (force)").format(name))


async def a_record(pool: AsyncConnectionPool, how_many: int) -> RoundTerms:
    """Write a record with one open round and so many ballots, and project it."""
    plan = a_plan()
    terms = terms_for(plan)
    beginning = [
        body(recorded(founded(PARTITIONS), stream="site")),
        body(recorded(published(), stream="flavour"), recorded(planned(plan), stream="flavour")),
        body(recorded(RoundOpened(terms=terms), stream="flavour", after=1)),
    ]
    await store(pool, [StoredEntry(0, offset, each) for offset, each in enumerate(beginning)])
    await store(pool, ballots(terms, how_many, (3, 0, 0, 0)))
    await replayed(pool, PROJECTIONS)
    return terms


async def filled(pool: AsyncConnectionPool, log: PostgresLog, names: Sequence[str], page_bytes: int = 500_000) -> None:
    """Ask for a rebuild and carry it out."""
    async with pool.connection() as connection:
        for name in names:
            await ask(connection, name)
    rebuilds = Rebuilds(PROJECTIONS, pool, log, page_bytes)
    while await rebuilds.is_asked():
        if not await rebuilds.step():
            await asyncio.sleep(0.01)


async def until(is_so: Callable[[], Awaitable[bool]], timeout_s: float = 60) -> None:
    """Return once something is so."""
    async with asyncio.timeout(timeout_s):
        while True:
            if await is_so():
                return
            await asyncio.sleep(0.02)


async def applied(pool: AsyncConnectionPool, projection: str) -> int:
    """Return how many entries a projection has applied; none where there is no such projection."""
    async with pool.connection() as connection:
        query = "select coalesce(sum(next_offset), 0) from platform.positions where projection = %s"
        row = await (await connection.execute(query, (projection,))).fetchone()
        return int(row[0]) if row else 0


async def level(pool: AsyncConnectionPool, projection: str, entries: int) -> None:
    """Return once a projection has applied so many entries."""

    async def is_level() -> bool:
        return await applied(pool, projection) == entries

    await until(is_level)
