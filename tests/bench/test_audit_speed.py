"""How fast an archive is audited, what of that is hashing and JSON, and how much memory all of its processes take together."""

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from time import perf_counter, process_time, sleep
from typing import Any

import msgspec
import pytest

from fanfare.audit.archives.archive import Archive
from fanfare.audit.checks.stretches import Stretch, Terms, read, stretches
from fanfare.audit.claims import silent
from fanfare.audit.commands import counting
from fanfare.audit.questions.passage import decisions
from fanfare.record.alike import read_ballots
from fanfare.reports.boxes import BallotBox
from fanfare.reports.piles import Piled
from tests.bench.archiving import write_ballots
from tests.bench.tables import Row, faults, shown

LONG = bool(os.environ.get("FANFARE_LONG"))
SAMPLE = 20
"""How many bundles of ballots the parts are measured on, about 10,000 ballots each."""
HASHING = "SHA-256 of members and of leaves"
DECODING = "decode ballots, encode and compare them, match their strings"
READING = "all that a reader does"
COUNTING = "count the piles"
PAGE = os.sysconf("SC_PAGE_SIZE")


class Audited(msgspec.Struct, frozen=True):
    """An audit that ran to its end."""

    took_s: float
    cpu_s: float
    memory_mb: float
    """The most that all of its processes held at a time."""
    said: bytes


def audited(archive: Path) -> Audited:
    """Run the command, as an auditor does."""
    began, most = perf_counter(), 0.0
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen([sys.executable, "-m", "fanfare.cli", "audit", str(archive), "--json"], stdout=said)
        while True:
            pid, status, used = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            most = max(most, sum(map(_memory_mb, [child.pid, *_children(child.pid)])))
            sleep(0.02)
        child.returncode = os.waitstatus_to_exitcode(status)
        took_s = perf_counter() - began
        said.seek(0)
        return Audited(took_s, used.ru_utime + used.ru_stime, most, said.read())


def _children(pid: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _memory_mb(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / 2**20
    except (OSError, IndexError):
        return 0.0


def us_each(ballots: int, action: Callable[[Any], object], over: Iterable[object]) -> float:
    """Return how many microseconds of CPU time *action* takes for each ballot, called for all of *over*."""
    began = process_time()
    with counting():
        for each in over:
            action(each)
    return (process_time() - began) / ballots * 1e6


def parts(path: Path) -> dict[str, float]:
    """Return how many microseconds each part takes for a ballot, by one process, measured on some bundles."""
    with path.open("rb") as stream:
        archive = Archive(stream, silent)
        opened = [each for each in decisions(archive).campaigns["flavour"].rounds if each.terms]
        terms = {each.terms_hash: each.terms for each in opened if each.terms}
        some = list(islice((each for each in stretches(archive, [archive.manifest.moment]) if each.partition), SAMPLE))
        members = [archive.body(each.bundle.name) for each in some]
        bodies = [body for each in some for body in _entries(archive, each)]
        found = [(each.partition, read(stream, each, Terms(terms)).pieces) for each in some]
        piles = [
            (partition, pile)
            for partition, pieces in found
            for piece in pieces
            if isinstance(piece, Piled)
            for pile in piece.piles
        ]
        count, boxes = sum(len(pile) for _, pile in piles), {each: BallotBox() for each in terms}
        for hash_, box in boxes.items():
            box.admit(terms[hash_])
        bare = msgspec.json.Decoder()
        return {
            HASHING: us_each(count, lambda each: hashlib.sha256(each).digest(), (*members, *bodies)),
            "decode bare JSON": us_each(count, bare.decode, bodies),
            DECODING: us_each(count, read_ballots, bodies),
            READING: us_each(count, lambda each: read(stream, each, Terms(terms, leaves=True)), some),
            COUNTING: us_each(count, lambda each: boxes[each[1].terms].take(*each), piles),
        }


def _entries(archive: Archive, stretch: Stretch) -> list[bytes]:
    return [body for offset, body in islice(archive.entries(stretch.partition), stretch.stop) if offset >= stretch.start]


@pytest.mark.parametrize("rounds", [1, 10] if LONG else [1])
def test_an_audit(rounds: int, capsys: pytest.CaptureFixture[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="fanfare-") as folder:
        path, ballots = Path(folder) / "a.tar", rounds * 1_000_000
        write_ballots(path, rounds, 1_000_000)
        size_mb, run, each = path.stat().st_size / 2**20, audited(path), parts(path)
        claims = msgspec.json.decode(run.said)["claims"]

    rows = [Row(f"{name}, one core", 1e6 / us) for name, us in each.items()]
    rows += [
        Row("the audit, a second of CPU time of all its processes", ballots / run.cpu_s, f"{run.cpu_s:.1f} s of CPU"),
        Row(
            "the audit, a second of the clock",
            ballots / run.took_s,
            f"{run.took_s:.1f} s, {run.memory_mb:,.0f} MB at most; the aims are {60 if rounds > 1 else 8} s and 2,000 MB",
        ),
    ]
    share = {name: us * ballots / 1e6 / run.cpu_s for name, us in each.items()}
    notes = [
        f"{name}: {part:.0%} of the CPU time of the audit."
        for name, part in share.items()
        if name in (HASHING, DECODING, READING, COUNTING)
    ]
    notes.append("The rest is partition 0 (900,000 members who join), reading the file, and starting three processes.")
    shown(capsys, f"an archive of {ballots:,} ballots in entries of 100, {rounds} rounds ({size_mb:,.0f} MB)", rows, notes)
    assert faults(rows) == {}
    assert [each["name"] for each in claims if not each["passed"]] == []
    assert {f"seal of round{number}" for number in range(rounds)} <= {each["name"] for each in claims}
