"""Running the embedded PostgreSQL in tests: here, in an application of its own, as somebody else."""

import os
import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from fanfare.platform.postgres.embedded import EmbeddedPostgres

SERVICES = Path(__file__).parents[2] / "services"

APPLICATION = """
import itertools, os, sys
from pathlib import Path
import psycopg
from fanfare.platform.postgres.embedded import EmbeddedPostgres

postgres = EmbeddedPostgres(Path(sys.argv[1]))
conninfo = postgres.start()
print("ready", postgres.pid, conninfo, os.readlink(f"/proc/{postgres.pid}/exe"), flush=True)
with psycopg.connect(conninfo, autocommit=True) as connection:
    connection.execute("create table if not exists kept (number int)")
    for number in itertools.count(1) if sys.argv[2] == "write" else ():
        connection.execute("insert into kept values (%s)", [number])
        os.write(1, b"kept %d\\n" % number)
postgres.stop()
"""


@contextmanager
def started(home: Path) -> Iterator[tuple[EmbeddedPostgres, str]]:
    postgres = EmbeddedPostgres(home)
    try:
        yield postgres, postgres.start()
    finally:
        postgres.stop()


@contextmanager
def application(home: Path, task: str, prefix: tuple[str, ...] = ()) -> Iterator[subprocess.Popen[str]]:
    command = [*prefix, sys.executable, "-c", APPLICATION, str(home), task]
    environment = os.environ | {"PYTHONPATH": str(SERVICES)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as running:
        # A test that waits for a word that never comes fails, instead of waiting for ever.
        patience = threading.Timer(120, running.kill)
        patience.start()
        try:
            yield running
        finally:
            patience.cancel()
            running.kill()


def said(running: subprocess.Popen[str], word: str) -> list[str]:
    """Read what *running* says up to a line that begins with *word*; return that line's words."""
    assert running.stdout is not None
    for line in running.stdout:
        if word in line.split():
            return line.split()
    raise AssertionError(f"it ended without saying {word}")


def wait_until_gone(pid: int) -> None:
    watched = select.poll()
    try:
        end = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    watched.register(end, select.POLLIN)
    assert watched.poll(30_000), f"process {pid} is still there"
    os.close(end)


def count_kept(conninfo: str) -> int:
    with psycopg.connect(conninfo) as connection:
        row = connection.execute("select count(distinct number) from kept").fetchone()
    assert row is not None
    return int(row[0])


def setting(conninfo: str, name: str) -> str:
    with psycopg.connect(conninfo) as connection:
        row = connection.execute("select current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


def outcome_of_plain_run(home: Path, prefix: tuple[str, ...] = (), services: Path = SERVICES) -> list[str]:
    command = [*prefix, sys.executable, "-c", APPLICATION, str(home), "nothing"]
    environment = os.environ | {"PYTHONPATH": str(services), "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert run.returncode == 0, run.stderr
    return next(line.split() for line in run.stdout.splitlines() if line.startswith("ready"))
