"""Verify: whether a backup is whole, its record is consistent, and a site can be made of it. Nothing of the site is touched."""

import tempfile
from pathlib import Path
from typing import LiteralString

import psycopg

from fanfare.audit.archives.archive import Archive, ArchiveUnreadable
from fanfare.audit.archives.bundles import Broken
from fanfare.audit.checks.course import Course
from fanfare.audit.checks.replay import replay
from fanfare.audit.claims import Claim, Outcome, Progress, claim, silent
from fanfare.operations import folder, picture_file, restore
from fanfare.operations.folder import PICTURES, RECORD, VAULT, Backup, BackupUnreadable
from fanfare.operations.places import started
from fanfare.operations.vault_file import VaultUnreadable
from fanfare.platform.migrations.run import MigrationRefused, check_known
from fanfare.platform.postgres.errors import PostgresUnavailable
from fanfare.record.entry import UnknownEvent, unpack

WRONG_TEXTS: LiteralString = """
    select hash from record.texts
     where hash <> encode(sha256(salt || convert_to(text, 'UTF8')), 'hex') order by hash limit 100
"""
WRONG_REPORTS: LiteralString = (
    "select digest from desk.reports where digest <> encode(sha256(body), 'hex') order by digest limit 100"
)
REPORTS: LiteralString = "select digest from desk.reports"
COUNTS: LiteralString = "select count(*) from record.texts"


def verify(source: Path, progress: Progress = silent) -> Outcome:
    """Check everything that the backup in the folder *source* claims. The exit code is that of a replay."""
    try:
        backup = folder.read(source)
        files = claim("files", f"{len(backup.parts)} files with the sums of the manifest", folder.damage(source, backup))
        if not files.passed:  # what a damaged manifest says of other things accuses them
            return Outcome((files,))
        check_known(backup.migrations)
        replayed = replay(source / RECORD, progress)
        if replayed.unchecked:
            return Outcome((files,), replayed.unchecked)
        # The record's part holds no reports: they are computed, and those of sealed rounds are compared with their seals.
        claims = [each for each in replayed.claims if each.name not in ("reports", "texts")]
        found = (files, *claims, *_vault(source, backup, progress))
        return Outcome(found, conclusion="a site can be made of this backup, and its record is consistent")
    except (BackupUnreadable, MigrationRefused, PostgresUnavailable, ArchiveUnreadable, UnknownEvent) as error:
        return Outcome(unchecked=str(error).rstrip("."))
    except OSError as error:
        return Outcome(unchecked=f"{source}: {error.strerror}")


def _vault(source: Path, backup: Backup, progress: Progress) -> list[Claim]:
    name, rows = "vault", sum(backup.tables.values())
    detail = f"{rows} rows in {len(backup.tables)} tables load into a new database, brought up to date"
    with tempfile.TemporaryDirectory(prefix="fanfare-verify-") as home, started(Path(home) / "home") as conninfo:
        try:
            restore.make(source, backup, conninfo, progress)
        except (VaultUnreadable, MigrationRefused, Broken, psycopg.Error) as error:
            return [claim(name, detail, [str(error)])]
        with psycopg.connect(conninfo) as connection:
            claims = [claim(name, detail, _open(source)), _texts(connection), _sealed(connection, source)]
            try:
                return [*claims, picture_file.compared(connection, source / PICTURES)]
            except picture_file.PicturesUnreadable as error:
                return [*claims, claim("pictures", "", [str(error)])]


def _open(source: Path) -> list[str]:
    holds = {VAULT: "keys and addresses", PICTURES: "pictures that may have to be forgotten"}
    readable = [name for name in holds if (source / name).stat().st_mode & 0o077]
    return [f"{name}: others may read it, and it holds {holds[name]}: chmod 600 it" for name in readable]


def _texts(connection: psycopg.Connection) -> Claim:
    wrong = [f"{row[0]}: is not the hash of its salt and text" for row in connection.execute(WRONG_TEXTS)]
    counted = connection.execute(COUNTS).fetchone()
    return claim("texts", f"{counted[0] if counted else 0} texts match their salted hashes", wrong)


def _sealed(connection: psycopg.Connection, source: Path) -> Claim:
    """Compare the reports that were published at the sealings with what the record says of them."""
    course = Course()
    with (source / RECORD).open("rb") as stream:
        for offset, body in Archive(stream, silent).entries(0):
            course.apply(unpack(0, offset, body))
    wanted = {each.report: each for each in course.seals}
    kept = {row[0] for row in connection.execute(REPORTS)}
    wrong = [f"{row[0]}: is not the digest of its report" for row in connection.execute(WRONG_REPORTS)]
    missing = [
        f"{wanted[each].position}: the report of {wanted[each].round} is not in the vault" for each in wanted.keys() - kept
    ]
    return claim("sealed reports", f"{len(wanted)} reports stand in the vault as they were sealed", [*wrong, *sorted(missing)])
