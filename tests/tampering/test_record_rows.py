"""Whoever alters rows of the record in PostgreSQL makes the notary doubt: it names the entry, and signs nothing more."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import pytest
from psycopg_pool import AsyncConnectionPool

from fanfare.notary.sweep import Sweep
from fanfare.notary.tree import Doubt
from fanfare.platform.logs.port import RecordGap
from fanfare.platform.logs.postgres import PostgresLog
from tests.notarised import Notarised, execute, level, notarised
from tests.tampering.ground import LONG, SEED
from tests.tampering.kinds import at, names
from tests.tampering.tally import TALLY
from tests.tampering.test_archives import words

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

TIMES = 12 if LONG else 2
ENTRIES = 600
ALTER = 'update record.entries set body = %s where partition = 1 and "offset" = %s'
DELETE = 'delete from record.entries where partition = 1 and "offset" {} %s'
Touch = Callable[[Notarised, Random], Awaitable[tuple[str, ...]]]
"""Alters rows, and returns what has to be named."""


async def _body(site: Notarised, offset: int) -> bytes:
    return (await site.log.read(1, offset, 1))[0].body


async def row_altered(site: Notarised, random: Random) -> tuple[str, ...]:
    """Alter one byte of an entry."""
    offset = random.randrange(ENTRIES)
    body = bytearray(await _body(site, offset))
    body[random.randrange(len(body))] ^= 1 << random.randrange(7)
    await execute(site, ALTER, bytes(body), offset)
    return (at(1, offset),)


async def rows_exchanged(site: Notarised, random: Random) -> tuple[str, ...]:
    """Exchange two entries."""
    one, other = sorted(random.sample(range(ENTRIES), 2))
    first, second = await _body(site, one), await _body(site, other)
    await execute(site, ALTER, second, one)
    await execute(site, ALTER, first, other)
    return (at(1, one),)


async def row_deleted(site: Notarised, random: Random) -> tuple[str, ...]:
    """Delete an entry from the middle."""
    offset = random.randrange(ENTRIES - 1)
    await execute(site, DELETE.format("="), offset)
    return (rf"partition 1 of the record lacks offset {offset};",)


async def last_rows_deleted(site: Notarised, random: Random) -> tuple[str, ...]:
    """Delete the last entries."""
    left = random.randrange(ENTRIES)
    await execute(site, DELETE.format(">="), left)
    return (rf"Partition 1 of the record has {left} entries, and {ENTRIES} were signed",)


async def rows_moved_up(site: Notarised, random: Random) -> tuple[str, ...]:
    """Delete an entry, and number all behind it anew, so that there is no gap."""
    offset = random.randrange(ENTRIES - 1)
    await execute(site, DELETE.format("="), offset)
    await execute(site, 'update record.entries set "offset" = -"offset" where partition = 1 and "offset" > %s', offset)
    await execute(site, 'update record.entries set "offset" = -"offset" - 1 where partition = 1 and "offset" < 0')
    return (at(1, offset), rf"Partition 1 of the record has {ENTRIES - 1} entries")


TOUCHES: tuple[Touch, ...] = (row_altered, rows_exchanged, row_deleted, last_rows_deleted, rows_moved_up)


async def doubts(site: Notarised) -> str:
    """Sweep partition 1 once, and return what the notary doubts; nothing where it does not."""
    log = PostgresLog(site.pool, 4)
    sweep = Sweep(await site.state(1), log, site.objects)
    try:
        while await sweep.step():
            pass
    except (Doubt, RecordGap) as doubt:
        return str(doubt)
    finally:
        await log.close()
    return ""


async def test_whatever_is_done_to_rows_of_the_record_the_notary_names_the_place(
    pool: AsyncConnectionPool, log: PostgresLog, tmp_path: Path
) -> None:
    site = await notarised(pool, log, tmp_path / "objects")
    await site.append(1, ENTRIES)
    await level(site)
    await execute(site, "create table kept as table record.entries")
    assert await doubts(site) == ""
    wrong = []
    for touch in TOUCHES:
        for number in range(TIMES):
            where = await touch(site, Random(f"{SEED} {words(touch)} {number}"))
            said = await doubts(site)
            found, named = bool(said), names(said, where)
            TALLY.add((words(touch), "database", "the notary"), found=found, named=named, by={"doubt"} if found else set())
            wrong += [] if found and named else [f"{words(touch)} {number}: {said!r} names none of {where}"]
            await execute(site, "truncate record.entries")
            await execute(site, "insert into record.entries select * from kept")

    assert await doubts(site) == ""
    assert wrong == [], f"FANFARE_SEED={SEED}"
