"""Bring a database up to date: each numbered file once, its hash kept, under an advisory lock."""

import hashlib
from importlib.resources import files

import psycopg

LOCK = 0x66616E6661726501
LEDGER = """
    create schema if not exists platform;
    create table if not exists platform.migrations (
        number integer primary key, name text not null, sha256 text not null, applied_at timestamptz not null default now()
    );
"""


class MigrationChanged(Exception):
    """A migration that was applied reads differently now. Restore the file; write a new one for the change."""


def migrate(conninfo: str) -> list[str]:
    """
    Apply what is missing and return the names of the files that were applied.

    A crash leaves each file applied as a whole or not at all.

    Raises:
        MigrationChanged: an applied file was altered.
    """
    applied: list[str] = []
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", (LOCK,))
        connection.execute(LEDGER)
        known: dict[str, str] = dict(connection.execute("select name, sha256 from platform.migrations").fetchall())
        for name, text in _files():
            sha256 = hashlib.sha256(text.encode()).hexdigest()
            if name in known:
                if known[name] != sha256:
                    message = f"{name} was applied with SHA-256 {known[name]} and now has {sha256}"
                    raise MigrationChanged(message)
                continue
            with connection.transaction():
                connection.execute(text.encode())
                connection.execute(
                    "insert into platform.migrations (number, name, sha256) values (%s, %s, %s)", (int(name[:4]), name, sha256)
                )
            applied.append(name)
    return applied


def _files() -> list[tuple[str, str]]:
    folder = files("fanfare.platform.migrations")
    found = [each for each in folder.iterdir() if each.name.endswith(".sql")]
    return sorted((each.name, each.read_text(encoding="utf-8")) for each in found)
