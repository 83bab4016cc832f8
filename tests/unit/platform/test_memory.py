"""A worker gives large pages back to the system, and a container has no more memory than it may use."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from fanfare.platform.memory import of_machine_mb

PAGES = """
from pathlib import Path
from fanfare.platform.memory import give_back
held_mb = lambda: int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
{begin}
before, kept = held_mb(), []
for size in (20_000_000, 19_000_000, 18_000_000):
    page = b"1" * size
    kept.append(bytearray(1000))  # above it, so that the heap cannot shrink below
    del page
print(held_mb() - before)
"""


def kept_mb(begin: str) -> float:
    """Return by how many megabytes a process grew over three large pages that it let go of."""
    ran = subprocess.run([sys.executable, "-c", PAGES.format(begin=begin)], capture_output=True, text=True, check=True)
    return float(ran.stdout)


def test_what_was_large_is_given_back() -> None:
    assert kept_mb("give_back()") < 5
    if platform.libc_ver()[0] == "glibc":
        assert kept_mb("") > 10, "this library gives back by itself: fanfare.platform.memory has become superfluous"


@pytest.mark.parametrize(("told", "most_mb"), [("268435456\n", 256), ("max\n", None), (None, None)])
def test_a_container_has_as_much_memory_as_it_may_use(tmp_path: Path, told: str | None, most_mb: int | None) -> None:
    limit = tmp_path / "memory.max"
    if told:
        limit.write_text(told)

    assert of_machine_mb(limit) == (most_mb or of_machine_mb(tmp_path / "none"))
    assert of_machine_mb(tmp_path / "none") > 256
