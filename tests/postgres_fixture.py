"""One PostgreSQL for all tests, and for each test a database of its own, cloned from a migrated template."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql
from psycopg_pool import AsyncConnectionPool

from fanfare.platform.logs.postgres import PostgresLog
from fanfare.platform.migrations.run import migrate
from fanfare.platform.postgres.embedded import EmbeddedPostgres

TEMPLATE = "fanfare_template"
_numbers = count(1)


def _named(conninfo: str, database: str) -> str:
    return urlunsplit(urlsplit(conninfo)._replace(path=f"/{database}"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Start PostgreSQL on a temporary home, with the migrated template in it, and give its conninfo."""
    with tempfile.TemporaryDirectory(prefix="fanfare-") as home:
        server = EmbeddedPostgres(Path(home) / "home")
        conninfo = server.start()
        try:
            with psycopg.connect(conninfo, autocommit=True) as connection:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(TEMPLATE)))
            migrate(_named(conninfo, TEMPLATE))
            yield conninfo
        finally:
            server.stop()


@contextmanager
def made(postgres: str, template: str) -> Iterator[str]:
    """Make a database like *template*, give its conninfo, and drop it afterwards."""
    name = f"fanfare_test_{next(_numbers)}"
    new = sql.Identifier(name)
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {} template {}").format(new, sql.Identifier(template)))
        yield _named(postgres, name)
        connection.execute(sql.SQL("drop database {} with (force)").format(new))


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    """A migrated database of one test's own, and its conninfo."""
    with made(postgres, TEMPLATE) as conninfo:
        yield conninfo


@pytest.fixture
def empty(postgres: str) -> Iterator[str]:
    """A database with nothing in it, and its conninfo."""
    with made(postgres, "template1") as conninfo:
        yield conninfo


@pytest.fixture
async def pool(database: str) -> AsyncIterator[AsyncConnectionPool]:
    """Open a pool of connections to this test's database."""
    async with AsyncConnectionPool(database, min_size=1, max_size=8, open=False) as opened:
        yield opened


@pytest.fixture
async def log(pool: AsyncConnectionPool) -> AsyncIterator[PostgresLog]:
    """Give the record of this test's database, with four partitions."""
    found = PostgresLog(pool, 4)
    yield found
    await found.close()
