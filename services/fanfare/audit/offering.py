"""The archive for download: made at most every few minutes, one at a time, and sent to everybody who asks meanwhile."""

import asyncio
import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import httpx2
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from fanfare.audit.export import export
from fanfare.platform.logs.port import Log
from fanfare.platform.refusals import Refusal

LASTS = timedelta(minutes=10)
NAME = "record.fanfare"


class ArchiveBusy(Refusal):
    """The archive is being made."""

    code, status, advice = (
        "archive-busy",
        503,
        "Ask again in a minute; or make it yourself, from the record as it is: the page about checking us says how.",
    )


class Offering:
    """
    Makes the archive of this site and keeps it for a while. Mutable; owned by one event loop.

    Each archive is a file of its own, so whoever is still reading the one before reads it to its end.
    """

    def __init__(self, pool: AsyncConnectionPool, log: Log, transport: httpx2.AsyncBaseTransport) -> None:
        """Read *log*, its texts through *pool*, and the site's reports through *transport*."""
        self._pool, self._log, self._transport = pool, log, transport
        self._folder = Path(tempfile.mkdtemp(prefix="fanfare-archive-"))
        self._made: tuple[datetime, Path] | None = None
        self._making = asyncio.Lock()
        self._number = 0

    async def archive(self, name: str, now: datetime) -> Path:
        """
        Return the archive, at most ten minutes old.

        Args:
            name: of the record.

        Raises:
            ArchiveBusy: it is being made for somebody else.
            ExportFailed, UnknownEvent, RecordGap, LogAway: it cannot be made.
        """
        if self._made and now - self._made[0] < LASTS:
            return self._made[1]
        if self._making.locked():
            raise ArchiveBusy
        async with self._making:
            self._number += 1
            target = self._folder / f"{self._number}-{NAME}"
            # Not of the pool: making it asks this very site for its reports, and the last connection would wait for itself.
            async with await AsyncConnection.connect(str(self._pool.conninfo), options="-c timezone=UTC") as connection:
                await export(self._log, connection, name, target, now=now, transport=self._transport)
            if self._made:
                self._made[1].unlink(missing_ok=True)  # whoever has it open reads on
            self._made = (now, target)
            return target

    def close(self) -> None:
        """Throw the archives away."""
        shutil.rmtree(self._folder, ignore_errors=True)
