"""Where a site's database is: the one of a running site, one that is started for the moment, or a server."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from fanfare.platform.postgres.embedded import EmbeddedPostgres, in_use
from fanfare.platform.postgres.lodging import has_cluster
from fanfare.platform.settings import Settings

CONNECTION = "connection"
"""The file of a home in which a running site says how its PostgreSQL is reached."""
DEMO = "demo"
"""The folder of a home in which the demo has its own."""
_PATIENCE_S = 10.0


class NoSite(Exception):
    """There is no site where it was looked for."""


class Place(msgspec.Struct, frozen=True):
    """How a site's database is reached."""

    conninfo: str
    running: bool
    """A site runs on it, as far as that can be told: of a server it cannot."""


def site_of(settings: Settings) -> Settings:
    """Return the settings of the site that is meant: these; or the demo's, where that runs below a home that has no site."""
    home = settings.home.absolute()
    if settings.database_url or not in_use(home / DEMO) or in_use(home) or has_cluster(home):
        return settings
    return settings.model_copy(update={"home": home / DEMO})


@contextmanager
def database_of(settings: Settings) -> Iterator[Place]:
    """
    Give the site's database: the server that is named, the running site's own, or that of a stopped one, which is started.

    Raises:
        NoSite: nobody has started a site in this home yet.
        PostgresUnavailable: it could not be started.
    """
    home = settings.home.absolute()
    if settings.database_url:
        yield Place(settings.database_url, running=False)
    elif in_use(home):
        yield Place(_said(home), running=True)
    elif has_cluster(home):
        with started(home) as conninfo:
            yield Place(conninfo, running=False)
    else:
        raise NoSite(f"There is no site in {home}. Name its folder in FANFARE_HOME, or start one with `fanfare up`.")


@contextmanager
def to_write_to(settings: Settings) -> Iterator[str]:
    """
    Give the database of a site that does not run, or a new one, and keep others out while it is used.

    Raises:
        HomeInUse: the site runs.
        PostgresUnavailable: it could not be started.
    """
    if settings.database_url:
        yield settings.database_url
    else:
        with started(settings.home.absolute()) as conninfo:
            yield conninfo


@contextmanager
def started(home: Path) -> Iterator[str]:
    """Run the PostgreSQL of *home*, made where there is none, until the block ends."""
    postgres = EmbeddedPostgres(home)
    try:
        yield postgres.start()
    finally:
        postgres.stop()


def _said(home: Path) -> str:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:  # a site that is starting says it a moment after it took the home
        if (home / CONNECTION).exists() and (conninfo := (home / CONNECTION).read_text()):
            return conninfo
        time.sleep(0.1)
    raise NoSite(f"Fanfare runs on {home} and has not said how its PostgreSQL is reached: wait until it is ready, or stop it.")
