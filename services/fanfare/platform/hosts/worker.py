"""The worker: reads and decodes an entry once and hands it to every projection. Both runtimes have it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from time import monotonic, perf_counter, time_ns

import structlog
from psycopg import OperationalError

from fanfare.platform import tracing
from fanfare.platform.hosts.follower import NEARLY_LEVEL, Follower, Readable
from fanfare.platform.logs.port import LogAway, StoredEntry
from fanfare.platform.metrics import APPLIED
from fanfare.platform.refusals import ReaderTooOld
from fanfare.record.entry import Entry, UnknownEvent, unpack

_log = structlog.get_logger()
PAGE_BYTES = 4 * 1024 * 1024
"""Of entries that are decoded at once, about: some ten thousand ballots."""
_FIRST_PAGE, _LONGEST_PAGE = 20, 500
_BREATH, _LONGEST_BREATH_S = 3, 0.2
"""A run costs as much for one ballot as for a hundred: what comes within three times its length waits for the next one."""
_COMING_S = 0.1
"""Whoever holds partition 0 has so long for each step that it takes, before others do its work."""
_AWAY_S = 1.0
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
    traced: Sequence[tracing.Traced] = ()


class Worker:
    """
    Drains partitions of the record into projections. Owned by one event loop.

    Several may drain the same ones: the rows that followers hold let one of them through.
    """

    def __init__(self, log: Readable, followers: Sequence[Follower], page_bytes: int = PAGE_BYTES) -> None:
        """Bring all partitions of *log*, or those that ``hold`` says, to *followers*, so many bytes of a partition at once."""
        self._log = log
        self.followers = followers
        """May change between two calls of ``drain``."""
        self._held: frozenset[int] | None = None
        """What it shares with other workers; none where it drains all there are, however many they become."""
        self._page_bytes = page_bytes
        self._limits: dict[int, int] = {}
        """How many entries the next page of a partition has, by what those of the last one weighed."""
        self._looked = True
        """Whether the followers know what others have done in these partitions."""

    @property
    def partitions(self) -> frozenset[int]:
        """What it drains."""
        return frozenset(range(self._log.partitions)) if self._held is None else self._held

    def hold(self, partitions: Iterable[int]) -> None:
        """Drain these partitions from now on; others may have brought them further meanwhile."""
        self._held = frozenset(partitions)
        self._looked = False

    async def run(self) -> None:
        """Drain for ever; a database or a log that is away is waited for."""
        prepared = False
        while True:
            try:
                if not prepared:
                    await self.prepare()
                    prepared = True
                began = monotonic()
                if not await self.drain():
                    await self._log.changed(0.5)
                else:
                    await asyncio.sleep(await self._breath_s(monotonic() - began))
            except OperationalError as error:
                _log.warning("the database does not answer", error=str(error))
                await asyncio.sleep(0.5)
            except LogAway as error:
                _log.warning("the log does not answer", error=str(error))
                await asyncio.sleep(0.5)

    async def _breath_s(self, took_s: float) -> float:
        """
        Return how long to wait after a run of *took_s*: not at all where somebody who may be fed is far behind.

        Whoever shares the record with others waits longer by as much, so that all of them make no more runs than one would.
        """
        heads = await self._log.heads()
        if any(each.behind(heads, self.partitions) > NEARLY_LEVEL for each in self.followers if each.is_due):
            return 0
        return min(_LONGEST_BREATH_S, _BREATH * took_s * len(heads) / max(1, len(self.partitions)))

    async def prepare(self) -> None:
        """Make the tables that are missing, and load the positions."""
        for follower in self.followers:
            await follower.prepare()

    async def drain(self) -> int:
        """
        Apply one page of each partition and return how many entries that were.

        The ballot partitions are read first and applied last: a ballot carries the hash of its terms, so the terms were in
        partition 0 before the ballot was appended, and reading partition 0 to its head in between brings them. Where another
        worker holds partition 0, that one brings them; what it leaves undone is done here.
        """
        if not self._looked:
            await self._look()
            self._looked = True
        ballots = [page for each in sorted(self.partitions - {0}) for page in await self._pages(each)]
        decisions_to = (await self._log.heads())[0] if ballots else 0
        count = await self._drain_decisions(decisions_to)
        count += await self._apply(ballots, decisions_to)
        for follower in self.followers:
            await follower.end_alarm()
        return count

    async def _drain_decisions(self, end: int) -> int:
        """Apply partition 0 to its head where it is ours, else to before *end*, and return how many entries that were."""
        if 0 not in self.partitions:
            await self._others_drain(end)
        count = 0
        while (0 in self.partitions or self._lacks(end)) and (decisions := await self._pages(0)):
            count += await self._apply(decisions)
            for page in decisions:  # never of a ballot partition: it would give a ballot's position its second
                if page.entries:
                    _log.info("applied", partition=0, first=page.entries[0].offset, last=page.entries[-1].offset)
        return count

    def _lacks(self, end: int) -> bool:
        return any(each.next_offset(0) < end for each in self.followers if each.is_due)

    async def _look(self) -> None:
        for each in self.followers:
            await each.look()

    async def _others_drain(self, end: int) -> None:
        """Return when others have brought partition 0 to *end*, or do not seem to."""
        come = -1
        while self._lacks(end):
            await self._look()
            now = sum(each.next_offset(0) for each in self.followers)
            if now == come:
                return
            come = now
            if self._lacks(end):
                await asyncio.sleep(_COMING_S)

    async def _pages(self, partition: int) -> list[_Page]:
        """
        Read the next page of *partition* for whoever may be fed.

        Those who are a page apart at most share one; the further one passes over what it has. One that lags further behind has
        pages of its own, and the others do not read again what it has missed.
        """
        starts: dict[int, list[Follower]] = {}
        start, limit = 0, self._limits.get(partition, _FIRST_PAGE)
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
                traced = [(each.offset, one) for each in stored for one in each.traceparents if partition == 0]
                pages.append(_Page(partition, start + len(entries), entries, unknown, followers, traced))
        return pages

    async def _apply(self, pages: Sequence[_Page], decisions_to: int = 0) -> int:
        """Let every projection take its pages in order, all at the same time: one waits for PostgreSQL while another computes."""

        async def feed(follower: Follower) -> None:
            for page in pages:
                if follower not in page.followers:
                    continue
                began_ns, began, start = time_ns(), perf_counter(), follower.next_offset(page.partition)
                await follower.apply(page.entries, decisions_to)
                if not follower.is_beside:
                    APPLIED.observe(follower.name, len(page.entries), perf_counter() - began)
                    done = range(start, follower.next_offset(page.partition))
                    tracing.applied(follower.name, page.traced, began_ns, done, stopped=bool(follower.stopped))
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
        except LogAway as error:
            _log.warning("processor waits for the log", processor=name, error=str(error))
            await asyncio.sleep(_AWAY_S)
        except Exception as error:  # noqa: BLE001 - a processor that failed once must run again
            _log.error("processor failed", processor=name, exc_info=error)
        await asyncio.sleep(every_s)
