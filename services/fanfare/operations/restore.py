"""
The restore: a site made anew from a backup, in a home or a database that holds no record yet.

The tables are made by the migrations that the backup had come through, filled in one transaction, and then brought up to date
like those of any site. Projections are not restored: the worker fills them from the record at the next start. A crash leaves a
database without a record, into which the restore can be run again.
"""

from pathlib import Path
from typing import LiteralString

import msgspec
import psycopg
from psycopg import sql

from fanfare.audit.archive import Archive
from fanfare.audit.claims import Progress, silent
from fanfare.members import erasures
from fanfare.operations import cut, folder, vault_file
from fanfare.operations.backup import NothingToBackUp, founding
from fanfare.operations.folder import RECORD, VAULT, Backup
from fanfare.platform.migrations.run import check_known, migrate

OURS = ("desk", "platform", "record", "vault")
PROJECTED: LiteralString = "select name from platform.projections"


class HoldsARecord(Exception):
    """There is a record already. A restore never writes over one."""


class Restored(msgspec.Struct, frozen=True):
    """What was restored, and what this home knows of the record beyond it."""

    backup: Backup
    missing: tuple[str, ...]
    """What this home had seen of the record and the backup does not hold; empty where it holds all."""


def restore(source: Path, conninfo: str, home: Path, progress: Progress = silent) -> Restored:
    """
    Make the site of the backup *source* in the database *conninfo*; what *home* keeps outside PostgreSQL stays as it is.

    Raises:
        BackupUnreadable, BackupDamaged, VaultUnreadable, MigrationRefused: the backup, before anything was changed or undone.
        HoldsARecord: the database has a record.
    """
    backup = folder.read(source)
    check_known(backup.migrations)
    folder.undamaged(source, backup)
    refuse_a_record(conninfo)
    make(source, backup, conninfo, progress)
    merge_erasures(source, home)
    with psycopg.connect(conninfo) as connection:
        look = cut.look(connection, cut.last_seen(home))
    if not look.missing:
        cut.keep(home, look.now)
    return Restored(backup, look.missing)


def refuse_a_record(conninfo: str) -> None:
    """
    Look whether a database has a record.

    Raises:
        HoldsARecord: it has.
    """
    with psycopg.connect(conninfo) as connection:
        try:
            name = founding(connection).name
        except NothingToBackUp:
            return
    raise HoldsARecord(
        f"There is the record of {name} already, and a restore never writes over one. Name an empty folder in FANFARE_HOME, or "
        "move this one away. If only the end of its record is missing: fanfare record restore SOURCE."
    )


def make(source: Path, backup: Backup, conninfo: str, progress: Progress) -> None:
    """
    Fill a database that has no record from an undamaged backup, and bring it up to date.

    Raises:
        VaultUnreadable: the vault's file does not fit.
    """
    with psycopg.connect(conninfo) as connection:
        _clear(connection)
    migrate(conninfo, only=backup.migrations)
    with psycopg.connect(conninfo) as connection:
        vault_file.load(connection, source / VAULT, backup.tables, progress)
        with (source / RECORD).open("rb") as stream:
            _load_record(connection, Archive(stream, progress), progress)
    migrate(conninfo)


def _clear(connection: psycopg.Connection) -> None:
    """Drop what a first start without a founding left: keys, a link, empty tables of projections."""
    ledger = connection.execute("select to_regclass('platform.projections')").fetchone() != (None,)
    projected = [row[0] for row in connection.execute(PROJECTED)] if ledger else []
    for schema in (*projected, *OURS):
        connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema)))


def _load_record(connection: psycopg.Connection, archive: Archive, progress: Progress) -> None:
    of, done = sum(archive.manifest.moment), 0
    statement: LiteralString = 'copy record.entries (partition, "offset", body) from stdin'
    with connection.cursor().copy(statement) as copy:
        for partition in range(len(archive.manifest.moment)):
            for offset, body in archive.entries(partition):
                copy.write_row((partition, offset, body))
                done += 1
                if done % 500 == 0:
                    progress("loading the record", done, of)


def merge_erasures(source: Path, home: Path) -> None:
    """Add the erasures that the backup lists to those that this home lists; none is ever taken off."""
    erasures.add(home, erasures.read(source))
