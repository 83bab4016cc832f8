"""Reads that wait for a write: a page shows at least what its reader wrote."""

import asyncio
from time import monotonic

import psycopg
from psycopg_pool import AsyncConnectionPool

from fanfare.platform.hosts.follower import CHANNEL
from fanfare.record.position import Position

REACHED = """
    select count(*) > 0 and bool_and(coalesce(next_offset, 0) > %s)
      from platform.projections left join platform.positions
           on positions.projection = projections.name and partition = %s
     where stopped is null and fills is null
"""


class Waiting:
    """Waits until all running projections have applied a position. Owned by one event loop."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        """Read the positions through *pool*."""
        self._pool = pool
        self._changed = asyncio.Event()
        self._reached: dict[int, int] = {}

    async def reached(self, position: Position, timeout_s: float) -> bool:
        """Return whether *position* was applied within *timeout_s*."""
        until = monotonic() + timeout_s
        while self._reached.get(position.partition, -1) < position.offset:
            self._changed.clear()  # before looking: what is applied from here on wakes us
            if await self._applied(position):
                self._reached[position.partition] = max(position.offset, self._reached.get(position.partition, -1))
                return True
            remaining = until - monotonic()
            if remaining <= 0:
                return False
            try:
                async with asyncio.timeout(min(remaining, 0.25)):
                    await self._changed.wait()
            except TimeoutError:
                continue
        return True

    async def _applied(self, position: Position) -> bool:
        async with self._pool.connection() as connection:
            row = await (await connection.execute(REACHED, (position.offset, position.partition))).fetchone()
        return bool(row and row[0])

    async def changed(self, timeout_s: float) -> None:
        """Return when a projection has applied something, or after *timeout_s*."""
        self._changed.clear()
        try:
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        except TimeoutError:
            return

    async def listen(self) -> None:
        """Wake those who wait whenever a projection commits; run it for as long as the process lives."""
        while True:
            try:
                async with self._pool.connection() as connection:
                    await connection.set_autocommit(True)
                    await connection.execute(f"listen {CHANNEL}")
                    async for _ in connection.notifies():
                        self._changed.set()
            except psycopg.OperationalError:
                self._reached.clear()  # a crash of PostgreSQL can take back the latest of what projections wrote
                await asyncio.sleep(0.5)
