"""The Log port: all that the rest of Fanfare knows of where the record is kept."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from fanfare.record.position import Moment, Position


class StoredEntry(msgspec.Struct, frozen=True):
    """An entry's stored bytes. Proofs are over exactly these; they are never re-encoded."""

    partition: int
    offset: int
    body: bytes
    traceparents: tuple[bytes, ...] = ()
    """Of appends that it holds, where the log carries them beside the bytes and somebody traces."""


class LogBusy(Exception):
    """More waits to be written than the log takes on. Nothing was appended; try again after *retry_after_s*."""

    retry_after_s = 1


class LogAway(Exception):
    """
    The log does not answer. Whether what was to be appended is in the record is unknown; appended again, it counts once.

    Reading tells it, too: nothing was read.
    """

    retry_after_s = 2


class RecordShrunk(Exception):
    """An offset was handed out a second time: the record was cut behind our back. This process must write no more."""


class LogMoving(Exception):
    """The record is being copied to where it will be kept. Nothing was appended; it is written to again in a while."""


class LogElsewhere(Exception):
    """The record is kept elsewhere, and this process writes to where it was. Nothing was appended."""


class EntryTooLarge(ValueError):
    """The events of one decision do not fit into one entry. Nothing was appended."""


class RecordGap(Exception):
    """The record skips an offset: something other than Fanfare wrote to it. Nothing more may be read or written."""


class Log(Protocol):
    """
    An append-only log of entries in numbered partitions. Owned by one event loop.

    Offsets of a partition run 0, 1, 2 … without a gap, and an entry is visible to readers only when all before it are.
    """

    partitions: int
    """How many the record has; the founding tells it, and before that it is 1."""

    async def append(self, partition: int, events: Sequence[bytes], *, alone: bool = False) -> Position:
        """
        Append the events of one decision and return where the first of them stands, once that is durable.

        The others follow it in the same entry. A log may put several decisions into one entry (a group commit), unless *alone*.

        Raises:
            LogBusy: too much waits already; nothing was appended.
            LogAway: the log does not answer.
            LogMoving, LogElsewhere: nothing may be appended here, for now or any more; nothing was.
            EntryTooLarge: the events do not fit into one entry.
            ValueError: there are no events, or there is no such partition.
        """

    def written(self, partition: int, offset: int) -> bytes | None:
        """Return the bytes of an entry that this process appended a moment ago, without reading it; none of any other."""

    async def read(self, partition: int, start: int, limit: int = 500) -> list[StoredEntry]:
        """
        Return up to *limit* entries of *partition* from offset *start* on, in order; empty at the head.

        Raises:
            RecordGap: an offset is missing.
            LogAway: the log does not answer.
        """

    async def heads(self) -> Moment:
        """Return the next offset of each partition. Raises: LogAway."""

    async def changed(self, timeout_s: float) -> None:
        """Return when something may have been appended since the last call, or after *timeout_s* at most."""

    async def settle(self) -> None:
        """Return when nothing waits to be written."""

    async def close(self) -> None:
        """Settle what is pending, and let go of what the log holds."""
