"""A full disk: writes are refused with a word on when to come again, nothing acknowledged is lost, and space heals it."""

import asyncio
import os
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from tests.faults.attacked import Attacked, attacked
from tests.faults.checker import complaints
from tests.faults.ground import LONG, say

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

FANS = 32
SIZE = "260m"
RECOVERS_WITHIN_S = 20
"""PostgreSQL is tried every ten seconds at least, and then there is a start to wait for."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk that is soon full."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0700", "tmpfs", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def fill(disk: Path) -> Path:
    """Fill the disk with a file. Others write meanwhile, so it takes what there is."""
    full = disk / "full"
    with full.open("wb", buffering=0) as file, suppress(OSError):
        while (free := os.statvfs(disk)).f_bavail:
            file.write(bytes(min(1 << 20, free.f_bavail * free.f_frsize)))
    return full


def panic(site: Attacked) -> None:
    """Let PostgreSQL begin a new segment of its write-ahead log, for which there is no space: it cannot go on without."""
    with suppress(psycopg.Error), psycopg.connect(site.conninfo, autocommit=True) as connection:
        for _ in range(3):
            connection.execute("select pg_switch_wal()")
            connection.execute("select pg_current_xact_id()")


@pytest.mark.parametrize("worst", [True, False][: 1 + LONG], ids=["write-ahead log", "tables"][: 1 + LONG])
async def test_a_full_disk_refuses_what_it_cannot_keep_and_recovers_by_itself(
    small_disk: Path, tmp_path: Path, *, worst: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    async with attacked(small_disk / "home", tmp_path) as site:
        round_id = await site.open_round()
        driver = await site.driver(await site.fans(FANS), round_id)
        driver.pause_s = 0.02
        driver.start()
        await asyncio.sleep(0.5)
        full = fill(small_disk)
        if worst:
            await asyncio.to_thread(panic, site)
        await driver.until(lambda: len(driver.unanswered) >= FANS)
        answers = await answers_for(site, round_id, 6 if worst else 2)
        full.unlink()
        freed_at = time.time()
        await driver.everybody_was_answered(since=freed_at)
        recovered_s = time.time() - freed_at
        await driver.stop()
        await site.close(round_id)

        told = f"{dict(answers)}, ballots {dict(driver.statuses)}, PostgreSQL could not start {tries(site)} times"
        say(capsys, f"disk full: {told}; everybody served again {recovered_s:.1f} s after space was freed\n")
        assert complaints(await site.evidence()) == {}
        assert recovered_s < RECOVERS_WITHIN_S
        assert tries(site) < 12
        assert set(answers) <= {"read 200", "read 503, Retry-After", "write 201", "write 503, Retry-After"}
        assert "write 503, Retry-After" in answers
        assert worst or answers["read 200"]
        assert {status[:3] for status in driver.statuses if status[0] == "5"} == {"503"}


async def answers_for(site: Attacked, round_id: str, for_s: float) -> Counter[str]:
    """Read a leaderboard and make a fan again and again, and return how that was answered."""
    found: Counter[str] = Counter()
    connection = site.host
    until = time.monotonic() + for_s
    while time.monotonic() < until:
        for what, method, path, body in (
            ("read", "GET", f"/api/v1/rounds/{round_id}/leaderboard", None),
            ("write", "POST", "/api/v1/simulation/fans", {"names": ["One More"]}),
        ):
            answer = await connection.ask(method, path, body)
            found[f"{what} {answer.status}{', Retry-After' * ('retry-after' in answer.headers)}"] += 1
        await asyncio.sleep(0.1)
    connection.close()
    return found


def tries(site: Attacked) -> int:
    """Return how often the supervisor tried in vain to start PostgreSQL."""
    return site.printed.count('"cannot start again"')
