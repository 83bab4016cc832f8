"""The site that tests of bad input send to."""

from collections.abc import AsyncIterator

import pytest

from tests.site_fixture import SiteUnderTest, running_site


@pytest.fixture
async def busy_site(database: str) -> AsyncIterator[SiteUnderTest]:
    """A founded simulation: its members are programs, so none of them is told to come back later."""
    async with running_site(database, simulation=True) as found:
        yield found
