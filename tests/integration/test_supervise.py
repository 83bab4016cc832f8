"""The supervisor, run as a program of its own, with a real PostgreSQL and children that tell what happens to them."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, pairwise
from pathlib import Path

import pytest

from tests.integration.postgres_runs import SERVICES, count_kept, started, wait_until_gone

CHILD = """
import os, signal, sys
signal.alarm(180)
def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())
def leave(number, frame):
    say(sys.argv[1], "left")
    sys.exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN if "stubborn" in sys.argv[1] else leave)
say(sys.argv[1], "here", os.getpid(), os.environ.get("FANFARE_DATABASE_URL"), os.environ.get("COLOUR"))
if "short" in sys.argv[1]:
    sys.exit(3)
while True:
    signal.pause()
"""

WRITER = """
import os, itertools, time, psycopg
conninfo = os.environ["FANFARE_DATABASE_URL"]
number = 0
while True:
    try:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute("create table if not exists kept (number int)")
            while True:
                connection.execute("insert into kept values (%s)", [number + 1])
                number += 1
                os.write(1, b"kept %d\\n" % number)
    except psycopg.OperationalError:
        os.write(1, b"lost %d\\n" % number)
        time.sleep(0.02)
"""

SUPERVISOR = """
import json, signal, sys
from pathlib import Path
from fanfare.platform.hosts import supervise
from fanfare.platform.postgres.embedded import EmbeddedPostgres

home, grace, never_ready, programs = sys.argv[1], float(sys.argv[2]), sys.argv[3], json.loads(sys.argv[4])
supervise._GRACE_S = grace
children = [
    supervise.Child(name, [sys.executable, "-c", *argv], {"COLOUR": "violet"}, (lambda: False) if name == never_ready else None)
    for name, argv in programs.items()
]
postgres = EmbeddedPostgres(Path(home)) if home else None
status = supervise.Supervisor(children, postgres).run()
print("supervisor ended", status, signal.pthread_sigmask(signal.SIG_BLOCK, []), flush=True)
sys.exit(status)
"""


class Run:
    """A supervisor in a process of its own, and what it and its children said and nobody asked for yet."""

    def __init__(self, running: subprocess.Popen[str]) -> None:
        self.running = running
        self.heard: list[str] = []

    def said(self, *words: str) -> list[str]:
        """Wait for a line that has all *words*, take it, and return its words; who starts together may speak in any order."""
        assert self.running.stdout is not None
        for line in chain(list(self.heard), map(self.hear, self.running.stdout)):
            if set(words) <= set(line.replace("=", " ").split()):
                self.heard.remove(line)
                return line.split()
        raise AssertionError(f"never heard {words} in:\n{''.join(self.heard)}")

    def hear(self, line: str) -> str:
        self.heard.append(line)
        return line

    def rest(self) -> str:
        assert self.running.stdout is not None
        return "".join(self.heard) + self.running.stdout.read()

    def stop(self) -> int:
        self.running.terminate()
        return self.running.wait(60)


@contextmanager
def supervised(
    programs: dict[str, list[str]], home: Path | None = None, grace_s: float = 10, never_ready: str = ""
) -> Iterator[Run]:
    arguments = [str(home or ""), str(grace_s), never_ready, json.dumps(programs)]
    environment = os.environ | {"PYTHONPATH": str(SERVICES), "NO_COLOR": "1"}
    command = [sys.executable, "-c", SUPERVISOR, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment) as running:
        # A test that waits for a word that never comes fails, instead of waiting for ever.
        patience = threading.Timer(120, running.kill)
        patience.start()
        try:
            yield Run(running)
        finally:
            patience.cancel()
            running.kill()


def calm(*names: str) -> dict[str, list[str]]:
    return {name: [CHILD, name] for name in names}


def test_children_are_stopped_in_reverse_order() -> None:
    with supervised(calm("first", "second", "third")) as run:
        for name in ("first", "second", "third"):
            run.said(name, "here")
        run.said("ready")
        status = run.stop()
        left = [line.split()[0] for line in run.rest().splitlines() if line.endswith(" left")]

    assert status == 0
    assert left == ["third", "second", "first"]


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGHUP])
def test_a_console_that_interrupts_or_closes_stops_it_too(kind: signal.Signals) -> None:
    with supervised(calm("only")) as run:
        run.said("only", "here")
        run.said("ready")
        run.running.send_signal(kind)
        run.said("only", "left")
        ended = run.said("supervisor", "ended")

    assert ended == ["supervisor", "ended", "0", "set()"]


def test_a_child_that_crashes_is_started_again() -> None:
    with supervised(calm("only")) as run:
        first = int(run.said("only", "here")[2])
        run.said("ready")
        os.kill(first, signal.SIGKILL)
        second = int(run.said("only", "here")[2])
        status = run.stop()

    assert second != first
    assert status == 0


def test_a_child_that_always_ends_is_started_again_ever_later() -> None:
    with supervised(calm("short")) as run:
        moments = []
        for _ in range(5):
            run.said("short", "here")
            moments.append(time.monotonic())
        status = run.stop()

    pauses = [later - earlier for earlier, later in pairwise(moments)]
    assert pauses[-1] > pauses[0] + 0.3
    assert status == 0


def test_a_child_that_does_not_leave_is_killed() -> None:
    with supervised(calm("stubborn"), grace_s=0.3) as run:
        child = int(run.said("stubborn", "here")[2])
        run.said("ready")
        status = run.stop()
        rest = run.rest()

    wait_until_gone(child)
    assert "killed" in rest
    assert status == 0


def test_a_second_request_to_stop_gives_nobody_more_time() -> None:
    with supervised(calm("stubborn"), grace_s=600) as run:
        run.said("stubborn", "here")
        run.said("ready")
        run.running.send_signal(signal.SIGINT)
        run.said("stopping")
        run.running.send_signal(signal.SIGINT)
        run.said("killed")
        status = run.running.wait(60)

    assert status == 0


def test_children_leave_when_the_supervisor_is_killed() -> None:
    with supervised(calm("first", "second")) as run:
        pids = [int(run.said(name, "here")[2]) for name in ("first", "second")]
        run.said("ready")
        run.running.kill()
        for pid in pids:
            wait_until_gone(pid)


def test_a_child_that_ends_before_it_is_ready_ends_the_start() -> None:
    with supervised(calm("first", "short"), never_ready="short") as run:
        run.said("stopped", "part", "first")  # it may be told before it can hear: then it ends without a word
        ended = run.said("supervisor", "ended")

    assert ended[2] == "1"


def test_a_start_that_waits_for_a_child_can_be_stopped() -> None:
    with supervised(calm("first"), never_ready="first") as run:
        run.said("first", "here")
        run.running.terminate()
        run.said("first", "left")
        ended = run.said("supervisor", "ended")

    assert ended[2] == "0"


@pytest.mark.postgres
def test_children_are_told_the_database_and_their_own_environment(tmp_path: Path) -> None:
    with supervised(calm("only"), tmp_path) as run:
        told = run.said("only", "here")
        status = run.stop()

    assert told[3].startswith("postgresql://fanfare@/fanfare?host=")
    assert told[4] == "violet"
    assert status == 0


@pytest.mark.postgres
def test_a_killed_postmaster_is_started_again_and_the_children_go_on(tmp_path: Path) -> None:
    with supervised({"writer": [WRITER]}, tmp_path) as run:
        line = run.said("started", "part", "postgresql")
        postmaster = int(next(word for word in line if word.startswith("pid=")).removeprefix("pid="))
        run.said("kept", "50")
        os.kill(postmaster, signal.SIGKILL)
        acknowledged = int(run.said("lost")[1])
        run.said("again")
        run.said("kept", str(acknowledged + 50))
        status = run.stop()

    assert status == 0
    assert kept_in(tmp_path) >= acknowledged + 50


@pytest.mark.postgres
def test_a_killed_supervisor_leaves_nobody_behind_and_can_start_again_at_once(tmp_path: Path) -> None:
    with supervised({"writer": [WRITER]}, tmp_path) as run:
        line = run.said("started", "part", "postgresql")
        postmaster = int(next(word for word in line if word.startswith("pid=")).removeprefix("pid="))
        run.said("kept", "50")
        run.running.kill()
        with supervised(calm("only"), tmp_path) as second:
            second.said("ready")
            status = second.stop()

    wait_until_gone(postmaster)
    assert status == 0
    assert kept_in(tmp_path) >= 50


@pytest.mark.postgres
def test_a_second_supervisor_on_the_same_home_says_why_it_cannot_start(tmp_path: Path) -> None:
    with supervised(calm("only"), tmp_path) as run:
        run.said("ready")
        with supervised(calm("other"), tmp_path) as second:
            said = " ".join(second.said("cannot", "start"))
            second_status = second.running.wait(60)
        status = run.stop()

    assert f"Fanfare already runs on {tmp_path}" in said
    assert second_status == 1
    assert status == 0


def kept_in(home: Path) -> int:
    with started(home) as (_, conninfo):
        return count_kept(conninfo)
