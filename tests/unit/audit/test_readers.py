"""The readers of an audit: what they find goes back in order, what they cannot read is told, and none of them outlives it."""

import multiprocessing
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from fanfare.audit.archives.archive import Archive
from fanfare.audit.archives.bundles import Broken, framed
from fanfare.audit.checks.readers import ReaderDied, readings
from fanfare.audit.checks.stretches import Stretch, Terms, stretches
from fanfare.audit.claims import silent
from tests.unit.audit.archives import a_record, write_archive

AT_MOST_S = 15
ASKING = """
import sys
from multiprocessing import active_children
from pathlib import Path
from tests.unit.audit.test_readers import planned
from fanfare.audit.checks.readers import readings
from fanfare.audit.checks.stretches import Terms

if __name__ == "__main__":
    found = readings(Path(sys.argv[1]), planned(Path(sys.argv[1])) * 10_000, Terms({}), 2)
    next(found)
    print(*(each.pid for each in active_children()), flush=True)
    for each in found:
        pass
"""


def planned(path: Path) -> list[Stretch]:
    """Return all stretches of an archive."""
    with path.open("rb") as stream:
        archive = Archive(stream, silent)
        return stretches(archive, [archive.manifest.moment])


@contextmanager
def asking(folder: Path) -> Iterator[tuple[subprocess.Popen[str], Sequence[int]]]:
    """Run a program that reads an archive with two readers, again and again, and give their process ids, too."""
    program, archive = folder / "asking.py", write_archive(folder / "a.tar", a_record().written)
    program.write_text(ASKING)
    root = str(Path(__file__).parents[3])
    with (
        (folder / "said").open("w") as said,
        subprocess.Popen(
            [sys.executable, str(program), str(archive)],
            env={**os.environ, "PYTHONPATH": root},
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            start_new_session=True,
        ) as running,
    ):
        try:
            assert running.stdout is not None
            yield running, [int(each) for each in running.stdout.readline().split()]
        finally:
            running.kill()


def ended(watched: Sequence[int]) -> bool:
    """Tell whether all of these processes, watched by file descriptors, end in time."""
    left, poll = set(watched), select.poll()
    for each in watched:
        poll.register(each, select.POLLIN)
    while left and (found := poll.poll(AT_MOST_S * 1000)):
        for each, _ in found:
            poll.unregister(each)
            os.close(each)
            left.remove(each)
    return not left


def test_readings_come_in_the_order_of_the_stretches_whoever_reads_them(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "a.tar", a_record().written)

    assert list(readings(path, planned(path), Terms({}), 2)) == list(readings(path, planned(path), Terms({}), 0))


def test_a_small_archive_starts_no_process(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "a.tar", a_record().written)
    found = readings(path, planned(path), Terms({}))
    next(found)

    assert multiprocessing.active_children() == []
    found.close()


@pytest.mark.parametrize("readers", [0, 2])
def test_what_a_reader_cannot_read_is_told_with_its_place(tmp_path: Path, readers: int) -> None:
    def without_one(name: str, member: bytes) -> bytes:
        return framed(7, b"[]") if name.startswith("record/2/") else member

    path = write_archive(tmp_path / "a.tar", a_record().written, change=without_one)

    with pytest.raises(Broken, match="entry 2:0 is missing; 2:7 comes next"):
        list(readings(path, planned(path), Terms({}), readers))


def test_an_audit_whose_reader_was_ended_says_so_and_does_not_wait(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "a.tar", a_record().written)
    found = readings(path, planned(path) * 1000, Terms({}), 2)
    next(found)
    for each in multiprocessing.active_children():
        each.kill()

    with pytest.raises(ReaderDied, match="ended from outside"):
        list(found)
    assert multiprocessing.active_children() == []


def test_no_reader_is_left_where_not_all_is_taken(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "a.tar", a_record().written)
    found = readings(path, planned(path) * 1000, Terms({}), 2)
    next(found)
    assert len(multiprocessing.active_children()) == 2

    found.close()

    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_an_audit_ends_its_readers_end_too(tmp_path: Path, how: signal.Signals) -> None:
    with asking(tmp_path) as (running, readers):
        watched = [os.pidfd_open(each) for each in readers]
        if how is signal.SIGINT:
            os.killpg(running.pid, how)  # as a terminal does: everybody gets it
        else:
            running.send_signal(how)

        assert len(readers) == 2
        assert ended(watched)
        assert running.wait(AT_MOST_S) == -how
        assert (tmp_path / "said").read_text().count("Traceback") <= 1  # of the audit itself, and none of a reader
