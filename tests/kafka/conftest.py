"""What holds for every test with brokers: their clients leave it to the garbage collector to close what could not connect."""

import gc
import warnings
from collections.abc import Iterator

import pytest

_LEFT_OPEN = "ignore:unclosed <socket:ResourceWarning"
_FOUND_LATE = "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let sockets of Kafka's clients be; this suite has a process of its own, so others stay strict."""
    for each in items:
        if "tests/kafka" in each.nodeid:
            each.add_marker(pytest.mark.filterwarnings(_LEFT_OPEN))
            each.add_marker(pytest.mark.filterwarnings(_FOUND_LATE))


@pytest.fixture(autouse=True, scope="session")
def swept() -> Iterator[None]:
    """Close what is left before pytest looks for it."""
    yield
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()
