"""What the tests against other implementations share."""

import pytest

from tests.interop.oracle_program import Oracle, build


@pytest.fixture(scope="session")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Oracle:
    """Return the program in Go, built."""
    return build(tmp_path_factory.mktemp("oracle"))
