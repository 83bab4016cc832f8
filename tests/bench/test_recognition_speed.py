"""How fast deeds are found and awarded, and a draft is tried on a whole history. By CPU time, which others do not take away."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from time import monotonic, process_time
from typing import TypeVar

import psycopg
import pytest

from fanfare.awards.awarding import Awarding
from fanfare.platform.hosts.opening import opened
from fanfare.platform.settings import Settings
from fanfare.recognition.preview import preview
from fanfare.recognition.trials import Trials
from fanfare.record.entry import unpack
from tests.bench.recognition import POINTS, RULES, bodies
from tests.bench.tables import Row, shown

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
Result = TypeVar("Result")
FOLDED, TRIED = 200_000, 1_000_000


def children_s() -> float:
    """Return how much CPU time the processes took that this one started and that have ended."""
    ended = getrusage(RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime


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
        found, here_ms = await late_ms(preview(parts.desk, POINTS))
        took_s, more = process_time() - began, memory_mb() - before
        others_s = children_s()
        trials = Trials(parts.desk, Settings(database_url=database))
        began, at = process_time(), monotonic()
        beside, beside_ms = await late_ms(trials.outcome("dora", POINTS, never))
        ours_s, clock_s = process_time() - began, monotonic() - at
        await trials.close()
    own_s = children_s() - others_s
    assert found == beside
    assert found.members == TRIED // 20
    rows = [
        Row("events a second, in this process", TRIED / took_s, f"{took_s:.1f} s of CPU time; {more:.0f} MB more memory"),
        Row("in one of its own, as a site does it", TRIED / own_s, f"{own_s:.1f} s of CPU time with its start"),
        Row("by the clock of whoever waits for it", TRIED / clock_s, f"{clock_s:.1f} s; the aim is 20"),
        Row("how late others are, tried in this process (ms, p99)", here_ms[0], f"at most {here_ms[1]:.0f} ms"),
        Row("how late others are, tried in one of its own (ms, p99)", beside_ms[0], f"at most {beside_ms[1]:.0f} ms"),
    ]
    shown(capsys, f"Trying a draft on {TRIED:,} events of fans; {ours_s:.1f} s of CPU time here if it has its own process", rows)


async def never() -> bool:
    """Wait to the end."""
    return False


async def late_ms(work: Awaitable[Result]) -> tuple[Result, tuple[float, float]]:
    """Return what *work* gives, and how late this loop came back meanwhile to what was due each 2 ms: p99 and worst."""
    late: list[float] = []

    async def tick() -> None:
        while True:
            began = monotonic()
            await asyncio.sleep(0.002)
            late.append((monotonic() - began - 0.002) * 1000)

    ticking = asyncio.create_task(tick())
    done = await work
    ticking.cancel()
    late.sort()
    return done, (late[len(late) * 99 // 100], late[-1])
