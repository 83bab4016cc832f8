"""How much memory there is, and what a process holds that it needs no more."""

import ctypes
import os
from pathlib import Path

_LIMIT = Path("/sys/fs/cgroup/memory.max")

_MMAP_THRESHOLD, _LARGE = -3, 128 * 1024


def give_back() -> None:
    """
    Have the C library give what is large back to the system as soon as it is free, in a process that takes in megabytes at once.

    Without it glibc raises by itself what it calls large, and keeps as much for later. Other libraries have no such setting.

    Source: mallopt(3), M_MMAP_THRESHOLD.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGE)


def of_machine_mb(limit: Path = _LIMIT) -> int:
    """Return how much memory this machine has, or the container's *limit* where that is less, in megabytes."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    told = limit.read_text().strip() if limit.is_file() else "max"
    return min(machine, int(told) if told.isdigit() else machine) // 2**20
