"""A site to measure: a fresh embedded PostgreSQL, the API and the worker as processes of their own, fans with tokens."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx2

from fanfare.members import joining
from fanfare.platform.hosts.opening import Parts, opened
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.postgres.embedded import EmbeddedPostgres
from fanfare.platform.settings import Settings
from fanfare.preparing import bring
from fanfare.projecting import make_tables
from fanfare.running import found_simulation
from tests.site_fixture import round_of

Done = TypeVar("Done")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Stand:
    """A running site."""

    conninfo: str
    port: int
    host: str
    """The token of a host."""
    postmaster: int
    kafka: Kafka | None = None
    """Where the record is; in PostgreSQL without it."""
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def client(self) -> httpx2.Client:
        """A client that is signed in as the host."""
        return httpx2.Client(
            base_url=f"http://127.0.0.1:{self.port}", headers={"Authorization": f"Bearer {self.host}"}, timeout=60
        )

    def open_round(self) -> str:
        """Publish a campaign with one round that takes ballots now, and return the round's id once it is open."""
        with self.client as client:
            made = client.post("/api/v1/drafts", json={}).json()
            draft = {"title": "The Eighth Flavour", "story": "Yours.", "rounds": [round_of(closes_at=_in(24))]}
            client.put(f"/api/v1/drafts/{made['id']}", json={"version": made["version"], "draft": draft}).raise_for_status()
            client.post(f"/api/v1/drafts/{made['id']}/publish").raise_for_status()
            while True:
                rounds = client.get(f"/api/v1/campaigns/{made['id']}").json().get("rounds", [])
                if rounds and rounds[0]["status"] == "open":
                    return str(rounds[0]["id"])
                time.sleep(0.05)

    def fans(self, count: int) -> list[str]:
        """Make fans and return their tokens."""

        async def make(parts: Parts) -> list[str]:
            found: list[str] = []
            for start in range(0, count, 500):
                names = [f"Fan {n}" for n in range(start, min(start + 500, count))]
                found += [token for _, token in await joining.join_many(parts.desk, names)]
            return found

        return asyncio.run(self.with_parts(make))

    async def with_parts(self, action: Callable[[Parts], Awaitable[Done]]) -> Done:
        """Do something with the parts of the site, in a process of our own."""
        async with opened(self.conninfo, 4, kafka=self.kafka) as parts:
            return await action(parts)

    def cpu_s(self) -> dict[str, float]:
        """Return the processor time that each part has used, in seconds."""
        backends = subprocess.run(
            ["pgrep", "-P", str(self.postmaster)], capture_output=True, text=True, check=False
        ).stdout.split()
        times = {name: _cpu_s(process.pid) for name, process in self.processes.items()}
        return {**times, "postgres": sum(map(_cpu_s, map(int, backends))), "client": time.process_time()}

    def memory_mb(self, name: str) -> float:
        """Return what a process holds in memory now."""
        lines = Path(f"/proc/{self.processes[name].pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def _cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _in(hours: int) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def stand(kafka: Kafka | None = None, workers: int = 1) -> Iterator[Stand]:
    """Run a founded simulation site until the block ends, its record in PostgreSQL or in a topic that is made for it."""
    with tempfile.TemporaryDirectory(prefix="fanfare-") as folder:
        home, port = Path(folder) / "home", free_port()
        postgres = EmbeddedPostgres(home)
        conninfo = postgres.start()
        bring(Settings(home=home, **_settings(kafka)), conninfo)

        async def prepare() -> str:
            async with opened(conninfo, 4, kafka=kafka) as parts:
                await make_tables(parts)
                return await found_simulation(parts, f"http://localhost:{port}")

        found = Stand(conninfo, port, asyncio.run(prepare()), postgres.pid or 0, kafka)
        environment = {**os.environ, "FANFARE_DATABASE_URL": conninfo, "FANFARE_PORT": str(port), "FANFARE_HOME": str(home)}
        environment |= {f"FANFARE_{name.upper()}": text for name, text in _settings(kafka).items()}
        working = ["-m", "fanfare.cli", "worker"]
        commands = {"api": ["-m", "tests.bench.server"], "worker": working}
        commands |= {f"worker {n}": working for n in range(2, workers + 1)}
        for name, argv in commands.items():
            found.processes[name] = subprocess.Popen([sys.executable, *argv], env=environment, stderr=subprocess.DEVNULL)
        try:
            _await(port)
            yield found
        finally:
            for each in found.processes.values():
                each.send_signal(signal.SIGTERM)
            for each in found.processes.values():
                each.wait(20)
            postgres.stop()


def _settings(kafka: Kafka | None) -> dict[str, Any]:
    return {"kafka_brokers": kafka.brokers, "kafka_topic": kafka.topic} if kafka else {}


def _await(port: int) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    message = "the API did not answer within 30 s"
    raise TimeoutError(message)
