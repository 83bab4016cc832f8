"""Workers on Faust: the tables of the one on one machine, whatever is killed, delivered twice or written by strangers."""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import time
from pathlib import Path

import aiokafka.codec
import pytest
from kafka import OffsetAndMetadata, TopicPartition
from structlog.testing import capture_logs

from fanfare.platform.hosts.faust_app import SESSION_S, App
from fanfare.platform.logs.kafka import topic
from fanfare.platform.logs.kafka.administering import administered
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.record.entry import pack
from fanfare.record.terms import RoundTerms
from tests.histories import Teller
from tests.kafka.workers import PARTITIONS, Record, embedded_rows, processes, working
from tests.kafka_fixture import Running, brokers

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
MOVED_WITHIN_S = 15.0


@pytest.fixture
def record(record_topic: Kafka, database: str) -> Record:
    """A record of this test's own, with nothing in it."""
    return Record(record_topic, database)


async def test_a_worker_on_faust_makes_the_tables_of_the_one_on_one_machine(record: Record, postgres: str) -> None:
    told = Teller(5, PARTITIONS).tell()
    half = len(told.written) // 2
    expected = await embedded_rows(postgres, told.written)
    await asyncio.to_thread(record.tell, told.written[:half])

    async with working(record):
        await record.level()
        for start in range(half, len(told.written), 10):
            await asyncio.to_thread(record.tell, told.written[start : start + 10])
        await record.level()

    assert await record.rows() == expected
    assert await record.alarms() == []


async def test_committed_offsets_that_are_rewound_double_nothing(record: Record, postgres: str) -> None:
    told = Teller(6, PARTITIONS).tell()
    expected = await embedded_rows(postgres, told.written)
    await asyncio.to_thread(record.tell, told.written[:-5])
    async with working(record):
        await record.level()
    with administered(record.kafka) as admin:
        places = {TopicPartition(record.kafka.topic, each): OffsetAndMetadata(0, "", -1) for each in range(PARTITIONS)}
        admin.alter_group_offsets(f"{record.kafka.topic}.workers", places)

    async with working(record):
        await asyncio.to_thread(record.tell, told.written[-5:])
        await record.level()

    assert await record.rows() == expected


async def test_what_strangers_write_ends_no_worker_and_hides_nothing(
    kafka: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange = Kafka(brokers=kafka, topic=f"strange-{secrets.token_hex(4)}")
    with administered(strange) as admin:
        settings = {"compression.type": "producer", "max.message.bytes": str(2**20)}
        admin.create_topics({strange.topic: {"num_partitions": PARTITIONS, "replication_factor": 1, "configs": settings}})
    record = Record(strange, database)
    terms = await asyncio.to_thread(record.begin)
    monkeypatch.setattr(aiokafka.codec, "cramjam", None)  # as where the package that unpacks lz4 is not installed

    with capture_logs() as lines:
        took = await _among_strangers(record, terms)

    said = [line["event"] for line in lines]
    assert any(each.startswith("passed over") for each in said)
    assert not any(each.startswith("Faust ended") for each in said)
    assert len((await record.rows())["standings"]["choices"]) == 600
    assert await record.alarms() == []
    assert took < 10
    with administered(strange) as admin:
        admin.delete_topics([strange.topic])


async def _among_strangers(record: Record, terms: RoundTerms) -> float:
    """Return how long a worker took for ballots that stand behind whatever strangers may write."""
    async with working(record) as worker:
        await record.level()
        for number, what in enumerate((None, b"\xff rubbish", b"[]", b"x" * 70_000, pack([b"{}"]))):
            await asyncio.to_thread(record.write, [(1 + number % 3, what)])
        await asyncio.to_thread(record.write, [(2, b"[1]" * 100)] * 3, compression_type="lz4")
        await asyncio.to_thread(record.vote, terms, 600, "behind")
        took = await record.level()
        assert not worker.done()
        return took


async def test_a_killed_workers_partitions_move_in_time_and_a_stopped_ones_at_once(record: Record, tmp_path: Path) -> None:
    terms = await asyncio.to_thread(record.begin)
    async with working(record), processes(record, tmp_path, "ada", "ben") as (ada, ben):
        await asyncio.to_thread(record.vote, terms, 1000, "first")
        await record.level()

        await asyncio.to_thread(ada.end, signal.SIGKILL)
        await asyncio.to_thread(record.vote, terms, 1000, "second")
        took = await record.level()

        assert took < MOVED_WITHIN_S
        sending = asyncio.create_task(asyncio.to_thread(record.vote, terms, 40_000, "third"))
        await asyncio.sleep(0.3)
        assert await asyncio.to_thread(ben.end, signal.SIGTERM) == 0
        await sending
        await record.level(SESSION_S)

    assert len((await record.rows())["standings"]["choices"]) == 42_000
    assert await record.alarms() == []


async def test_a_faust_app_that_fails_is_started_again_and_the_worker_goes_on_meanwhile(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails = [ValueError("planted")]

    async def commit(*_: object) -> None:
        if fails:
            raise fails.pop()

    monkeypatch.setattr(App, "commit_positions", commit)
    monkeypatch.setattr("fanfare.platform.hosts.faust_host._COMMIT_EVERY_S", 0.5)
    terms = await asyncio.to_thread(record.begin)
    with capture_logs() as lines:
        async with working(record):
            await record.level()
            while not any(line["event"].startswith("Faust ended") for line in lines):  # noqa: ASYNC110 - the app brings it about
                await asyncio.sleep(0.1)
            await asyncio.to_thread(record.vote, terms, 300, "meanwhile")
            await record.level(5)
            while sum(line["event"] == "partitions assigned" for line in lines) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            await asyncio.to_thread(record.vote, terms, 300, "after")
            await record.level()

    assert len((await record.rows())["standings"]["choices"]) == 600


def _kill_the_broker(running: Running) -> None:
    """Kill it, and return once it answers again: who runs it starts it after a second."""
    os.kill(running.pids()[1], signal.SIGKILL)
    host, _, port = running.addresses.partition(":")
    time.sleep(1)
    while True:
        with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
            return
        time.sleep(0.2)


async def test_a_broker_that_is_gone_for_a_while_is_waited_for(database: str) -> None:
    with brokers() as running:
        kafka = Kafka(brokers=running.addresses, topic="record")
        topic.create(kafka, partitions=PARTITIONS)
        record = Record(kafka, database)
        terms = await asyncio.to_thread(record.begin)
        async with working(record) as worker:
            await asyncio.to_thread(record.vote, terms, 300, "before")
            await record.level()
            await asyncio.to_thread(_kill_the_broker, running)
            await asyncio.to_thread(record.vote, terms, 300, "after")
            await record.level(30)
            assert not worker.done()
        assert await record.alarms() == []
