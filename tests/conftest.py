"""What every suite shares."""

import asyncio
import os
import signal
import sys
from collections.abc import Generator

import pytest
import structlog
from hypothesis import settings

# The same examples every time, so that a run that fails can be run again; a new seed is a matter of a line here.
settings.register_profile("fanfare", deadline=None, derandomize=True, database=None)
settings.load_profile("fanfare")

# As in every process of the product, what is logged does not mix with what a command answers on standard output.
structlog.configure(logger_factory=lambda *_: structlog.WriteLogger(sys.stderr))

# A shell starts what runs in its background with Ctrl-C ignored, which would hold for all that tests start, too.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The longest of all takes under three minutes; what measures, or is asked to take long, may.
MOST_S = 60 * 60 if os.environ.get("FANFARE_LONG") else 7 * 60
BENCHES = "tests/bench/"

pytest_plugins = ("tests.kafka_fixture", "tests.postgres_fixture", "tests.site_fixture")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest; the others keep their order."""
    items.sort(key=lambda each: each.get_closest_marker("long") is None)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Name what failed at once: a suite that is ended for its length says nothing afterwards."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        sys.stdout.write(f"\n{report.nodeid} failed\n")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """End a test that hangs, where it hangs: it has failed then, and the others of its suite run."""
    before = signal.signal(signal.SIGALRM, _hangs)
    signal.setitimer(signal.ITIMER_REAL, 0 if item.nodeid.startswith(BENCHES) else MOST_S, 60)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _hangs(*_: object) -> None:
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        pytest.fail(f"hung for {MOST_S} s")
    for task in asyncio.all_tasks(loop):  # what is raised here, uvloop would swallow
        task.print_stack(file=sys.stderr)
        loop.call_soon_threadsafe(task.cancel, f"hung for {MOST_S} s")


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """Run asynchronous tests on the loop that the server runs on."""
    return "asyncio", {"use_uvloop": True}
