"""Group commit: what arrives together is written together, in as few entries as hold it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter

import msgspec

from fanfare.platform import tracing
from fanfare.platform.batch import Pace
from fanfare.platform.logs.port import EntryTooLarge, LogAway, LogBusy
from fanfare.platform.metrics import APPENDED, AWAY, REFUSED
from fanfare.record.entry import MOST_BYTES, pack
from fanfare.record.position import Position


class _Waiting(msgspec.Struct):
    partition: int
    events: Sequence[bytes]
    size_bytes: int
    alone: bool
    done: asyncio.Future[Position]
    traceparent: bytes = b""


class NewEntry(msgspec.Struct, frozen=True):
    """Bytes to append to a partition."""

    partition: int
    body: bytes
    headers: tuple[tuple[str, bytes], ...] = ()
    """What travels beside the bytes, where the log can carry it. No part of the record."""


Write = Callable[[Sequence[NewEntry]], Awaitable[Sequence[int | LogAway]]]
"""Makes entries durable in the given order and returns their offsets; of one whose outcome is unknown, why. It raises for all."""


class GroupCommit:
    """
    Gathers decisions while a write is under way and hands them on as one write.

    Owned by one event loop. An idle log writes a single decision at once, a busy one writes many.
    """

    def __init__(
        self, write: Write, most_waiting_bytes: int = 8 * 1024 * 1024, most_entries: int = 64, apart_s: float = 0.0
    ) -> None:
        """
        Use *write*, refuse beyond *most_waiting_bytes*, and hand on at most *most_entries* at once.

        Args:
            apart_s: least time between the beginnings of two writes, where a write costs much and those who wait share it.
        """
        self._pace = Pace(apart_s)
        self._write = write
        self._most_waiting_bytes = most_waiting_bytes
        self._most_entries = most_entries
        self._waiting: deque[_Waiting] = deque()
        self._waiting_bytes = 0
        self._written: deque[tuple[int, int, bytes]] = deque(maxlen=most_entries)
        """The entries that became durable last: partition, offset and bytes."""
        self._writer: asyncio.Task[None] | None = None

    async def append(self, partition: int, events: Sequence[bytes], *, alone: bool = False) -> Position:
        """Append as the Log port says. A caller that is cancelled may leave its events in the record."""
        size_bytes = sum(map(len, events)) + len(events) + 1
        if not events:
            raise ValueError("no events; an entry holds 1 event or more")
        if size_bytes > MOST_BYTES:
            raise EntryTooLarge(f"{size_bytes} bytes in {len(events)} events; an entry holds at most {MOST_BYTES} bytes")
        if self._waiting_bytes + size_bytes > self._most_waiting_bytes:
            REFUSED.inc()
            raise LogBusy
        done: asyncio.Future[Position] = asyncio.get_running_loop().create_future()
        traceparent = b"" if partition else tracing.appending(done)
        waiting = _Waiting(partition, events, size_bytes, alone, done, traceparent)
        self._waiting.append(waiting)
        self._waiting_bytes += size_bytes
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._drain())
        try:
            return await waiting.done
        except LogAway:
            AWAY.inc()
            raise

    def written(self, partition: int, offset: int) -> bytes | None:
        """Return the bytes of an entry, as the Log port says."""
        return next((body for *place, body in reversed(self._written) if place == [partition, offset]), None)

    async def settle(self) -> None:
        """Return when nothing waits to be written."""
        while self._writer is not None and not self._writer.done():
            await asyncio.wait([self._writer])

    async def _drain(self) -> None:
        while self._waiting:
            await self._pace.turn()
            groups = self._gather()
            entries = [_entry(group) for group in groups]
            began = perf_counter()
            try:
                offsets = await self._write(entries)
            except Exception as error:  # noqa: BLE001 - every caller is told; a caller that is gone is not a bug
                _fail(groups, error)
            else:
                self._written.extend(
                    (each.partition, offset, each.body)
                    for each, offset in zip(entries, offsets, strict=True)
                    if not isinstance(offset, LogAway)
                )
                _acknowledge(groups, offsets)
                self._give_up_where_away(offsets)
                events = sum(len(each.events) for group in groups for each in group)
                APPENDED.observe_write(len(groups), events, perf_counter() - began)
            self._waiting_bytes -= sum(each.size_bytes for group in groups for each in group)

    def _give_up_where_away(self, offsets: Sequence[int | LogAway]) -> None:
        """Tell those who wait, too, where the log is away: each would else wait as long again for as many as are before her."""
        away = next((each for each in offsets if isinstance(each, LogAway)), None)
        while away and self._waiting:
            each = self._waiting.popleft()
            self._waiting_bytes -= each.size_bytes
            if not each.done.done():
                each.done.set_exception(away)

    def _gather(self) -> list[list[_Waiting]]:
        """Take what fits into one write. Decisions of a partition keep their order."""
        groups: list[list[_Waiting]] = []
        current: dict[int, list[_Waiting]] = {}
        sizes: dict[int, int] = {}
        while self._waiting:
            each = self._waiting[0]
            group = current.get(each.partition)
            if group is None or each.alone or sizes[each.partition] + each.size_bytes > MOST_BYTES:
                if len(groups) == self._most_entries:
                    break
                group = []
                groups.append(group)
                sizes[each.partition] = 0
                current[each.partition] = group
            group.append(self._waiting.popleft())
            sizes[each.partition] += each.size_bytes
            if each.alone:
                del current[each.partition]
        return groups


def _entry(group: list[_Waiting]) -> NewEntry:
    body = pack([event for each in group for event in each.events])
    return NewEntry(group[0].partition, body, () if group[0].partition else tracing.headers(each.traceparent for each in group))


def _acknowledge(groups: list[list[_Waiting]], offsets: Sequence[int | LogAway]) -> None:
    for group, offset in zip(groups, offsets, strict=True):
        if isinstance(offset, LogAway):
            _fail([group], offset)
            continue
        index = 0
        for each in group:
            if not each.done.done():
                each.done.set_result(Position(each.partition, offset, index))
            index += len(each.events)


def _fail(groups: list[list[_Waiting]], error: Exception) -> None:
    for group in groups:
        for each in group:
            if not each.done.done():
                each.done.set_exception(error)
