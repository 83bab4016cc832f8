"""
The restore: a site made anew from a backup, in a home or a database that holds no site yet.

The tables are made by the migrations that the backup had come through, filled in one transaction, and then brought up to date
like those of any site. Projections are not restored: the worker fills them from the record at the next start. A topic of Kafka is
filled before all that; where it survived, it is compared, and only the vault restored. A crash leaves a database without a site,
into which the restore can be run again.
"""

from pathlib import Path
from typing import LiteralString

import msgspec
import psycopg
from psycopg import sql

from fanfare.audit.archives.archive import Archive
from fanfare.audit.claims import Progress, silent
from fanfare.members import erasures
from fanfare.operations import folder, papers, picture_file, vault_file
from fanfare.operations.folder import PICTURES, RECORD, VAULT, Backup
from fanfare.operations.held import Held, NothingRecorded, founding, held, pages
from fanfare.operations.silence import refuse_if_running
from fanfare.operations.tail import put_back
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.logs.place import Topic, settle_place
from fanfare.platform.migrations.run import check_known, migrate
from fanfare.platform.objects import objects
from fanfare.record.members import MemberJoined
from fanfare.record.position import Moment

OURS = ("desk", "notary", "platform", "record", "vault")
PROJECTED: LiteralString = "select name from platform.projections"
MEMBERS: LiteralString = "select exists (select from vault.members)"
# Of a record in Kafka the vault is a moment ahead: it may tell of a member, a request or a checkpoint that the record has not.
JOINED: LiteralString = 'create temporary table joined (member text collate "C") on commit drop'
UNHEARD: tuple[LiteralString, ...] = (
    """update vault.members set recorded = false
        where recorded and not exists (select from joined where joined.member = members.id)""",
    """update desk.requests set answer = null
         from (select key_hash, string_to_array(split_part(convert_from(answer, 'UTF8'), ' ', 2), ':') as place
                 from desk.requests where answer is not null) as told
        where told.key_hash = requests.key_hash and place[2]::bigint >= coalesce((%(heads)s::bigint[])[place[1]::int + 1], 0)""",
    "delete from notary.checkpoints where size > coalesce((%(heads)s::bigint[])[partition + 1], 0)",
)


class HoldsARecord(Exception):
    """There is a site already. A restore never writes over one."""


class Restored(msgspec.Struct, frozen=True):
    """What was restored, and what is known of the record beyond it."""

    backup: Backup
    missing: tuple[str, ...]
    """What this home had seen of the record and the backup does not hold; empty where it holds all."""
    healed: papers.Healed = papers.Healed()
    """What was found behind a record that survived in Kafka, and goes on behind the backup's end."""


def restore(
    source: Path, conninfo: str, home: Path, progress: Progress = silent, kafka: Kafka | None = None, place: str = ""
) -> Restored:
    """
    Make the site of the backup *source* in the database *conninfo*; what *home* keeps outside PostgreSQL stays as it is.

    Args:
        kafka: shall keep the record, or keeps it already; without it PostgreSQL will.
        place: shall keep the objects, as FANFARE_OBJECTS names it.

    Raises:
        BackupUnreadable, BackupDamaged, VaultUnreadable, PicturesUnreadable, MigrationRefused: the backup, before anything was
            changed or undone.
        HoldsARecord: the database has a site.
        NotItsTail: the topic holds something else.
        StillRunning: with Kafka, a process of the site runs.
        LogAway, KafkaUnfit: Kafka does not answer, or is not fit for the record.
    """
    backup = folder.read(source)
    check_known(backup.migrations)
    folder.undamaged(source, backup)
    refuse_a_site(conninfo)
    picture_file.load(source / PICTURES, objects(home, place), progress)
    topic = fill(source, conninfo, home, progress, kafka) if kafka else None
    healed = make(source, backup, conninfo, progress, kafka)
    settle_place(conninfo, topic)
    merge_erasures(source, home)
    with psycopg.connect(conninfo) as connection, held(connection, home, kafka) as record:
        look = record.look(record.last_seen())
        if not look.missing:
            record.keep(look.now)
    return Restored(backup, look.missing, healed)


def refuse_a_site(conninfo: str) -> None:
    """
    Look whether a database has a site: a record, or the vault of one whose record is in Kafka.

    Raises:
        HoldsARecord: it has.
    """
    with psycopg.connect(conninfo) as connection, held(connection, Path(), None) as record:
        try:
            name = f"the record of {founding(record).name}"
        except NothingRecorded:
            there = connection.execute("select to_regclass('vault.members') is not null").fetchone() == (True,)
            if not there or connection.execute(MEMBERS).fetchone() == (False,):
                return
            name = "a site with members"
    raise HoldsARecord(
        f"There is {name} already, and a restore never writes over one. Name an empty folder in FANFARE_HOME, or an empty "
        "database in FANFARE_DATABASE_URL. If only the end of the record is missing: fanfare record restore SOURCE."
    )


def fill(source: Path, conninfo: str, home: Path, progress: Progress, kafka: Kafka) -> Topic:
    """
    Bring the backup's record into the topic, which is made where there is none, and return which one that is.

    What is there already must be the same, so it can be run again, and a topic that survived, and goes on, is left as it is.
    """
    from fanfare.platform.logs.kafka.topic import create, refuse_if_unfit
    from fanfare.platform.logs.kafka.which import which

    with (source / RECORD).open("rb") as stream, psycopg.connect(conninfo) as connection:
        refuse_if_running(connection, progress)
        archive = Archive(stream, progress)
        create(kafka, len(archive.manifest.moment))
        refuse_if_unfit(kafka)
        with held(connection, home, kafka) as record:
            put_back(record, archive, progress)
    return which(kafka)


def make(source: Path, backup: Backup, conninfo: str, progress: Progress, kafka: Kafka | None = None) -> papers.Healed:
    """
    Fill a database that has no site from an undamaged backup, and bring it up to date.

    A crash leaves a database that the next restore refuses: begin it anew with an empty one.

    Args:
        kafka: has the record already.

    Raises:
        VaultUnreadable: the vault's file does not fit.
    """
    with psycopg.connect(conninfo) as connection:
        _clear(connection)
    migrate(conninfo, only=backup.migrations)
    with (
        (source / RECORD).open("rb") as stream,
        psycopg.connect(conninfo) as connection,
        held(connection, source, kafka) as record,
    ):
        vault_file.load(connection, source / VAULT, backup.tables, progress)
        archive = Archive(stream, progress)
        if not kafka:
            _load_record(connection, archive, progress)
        heads, saved = record.heads(len(archive.manifest.moment)), archive.manifest.moment
    migrate(conninfo)  # before the vault is gone through: an older version kept it otherwise
    with psycopg.connect(conninfo) as connection, held(connection, source, kafka) as record:
        _take_back(connection, record, heads)
        return papers.heal(connection, record, heads, progress) if heads != saved else papers.Healed()


def _take_back(connection: psycopg.Connection, record: Held, heads: Moment) -> None:
    """Let the vault say only of what is in the record that it is there; what is not is then done as after a crash."""
    connection.execute(JOINED)
    for page in pages(record, 0, 0, heads[0]):
        events = [recorded.event for entry in page for _, recorded in entry.positioned()]
        with connection.cursor().copy("copy joined (member) from stdin") as copy:
            for event in events:
                if isinstance(event, MemberJoined):
                    copy.write_row((event.member,))
    for statement in UNHEARD:
        connection.execute(statement, {"heads": list(heads)})


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
