"""How long the commands take that people wait for: the first page of a site, an export, a replay, a backup."""

import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from time import perf_counter, sleep
from urllib.error import HTTPError

import pytest

from tests.bench.stand import free_port, stand
from tests.bench.tables import Row, shown
from tests.bench.test_site_speed import MANY, Fandom

pytestmark = [pytest.mark.postgres]
_BARE = [sys.executable, "-c", "pass"]


def _seconds(argv: list[str], environment: dict[str, str] | None = None) -> tuple[float, float]:
    """Run a program to its end and return how long it took, in seconds, and the most memory it held, in MB."""
    began = perf_counter()
    with tempfile.TemporaryFile() as told:
        child = subprocess.Popen(argv, env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL, stderr=told)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        took_s = perf_counter() - began
        told.seek(0)
        if child.returncode:
            pytest.fail(f"{argv[3:]} failed: {told.read().decode()[-2000:]}")
    return took_s, used.ru_maxrss / 1024


def _fanfare(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "fanfare.cli", *map(str, arguments)]


def _first_page_s(home: Path) -> float:
    """Start a site, wait for its first page, stop it, and return how long the page took in seconds."""
    port, began = free_port(), perf_counter()
    environment = {**os.environ, "FANFARE_HOME": str(home)}
    running = subprocess.Popen(
        _fanfare("up", "--port", str(port)), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while perf_counter() - began < 60:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
            except HTTPError as page:  # it says that the site is not set up yet
                page.close()
                return perf_counter() - began
            except OSError:
                sleep(0.02)
        pytest.fail("no page came within a minute")
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(30)


def test_the_first_page(capsys: pytest.CaptureFixture[str]) -> None:
    bare_s, _ = _seconds(_BARE)
    with tempfile.TemporaryDirectory(prefix="fanfare-") as folder:
        home = Path(folder) / "home"
        first_s, second_s = _first_page_s(home), _first_page_s(home)
    rows = [Row("starting Python", 1 / bare_s, f"{bare_s:.2f} s")]
    rows += [Row(name, 1 / took_s, f"{took_s:.2f} s") for name, took_s in (("a new site", first_s), ("the same again", second_s))]
    shown(capsys, "from `fanfare up` to the first page", rows)


def test_what_auditors_and_operators_wait_for(capsys: pytest.CaptureFixture[str]) -> None:
    with stand() as site, tempfile.TemporaryDirectory(prefix="fanfare-") as folder:
        fans = Fandom(site, 100)
        fans.fill(MANY)
        archive, environment = Path(folder) / "archive.tar", {"FANFARE_DATABASE_URL": site.conninfo, "FANFARE_HOME": folder}
        url = f"http://127.0.0.1:{site.port}"
        times = {
            "export": _seconds(_fanfare("export", archive, "--url", url), environment),
            "replay": _seconds(_fanfare("replay", archive)),
            "sha256sum of the archive": _seconds(["sha256sum", str(archive)]),
            "backup": _seconds(_fanfare("backup", Path(folder) / "backup"), environment),
        }
        size_mb = archive.stat().st_size / 2**20
    order = ("sha256sum of the archive", "replay", "export", "backup")
    rows = [Row(name, MANY / times[name][0], f"{times[name][0]:.1f} s, {times[name][1]:,.0f} MB at most") for name in order]
    shown(capsys, f"{MANY:,} ballots ({size_mb:,.0f} MB)", rows)
