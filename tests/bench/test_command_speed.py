"""How long the commands take that people wait for: the first page of a site, an export, a replay, a backup."""

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from time import perf_counter, sleep
from typing import NamedTuple
from urllib.error import HTTPError

import msgspec
import pytest

from fanfare.operations import folder
from tests.bench.fandom import MANY, Fandom
from tests.bench.stand import free_port, stand
from tests.bench.tables import Row, faults, shown

pytestmark = [pytest.mark.postgres]
_BARE = [sys.executable, "-c", "pass"]


class Run(NamedTuple):
    """A program that ran to its end without a fault."""

    took_s: float
    memory_mb: float
    """The most that it held."""
    said: bytes


def _run(argv: list[str], environment: dict[str, str] | None = None) -> Run:
    """Run a program to its end; one that fails, fails the test."""
    began = perf_counter()
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as told:
        child = subprocess.Popen(argv, env={**os.environ, **(environment or {})}, stdout=said, stderr=told)
        most_mb = 0.0
        while child.poll() is None:  # what the system tells of a child that ended includes what its parent held
            most_mb = max(most_mb, _memory_mb(child.pid))
            sleep(0.005)
        took_s = perf_counter() - began
        told.seek(0)
        if child.returncode:
            pytest.fail(f"{argv[3:]} failed: {told.read().decode()[-2000:]}")
        said.seek(0)
        return Run(took_s, most_mb, said.read())


def _memory_mb(pid: int) -> float:
    """Return the most that a process held in memory so far; 0 of one that has ended."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def _fanfare(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "fanfare.cli", *map(str, arguments)]


def _first_page_s(home: Path) -> float:
    """Start a site, wait for its first page, stop it, and return how long the page took in seconds; it says what it has to."""
    port, began = free_port(), perf_counter()
    environment = {**os.environ, "FANFARE_HOME": str(home)}
    running = subprocess.Popen(
        _fanfare("up", "--port", str(port)), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        page = _page(port)
        took_s = perf_counter() - began
    finally:
        running.send_signal(signal.SIGTERM)
        status = running.wait(30)
    assert "not set up yet" in page
    assert status == 0
    return took_s


def _page(port: int) -> str:
    """Return the first page of a new site as soon as it comes."""
    asking = urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"Accept": "text/html"})
    began = perf_counter()
    while perf_counter() - began < 60:
        try:
            urllib.request.urlopen(asking, timeout=5).close()  # noqa: S310 - an address of this machine
        except HTTPError as page:  # the site has no founder yet
            with page:
                return page.read().decode()
        except OSError:
            sleep(0.02)
    pytest.fail("no page came within a minute")


def test_the_first_page(capsys: pytest.CaptureFixture[str]) -> None:
    bare_s = _run(_BARE).took_s
    with tempfile.TemporaryDirectory(prefix="fanfare-") as folder:
        home = Path(folder) / "home"
        first_s, second_s = _first_page_s(home), _first_page_s(home)
    rows = [Row("starting Python", 1 / bare_s, f"{bare_s:.2f} s")]
    rows += [Row(name, 1 / took_s, f"{took_s:.2f} s") for name, took_s in (("a new site", first_s), ("the same again", second_s))]
    shown(capsys, "from `fanfare up` to the first page", rows)
    assert faults(rows) == {}


def test_what_auditors_and_operators_wait_for(capsys: pytest.CaptureFixture[str]) -> None:
    with stand() as site, tempfile.TemporaryDirectory(prefix="fanfare-") as home:
        fans = Fandom(site, 100)
        fans.fill(MANY)
        archive, saved = Path(home) / "archive.tar", Path(home) / "backup"
        environment = {"FANFARE_DATABASE_URL": site.conninfo, "FANFARE_HOME": home}
        runs = {
            "export": _run(_fanfare("export", archive, "--url", f"http://127.0.0.1:{site.port}"), environment),
            "replay": _run(_fanfare("replay", archive, "--json")),
            "sha256sum of the archive": _run(["sha256sum", str(archive)]),
            "backup": _run(_fanfare("backup", saved), environment),
        }
        size_mb, body = archive.stat().st_size / 2**20, archive.read_bytes()
        backup = folder.read(saved)
        damage = folder.damage(saved, backup)
        with site.client as client:
            report = client.get(f"/api/v1/rounds/{fans.round}/report").json()
    order = ("sha256sum of the archive", "replay", "export", "backup")
    rows = [
        Row(name, MANY / runs[name].took_s, f"{runs[name].took_s:.1f} s, {runs[name].memory_mb:,.0f} MB at most")
        for name in order
    ]
    shown(capsys, f"{MANY:,} ballots ({size_mb:,.0f} MB)", rows)
    replayed = msgspec.json.decode(runs["replay"].said)
    assert faults(rows) == {}
    assert report["ballots"]["counted"] == sum(fans.counted().values()) == MANY
    assert [each["name"] for each in replayed["claims"] if not each["passed"]] == []
    assert f"report rounds/{fans.round}" in {each["name"] for each in replayed["claims"]}
    assert runs["sha256sum of the archive"].said.split()[0].decode() == hashlib.sha256(body).hexdigest()
    assert damage == []
    assert sum(backup.moment) >= MANY / 100
