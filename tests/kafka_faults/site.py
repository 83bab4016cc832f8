"""A site of many processes on three brokers: PostgreSQL, two APIs and two workers, each of which can be killed and stopped."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec

from fanfare.platform.hosts.opening import Parts
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.postgres.embedded import EmbeddedPostgres
from fanfare.record.entry import Entry
from tests.faults.checker import complaints
from tests.faults.driving import Connection
from tests.faults.failing import ARMED, FIRED, FOLDER, Failpoint
from tests.faults.ground import Ground, free_port
from tests.faults.history import Asked, Told, ballots, read_history
from tests.kafka_faults import raw
from tests.kafka_faults.cluster import Cluster
from tests.kafka_faults.raw import Line, Raw, read_raw

FANFARE = Path(sys.executable).parent / "fanfare"
ROOT = Path(__file__).resolve().parent.parent.parent
APIS, WORKERS = ("api-1", "api-2"), ("worker-1", "worker-2")


class Site(Ground):
    """A founded site with the record on *cluster*. Owned by the main thread."""

    patience_s = 120.0

    def __init__(self, cluster: Cluster, kafka: Kafka, folder: Path) -> None:
        """Keep database, failpoints, history and what the processes print in *folder*."""
        super().__init__(folder)
        self.cluster, self.kafka = cluster, kafka
        self.postgres = EmbeddedPostgres(folder / "postgres")
        self.conninfo = self.postgres.start()
        self.port, *more = self._ports = (free_port(), free_port())
        self.others = tuple(more)
        self.seen_raw: Raw = {}
        """The record as it was read last."""
        self._topic = kafka
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def printed(self) -> str:
        """All that the processes printed."""
        return "".join(each.read_text(errors="replace") for each in sorted(self._folder.glob("*.txt")))

    def _environment(self, name: str) -> dict[str, str]:
        kept = {key: text for key, text in os.environ.items() if not key.startswith("FANFARE_")}
        (self._folder / name).mkdir(exist_ok=True)
        port = self._ports[APIS.index(name)] if name in APIS else self.port
        return {
            **kept,
            "FANFARE_DATABASE_URL": self.conninfo,
            "FANFARE_KAFKA_BROKERS": self._topic.brokers,
            "FANFARE_KAFKA_TOPIC": self._topic.topic,
            "FANFARE_HOME": str(self._folder / "home"),
            "FANFARE_PORT": str(port),
            "FANFARE_REQUESTS_PER_ADDRESS": "1000000",  # all fans come from one
            FOLDER: str(self._folder / name),
        }

    # Processes

    def migrate(self) -> None:
        """Run `fanfare migrate`, as it is run before all others."""
        done = subprocess.run(
            [FANFARE, "migrate"], env=self._environment("migrate"), capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def launch(self, name: str) -> None:
        """Start a process; its name begins with its kind. It is the real one, in a program that can be told where to die."""
        with (self._folder / f"{name}.txt").open("ab") as sink:
            command = [sys.executable, "-m", "tests.faults.failing", name.partition("-")[0]]
            self._running[name] = subprocess.Popen(
                command, env=self._environment(name), cwd=ROOT, stdout=sink, stderr=sink, start_new_session=True
            )

    async def answers(self, name: str, within_s: float = 120) -> None:
        """Return when an API answers."""
        connection = Connection("", self._ports[APIS.index(name)])
        async with asyncio.timeout(within_s):
            while (await connection.ask("GET", "/healthz", within_s=2)).status != 200:
                assert self.lives(name), self.printed[-3000:]
                await asyncio.sleep(0.05)
        connection.close()

    def connection_to(self, name: str) -> Connection:
        """Return a connection of the host to one API, to be closed by whoever asked for it."""
        return Connection(self.token, self._ports[APIS.index(name)])

    def lives(self, name: str) -> bool:
        """Tell whether a process is there."""
        return name in self._running and self._running[name].poll() is None

    def send(self, name: str, kind: signal.Signals) -> None:
        """Send a signal to a process."""
        self._running[name].send_signal(kind)

    def kill(self, name: str) -> None:
        """Kill a process as `kill -9` does, and return when it is dead."""
        self._running[name].kill()
        self._running[name].wait()

    async def ended(self, name: str, within_s: float = 60) -> None:
        """Return when a process has ended."""
        async with asyncio.timeout(within_s):
            while self.lives(name):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.02)

    def revive(self) -> None:
        """Start every process that is dead, and let every stopped one go on."""
        if self.postgres.poll() is not None:
            self.postgres.restart()
        for name in (*APIS, *WORKERS):
            (self._folder / name / ARMED).unlink(missing_ok=True)
            if not self.lives(name):
                self.launch(name)
            self.send(name, signal.SIGCONT)

    def end(self) -> None:
        """End whatever runs."""
        for each in self._running.values():
            each.kill()
            each.wait()
        self.postgres.stop()

    # Failpoints

    def arm(self, name: str, failpoint: Failpoint) -> None:
        """Let a process die or stop at its next passing."""
        folder = self._folder / name
        (folder / FIRED).unlink(missing_ok=True)
        fresh = folder / "new.json"
        fresh.write_bytes(msgspec.json.encode(failpoint))
        fresh.replace(folder / ARMED)

    async def disarm(self, *names: str) -> None:
        """Let those live that have not come to their failpoint, and return when the others are dead: it may be more than one."""
        for name in names:
            (self._folder / name / ARMED).unlink(missing_ok=True)
            if (self._folder / name / FIRED).exists():
                await self.ended(name)

    async def fired(self, *names: str, within_s: float = 30) -> str:
        """Return which of these processes came to its failpoint first, once one did."""
        async with asyncio.timeout(within_s):
            while True:
                for name in names:
                    if (self._folder / name / FIRED).exists():
                        return name
                    assert self.lives(name) or (self._folder / name / FIRED).exists(), self.printed[-3000:]
                await asyncio.sleep(0.01)

    # What is checked

    async def record(self) -> list[Entry]:
        """Return the whole record, as a consumer that is not ours read it; what our own log reads has to be the same."""
        self.seen_raw = await asyncio.to_thread(read_raw, self._topic)
        assert await self.with_parts(_read_ours) == self.seen_raw, "our log reads another record than a plain consumer does"
        return raw.entries(self.seen_raw)

    @property
    def refusals(self) -> list[Told]:
        """Every 503 that a fan was given."""
        return [each for each in self.history.lines if isinstance(each, Told) and each.status == 503]

    @property
    def waits_for_refusals_s(self) -> list[float]:
        """How long each of them took."""
        asked_at: dict[str, float] = {}
        waits_s = []
        for line in self.history.lines:
            if isinstance(line, Asked):
                asked_at[line.key] = line.at
            elif isinstance(line, Told) and line.status == 503:
                waits_s.append(line.at - asked_at[line.key])
        return waits_s

    async def complaints(self) -> dict[str, list[str]]:
        """Return what the checks of the base and the raw ones complain of; empty where all is well."""
        evidence = await self.evidence()
        found = complaints(evidence)
        history = ballots(read_history(self._history_path))
        if wrong := raw.complaints(self.seen_raw, history, evidence.rounds):
            found["a plain consumer"] = wrong[:5]
        return found


async def _read_ours(parts: Parts) -> Raw:
    """Return what our own log reads."""
    found: Raw = {partition: [] for partition in range(parts.log.partitions)}
    for partition, lines in found.items():
        while page := await parts.log.read(partition, len(lines), 1000):
            lines += [Line(each.offset, each.body) for each in page]
    return found


@asynccontextmanager
async def site(cluster: Cluster, kafka: Kafka, folder: Path) -> AsyncIterator[Site]:
    """Run a founded site until the block ends."""
    made = Site(cluster, kafka, folder)
    try:
        made.migrate()
        for name in APIS:
            made.launch(name)
        for name in APIS:
            await made.answers(name)
        await made.found()
        for name in WORKERS:
            made.launch(name)
        yield made
    finally:
        with suppress(Exception):
            await made.hang_up()
        made.end()
