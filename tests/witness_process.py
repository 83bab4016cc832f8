"""Witnesses as processes of their own, as they run elsewhere: `fanfare witness`, over a folder and a free port."""

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from fanfare.ledger.keys import VerifierKey
from fanfare.witness.keys import own_key


def free_port() -> int:
    """Return a port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as heard:
        return int(heard.getsockname()[1])


@dataclass
class WitnessProcess:
    """A witness that is to run."""

    name: str
    home: Path
    port: int
    key: VerifierKey
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, site: str, *more: str) -> None:
        """Let it follow a site."""
        command = (sys.executable, "-m", "fanfare.cli", "witness", site, "--home", str(self.home))
        listens = ("--listen", f"127.0.0.1:{self.port}", "--every", "1")
        with (self.home / "stderr").open("ab") as log:
            self.process = subprocess.Popen([*command, *listens, *more], stdout=log, stderr=log)

    async def stop(self) -> int:
        """End it, and return its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self.process.wait, 20)

    def said(self) -> str:
        """Return what it told whoever runs it."""
        return (self.home / "stderr").read_text()


def to_be(home: Path, name: str) -> WitnessProcess:
    """Return a witness that has its key, and does not run yet."""
    home.mkdir(parents=True)
    return WitnessProcess(name, home, free_port(), own_key(home, name).verifier)


@asynccontextmanager
async def running(site: str, *witnesses: WitnessProcess) -> AsyncIterator[None]:
    """Run witnesses until the block ends."""
    async with AsyncExitStack() as stack:
        for each in witnesses:
            each.start(site)
            stack.push_async_callback(each.stop)
        yield
