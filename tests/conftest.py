"""What every suite shares."""

import sys

import pytest
import structlog
from hypothesis import settings

# The same examples every time, so that a run that fails can be run again; a new seed is a matter of a line here.
settings.register_profile("fanfare", deadline=None, derandomize=True, database=None)
settings.load_profile("fanfare")

# As in every process of the product, what is logged does not mix with what a command answers on standard output.
structlog.configure(logger_factory=lambda *_: structlog.WriteLogger(sys.stderr))

pytest_plugins = ("tests.kafka_fixture", "tests.postgres_fixture", "tests.site_fixture")


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """Run asynchronous tests on the loop that the server runs on."""
    return "asyncio", {"use_uvloop": True}
