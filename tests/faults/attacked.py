"""A site as anybody runs it, `fanfare up` with its own folder and port, and the processes that it is made of."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from tests.faults.driving import Connection
from tests.faults.ground import Ground, free_port

FANFARE = Path(sys.executable).parent / "fanfare"
Part = Literal["api", "worker", "supervisor", "postgres", "backend"]
PARTS: tuple[Part, ...] = ("api", "worker", "supervisor", "postgres", "backend")
"""What can be killed: the last two are the postmaster, and one of the processes that serve its connections."""


class Attacked(Ground):
    """A site under `fanfare up`."""

    def __init__(self, home: Path, folder: Path) -> None:
        """Use *home* as FANFARE_HOME, and keep what the site prints in *folder*."""
        super().__init__(folder)
        self.home, self.port = home, free_port()
        self._printed = folder / "printed.txt"
        self._supervisor: subprocess.Popen[bytes] | None = None
        self.starts_refused = 0
        """How often a new start found the port or the folder still held by what the killed one left behind."""

    @property
    def printed(self) -> str:
        """All that the site printed."""
        return self._printed.read_text(errors="replace")

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a command about this site."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith("FANFARE_")}
        return {**kept, "FANFARE_HOME": str(self.home)}

    @property
    def supervisor(self) -> int:
        """The process id of `fanfare up`."""
        assert self._supervisor is not None
        return self._supervisor.pid

    async def start(self, within_s: float = 60) -> None:
        """Start the site as an init system would: again where it ended at once."""
        async with asyncio.timeout(within_s):
            self._launch()
            while not await self.answers():
                if self._supervisor is not None and self._supervisor.poll() is not None:
                    self.starts_refused += 1
                    await asyncio.sleep(0.2)
                    self._launch()
                await asyncio.sleep(0.05)
        self.conninfo = (self.home / "connection").read_text()

    def _launch(self) -> None:
        with self._printed.open("ab") as sink:
            self._supervisor = subprocess.Popen(
                [FANFARE, "up", "--port", str(self.port)],
                env=self.environment,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )

    async def answers(self) -> bool:
        """Tell whether the API answers."""
        connection = Connection("", self.port)
        answer = await connection.ask("GET", "/healthz", within_s=2)
        connection.close()
        return answer.status == 200

    def has_ended(self) -> bool:
        """Tell whether `fanfare up` has ended."""
        return self._supervisor is None or self._supervisor.poll() is not None

    def stop(self) -> None:
        """Stop it as a person would, with Ctrl-C's signal."""
        if self._supervisor is not None and self._supervisor.poll() is None:
            self._supervisor.send_signal(signal.SIGINT)
            self._supervisor.wait(60)

    def pids(self, part: Part) -> list[int]:
        """Return the processes of a part that live now; of backends those that serve the site's own connections."""
        if part == "supervisor":
            return [self.supervisor]
        found = children(self.supervisor)
        if part in ("api", "worker"):
            return [pid for pid, argv in found.items() if argv[-3:] == ["-m", "fanfare.cli", part]]
        postmaster = [pid for pid, argv in found.items() if argv[0].endswith("/postgres")]
        if part == "postgres":
            return postmaster
        return [pid for each in postmaster for pid, argv in children(each).items() if argv[0].startswith("postgres: fanfare")]


def children(parent: int) -> dict[int, list[str]]:
    """Return the living children of a process with their command lines."""
    found: dict[int, list[str]] = {}
    for each in Path("/proc").iterdir():
        try:
            if each.name.isdigit() and int((each / "stat").read_text().rsplit(")", 1)[1].split()[1]) == parent:
                argv = (each / "cmdline").read_bytes().decode(errors="replace").rstrip("\0 ").split("\0")
                if argv != [""]:
                    found[int(each.name)] = argv
        except OSError:
            continue
    return found


@asynccontextmanager
async def attacked(home: Path, folder: Path) -> AsyncIterator[Attacked]:
    """Run a founded site until the block ends."""
    site = Attacked(home, folder)
    try:
        await site.start()
        await site.found()
        yield site
    finally:
        await site.hang_up()
        site.stop()
