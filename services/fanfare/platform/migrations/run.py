"""Bring a database up to date: each numbered file once, its hash kept, under an advisory lock."""

import hashlib
from collections.abc import Container, Mapping
from importlib.metadata import version
from importlib.resources import files

import psycopg

LOCK = 0x66616E6661726501
LEDGER = """
    create schema if not exists platform;
    create table if not exists platform.migrations (
        number integer primary key, name text not null, sha256 text not null, applied_at timestamptz not null default now()
    );
"""


class MigrationRefused(Exception):
    """This program cannot bring that database up to date. The message says why and what to do; the database is as it was."""


class MigrationChanged(MigrationRefused):
    """A migration that was applied reads differently now. Restore the file; write a new one for the change."""


class MigrationFailed(MigrationRefused):
    """PostgreSQL refused a migration. Those before it are applied, and of this one nothing."""


class DatabaseNewer(MigrationRefused):
    """A newer Fanfare brought the database further than this one knows. Install that one."""


def migrate(conninfo: str, only: Container[str] | None = None) -> list[str]:
    """
    Apply what is missing and return the names of the files that were applied.

    A crash leaves each file applied as a whole or not at all. Of two processes the second waits, and finds nothing to do.

    Args:
        only: the names of the files to apply, where the database shall become as an older version left it; none for all.

    Raises:
        MigrationRefused: one of its kinds above.
    """
    applied: list[str] = []
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", (LOCK,))
        connection.execute(LEDGER)
        for name, text in check_known(known(connection)).items():
            if only is None or name in only:
                _apply(connection, name, text)
                applied.append(name)
    return applied


def known(connection: psycopg.Connection) -> dict[str, str]:
    """Return the migrations that were applied, each with the SHA-256 of its file; the ledger must be there."""
    return dict(connection.execute("select name, sha256 from platform.migrations order by name").fetchall())


def check_known(applied: Mapping[str, str]) -> dict[str, str]:
    """
    Compare what was applied to a database with what this program has, and return what is missing: names and texts, in order.

    Raises:
        MigrationChanged: a file was altered.
        DatabaseNewer: there are files that this program does not have.
    """
    ours = _files()
    if strange := sorted(applied.keys() - ours.keys()):
        raise DatabaseNewer(
            f"{', '.join(strange)}: applied by a newer Fanfare than this one ({version('fanfare')}), which knows "
            f"{max(ours)} at most. Install the version that was here before, or a later one."
        )
    for name, sha256 in applied.items():
        if sha256 != (found := digest(ours[name])):
            raise MigrationChanged(f"{name} was applied with SHA-256 {sha256} and now has {found}: put the file back as it was.")
    return {name: text for name, text in ours.items() if name not in applied}


def digest(text: str) -> str:
    """Return the SHA-256 of a migration, as the ledger keeps it."""
    return hashlib.sha256(text.encode()).hexdigest()


def _apply(connection: psycopg.Connection, name: str, text: str) -> None:
    try:
        with connection.transaction():
            connection.execute(text.encode())
            connection.execute(
                "insert into platform.migrations (number, name, sha256) values (%s, %s, %s)", (int(name[:4]), name, digest(text))
            )
    except psycopg.OperationalError:
        raise  # the connection is gone: nothing about this file
    except psycopg.Error as error:
        raise MigrationFailed(f"{name} could not be applied, and the database is as it was before it: {error}") from error


def _files() -> dict[str, str]:
    folder = files("fanfare.platform.migrations")
    found = [each for each in folder.iterdir() if each.name.endswith(".sql")]
    return dict(sorted((each.name, each.read_text(encoding="utf-8")) for each in found))
