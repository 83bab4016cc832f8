"""What a process holds in memory that it needs no more."""

import ctypes

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
