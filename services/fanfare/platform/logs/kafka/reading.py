"""
Reading the record from Kafka: one request to a partition's leader for what is asked, and nothing remembered in between.

A consumer of the client libraries would stop for good at the first batch that it cannot unpack, and reads ahead for one reader at
one place; here many read at many places, and every offset must come back as a leaf.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from aiokafka import errors
from aiokafka.client import AIOKafkaClient, ConnectionGroup
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition

from fanfare.platform import tracing
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.logs.port import LogAway, RecordGap, StoredEntry
from fanfare.record.entry import MOST_BYTES
from fanfare.record.void import leaf, void_line

PATIENCE_S = 8.0
"""How long a read looks for a leader. A request may write and then read: both together end before its sender gives it up."""
_REQUEST_S, _RETRY_S, _POLL_S, _BEGINS_S = 4.0, 0.1, 3.0, 1.0
_PAGE_BYTES = 4 * 1024 * 1024
_READ_UNCOMMITTED = 0
_EARLIEST, _LATEST = -2, -1
_BATCH_HEADER_BYTES = 61
_Answer = TypeVar("_Answer")


class _Page(NamedTuple):
    entries: list[StoredEntry]
    next_offset: int
    """Behind the last record of the answer, also where those asked for were not among them."""
    head: int


class _Elsewhere(Exception):
    """The broker that was asked does not lead the partition, or cannot say: ask again, whoever does."""


class Reader:
    """Reads a topic. Owned by one event loop; connects when it is first used."""

    def __init__(self, kafka: Kafka) -> None:
        """Read the topic of *kafka*."""
        self._kafka = kafka
        self._client: AIOKafkaClient | None = None
        self._connecting: asyncio.Task[None] | None = None

    async def read(self, partition: int, start: int, limit: int) -> list[StoredEntry]:
        """
        Return up to *limit* entries of *partition* from offset *start* on; fewer only at the head.

        Raises:
            RecordGap: an offset is missing.
            LogAway: no leader answers.
        """
        found: list[StoredEntry] = []
        while len(found) < limit:
            page = await self._page(partition, start + len(found), limit - len(found))
            for expected, entry in enumerate(page.entries, start + len(found)):
                if entry.offset != expected:
                    raise RecordGap(_gap(partition, expected, entry.offset))
            found += page.entries
            if not page.entries and page.next_offset < page.head:
                raise RecordGap(_gap(partition, start + len(found), page.next_offset))
            if start + len(found) >= page.head:
                break
        return found

    async def heads(self, partitions: int) -> list[int]:
        """Return the next offset of each partition. Raises: LogAway."""
        return await self._patiently(lambda client: self._offsets(client, range(partitions), _LATEST))

    async def moved(self, seen: Mapping[int, int], timeout_s: float) -> dict[int, int]:
        """
        Return the partitions that have grown beyond *seen*, and their heads; nothing if none has after *timeout_s* seconds.

        The brokers hold the answer back until there is something, on connections of their own, so no read waits behind it.

        Raises:
            LogAway: no leader answers.
        """
        client = await self._connected()
        requests = self._by_leader(client, seen)
        if not requests:
            client.force_metadata_update()
            raise LogAway(f"no broker leads a partition of {self._kafka.topic}")
        wait_ms = int(1000 * min(timeout_s, _POLL_S))

        async def poll(leader: int, partitions: list[int]) -> dict[int, int]:
            wanted = [(partition, seen[partition], 1) for partition in partitions]
            request = FetchRequest(wait_ms, 1, 1, _READ_UNCOMMITTED, [(self._kafka.topic, wanted)])
            answer = await client.send(leader, request, group=ConnectionGroup.COORDINATION)
            heads = {each[0]: each[2] for _, parts in answer.topics for each in parts if each[1] == 0}
            if len(heads) < len(partitions):
                client.force_metadata_update()
            return {partition: head for partition, head in heads.items() if head != seen[partition]}

        polls = [asyncio.ensure_future(poll(leader, partitions)) for leader, partitions in requests.items()]
        try:
            done, _ = await asyncio.wait(polls, return_when=asyncio.FIRST_COMPLETED)
            return {partition: head for each in done for partition, head in each.result().items()}
        except (errors.KafkaError, OSError, TimeoutError) as error:
            raise LogAway(_told(error)) from error
        finally:
            for each in polls:
                each.cancel()
            await asyncio.gather(*polls, return_exceptions=True)

    async def close(self) -> None:
        """End the connections; one that begins just now is waited for, a second at most."""
        if (connecting := self._connecting) is not None and not (await asyncio.wait([connecting], timeout=_BEGINS_S))[0]:
            connecting.cancel()
            await asyncio.wait([connecting])
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    # Asking

    async def _page(self, partition: int, start: int, limit: int) -> _Page:
        most_bytes = min(_PAGE_BYTES, limit * (MOST_BYTES + 1024))

        async def fetch(client: AIOKafkaClient) -> _Page:
            request = FetchRequest(0, 0, most_bytes, _READ_UNCOMMITTED, [(self._kafka.topic, [(partition, start, most_bytes)])])
            answer = await client.send(self._leader(client, partition), request)
            ((_, ((_, code, head, *rest),)),) = answer.topics
            if code == errors.OffsetOutOfRangeError.errno:
                return await self._out_of_range(client, partition, start)
            _refuse(code)
            return unpacked(partition, start, limit, head, rest[-1] or b"")

        return await self._patiently(fetch)

    async def _out_of_range(self, client: AIOKafkaClient, partition: int, start: int) -> _Page:
        """Tell an offset behind the head, where there is nothing yet, from one whose entry was deleted."""
        (first,) = await self._offsets(client, [partition], _EARLIEST)
        (head,) = await self._offsets(client, [partition], _LATEST)
        if start < first:
            raise RecordGap(_gap(partition, start, first))
        if start < head:
            raise _Elsewhere(f"partition {partition} answers in two ways")
        return _Page([], start, head)

    async def _offsets(self, client: AIOKafkaClient, partitions: "range | list[int]", which: int) -> list[int]:
        found: dict[int, int] = {}
        for leader, led in self._by_leader(client, dict.fromkeys(partitions, 0), every=True).items():
            request = OffsetRequest(-1, _READ_UNCOMMITTED, [(self._kafka.topic, [(partition, which) for partition in led])])
            answer = await client.send(leader, request)
            for _, parts in answer.topics:
                for partition, code, _, offset in parts:
                    _refuse(code)
                    found[partition] = offset
        return [found[partition] for partition in partitions]

    def _by_leader(self, client: AIOKafkaClient, seen: Mapping[int, int], *, every: bool = False) -> dict[int, list[int]]:
        requests: defaultdict[int, list[int]] = defaultdict(list)
        for partition in seen:
            try:
                requests[self._leader(client, partition)].append(partition)
            except _Elsewhere:
                if every:
                    raise
        return requests

    def _leader(self, client: AIOKafkaClient, partition: int) -> int:
        leader = client.cluster.leader_for_partition(TopicPartition(self._kafka.topic, partition))
        if leader is None or leader < 0:
            raise _Elsewhere(f"no broker leads partition {partition} of {self._kafka.topic}")
        return int(leader)

    async def _patiently(self, ask: Callable[[AIOKafkaClient], Awaitable[_Answer]]) -> _Answer:
        """Ask again, after another look at who leads, until there is an answer. Raises: LogAway."""
        why: Exception | None = None
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    try:
                        client = await self._connected()
                        async with asyncio.timeout(_REQUEST_S):
                            return await ask(client)
                    except LogAway:
                        raise
                    except (_Elsewhere, errors.KafkaError, OSError, TimeoutError) as error:
                        why = error
                    if self._client is not None:
                        self._client.force_metadata_update()
                    await asyncio.sleep(_RETRY_S)
        except TimeoutError:
            raise LogAway(_told(why)) from why

    async def _connected(self) -> AIOKafkaClient:
        while self._client is None:
            if self._connecting is None:
                self._connecting = asyncio.create_task(self._connect())
            await asyncio.shield(self._connecting)  # aiokafka forgets the connection that it begins with where it is cancelled
        return self._client

    async def _connect(self) -> None:
        client = AIOKafkaClient(**self._kafka.options(), client_id="fanfare", request_timeout_ms=int(_REQUEST_S * 1000))
        try:
            await client.bootstrap()
            client.set_topics([self._kafka.topic])
            await client.force_metadata_update()
            self._client = client
        except BaseException:
            await client.close()
            raise
        finally:
            self._connecting = None


def _refuse(code: int) -> None:
    if code:
        raise _Elsewhere(errors.for_code(code).__name__)


def _told(error: Exception | None) -> str:
    return f"Kafka does not answer: {type(error).__name__}: {error}" if error else "Kafka does not answer"


def _gap(partition: int, missing: int, found: int) -> str:
    return f"partition {partition} of the record lacks offset {missing}; the next one there is {found}"


def unpacked(partition: int, start: int, limit: int, head: int, answer: bytes) -> _Page:
    """
    Return the leaves in a broker's *answer*, from *start* on, *limit* at most.

    Raises:
        CorruptRecordException: a batch is not what the broker was given. Another broker may have it whole.
    """
    entries: list[StoredEntry] = []
    next_offset = start
    records = MemoryRecords(answer)
    while records.has_next() and len(entries) < limit:
        batch = records.next_batch()
        next_offset = batch.next_offset
        for offset, body, traceparents in _leaves(batch, answer):
            if offset >= start and len(entries) < limit:
                entries.append(StoredEntry(partition, offset, body, traceparents))
    return _Page(entries, next_offset, head)


def _leaves(batch: Any, answer: bytes) -> Iterator[tuple[int, bytes, tuple[bytes, ...]]]:  # noqa: ANN401 - of compiled code, without types
    """Return offsets, leaves and traceparents of a batch. Raises: CorruptRecordException: not what the broker was given."""
    if not batch.validate_crc():
        raise errors.CorruptRecordException(f"the batch at offset {batch.base_offset} does not match its checksum")
    offsets = range(batch.base_offset, batch.next_offset)
    if batch.is_control_batch:
        return iter([(offset, void_line("control", _behind_header(batch, answer)), ()) for offset in offsets])
    try:
        return iter([(record.offset, leaf(record.value), tracing.found(record.headers)) for record in batch])
    except (errors.KafkaError, ValueError, RuntimeError, ImportError, EOFError, OSError):
        return iter([(offset, void_line("codec", _behind_header(batch, answer)), ()) for offset in offsets])


def _behind_header(batch: Any, answer: bytes) -> bytes:  # noqa: ANN401 - of compiled code, without types
    """Return the bytes of a batch behind its header, as they lie in the broker's answer."""
    at = 0
    while int.from_bytes(answer[at : at + 8], "big") != batch.base_offset:
        at += 12 + int.from_bytes(answer[at + 8 : at + 12], "big")
    return answer[at + _BATCH_HEADER_BYTES : at + 12 + int.from_bytes(answer[at + 8 : at + 12], "big")]
