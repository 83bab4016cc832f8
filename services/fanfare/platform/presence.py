"""
Each process tells the others every few seconds that it is there and what it has counted.

It writes one row under a name of its own. So any API answers for all processes of a site, on one machine or many, and a process
that died is known by its silence. A crash in between loses figures of at most five seconds, which are nobody's result.
"""

import asyncio
import resource
import secrets
import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec
import structlog
from psycopg import AsyncConnection, OperationalError
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from fanfare.platform import logging, metrics
from fanfare.platform.logging import Noted
from fanfare.platform.metrics import Sample

EVERY_S = 5.0
GONE_AFTER_S = 20.0
"""A process that has told nothing for so long is gone: four times it was silent."""
VERSION = version("fanfare")
_PAGE_BYTES = resource.getpagesize()
_log = structlog.get_logger()

TELL = """
    insert into platform.running (name, kind, version, started_at, seen_at, figures, faults)
    values (%s, %s, %s, %s, now(), %s, %s)
    on conflict (name) do update set seen_at = now(), figures = excluded.figures, faults = excluded.faults
"""
FORGET = "delete from platform.running where seen_at < now() - interval '1 day'"
"""What is gone stays for a day, for the sake of its faults."""
ALL = """
    select name, kind, version, started_at, seen_at, extract(epoch from now() - seen_at)::float8 as silent_s, figures, faults
      from platform.running order by kind, started_at, name
"""
_figures, _faults = msgspec.json.Decoder(list[Sample]), msgspec.json.Decoder(list[Noted])


class Told(msgspec.Struct, frozen=True):
    """What a process told of itself last."""

    name: str
    kind: str
    version: str
    started_at: datetime
    seen_at: datetime
    silent_s: float
    figures: bytes
    faults: bytes

    @property
    def is_here(self) -> bool:
        """Whether it told of itself lately."""
        return self.silent_s < GONE_AFTER_S

    def samples(self) -> list[Sample]:
        """Return what it had counted."""
        return _figures.decode(self.figures)

    def noted(self) -> list[Noted]:
        """Return the faults that it had logged."""
        return _faults.decode(self.faults)


class Presence:
    """Tells of this process. Owned by its event loop."""

    def __init__(self, pool: AsyncConnectionPool, kind: str) -> None:
        """Tell of a process of this *kind* through *pool*, whose connections are counted too."""
        self.name = f"{kind}-{secrets.token_hex(3)}"
        self.started_at = datetime.now(UTC)
        self._pool = pool
        self._kind = kind
        self._machine = socket.gethostname()

    def samples(self) -> list[Sample]:
        """Return what this process has counted up to now."""
        stats = self._pool.get_stats()
        size, idle = stats.get("pool_size", 0), stats.get("pool_available", 0)
        used = resource.getrusage(resource.RUSAGE_SELF)
        return [
            *metrics.samples(),
            Sample("fanfare_pool_connections", size - idle, ("used",)),
            Sample("fanfare_pool_connections", idle, ("idle",)),
            Sample("fanfare_pool_most_connections", stats.get("pool_max", 0)),
            Sample("fanfare_pool_waiting", stats.get("requests_waiting", 0)),
            Sample("fanfare_running", 1, (self._machine,)),
            Sample("fanfare_resident_bytes", int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES),
            Sample("fanfare_cpu_seconds_total", round(used.ru_utime + used.ru_stime, 3)),
            Sample("fanfare_started_timestamp_seconds", int(self.started_at.timestamp())),
        ]

    async def tell(self) -> None:
        """Write this process's row anew."""
        figures, faults = msgspec.json.encode(self.samples()), msgspec.json.encode(logging.noted())
        async with self._pool.connection(timeout=EVERY_S) as connection:
            row = (self.name, self._kind, VERSION, self.started_at, figures, faults)
            await connection.execute(TELL, row)
            await connection.execute(FORGET)

    async def keep_telling(self) -> None:
        """Tell for as long as the process lives; while the database does not answer, nobody could read it."""
        while True:
            try:
                await self.tell()
            except (OperationalError, PoolTimeout) as error:
                _log.debug("nobody can be told", error=type(error).__name__)
            await asyncio.sleep(EVERY_S)


async def told(connection: AsyncConnection) -> Sequence[Told]:
    """Return what all processes of the site told last, those that are gone since a day at most too."""
    async with connection.cursor(row_factory=class_row(Told)) as cursor:
        return await (await cursor.execute(ALL)).fetchall()
