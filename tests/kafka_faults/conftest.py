"""Three brokers for all tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.kafka_faults.cluster import Cluster, cluster


@pytest.fixture(scope="session")
def brokers_of_our_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Run three brokers, each in a network of its own."""
    with cluster(tmp_path_factory.mktemp("brokers")) as running:
        yield running
