"""A site whose API and worker the test starts itself, so that it can look at what a death left behind before it goes on."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

import msgspec
import psycopg
from psycopg import sql

from fanfare.projecting import make_tables
from tests.faults.driving import Connection
from tests.faults.failing import ARMED, CLOCK, DATABASE_CLOCK, FIRED, FOLDER, Failpoint
from tests.faults.ground import Ground, free_port

Process = Literal["api", "worker"]


class Stage(Ground):
    """A site in a database of a PostgreSQL that runs already."""

    def __init__(self, conninfo: str, folder: Path) -> None:
        """Keep failpoints, history and what the processes print in *folder*."""
        super().__init__(folder)
        self.conninfo, self.port = conninfo, free_port()
        self.settings: dict[str, str] = {}
        """More of the environment."""
        self._folder = folder
        self._running: dict[Process, subprocess.Popen[bytes]] = {}

    @property
    def printed(self) -> str:
        """All that the processes printed."""
        return (self._folder / "printed.txt").read_text(errors="replace")

    def _launch(self, process: Process) -> None:
        environment = {
            **os.environ,
            "FANFARE_DATABASE_URL": self.conninfo,
            "FANFARE_PORT": str(self.port),
            "FANFARE_HOME": str(self._folder),
            FOLDER: str(self._folder),
            **self.settings,
        }
        with (self._folder / "printed.txt").open("ab") as sink:
            command = [sys.executable, "-m", "tests.faults.failing", process]
            self._running[process] = subprocess.Popen(command, env=environment, stdout=sink, stderr=sink)

    async def start(self, process: Process) -> None:
        """Start a process; of the API return when it answers."""
        self._launch(process)
        if process == "api":
            connection = Connection("", self.port)
            async with asyncio.timeout(60):
                while True:
                    answer = await connection.ask("GET", "/healthz", within_s=2)
                    if answer.status == 200:
                        break
                    assert self._running[process].poll() is None, self.printed[-3000:]
                    await asyncio.sleep(0.03)
            connection.close()

    def send(self, process: Process, kind: signal.Signals) -> None:
        """Send a signal to a process."""
        self._running[process].send_signal(kind)

    async def end(self, process: Process) -> None:
        """End a process as the supervisor would."""
        self.send(process, signal.SIGTERM)
        await self._ended(process)

    async def _ended(self, process: Process) -> None:
        await until(lambda: self._running[process].poll() is not None)

    def arm(self, failpoint: Failpoint) -> None:
        """Let a process die at its next passing; it has to be there, or `died` waits in vain."""
        (self._folder / FIRED).unlink(missing_ok=True)
        fresh = self._folder / "new.json"
        fresh.write_bytes(msgspec.json.encode(failpoint))
        fresh.replace(self._folder / ARMED)

    async def died(self, process: Process, within_s: float = 30) -> None:
        """Return when the failpoint has fired and the process is dead."""
        async with asyncio.timeout(within_s):
            while not (self._folder / FIRED).exists():
                assert self._running[process].poll() is None, self.printed[-3000:]
                await asyncio.sleep(0.01)
        await self._ended(process)

    async def stopped_itself(self, within_s: float = 30) -> None:
        """Return when a failpoint that stops has fired."""
        await until((self._folder / FIRED).exists, within_s)

    async def mend(self) -> None:
        """Disarm what is armed and start what is dead, for the next case."""
        await self.calm_down()
        (self._folder / ARMED).unlink(missing_ok=True)
        self.set_clock()
        for process, running in self._running.items():
            running.send_signal(signal.SIGCONT)
            if running.poll() is not None:
                await self.start(process)

    def set_clock(self, ours_s: float = 0, database_s: float = 0) -> None:
        """Shift the clocks that both processes see, their own and the database's, of those that run and those that will."""
        for name, ahead_s in ((CLOCK, ours_s), (DATABASE_CLOCK, database_s)):
            fresh = self._folder / "new.clock"
            fresh.write_text(str(ahead_s))
            fresh.replace(self._folder / name)

    def kill_all(self) -> None:
        """End whatever runs."""
        for each in self._running.values():
            each.kill()
            each.wait()


async def until(is_so: Callable[[], bool], within_s: float = 30) -> None:
    """Return once *is_so*, which is asked again and again."""
    async with asyncio.timeout(within_s):
        while True:
            if is_so():
                return
            await asyncio.sleep(0.01)


@contextmanager
def cloned(postgres: str) -> Iterator[str]:
    """Make a migrated database on a running PostgreSQL until the block ends."""
    name = f"fanfare_stage_{time.time_ns():x}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(
            sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier("fanfare_template"))
        )
        yield urlunsplit(urlsplit(postgres)._replace(path=f"/{name}"))
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@asynccontextmanager
async def staged(conninfo: str, folder: Path, **settings: str) -> AsyncIterator[Stage]:
    """Run a founded site until the block ends; *settings* go into the environment of its processes."""
    stage = Stage(conninfo, folder)
    stage.settings |= settings
    try:
        await stage.with_parts(make_tables)
        await stage.start("api")
        await stage.found()
        await stage.start("worker")
        yield stage
    finally:
        await stage.hang_up()
        stage.kill_all()
