"""Single statements: each is a transaction of its own, one way to the database and back instead of three."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool


@asynccontextmanager
async def singly(pool: AsyncConnectionPool) -> AsyncIterator[AsyncConnection]:
    """Lend a connection on which each statement commits by itself."""
    async with pool.connection() as connection:
        await connection.set_autocommit(True)
        try:
            yield connection
        finally:
            await connection.set_autocommit(False)
