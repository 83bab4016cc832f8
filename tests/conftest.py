"""What every suite shares."""

import os
import signal
import sys

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

pytest_plugins = ("tests.kafka_fixture", "tests.postgres_fixture", "tests.site_fixture")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest; the others keep their order."""
    items.sort(key=lambda each: each.get_closest_marker("long") is None)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Name what failed at once: a suite that is ended for its length says nothing afterwards."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        sys.stdout.write(f"\n{report.nodeid} failed\n")


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """Run asynchronous tests on the loop that the server runs on."""
    return "asyncio", {"use_uvloop": True}
