"""The Log port on Apache Kafka."""

import asyncio
from collections.abc import Sequence

from fanfare.platform.logs.group import GroupCommit
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.logs.kafka.reading import Reader
from fanfare.platform.logs.kafka.writing import Writer
from fanfare.platform.logs.port import LogAway, RecordShrunk, StoredEntry
from fanfare.record.position import Moment, Position

_RETRY_S = 0.5
_APART_S = 0.01
"""A write takes two milliseconds of a core, however little is written: so there are a hundred a second at most, each of many."""


class KafkaLog:
    """The record as a topic of Kafka. Owned by one event loop; it connects when it is first used."""

    def __init__(
        self, kafka: Kafka, partitions: int, most_waiting_bytes: int = 8 * 1024 * 1024, *, writer: Writer | None = None
    ) -> None:
        """Write to and read from the topic of *kafka*; *partitions* is how many of it the record uses."""
        self.partitions = partitions
        self._writer = writer or Writer(kafka)
        self._reader = Reader(kafka)
        self._group = GroupCommit(self._writer.write, most_waiting_bytes, apart_s=_APART_S)
        self._seen: dict[int, int] = {}

    @property
    def floor(self) -> dict[int, int]:
        """Of each partition, the least offset that the next entry can have; an acknowledgement below it stops the writer."""
        return self._writer.floor

    @property
    def shrunk(self) -> RecordShrunk | None:
        """Why this process writes no more; none while it does."""
        return self._writer.shrunk

    async def append(self, partition: int, events: Sequence[bytes], *, alone: bool = False) -> Position:
        """
        Append as the Log port says.

        Raises:
            RecordShrunk: the topic was cut; this process writes no more.
        """
        if not 0 <= partition < self.partitions:
            message = f"partition {partition} does not exist; the record has {self.partitions}"
            raise ValueError(message)
        return await self._group.append(partition, events, alone=alone)

    def written(self, partition: int, offset: int) -> bytes | None:
        """Return an entry of a moment ago, as the Log port says."""
        return self._group.written(partition, offset)

    async def settle(self) -> None:
        """Return when nothing waits to be written."""
        await self._group.settle()

    async def read(self, partition: int, start: int, limit: int = 500) -> list[StoredEntry]:
        """Read as the Log port says."""
        return await self._reader.read(partition, start, limit)

    async def heads(self) -> Moment:
        """Return the next offset of each partition."""
        return tuple(await self._reader.heads(self.partitions))

    async def changed(self, timeout_s: float) -> None:
        """Return when something may have been appended, or after *timeout_s*."""
        try:
            async with asyncio.timeout(timeout_s):
                if len(self._seen) < self.partitions:
                    self._seen = dict(enumerate(await self.heads()))
                    return
                while not (moved := await self._moved(timeout_s)):
                    pass
                self._seen |= moved
        except TimeoutError:
            return

    async def _moved(self, timeout_s: float) -> dict[int, int]:
        try:
            return await self._reader.moved(self._seen, timeout_s)
        except LogAway:
            await asyncio.sleep(_RETRY_S)
            return {}

    async def close(self) -> None:
        """Settle what is pending and end the connections."""
        await self.settle()
        await self._writer.close()
        await self._reader.close()
