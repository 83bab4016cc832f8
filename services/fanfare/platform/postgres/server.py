"""Whether a PostgreSQL that somebody else runs can hold Fanfare's record."""

import secrets
from typing import LiteralString

import psycopg
from psycopg import sql

from fanfare.platform.migrations.run import LOCK
from fanfare.platform.postgres.binaries import OLDEST_MAJOR
from fanfare.platform.postgres.errors import ServerUnfit

_EXTENSIONS: tuple[LiteralString, ...] = ("pg_trgm", "unaccent")


def check_server(conninfo: str) -> None:
    """
    Try on the server what Fanfare will need, and leave nothing behind.

    Rights are tried, not looked up: roles, templates and hosted servers have more ways to say no than a catalogue shows.

    Args:
        conninfo: the text of FANFARE_DATABASE_URL.

    Raises:
        ServerUnfit: it cannot be reached, or something is missing; each is named, with what to do.
    """
    try:
        with psycopg.connect(conninfo, autocommit=True, connect_timeout=10) as connection:
            missing = tuple(_missing(connection))
    except psycopg.Error as trouble:
        sentence = f"The server cannot be reached or asked: {_brief(trouble)}; check address, name and password."
        raise ServerUnfit((sentence,)) from trouble
    if missing:
        raise ServerUnfit(missing)


def _missing(connection: psycopg.Connection) -> list[str]:
    missing = []
    version = connection.info.server_version
    database, role = connection.info.dbname, connection.info.user
    if version < OLDEST_MAJOR * 10000:
        missing.append(f"PostgreSQL {OLDEST_MAJOR} or later is needed and this is {version // 10000}: upgrade the server.")
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        create = "create database … encoding 'UTF8' template template0"
        missing.append(f"The database's encoding is {encoding} and UTF8 is needed: make another with `{create}`.")
    schema = sql.Identifier(f"fanfare_check_{secrets.token_hex(4)}")
    if trouble := _refusal(connection, sql.SQL("create schema {}; create table {}.tried (one int)").format(schema, schema)):
        grant = f'grant create on database "{database}" to "{role}"'
        missing.append(f"The right to create schemas and tables is missing ({trouble}): run `{grant}` as the database's owner.")
    connection.execute("select pg_advisory_lock(%s)", (LOCK,))  # of two that make one extension at once, the second fails
    for name in _EXTENSIONS:
        extension = sql.SQL("create extension if not exists {}").format(sql.Identifier(name))
        if trouble := _refusal(connection, extension):
            missing.append(_extension_sentence(connection, name, trouble))
    return missing


def _extension_sentence(connection: psycopg.Connection, name: str, trouble: str) -> str:
    available = connection.execute("select from pg_available_extensions where name = %s", [name]).rowcount
    if not available:
        return f"The extension {name} is not installed on the server: install its contrib package (postgresql-contrib)."
    return f"The extension {name} cannot be created ({trouble}): run `create extension {name}` as a superuser."


def _refusal(connection: psycopg.Connection, statement: sql.Composed) -> str | None:
    """Run *statement* and undo it; return what the server had against it, if anything."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement)
    except psycopg.Error as trouble:
        return _brief(trouble)
    return None


def _brief(trouble: psycopg.Error) -> str:
    return " ".join(str(trouble).split("\n", 1)[0].split())
