"""A record in Kafka that was cut: noticed before anything is written, and while a site runs; and its tail is put back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from fanfare.campaigns.founding import Founding, found
from fanfare.members import joining
from fanfare.operations import brokers, floor
from fanfare.operations import database as database_of
from fanfare.operations.backup import backup
from fanfare.operations.cut import RECORD_CUT, Guard, RecordCut
from fanfare.operations.findings import Finding
from fanfare.operations.held import NotItsTail
from fanfare.operations.silence import StillRunning, refuse_if_running
from fanfare.operations.tail import restore_tail
from fanfare.platform.hosts.opening import Parts, opened
from fanfare.platform.hosts.worker import repeat
from fanfare.platform.logs.kafka.administering import administered
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.logs.kafka.log import KafkaLog
from fanfare.platform.logs.kafka.topic import create
from fanfare.platform.logs.kafka.which import which
from fanfare.platform.logs.place import settle_place
from fanfare.platform.logs.port import RecordShrunk
from fanfare.platform.presence import Presence
from fanfare.platform.tasks import ended
from fanfare.projecting import make_tables
from tests.integration.homes import fanfare, free_port
from tests.kafka.test_log_copy import entries_in
from tests.site_fixture import ADDRESS

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SEE = "insert into record.seen values (%s, %s, %s)"


@pytest.fixture
async def log(record_topic: Kafka) -> AsyncIterator[KafkaLog]:
    """Give the record of a fresh topic."""
    opened = KafkaLog(record_topic, 4)
    yield opened
    await opened.close()


def seen_in(database: str) -> dict[int, int]:
    """Return how far each partition was seen."""
    with psycopg.connect(database) as connection:
        return {each.partition: each.head for each in floor.last_seen(connection).partitions}


def make_anew(kafka: Kafka) -> None:
    """Delete the topic and make it again, as somebody does who means well."""
    with administered(kafka) as admin:
        admin.delete_topics([kafka.topic])
    while not create(kafka, partitions=4):
        pass


async def until(true: Callable[[], bool]) -> None:
    """Return once something is true."""
    async with asyncio.timeout(20):
        while True:
            if true():
                return
            await asyncio.sleep(0.01)


async def found_and_join(parts: Parts) -> None:
    """Found a site with three members."""
    await found(parts.desk, Founding(url=ADDRESS, brand="Pomfret Soda", colour="#ff5c7c", zone="Europe/Berlin", simulation=False))
    await parts.desk.catch_up()
    await make_tables(parts)
    for number in range(3):
        await joining.join(parts.desk, f"Fan {number}")


async def test_what_one_process_was_acknowledged_no_other_takes_for_a_shorter_record(
    database: str, pool: AsyncConnectionPool, log: KafkaLog, record_topic: Kafka
) -> None:
    other = KafkaLog(record_topic, 4)
    async with floor.watch(pool, log, every_s=0.01), floor.watch(pool, other, every_s=0.01):
        await log.append(0, [b"{}"])
        await log.append(0, [b"{}"])
        await log.append(2, [b"{}"])
        await until(lambda: other.floor == {0: 2, 2: 1})
        assert (await other.append(0, [b"{}"])).offset == 2
    await other.close()

    assert seen_in(database).items() >= {0: 2, 2: 1}.items()


async def test_a_topic_that_is_shorter_than_it_was_seen_lets_nobody_in(
    database: str, pool: AsyncConnectionPool, log: KafkaLog
) -> None:
    await log.append(0, [b"{}"])
    told: list[RecordCut] = []
    with psycopg.connect(database) as connection:
        connection.execute(SEE, (0, 3, "00" * 32))

    with pytest.raises(RecordCut, match="partition 0 ends before offset 1 and was seen up to 0:2"):
        async with floor.watch(pool, log, told.append, sure_after_s=0):
            pass

    assert len(told) == 1
    assert seen_in(database) == {0: 3}, "it is never lowered"


async def test_the_positions_of_projections_are_a_floor_though_nothing_was_written_down(
    database: str, pool: AsyncConnectionPool, log: KafkaLog
) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("insert into platform.projections (name, version) values ('standings', 1)")
        connection.execute("insert into platform.positions values ('standings', 1, 5)")

    with pytest.raises(RecordCut, match="entries 1:0 to 1:4 are missing"):
        async with floor.watch(pool, log, lambda _: None, sure_after_s=0):
            pass


async def test_a_leader_that_tells_of_less_for_a_moment_is_no_alarm(
    database: str, pool: AsyncConnectionPool, log: KafkaLog, record_topic: Kafka
) -> None:
    told: list[RecordCut] = []
    with psycopg.connect(database) as connection:
        connection.execute(SEE, (0, 1, sha256(b"[{}]").hexdigest()))
    writer = KafkaLog(record_topic, 4)

    async def come_back() -> None:
        await asyncio.sleep(1)
        await writer.append(0, [b"{}"])

    async with asyncio.TaskGroup() as group:
        group.create_task(come_back())
        async with floor.watch(pool, log, told.append):
            assert (await log.append(0, [b"{}"])).offset == 1
    await writer.close()

    assert told == []


async def test_a_topic_that_is_made_anew_while_a_site_runs_stops_the_writer(
    pool: AsyncConnectionPool, log: KafkaLog, record_topic: Kafka
) -> None:
    told: list[RecordCut] = []
    async with floor.watch(pool, log, told.append, every_s=0.2, sure_after_s=60):
        for _ in range(3):
            await log.append(0, [b"{}"])
        await asyncio.to_thread(make_anew, record_topic)

        with pytest.raises(RecordShrunk, match="the record was there already up to 0:2"):
            await log.append(0, [b"{}"])
        with pytest.raises(RecordShrunk):
            await log.append(1, [b"{}"])
        await until(lambda: bool(told))

    assert "Kafka put an entry at 0:0" in str(told[0])


@pytest.mark.parametrize("name", ["api", "worker"])
async def test_a_process_that_finds_the_topic_another_one_ends_before_it_wrote_anything(
    database: str, record_topic: Kafka, log: KafkaLog, tmp_path: Path, name: str
) -> None:
    async with opened(database, 4, kafka=record_topic) as parts:
        await make_tables(parts)
    await log.append(0, [b"{}"])
    settle_place(database, await asyncio.to_thread(which, record_topic))
    with psycopg.connect(database) as connection:
        connection.execute(SEE, (0, 1, "00" * 32))
        connection.execute("delete from vault.keys")

    settings = {"FANFARE_KAFKA_BROKERS": record_topic.brokers, "FANFARE_KAFKA_TOPIC": record_topic.topic}
    done = await asyncio.to_thread(
        lambda: fanfare(tmp_path, name, FANFARE_DATABASE_URL=database, FANFARE_PORT=str(free_port()), **settings)
    )

    assert done.returncode == RECORD_CUT, done.stderr + done.stdout
    assert "entry 0:0 reads differently from what was seen there" in done.stderr
    with psycopg.connect(database) as connection:
        assert connection.execute("select from vault.keys").fetchall() == []


async def test_the_tail_of_a_topic_is_put_back_byte_for_byte_and_the_site_goes_on(
    database: str, record_topic: Kafka, tmp_path: Path
) -> None:
    async with opened(database, 4, Guard(tmp_path), record_topic) as parts:
        await found_and_join(parts)
    await asyncio.to_thread(lambda: backup(database, tmp_path, tmp_path / "backup", now=NOW, kafka=record_topic))
    before = await entries_in(record_topic)
    await asyncio.to_thread(make_anew, record_topic)

    done = await asyncio.to_thread(lambda: restore_tail(database, tmp_path / "backup", tmp_path, kafka=record_topic))
    again = await asyncio.to_thread(lambda: restore_tail(database, tmp_path / "backup", tmp_path, kafka=record_topic))

    assert await entries_in(record_topic) == before
    assert (sum(done.added.values()), done.missing) == (len(before), ())
    assert sum(again.added.values()) == 0
    async with opened(database, 4, Guard(tmp_path), record_topic) as parts:
        await joining.join(parts.desk, "One more")


async def test_nothing_is_put_over_another_entry_nor_into_the_topic_of_a_site_that_runs(
    database: str, record_topic: Kafka, tmp_path: Path
) -> None:
    async with opened(database, 4, Guard(tmp_path), record_topic) as parts:
        await found_and_join(parts)
        await asyncio.to_thread(lambda: backup(database, tmp_path, tmp_path / "backup", now=NOW, kafka=record_topic))
        here = Presence(parts.pool, "worker")
        await here.tell()
        telling = asyncio.create_task(repeat(here.tell, 0.1, "presence"))
        try:
            with psycopg.connect(database) as connection, pytest.raises(StillRunning, match=r"worker-\w+ runs"):
                await asyncio.to_thread(refuse_if_running, connection, lambda *_: None)
        finally:
            await ended([telling])
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("delete from platform.running")
        connection.execute("delete from record.seen")
        connection.execute(SEE, (0, 2, "00" * 32))
    await asyncio.to_thread(make_anew, record_topic)

    with pytest.raises(NotItsTail, match="is not what this site had written"):
        await asyncio.to_thread(lambda: restore_tail(database, tmp_path / "backup", tmp_path, kafka=record_topic))

    assert await entries_in(record_topic) == []


async def test_the_doctor_finds_a_site_on_kafka_well_and_each_fault_that_was_planted(
    database: str, record_topic: Kafka, tmp_path: Path
) -> None:
    def looked(kafka: Kafka) -> dict[str, Finding]:
        found = [*brokers.examine(kafka), *database_of.examine(database, tmp_path, running=True, kafka=kafka)]
        return {each.name: each for each in found}

    settle_place(database, await asyncio.to_thread(which, record_topic))
    async with opened(database, 4, Guard(tmp_path), record_topic) as parts:
        await found_and_join(parts)
        await Presence(parts.pool, "api").tell()

    well = await asyncio.to_thread(looked, record_topic)
    with psycopg.connect(database) as connection:
        connection.execute("delete from record.seen")
        connection.execute(SEE, (0, 99, "00" * 32))
    cut_off = await asyncio.to_thread(looked, record_topic)
    other = await asyncio.to_thread(looked, Kafka(brokers=record_topic.brokers, topic="record-of-another-site"))
    away = await asyncio.to_thread(looked, Kafka(brokers=f"127.0.0.1:{free_port()}", topic=record_topic.topic))

    assert {name for name, each in well.items() if each.state == "wrong"} == {"processes"}
    assert well["processes"].found == "1 api, 0 worker lately"
    assert cut_off["record not cut"].state == "wrong"
    assert other["place of the record"].state == "wrong"
    assert "There is no topic record-of-another-site" in other["brokers"].found
    assert (away["brokers"].state, away["place of the record"].state) == ("wrong", "wrong")
