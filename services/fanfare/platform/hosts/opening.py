"""Opening a site's parts for a process: the pool, the log, the desk."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from psycopg_pool import AsyncConnectionPool

from fanfare.platform.desk import Desk
from fanfare.platform.logs.postgres import PostgresLog


@dataclass
class Parts:
    """What a process works with. Owned by one event loop."""

    pool: AsyncConnectionPool
    log: PostgresLog
    desk: Desk

    async def catch_up(self) -> None:
        """Read the record's decisions, and learn from them how many partitions there are."""
        await self.desk.catch_up()
        if founded := self.desk.streams.site.founded:
            self.log.partitions = founded.partitions

    async def follow(self) -> None:
        """Keep up with the record's decisions for as long as the process lives."""
        while True:
            await self.catch_up()
            await self.log.changed(0.25)

    async def founded(self) -> None:
        """Return when the site has been founded."""
        while not self.desk.streams.site.founded:
            await self.catch_up()
            await asyncio.sleep(0.2)


@asynccontextmanager
async def opened(conninfo: str, connections: int = 12) -> AsyncIterator[Parts]:
    """Open the parts of the site in the database *conninfo*, and close them in order: pending appends first."""
    pool = AsyncConnectionPool(conninfo, min_size=2, max_size=connections, open=False, kwargs={"options": "-c timezone=UTC"})
    await pool.open(wait=True, timeout=60)
    try:
        log = PostgresLog(pool, 1)
        parts = Parts(pool, log, Desk(pool, log, await _vault_key(pool)))
        await parts.catch_up()
        try:
            yield parts
        finally:
            await log.close()
    finally:
        await pool.close()


async def _vault_key(pool: AsyncConnectionPool) -> bytes:
    """Return the key under which event ids are made; the first process makes it."""
    async with pool.connection() as connection:
        await connection.execute(
            "insert into vault.keys (name, key) values ('events', %s) on conflict do nothing", (secrets.token_bytes(32),)
        )
        row = await (await connection.execute("select key from vault.keys where name = 'events'")).fetchone()
    if row is None:
        message = "the vault has no key for event ids"
        raise LookupError(message)
    return bytes(row[0])
