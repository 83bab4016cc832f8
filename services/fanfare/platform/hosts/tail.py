"""The tail of the record: what a consumer group has delivered lies ready here, and what it has not is read through the log."""

import asyncio
from collections import deque
from collections.abc import Collection
from itertools import islice
from time import monotonic

from fanfare.platform.logs.port import Log, StoredEntry
from fanfare.record.position import Moment

MOST_BYTES = 16 * 1024 * 1024
"""Of entries that were delivered and are not drained yet. Whatever is beyond is read again."""
LOOK_EVERY_S = 1.0
"""A partition that moved without a delivery is noticed after so long."""
_ROOM_S = 1.0


class Tail:
    """
    A log to read, of which the latest entries are at hand. Owned by one event loop.

    Nothing relies on a delivery: one that is missing, late or doubled only costs another read of the log.
    """

    def __init__(self, log: Log, most_bytes: int = MOST_BYTES) -> None:
        """Read through *log* what was not delivered, and keep *most_bytes* of what was."""
        self._log = log
        self._most_bytes = most_bytes
        self._waiting: dict[int, deque[StoredEntry]] = {}
        self._bytes = 0
        self._held: frozenset[int] = frozenset()
        self._heads: dict[int, int] = {}
        """As they were seen last, by a delivery or a look."""
        self._looked_at = 0.0
        self._came = asyncio.Event()
        self._room = asyncio.Event()

    def hold(self, partitions: Collection[int]) -> None:
        """Expect deliveries of these *partitions*; others are read through the log alone."""
        self._held = frozenset(partitions)
        for each in set(self._waiting) - self._held:
            self._forget(each)
        self.look_again()

    async def deliver(self, entry: StoredEntry) -> None:
        """
        Take *entry*; while there is no room, wait for it a second.

        A partition that is not drained, since its projections are stopped or the database is away, must not hold the others up:
        what is at hand is let go of then.
        """
        if self._bytes >= self._most_bytes:
            await self._wait_for_room()
        waiting = self._waiting.setdefault(entry.partition, deque())
        if waiting and entry.offset != waiting[-1].offset + 1:
            self._forget(entry.partition)  # it goes on at another place; what lies between is read
        waiting.append(entry)
        self._bytes += len(entry.body)
        self._heads[entry.partition] = max(self._heads.get(entry.partition, 0), entry.offset + 1)
        self._came.set()

    async def _wait_for_room(self) -> None:
        self._room.clear()
        try:
            async with asyncio.timeout(_ROOM_S):
                await self._room.wait()
        except TimeoutError:
            for partition in self._waiting:
                self._forget(partition)

    def _forget(self, partition: int, before: int | None = None) -> None:
        waiting = self._waiting.get(partition)
        while waiting and (before is None or waiting[0].offset < before):
            self._bytes -= len(waiting.popleft().body)
        if self._bytes < self._most_bytes:
            self._room.set()

    def look_again(self) -> None:
        """Have the next ``changed`` look at the log's heads at once: something was passed over."""
        self._looked_at = 0.0
        self._came.set()

    # What a worker reads

    @property
    def partitions(self) -> int:
        """How many the record has by now."""
        return self._log.partitions

    async def read(self, partition: int, start: int, limit: int = 500) -> list[StoredEntry]:
        """Return up to *limit* entries from *start* on, those before are needed no more; empty at what was seen of the head."""
        if partition not in self._held:
            return await self._log.read(partition, start, limit)
        self._forget(partition, start)
        waiting = self._waiting.get(partition)
        if waiting and waiting[0].offset == start:
            return list(islice(waiting, limit))
        end = waiting[0].offset if waiting else self._heads.get(partition, 0)
        return await self._log.read(partition, start, min(limit, end - start)) if start < end else []

    async def heads(self) -> Moment:
        """Return the next offset of each partition. Raises: LogAway."""
        heads = await self._log.heads()
        if monotonic() - self._looked_at >= LOOK_EVERY_S:
            self._looked_at = monotonic()
            self._heads = dict(enumerate(heads))
        self._heads[0] = heads[0]  # ballots wait for it; of the others, what is new is about to be delivered
        return heads

    async def changed(self, timeout_s: float) -> None:
        """Return when something was delivered, or when it was time to look at the heads; after *timeout_s* at most."""
        until_look_s = self._looked_at + LOOK_EVERY_S - monotonic()
        try:
            async with asyncio.timeout(max(0.0, min(timeout_s, until_look_s))):
                await self._came.wait()
        except TimeoutError:
            if until_look_s <= timeout_s:
                await self.heads()
        self._came.clear()
