"""How fast deeds are found and awarded, and a draft is tried on a whole history. By CPU time, which others do not take away."""

from collections.abc import Callable
from pathlib import Path
from time import process_time

import psycopg
import pytest

from fanfare.awards.awarding import Awarding
from fanfare.platform.hosts.opening import opened
from fanfare.recognition.preview import preview
from fanfare.record.entry import unpack
from tests.bench.recognition import POINTS, RULES, bodies
from tests.bench.tables import Row, shown

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
FOLDED, TRIED = 200_000, 1_000_000


def cpu_s(action: Callable[[], object]) -> float:
    """Return how much CPU time *action* takes."""
    began = process_time()
    action()
    return process_time() - began


def folded(entries: list[bytes]) -> None:
    """Find what is due, as a recogniser does that keeps up: what is written leaves its memory."""
    awarding = Awarding({})
    for offset, each in enumerate(entries):
        awarding.apply(unpack(0, offset, each))
        awarding.pending.clear()


def memory_mb() -> float:
    """Return how much memory this process holds now."""
    return int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1]) * 4096 / 1e6


async def test_deeds_are_awarded(capsys: pytest.CaptureFixture[str]) -> None:
    plain, ruled = list(bodies(FOLDED)), list(bodies(FOLDED, *RULES))
    rows = [
        Row("decode the entries", FOLDED / cpu_s(lambda: [unpack(0, offset, each) for offset, each in enumerate(plain)])),
        Row("find the deeds, while there is no rule", FOLDED / cpu_s(lambda: folded(plain))),
        Row("award them by three rules", FOLDED / cpu_s(lambda: folded(ruled)), "the aim is 20,000"),
    ]
    shown(capsys, f"{FOLDED:,} events of fans in entries of 100, a second of CPU time", rows)


async def test_a_draft_is_tried(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    copying = 'copy record.entries (partition, "offset", body) from stdin'
    with psycopg.connect(database) as connection, connection.cursor() as cursor, cursor.copy(copying) as copy:
        for offset, body in enumerate(bodies(TRIED)):
            copy.write_row((0, offset, body))
    async with opened(database) as parts:
        before, began = memory_mb(), process_time()
        found = await preview(parts.desk, POINTS)
        took_s, more = process_time() - began, memory_mb() - before
    assert found.members == TRIED // 20
    note = f"{took_s:.1f} s of CPU time, the aim is 20; {more:.0f} MB more memory"
    shown(capsys, f"Trying a draft on {TRIED:,} events of fans", [Row("events a second", TRIED / took_s, note)])
