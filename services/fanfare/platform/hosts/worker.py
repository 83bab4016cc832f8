"""The embedded worker: reads and decodes an entry once and hands it to every projection."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from psycopg import OperationalError

from fanfare.platform.hosts.follower import Follower
from fanfare.platform.logs.port import Log
from fanfare.record.entry import Entry, unpack

_log = structlog.get_logger()
PAGE = 500


class Worker:
    """Drains the record into projections. Owned by one event loop."""

    def __init__(self, log: Log, followers: Sequence[Follower], partitions: int) -> None:
        """Bring the entries of *log* to *followers*."""
        self._log = log
        self._followers = followers
        self._partitions = partitions

    async def run(self) -> None:
        """Drain for ever; a lost database connection is waited for."""
        prepared = False
        while True:
            try:
                if not prepared:
                    await self.prepare()
                    prepared = True
                if not await self.drain():
                    await self._log.changed(0.5)
            except OperationalError as error:
                _log.warning("the database does not answer", error=str(error))
                await asyncio.sleep(0.5)

    async def prepare(self) -> None:
        """Make the tables that are missing, and load the positions."""
        for follower in self._followers:
            await follower.prepare()

    async def drain(self) -> int:
        """
        Apply one page of each partition and return how many entries that were.

        The ballot partitions are read first and applied last: a ballot carries the hash of its terms, so the terms were in
        partition 0 before the ballot was appended, and reading partition 0 to its head in between brings them.
        """
        pages = [await self._page(partition) for partition in range(1, self._partitions)]
        count = 0
        while page := await self._page(0):
            await self._apply(page)
            count += len(page)
        for page in pages:
            await self._apply(page)
            count += len(page)
        return count

    async def _page(self, partition: int) -> list[Entry]:
        running = [each for each in self._followers if not each.stopped]
        if not running:
            return []
        start = min(each.next_offset(partition) for each in running)
        return [unpack(each.partition, each.offset, each.body) for each in await self._log.read(partition, start, PAGE)]

    async def _apply(self, page: Sequence[Entry]) -> None:
        lost: OperationalError | None = None
        for follower in self._followers:
            try:
                await follower.apply(page)
            except OperationalError as error:  # the others get their turn before the worker waits for the database
                lost = error
        if lost is not None:
            raise lost


async def repeat(action: Callable[[], Awaitable[object]], every_s: float, name: str) -> None:
    """Run *action* again and again; an error is logged with its trace and the next run tries again."""
    while True:
        try:
            await action()
        except Exception as error:  # noqa: BLE001 - a processor that failed once must run again
            _log.error("processor failed", processor=name, exc_info=error)
        await asyncio.sleep(every_s)
