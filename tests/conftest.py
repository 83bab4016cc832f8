"""What every suite shares."""

import pytest

pytest_plugins = ("tests.postgres_fixture", "tests.site_fixture")


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """Run asynchronous tests on the loop that the server runs on."""
    return "asyncio", {"use_uvloop": True}
