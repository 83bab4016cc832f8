"""What holds for every test with brokers: their clients leave it to the garbage collector to close what could not connect."""

import gc
import warnings
from collections.abc import Iterator

import pytest

_LEFT_OPEN = "ignore:unclosed <socket:ResourceWarning"
_FOUND_LATE = "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
# aiokafka 0.14 ends its fetches by cancelling them; one that rests before it tries a broker again that is gone hands its
# cancellation on to whoever stops the consumer, which Faust does in a thread of its own.
_STOPPED_LATE = r"ignore:Exception in thread Thread-[\s\S]*CancelledError:pytest.PytestUnhandledThreadExceptionWarning"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let sockets of Kafka's clients be; this suite has a process of its own, so others stay strict."""
    for each in items:
        if "tests/kafka" in each.nodeid:
            each.add_marker(pytest.mark.filterwarnings(_LEFT_OPEN))
            each.add_marker(pytest.mark.filterwarnings(_FOUND_LATE))
            each.add_marker(pytest.mark.filterwarnings(_STOPPED_LATE))


@pytest.fixture(autouse=True, scope="session")
def swept() -> Iterator[None]:
    """Close what is left before pytest looks for it."""
    yield
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()
