"""
The readers of an audit: as many processes as there are cores, which read stretches while this one counts what they read.

A reader keeps nothing from one stretch to the next, so it does not matter which of them reads what, and their answers are taken
in the order of the stretches. A small archive, or any on a machine with one core, is read by this process: by the same function.
"""

import gc
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing.connection import wait
from pathlib import Path
from typing import BinaryIO

from fanfare.audit.checks.stretches import Read, Stretch, Terms, read

SMALL_BYTES = 32 * 1024 * 1024
"""Some 80,000 ballots: read before a process would have started."""
AHEAD = 96
"""How many stretches, of some ten thousand ballots each, may have been asked for and not been counted yet."""


class ReaderDied(Exception):
    """A process of the audit was ended from outside, perhaps for want of memory."""


def readings(path: Path, stretches: Sequence[Stretch], terms: Terms, readers: int | None = None) -> Generator[Read, None, None]:
    """
    Yield what each of the *stretches* of the archive at *path* holds, in their order. Close it where not all is taken.

    Args:
        readers: how many processes; 0 for none but this; where it is not said, by the cores and by what there is to read.

    Raises:
        Broken: as `read`.
        ReaderDied: a process did not come back.
    """
    if readers is None:
        readers = _fitting(stretches)
    return _read_elsewhere(path, stretches, terms, readers) if readers else _read_here(path, stretches, terms)


def _fitting(stretches: Sequence[Stretch]) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    ballots_bytes = sum(each.bundle.size_bytes for each in stretches if each.partition)
    return 0 if cores == 1 or ballots_bytes < SMALL_BYTES else cores


def _read_here(path: Path, stretches: Sequence[Stretch], terms: Terms) -> Generator[Read, None, None]:
    with path.open("rb") as stream:
        for each in stretches:
            yield read(stream, each, terms)


def _read_elsewhere(path: Path, stretches: Sequence[Stretch], terms: Terms, readers: int) -> Generator[Read, None, None]:
    # Spawned and not forked: a fork of a process that has threads, as one with a progress bar, may stand still for ever.
    pool = ProcessPoolExecutor(readers, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(path, terms))
    waiting: deque[Future[Read] | Stretch] = deque()
    ahead = iter(stretches)
    try:
        with path.open("rb") as stream:
            while _ask(pool, waiting, islice(ahead, AHEAD - len(waiting))):
                first = waiting.popleft()
                yield read(stream, first, terms) if isinstance(first, Stretch) else first.result()
    except BrokenProcessPool as error:
        raise ReaderDied("a process that read the archive was ended from outside, perhaps for want of memory") from error
    finally:
        pool.shutdown(cancel_futures=True)


def _ask(pool: ProcessPoolExecutor, waiting: "deque[Future[Read] | Stretch]", more: Iterator[Stretch]) -> bool:
    """Ask for *more*, and tell whether anything is waited for. Partition 0, of which nothing is piled, is read here."""
    with _keeping_ctrl_c():
        waiting.extend(pool.submit(_read, each) if each.partition else each for each in more)
    return bool(waiting)


@contextmanager
def _keeping_ctrl_c() -> Iterator[None]:
    """What is started meanwhile never hears Ctrl-C, which reaches all at once: only the audit answers it, and ends the others."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_opened: list[tuple[BinaryIO, Terms]] = []
"""In a reader alone: the file, and what reading depends on."""


def _begin(path: Path, terms: Terms) -> None:
    """Begin a reader. It ends with the audit, however that ends."""
    gc.disable()  # as in the audit: what is read makes no cycles
    _opened.append((path.open("rb"), terms))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if (parent := multiprocessing.parent_process()) is not None:
        wait([parent.sentinel])
        os._exit(1)


def _read(stretch: Stretch) -> Read:
    (opened,) = _opened
    stream, terms = opened
    return read(stream, stretch, terms)
