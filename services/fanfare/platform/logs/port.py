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


class LogBusy(Exception):
    """More waits to be written than the log takes on. Nothing was appended; try again after *retry_after_s*."""

    retry_after_s = 1


class EntryTooLarge(ValueError):
    """The events of one decision do not fit into one entry. Nothing was appended."""


class RecordGap(Exception):
    """The record skips an offset: something other than Fanfare wrote to it. Nothing more may be read or written."""


class Log(Protocol):
    """
    An append-only log of entries in numbered partitions.

    Offsets of a partition run 0, 1, 2 … without a gap, and an entry is visible to readers only when all before it are.
    """

    async def append(self, partition: int, events: Sequence[bytes], *, alone: bool = False) -> Position:
        """
        Append the events of one decision and return where the first of them stands, once that is durable.

        The others follow it in the same entry. A log may put several decisions into one entry (a group commit), unless *alone*.

        Raises:
            LogBusy: too much waits already; nothing was appended.
            EntryTooLarge: the events do not fit into one entry.
            ValueError: there are no events, or there is no such partition.
        """

    async def read(self, partition: int, start: int, limit: int = 500) -> list[StoredEntry]:
        """
        Return up to *limit* entries of *partition* from offset *start* on, in order; empty at the head.

        Raises:
            RecordGap: an offset is missing.
        """

    async def heads(self) -> Moment:
        """Return the next offset of each partition."""

    async def changed(self, timeout_s: float) -> None:
        """Return when something may have been appended since the last call, or after *timeout_s* at most."""
