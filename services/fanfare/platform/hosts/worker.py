"""The embedded worker: reads and decodes an entry once and hands it to every projection."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import monotonic

import structlog
from psycopg import OperationalError

from fanfare.platform.hosts.follower import NEARLY_LEVEL, Follower
from fanfare.platform.logs.port import Log, StoredEntry
from fanfare.platform.refusals import ReaderTooOld
from fanfare.record.entry import Entry, UnknownEvent, unpack

_log = structlog.get_logger()
PAGE_BYTES = 4 * 1024 * 1024
"""Of entries that are decoded at once, about: some ten thousand ballots."""
_FIRST_PAGE, _LONGEST_PAGE = 20, 500
_BREATH, _LONGEST_BREATH_S = 3, 0.2
"""A run costs as much for one ballot as for a hundred: what comes within three times its length waits for the next one."""
_OLD_S = 60.0
"""A processor of a version that is too old tries again after so long."""


@dataclass(frozen=True)
class _Page:
    """Entries of one partition, and who takes them."""

    partition: int
    end: int
    """The offset behind the last of the entries."""
    entries: Sequence[Entry]
    unknown: UnknownEvent | None
    """Why no more of them could be decoded: this version is old. Whoever has come so far stops there."""
    followers: Sequence[Follower]


class Worker:
    """Drains the record into projections. Owned by one event loop."""

    def __init__(self, log: Log, followers: Sequence[Follower], partitions: int, page_bytes: int = PAGE_BYTES) -> None:
        """Bring the entries of *log* to *followers*, about so many bytes of a partition at once."""
        self._log = log
        self.followers = followers
        """May change between two calls of ``drain``."""
        self._partitions = partitions
        self._page_bytes = page_bytes
        self._limits = dict.fromkeys(range(partitions), _FIRST_PAGE)
        """How many entries the next page has, by what those of the last one weighed."""

    async def run(self) -> None:
        """Drain for ever; a lost database connection is waited for."""
        prepared = False
        while True:
            try:
                if not prepared:
                    await self.prepare()
                    prepared = True
                began = monotonic()
                if not await self.drain():
                    await self._log.changed(0.5)
                elif await self._is_level():
                    await asyncio.sleep(min(_LONGEST_BREATH_S, _BREATH * (monotonic() - began)))
            except OperationalError as error:
                _log.warning("the database does not answer", error=str(error))
                await asyncio.sleep(0.5)

    async def _is_level(self) -> bool:
        """Tell whether nobody who may be fed is far behind."""
        heads = await self._log.heads()
        return all(each.behind(heads) <= NEARLY_LEVEL for each in self.followers if each.is_due)

    async def prepare(self) -> None:
        """Make the tables that are missing, and load the positions."""
        for follower in self.followers:
            await follower.prepare()

    async def drain(self) -> int:
        """
        Apply one page of each partition and return how many entries that were.

        The ballot partitions are read first and applied last: a ballot carries the hash of its terms, so the terms were in
        partition 0 before the ballot was appended, and reading partition 0 to its head in between brings them.
        """
        ballots = [page for partition in range(1, self._partitions) for page in await self._pages(partition)]
        count = 0
        while decisions := await self._pages(0):
            count += await self._apply(decisions)
            for page in decisions:  # never of a ballot partition: it would give a ballot's position its second
                if page.entries:
                    _log.info("applied", partition=0, first=page.entries[0].offset, last=page.entries[-1].offset)
        count += await self._apply(ballots)
        for follower in self.followers:
            await follower.end_alarm()
        return count

    async def _pages(self, partition: int) -> list[_Page]:
        """
        Read the next page of *partition* for whoever may be fed.

        Those who are a page apart at most share one; the further one passes over what it has. One that lags further behind has
        pages of its own, and the others do not read again what it has missed.
        """
        starts: dict[int, list[Follower]] = {}
        start, limit = 0, self._limits[partition]
        for follower in sorted((each for each in self.followers if each.is_due), key=lambda each: each.next_offset(partition)):
            at = follower.next_offset(partition)
            start = start if starts and at <= start + limit else at
            starts.setdefault(start, []).append(follower)
        pages = []
        for start, followers in starts.items():
            stored = await self._log.read(partition, start, limit)
            if stored:
                weight = sum(len(each.body) for each in stored)
                self._limits[partition] = min(_LONGEST_PAGE, max(1, self._page_bytes * len(stored) // weight))
                entries, unknown = _decoded(stored)
                pages.append(_Page(partition, start + len(entries), entries, unknown, followers))
        return pages

    async def _apply(self, pages: Sequence[_Page]) -> int:
        """Let every projection take its pages in order, all at the same time: one waits for PostgreSQL while another computes."""

        async def feed(follower: Follower) -> None:
            for page in pages:
                if follower not in page.followers:
                    continue
                await follower.apply(page.entries)
                if page.unknown and follower.is_due and follower.next_offset(page.partition) == page.end:
                    await follower.stop(page.partition, page.unknown)

        ends = await asyncio.gather(*(feed(each) for each in self.followers), return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException):  # the others had their turn before the worker waits for the database
                raise end
        return sum(len(page.entries) for page in pages)


def _decoded(stored: Sequence[StoredEntry]) -> tuple[list[Entry], UnknownEvent | None]:
    entries: list[Entry] = []
    try:
        for each in stored:
            entries.append(unpack(each.partition, each.offset, each.body))  # noqa: PERF401 - those before an unknown one are kept
    except UnknownEvent as error:
        return entries, error
    return entries, None


async def repeat(action: Callable[[], Awaitable[object]], every_s: float, name: str) -> None:
    """Run *action* again and again; an error is logged with its trace and the next run tries again."""
    while True:
        try:
            await action()
        except ReaderTooOld as error:
            _log.error("processor waits for an upgrade", processor=name, error=str(error))
            await asyncio.sleep(_OLD_S)
        except Exception as error:  # noqa: BLE001 - a processor that failed once must run again
            _log.error("processor failed", processor=name, exc_info=error)
        await asyncio.sleep(every_s)
