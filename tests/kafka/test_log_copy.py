"""Carrying a record into Kafka: every entry once and at its offset, whatever is killed, and nothing where something else is."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from random import Random

import psycopg
import pytest
from kafka import KafkaProducer

from fanfare.audit.claims import silent
from fanfare.operations import log_copy
from fanfare.operations.log_copy import CopyFailed, Copying, copy
from fanfare.platform.logs import place
from fanfare.platform.logs.kafka.carrying import Carrier, Displaced
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.logs.kafka.log import KafkaLog
from fanfare.platform.logs.port import LogAway, LogMoving, StoredEntry
from fanfare.platform.logs.postgres import PostgresLog
from fanfare.platform.tasks import ended
from fanfare.record.position import Position
from tests.builders import body, founded, recorded
from tests.contracts.log_contract import named, whole

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
SEED = int(os.environ.get("FANFARE_SEED", "22"))
ENTRIES = 1500
"""In each of three partitions."""
FILL = """
    insert into record.entries (partition, "offset", body)
    select partition, n, convert_to(repeat(md5(partition || '.' || n), 1 + (n * 7) %% 120), 'utf8')
      from generate_series(1, 3) as partition, generate_series(0, %s - 1) as n
"""
ALL = 'select partition, "offset", body from record.entries order by 1, 2'


def fill(conninfo: str, entries: int) -> None:
    """Give a database a record: its founding, and in each partition for ballots so many entries of 32 to 3,840 bytes."""
    with psycopg.connect(conninfo) as connection:
        connection.execute("insert into record.entries values (0, 0, %s)", (body(recorded(founded(), stream="site")),))
        connection.execute(FILL, (entries,))


def entries_of(conninfo: str) -> list[tuple[int, int, bytes]]:
    """Return a record as PostgreSQL keeps it."""
    with psycopg.connect(conninfo) as connection:
        return [(partition, offset, bytes(body)) for partition, offset, body in connection.execute(ALL)]


@contextlib.asynccontextmanager
async def reading(kafka: Kafka) -> AsyncIterator[KafkaLog]:
    """Open the record of a topic."""
    log = KafkaLog(kafka, 4)
    try:
        yield log
    finally:
        await log.close()


async def entries_in(kafka: Kafka) -> list[tuple[int, int, bytes]]:
    """Return a record as a topic keeps it."""
    async with reading(kafka) as log:
        pages = [await whole(log, partition) for partition in range(4)]
    return [(each.partition, each.offset, each.body) for page in pages for each in page]


def kept(conninfo: str) -> place.Elsewhere | None:
    """Return what a database says of where its record is kept."""
    with psycopg.connect(conninfo) as connection:
        return place.elsewhere(connection)


@contextlib.contextmanager
def command(conninfo: str, kafka: Kafka, home: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run `fanfare log copy` as an operator would, and kill it where it still runs in the end."""
    environment = {
        **os.environ,
        "FANFARE_DATABASE_URL": conninfo,
        "FANFARE_HOME": str(home),
        "FANFARE_KAFKA_BROKERS": kafka.brokers,
        "FANFARE_KAFKA_TOPIC": kafka.topic,
    }
    line = [sys.executable, "-m", "fanfare.cli", "log", "copy", *arguments]
    with subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


async def kill_when(running: subprocess.Popen[str], reached: Callable[[], Awaitable[bool]]) -> None:
    """Kill a process with SIGKILL once something is reached, or let it end."""
    while True:
        if running.poll() is not None or await reached():
            break
        await asyncio.sleep(0.005)
    running.send_signal(signal.SIGKILL)
    running.wait()


async def test_a_copy_that_is_killed_again_and_again_goes_on_and_ends_with_the_same_bytes_at_the_same_offsets(
    database: str, record_topic: Kafka, tmp_path: Path
) -> None:
    fill(database, ENTRIES)
    random = Random(SEED)
    killed_at = []
    async with reading(record_topic) as log:
        for share in (0.0, 0.5):
            aim = int(3 * ENTRIES * (share + random.uniform(0, 0.2)))
            with command(database, record_topic, tmp_path) as running:
                await kill_when(running, partial(grown, log, aim))
            killed_at.append(sum(await log.heads()))
        with command(database, record_topic, tmp_path) as running:
            await kill_when(running, lambda: frozen(database))
    assert killed_at == sorted(set(killed_at)), "nothing was killed on its way"
    assert killed_at[0] < 3 * ENTRIES

    with command(database, record_topic, tmp_path) as running:
        said, _ = running.communicate(timeout=60)

    assert running.returncode == 0, said
    assert await entries_in(record_topic) == entries_of(database)
    assert (found := kept(database)) is not None
    assert found.complete_at is not None
    assert "partition 3" in said
    assert "the same in both" in said


async def grown(log: KafkaLog, count: int) -> bool:
    """Tell whether a record has more than so many entries."""
    return sum(await log.heads()) > count


async def frozen(conninfo: str) -> bool:
    """Tell whether a database takes no more entries."""
    return kept(conninfo) is not None


async def test_what_is_appended_while_the_record_is_carried_is_there_too_and_nothing_behind_the_freeze(
    database: str, record_topic: Kafka, log: PostgresLog
) -> None:
    fill(database, 200)
    acknowledged: list[Position] = []

    async def write(partition: int) -> None:
        while True:
            acknowledged.append(await log.append(partition, [named(len(acknowledged))], alone=True))

    writing = [asyncio.create_task(write(partition)) for partition in range(1, 4)]
    try:
        same = await copy(database, record_topic)
        ends = await asyncio.wait_for(asyncio.gather(*writing, return_exceptions=True), 10)
    finally:
        await ended(writing)

    assert {type(each) for each in ends} == {LogMoving}
    assert len(acknowledged) > 3
    assert [each.entries for each in same] == [*await log.heads()]
    found = await entries_in(record_topic)
    assert found == entries_of(database)
    assert {(each.partition, each.offset) for each in acknowledged} <= {each[:2] for each in found}


def write_as_a_stranger(kafka: Kafka, partition: int) -> None:
    """Put something into the topic that is no entry."""
    with contextlib.closing(KafkaProducer(**kafka.options())) as stranger:
        stranger.send(kafka.topic, value=b"not ours", partition=partition).get(10)


async def test_a_topic_that_holds_something_else_is_refused_before_anything_is_frozen(
    database: str, record_topic: Kafka, log: PostgresLog
) -> None:
    fill(database, 3)
    write_as_a_stranger(record_topic, 2)

    with pytest.raises(CopyFailed, match=r"Entry 2:0 in the topic is another than here.*run `fanfare log copy` again"):
        await copy(database, record_topic)

    assert kept(database) is None
    await log.append(2, [named(1)])


async def test_what_a_stranger_writes_in_between_is_an_alarm_and_the_site_stays_where_it_is(
    database: str, record_topic: Kafka
) -> None:
    fill(database, 3)

    with pytest.raises(CopyFailed, match=r"The topic holds 3:3, where the record ends in PostgreSQL.*delete it"):
        await copy(database, record_topic, tell=lambda _: write_as_a_stranger(record_topic, 3))

    assert (found := kept(database)) is not None
    assert found.complete_at is None


async def test_an_operator_may_back_out_until_the_record_has_moved(database: str, record_topic: Kafka, tmp_path: Path) -> None:
    fill(database, 3)
    said = []
    for _ in range(2):
        with command(database, record_topic, tmp_path, "--back-out") as running:
            said.append((running.communicate(timeout=60)[0], running.returncode))
        if len(said) == 1:
            await copy(database, record_topic)

    assert said[0] == ("Nothing was frozen: the record is kept in PostgreSQL.\n", 0)
    assert said[1][1] == 2
    assert "there is nothing to back out of" in said[1][0]


async def test_a_record_that_has_moved_does_not_move_again(database: str, record_topic: Kafka) -> None:
    fill(database, 3)
    await copy(database, record_topic)

    with pytest.raises(place.WrongPlace, match="already, since"):
        await copy(database, record_topic)


async def test_an_entry_that_lands_at_another_offset_than_its_own_stops_the_copy(record_topic: Kafka) -> None:
    write_as_a_stranger(record_topic, 1)

    with Carrier(record_topic) as carrier, pytest.raises(Displaced, match="entry 1:0 landed at 1:1"):
        await asyncio.to_thread(carrier.write, [StoredEntry(1, 0, named(0))])


class FaultyCarrier(Carrier):
    """Carries half of its first page, and then cannot say what became of it."""

    broken = False

    def write(self, entries: Sequence[StoredEntry]) -> None:
        if FaultyCarrier.broken:
            return super().write(entries)
        FaultyCarrier.broken = True
        super().write(entries[: len(entries) // 2])
        raise LogAway("planted")


async def test_a_page_that_kafka_did_not_acknowledge_is_looked_for_and_gone_on_with(
    database: str, record_topic: Kafka, log: PostgresLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 40)
    monkeypatch.setattr(log_copy, "PAUSE_S", 0.01)

    async with reading(record_topic) as target:
        copying = Copying(log, target, partial(FaultyCarrier, record_topic), record_topic.topic, silent)
        await copying.carry(await log.heads(), "carrying")

        same = await copying.same(await log.heads())

    assert FaultyCarrier.broken
    assert [each.entries for each in same] == [1, 40, 40, 40]


async def test_a_byte_that_differs_in_the_end_keeps_the_record_where_it_is(
    database: str, record_topic: Kafka, log: PostgresLog
) -> None:
    fill(database, 40)
    async with reading(record_topic) as target:
        copying = Copying(log, target, partial(Carrier, record_topic), record_topic.topic, silent)
        await copying.carry(await log.heads(), "carrying")
        with psycopg.connect(database) as connection:
            connection.execute("update record.entries set body = body || ' ' where partition = 2 and \"offset\" = 39")

        with pytest.raises(CopyFailed, match=r"Partition 2 is not the same in the topic"):
            await copying.same(await log.heads())
