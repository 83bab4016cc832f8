"""What tests of workers on Kafka share: a record in a topic, workers in this process or their own, and how far the tables are."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from time import monotonic

import psycopg
from kafka import KafkaProducer
from psycopg_pool import AsyncConnectionPool

from fanfare.platform.hosts.opening import opened
from fanfare.platform.hosts.work import work
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.logs.kafka.which import which
from fanfare.platform.logs.place import settle_place
from fanfare.platform.logs.port import StoredEntry
from fanfare.platform.tasks import ended
from fanfare.projecting import PROJECTIONS, make_tables
from fanfare.record.campaigns import RoundOpened
from fanfare.record.terms import RoundTerms
from tests.builders import a_plan, body, founded, planned, published, recorded, terms_for
from tests.integration import rebuilding

PARTITIONS = 4
POSITIONS = "select name, partition, next_offset from platform.projections left join platform.positions on projection = name"
Rows = dict[str, dict[str, list[str]]]


class Record:
    """A record in a topic, written as strangers write it: record by record, whatever the bytes."""

    def __init__(self, kafka: Kafka, conninfo: str) -> None:
        """Write to the topic of *kafka*, which the database of *conninfo* is told of."""
        settle_place(conninfo, which(kafka))
        self.kafka = kafka
        self.conninfo = conninfo
        self.heads = [0] * PARTITIONS

    def write(self, bodies: Iterable[tuple[int, bytes | None]], **options: object) -> None:
        """Append *bodies* to their partitions; they are durable on return."""
        patient = {"linger_ms": 5, "max_request_size": 2**20, "bootstrap_timeout_ms": 30_000}
        with closing(KafkaProducer(**self.kafka.options(), **patient, **options)) as producer:
            sent = []
            for partition, value in bodies:
                sent.append(producer.send(self.kafka.topic, value=value, key=None if value else b"k", partition=partition))
                self.heads[partition] += 1
            for each in sent:
                each.get(30)

    def tell(self, written: Sequence[StoredEntry]) -> None:
        """Append entries, which stand where the record's heads are."""
        self.write((each.partition, each.body) for each in written)

    def begin(self) -> RoundTerms:
        """Found a site with one open round, and return its terms."""
        plan = a_plan()
        terms = terms_for(plan)
        self.write(
            (0, each)
            for each in (
                body(recorded(founded(PARTITIONS), stream="site")),
                body(recorded(published(), stream="flavour"), recorded(planned(plan), stream="flavour")),
                body(recorded(RoundOpened(terms=terms), stream="flavour", after=1)),
            )
        )
        return terms

    def vote(self, terms: RoundTerms, how_many: int, name: str) -> None:
        """Append so many ballots."""
        self.tell(rebuilding.ballots(terms, how_many, self.heads, name))

    # How far the tables are

    def lag(self) -> int:
        """Return how many of these entries the projections lack, all of them together; a worker may have written more itself."""
        with psycopg.connect(self.conninfo) as connection:
            rows = connection.execute(POSITIONS).fetchall()
        places = {(name, partition): next_offset for name, partition, next_offset in rows}
        return sum(max(0, head - places.get((each.name, n), 0)) for each in PROJECTIONS for n, head in enumerate(self.heads))

    async def level(self, timeout_s: float = 20) -> float:
        """Return how many seconds it took until every projection had everything."""
        began = monotonic()
        async with asyncio.timeout(timeout_s):
            while await asyncio.to_thread(self.lag):  # noqa: ASYNC110 - other processes bring it about
                await asyncio.sleep(0.1)
        return monotonic() - began

    async def rows(self) -> Rows:
        """Return every row of every projection."""
        return await _rows(self.conninfo)

    async def alarms(self) -> list[str]:
        """Return the alarms of projections."""
        async with await psycopg.AsyncConnection.connect(self.conninfo) as connection:
            query = "select stopped from platform.projections where stopped is not null"
            return [row[0] for row in await (await connection.execute(query)).fetchall()]


async def _rows(conninfo: str) -> Rows:
    async with AsyncConnectionPool(conninfo, min_size=1, open=False) as pool:
        return {each.name: await rebuilding.tables(pool, each.name) for each in PROJECTIONS}


async def embedded_rows(postgres: str, written: Sequence[StoredEntry]) -> Rows:
    """Return what the worker on one machine makes of a history."""
    async with rebuilding.fresh_database(postgres) as pool:
        await rebuilding.store(pool, written)
        await rebuilding.replayed(pool, PROJECTIONS)
        return {each.name: await rebuilding.tables(pool, each.name) for each in PROJECTIONS}


@asynccontextmanager
async def working(record: Record) -> AsyncIterator["asyncio.Task[None]"]:
    """Run a worker on Kafka in this process, without chores."""
    worker = asyncio.create_task(work(record.conninfo, PROJECTIONS, lambda _: [], kafka=record.kafka))
    try:
        yield worker
    finally:
        await ended([worker])


class Process:
    """A worker in a process of its own, as `fanfare worker` runs it."""

    def __init__(self, record: Record, folder: Path, name: str) -> None:
        """Start it; what it logs goes to *folder*."""
        settings: Mapping[str, str] = {
            "FANFARE_DATABASE_URL": record.conninfo,
            "FANFARE_HOME": str(folder / name),
            "FANFARE_KAFKA_BROKERS": record.kafka.brokers,
            "FANFARE_KAFKA_TOPIC": record.kafka.topic,
        }
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as output:
            command = [sys.executable, "-m", "fanfare.cli", "worker"]
            self.process = subprocess.Popen(command, env=os.environ | settings, stdout=output, stderr=output)

    def held(self) -> set[int] | None:
        """Return the partitions that it was given last; None where it has not been yet."""
        found = re.findall(r'"partitions assigned".*"partitions": \[([\d, ]*)\]', self.log.read_text())
        return {int(each) for each in found[-1].split(", ") if each} if found else None

    def end(self, by: signal.Signals, timeout_s: float = 15) -> int:
        """Send a signal, and return the exit status; a supervisor waits for so long, too."""
        self.process.send_signal(by)
        return self.process.wait(timeout_s)


@asynccontextmanager
async def processes(record: Record, folder: Path, *names: str) -> AsyncIterator[list[Process]]:
    """Run workers until each has a share of the partitions, and kill what is left of them at the end."""
    async with opened(record.conninfo, 4, kafka=record.kafka) as parts:
        await make_tables(parts)  # as `fanfare migrate` does
    started = [Process(record, folder, name) for name in names]
    try:
        async with asyncio.timeout(45):
            while not _shared(started):  # noqa: ASYNC110 - other processes bring it about
                await asyncio.sleep(0.1)
        yield started
    finally:
        for each in started:
            if each.process.poll() is None:
                each.process.kill()
                each.process.wait()


def _shared(started: Sequence[Process]) -> bool:
    return all(each.held() for each in started)
