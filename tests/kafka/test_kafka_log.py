"""The Log port on Kafka: the contract, what no stranger may break, and what is not believed."""

import asyncio
import contextlib
import gc
import warnings
from collections.abc import AsyncIterator, Sequence
from hashlib import sha256

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.structs import TopicPartition

from fanfare.platform.logs.group import NewEntry
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.logs.kafka.log import KafkaLog
from fanfare.platform.logs.kafka.reading import Reader
from fanfare.platform.logs.kafka.writing import Writer
from fanfare.platform.logs.port import Log, LogAway, RecordGap, RecordShrunk
from fanfare.record.entry import unpack
from fanfare.record.position import Position
from fanfare.record.unreadable import Unreadable
from tests.contracts.log_contract import PARTITIONS, Fault, LogContract, Opening, events_of, named, whole


class FaultyWriter(Writer):
    """Awaits a fault before it hands entries over: once Kafka has them, nobody can take them back."""

    fault: Fault

    async def write(self, entries: Sequence[NewEntry]) -> list[int | LogAway]:
        await self.fault()
        return await super().write(entries)


@pytest.fixture
async def opening(record_topic: Kafka) -> AsyncIterator[Opening]:
    """Open logs on this test's topic."""
    async with contextlib.AsyncExitStack() as stack:

        async def open_log(*, fault: Fault | None = None, most_waiting_bytes: int = 2**23) -> Log:
            writer = None
            if fault is not None:
                writer = FaultyWriter(record_topic)
                writer.fault = fault
            log = KafkaLog(record_topic, PARTITIONS, most_waiting_bytes, writer=writer)
            stack.push_async_callback(log.close)
            return log

        yield open_log


class TestKafkaLog(LogContract):
    """The contract."""


async def test_a_read_that_is_given_up_while_it_connects_leaves_no_connection(record_topic: Kafka) -> None:
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", ResourceWarning)
        for pause in range(60):
            reader = Reader(record_topic)
            asked = asyncio.create_task(reader.heads(PARTITIONS))
            await asyncio.sleep(pause / 5000)
            asked.cancel()
            await asyncio.wait([asked])
            await reader.close()
            del reader, asked
            gc.collect()

    assert [str(each.message) for each in heard] == []


async def test_what_a_stranger_wrote_is_a_leaf_each_and_hides_nothing_behind_it(opening: Opening, record_topic: Kafka) -> None:
    log = await opening()
    await log.append(1, [named(1)])
    with contextlib.closing(KafkaProducer(**record_topic.options(), max_request_size=2**20)) as stranger:
        stranger.send(record_topic.topic, key=b"k", value=None, partition=1).get(10)
        stranger.send(record_topic.topic, value=b"\xff rubbish", partition=1).get(10)
    await log.append(1, [named(2)])

    entries = await whole(log, 1)

    assert [entry.offset for entry in entries] == [0, 1, 2, 3]
    nothing = sha256(b"").hexdigest().encode()
    assert entries[1].body == b'{"sha256":"%s","size":0,"void":"null"}' % nothing
    assert entries[2].body == b"\xff rubbish"
    assert [events_of(entries[0]), events_of(entries[3])] == [[named(1)], [named(2)]]
    for entry in entries[1:3]:
        (event,) = unpack(1, entry.offset, entry.body).events
        assert isinstance(event, Unreadable)


async def test_an_offset_below_what_was_seen_stops_the_writer(opening: Opening) -> None:
    log = await opening()
    assert isinstance(log, KafkaLog)
    log.floor[2] = 7

    with pytest.raises(RecordShrunk, match="2:0"):
        await log.append(2, [named(1)])
    with pytest.raises(RecordShrunk):
        await log.append(0, [named(2)])

    assert await whole(log, 0) == []


class Forgetful(Writer):
    """The broker acknowledges once without an offset, as it does for what it knows as sent twice."""

    forgets = 1

    async def _send(self, entries: Sequence[NewEntry], wait_s: float) -> list[int | Exception]:
        answers = await super()._send(entries, wait_s)
        if self.forgets:
            self.forgets -= 1
            return [-1 for _ in answers]
        return answers


async def test_an_acknowledgement_without_an_offset_is_not_believed(record_topic: Kafka) -> None:
    log = KafkaLog(record_topic, PARTITIONS, writer=Forgetful(record_topic))
    try:
        position = await log.append(0, [named(1)])

        assert position == Position(0, 1, 0)
        assert [events_of(entry) for entry in await whole(log)] == [[named(1)], [named(1)]]
    finally:
        await log.close()


async def test_a_log_without_brokers_says_that_it_is_away_and_never_blocks_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    for room in ("writing", "reading"):
        monkeypatch.setattr(f"fanfare.platform.logs.kafka.{room}.PATIENCE_S", 1.5)
    log = KafkaLog(Kafka(brokers="127.0.0.1:1"), PARTITIONS)
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.01)

    ticking = asyncio.create_task(tick())
    try:
        began = asyncio.get_running_loop().time()
        answers = await asyncio.gather(
            log.append(0, [named(1)]), log.append(1, [named(2)]), log.read(0, 0), log.heads(), return_exceptions=True
        )
        took = asyncio.get_running_loop().time() - began
    finally:
        ticking.cancel()
        await log.close()

    assert [type(each) for each in answers] == [LogAway] * 4
    assert ticks > took / 0.01 / 3


async def test_entries_that_were_deleted_are_a_gap_and_no_end(opening: Opening, record_topic: Kafka) -> None:
    log = await opening()
    for number in range(5):
        await log.append(0, [named(number)])
    with contextlib.closing(KafkaAdminClient(**record_topic.options())) as admin:
        admin.delete_records({TopicPartition(record_topic.topic, 0): 3})

    with pytest.raises(RecordGap, match="partition 0 of the record lacks offset 1"):
        await log.read(0, 1)
    assert [entry.offset for entry in await log.read(0, 3)] == [3, 4]


async def test_a_long_partition_is_read_in_pages_without_a_gap(opening: Opening) -> None:
    log = await opening()
    await asyncio.gather(*(log.append(0, [named(number, 30_000)], alone=True) for number in range(250)))

    page = await log.read(0, 7, 220)

    assert [entry.offset for entry in page] == list(range(7, 227))
    assert [entry.offset for entry in await log.read(0, 227, 350)] == list(range(227, 250))
