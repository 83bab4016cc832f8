"""Sites in folders of their own, run by the real command line."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString

import psycopg

from fanfare.campaigns.founding import Founding, found
from fanfare.members import joining
from fanfare.notary import keys
from fanfare.operations.places import started
from fanfare.platform.hosts.opening import Parts, opened
from fanfare.platform.migrations.run import migrate
from fanfare.projecting import make_tables
from tests.site_fixture import ADDRESS


def made(home: Path, members: int = 5, url: str = ADDRESS) -> None:
    """Found a site in *home* that a few members joined, one entry each, and stop it."""
    founding = Founding(url=url, brand="Pomfret Soda", colour="#ff5c7c", zone="Europe/Berlin", simulation=False)

    async def tell(parts: Parts) -> None:
        await found(parts.desk, founding)
        await make_tables(parts)
        await keys.make(parts.desk)  # as the worker of a new site does
        for number in range(members):
            await joining.join(parts.desk, f"Fan {number}")

    with started(home) as conninfo:
        migrate(conninfo)
        asyncio.run(with_parts(conninfo, tell))


async def with_parts(conninfo: str, action: Callable[[Parts], Awaitable[None]]) -> None:
    """Do something with the parts of a site."""
    async with opened(conninfo, 4) as parts:
        await action(parts)


def asked(home: Path, statement: LiteralString, parameters: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Run a statement in the database of a stopped site and return its rows."""
    with started(home) as conninfo, psycopg.connect(conninfo, autocommit=True) as connection:
        done = connection.execute(statement, parameters)
        return done.fetchall() if done.description is not None else []


def fanfare(home: Path, *arguments: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the command line on *home*, and return how it ended and what it said."""
    return subprocess.run(
        [sys.executable, "-m", "fanfare.cli", *map(str, arguments)],
        env=environment(home, **settings),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def environment(home: Path, **settings: str) -> dict[str, str]:
    """Return the environment of a command on *home*, with nothing of this machine's own settings."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("FANFARE_") and name != "PORT"}
    return kept | {"FANFARE_HOME": str(home), "COLUMNS": "200"} | settings


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextmanager
def up(home: Path, port: int, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """Run ``fanfare up`` until the block ends, and give it when it is ready."""
    command = [sys.executable, "-m", "fanfare.cli", "up", "--port", str(port)]
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, env=environment(home, **settings), **pipe) as running:  # type: ignore[call-overload]
        patience = threading.Timer(120, running.kill)  # a test that waits for a word that never comes fails
        patience.start()
        try:
            heard = list(until_ready(running))
            assert '"ready"' in heard[-1], "".join(heard)
            threading.Thread(target=drain, args=(running,), daemon=True).start()
            yield running
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(60)
            patience.cancel()


def drain(running: subprocess.Popen[str]) -> None:
    """Take in what a site says, so that it never waits for a reader."""
    assert running.stdout is not None
    for _ in running.stdout:
        pass


def until_ready(running: subprocess.Popen[str]) -> Iterator[str]:
    """Yield what a site says up to the line that says that it is ready, or to its end."""
    assert running.stdout is not None
    for line in running.stdout:
        yield line
        if '"event": "ready"' in line:
            return
