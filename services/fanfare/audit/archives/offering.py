"""The archive for download: made one at a time, and sent for some minutes to everybody who asks, unless words in it are gone."""

import asyncio
import os
import tempfile
import weakref
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import BinaryIO, LiteralString

import httpx2
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from fanfare.audit.archives.export import SERVED, write
from fanfare.platform.logs.port import Log
from fanfare.platform.refusals import Refusal
from fanfare.platform.singly import singly

LASTS = timedelta(minutes=10)
NAME = "record.fanfare"
STILL_SERVED: LiteralString = f"select count(*) from record.texts where {SERVED}"
_CHUNK_BYTES = 256 * 1024


class ArchiveBusy(Refusal):
    """The archive is being made."""

    code, status, advice = (
        "archive-busy",
        503,
        "Ask again in a minute; or make it yourself, from the record as it is: the page about checking us says how.",
    )


class Offered:
    """An archive without a name on the disk: whoever reads it reads on, and nothing is left where the process ends, however."""

    def __init__(self, stream: BinaryIO, made_at: datetime, texts: list[str]) -> None:
        """Keep *stream* open as long as anybody holds this; *texts* are the hashes of the words in it."""
        self.made_at, self.texts = made_at, texts
        self.size_bytes = stream.seek(0, os.SEEK_END)
        self._stream = stream
        weakref.finalize(self, stream.close)

    async def body(self) -> AsyncIterator[bytes]:
        """Yield all of it."""
        for start in range(0, self.size_bytes, _CHUNK_BYTES):
            yield await asyncio.to_thread(os.pread, self._stream.fileno(), _CHUNK_BYTES, start)


class Offering:
    """Makes the archive of this site and keeps it for a while. Mutable; owned by one event loop."""

    def __init__(self, pool: AsyncConnectionPool, log: Log, transport: httpx2.AsyncBaseTransport) -> None:
        """Read *log*, its texts from the database of *pool*, and the site's reports through *transport*."""
        self._pool, self._log, self._transport = pool, log, transport
        self._made: Offered | None = None
        self._making = asyncio.Lock()

    async def archive(self, name: str, now: datetime) -> Offered:
        """
        Return the archive, at most ten minutes old and without a word that is served no more.

        Args:
            name: of the record.

        Raises:
            ArchiveBusy: it is being made for somebody else.
            ExportFailed, UnknownEvent, RecordGap, LogAway: it cannot be made.
        """
        if (made := self._made) and now - made.made_at < LASTS and await self._is_whole(made):
            return made
        if self._making.locked():
            raise ArchiveBusy
        async with self._making:
            self._keep(None)
            fresh = await self._fresh(name, now)
            self._keep(fresh)
            asyncio.get_running_loop().call_later(LASTS.total_seconds(), self._let_go, weakref.ref(fresh))
            return fresh

    async def _fresh(self, name: str, now: datetime) -> Offered:
        stream = tempfile.TemporaryFile()  # noqa: SIM115 - whoever reads it last closes it
        try:
            # Not of the pool: making it asks this very site for its reports, and the last connection would wait for itself.
            async with await AsyncConnection.connect(str(self._pool.conninfo), options="-c timezone=UTC") as connection:
                done = await write(stream, self._log, connection, name, now=now, transport=self._transport)
        except BaseException:
            stream.close()
            raise
        return Offered(stream, now, done.texts)

    async def _is_whole(self, made: Offered) -> bool:
        """Tell whether every word in it is still served: none was erased, removed or hidden since."""
        async with singly(self._pool) as connection:
            row = await (await connection.execute(STILL_SERVED, (made.texts,))).fetchone()
        return row == (len(made.texts),)

    def _keep(self, made: Offered | None) -> None:
        self._made = made

    def _let_go(self, stale: "weakref.ref[Offered]") -> None:
        if self._made is stale():
            self._keep(None)

    def close(self) -> None:
        """Keep none any more."""
        self._keep(None)
