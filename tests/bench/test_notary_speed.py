"""How fast the notary takes in a record, with PostgreSQL and a folder of objects, and what of that is SHA-256 and writing."""

import hashlib
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from pathlib import Path
from time import perf_counter, process_time

import pytest
from psycopg_pool import AsyncConnectionPool

from fanfare.platform.logs.postgres import PostgresLog
from fanfare.platform.objects import Objects
from fanfare.record.entry import pack
from tests.bench.filling import IN_ENTRY, ballots
from tests.bench.tables import Row, faults, shown
from tests.builders import SITE, a_plan, terms_for
from tests.notarised import notarised

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
BALLOTS = 100_000
A_SECOND = {1: 5_000, IN_ENTRY: 500}
"""By the ballots of an entry: how many entries a second it has to keep up with, on one core."""
FILL = 'insert into record.entries (partition, "offset", body) select 1, * from unnest(%b::bigint[], %b::bytea[])'


class Timed(Objects):
    """Objects that tell how long writing and reading back took, by the clock and in all."""

    def __init__(self, objects: Objects) -> None:
        """Use *objects*."""
        self._real, self.seconds, self.puts = objects, 0.0, 0

    async def put(self, name: str, body: bytes) -> None:
        began = perf_counter()
        await self._real.put(name, body)
        self.seconds, self.puts = self.seconds + perf_counter() - began, self.puts + 1

    async def create(self, name: str, body: bytes) -> bool:
        began = perf_counter()
        created = await self._real.create(name, body)
        self.seconds, self.puts = self.seconds + perf_counter() - began, self.puts + 1
        return created

    async def get(self, name: str) -> bytes | None:
        return await self._real.get(name)

    async def delete(self, names: Iterable[str]) -> None:
        await self._real.delete(names)

    def names(self, prefix: str) -> AsyncIterator[tuple[str, datetime]]:
        return self._real.names(prefix)


@pytest.mark.parametrize("in_entry", [1, IN_ENTRY])
async def test_it_keeps_up(
    pool: AsyncConnectionPool, log: PostgresLog, tmp_path: Path, in_entry: int, capsys: pytest.CaptureFixture[str]
) -> None:
    site = await notarised(pool, log, tmp_path / "objects")
    encoded = [ballot for _, ballot in ballots(terms_for(a_plan()), SITE, BALLOTS)]
    entries = [pack(encoded[first : first + in_entry]) for first in range(0, BALLOTS, in_entry)]
    async with pool.connection() as connection:
        await connection.execute(FILL, (list(range(len(entries))), entries), binary=True)
    notary = site.notary()
    notary._objects = timed = Timed(site.objects)
    began, cpu = perf_counter(), process_time()
    while (checkpoint := site.checkpoint(1)) is None or checkpoint.size < len(entries):
        await notary.run()
        await site.desk.catch_up()
    took, used = perf_counter() - began, process_time() - cpu
    hashing = process_time()
    for each in entries:
        hashlib.sha256(each).digest()
    hashing = process_time() - hashing

    rows = [
        Row("signed, a second of CPU time", len(entries) / used, f"the aim is {A_SECOND[in_entry]:,}"),
        Row("signed, a second of the clock", len(entries) / took),
    ]
    idle = process_time()
    for _ in range(20):
        await notary.run()
    idle = (process_time() - idle) / 20
    rows.append(Row("runs that find nothing, a second of CPU time", 1 / idle))
    notes = [
        f"SHA-256 of the entries is {hashing / used:.1%} of the CPU time.",
        f"{timed.puts:,} files were written, each brought to the disk: {timed.seconds / timed.puts * 1000:.1f} ms each.",
    ]
    shown(capsys, f"the notary, {len(entries):,} entries of {in_entry} ({len(entries[0]):,} bytes each)", rows, notes)
    assert faults(rows) == {}
