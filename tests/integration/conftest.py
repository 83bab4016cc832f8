"""What the tests of the members room share. A test of another room that names a desk of its own takes that one."""

from collections.abc import AsyncIterator

import pytest
from psycopg_pool import AsyncConnectionPool

from fanfare.platform.desk import Desk
from tests.integration.members_room import Browse, a_desk, browsers


@pytest.fixture
async def desk(pool: AsyncConnectionPool) -> Desk:
    return await a_desk(pool)


@pytest.fixture
async def browse(desk: Desk) -> AsyncIterator[Browse]:
    async with browsers(desk) as opened:
        yield opened
