"""
The backup: the record and everything that cannot be recomputed, as they were at one moment.

A paper's number, a text, a member and a key are each committed before the entry that names them is appended. So the record must
not be ahead of the vault: in PostgreSQL one transaction reads both, and of a record in Kafka the heads are taken first. What the
vault says that the record has, and the record's part has not, the restore takes back.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

import psycopg
from psycopg import IsolationLevel

from fanfare.audit.archives.archive import README, Manifest, Writer
from fanfare.audit.archives.bundles import Gathering, framed, record_member
from fanfare.audit.claims import Progress, silent
from fanfare.members import erasures
from fanfare.members.erasures import ErasedMember, Line, RemovedText
from fanfare.operations import picture_file, vault_file
from fanfare.operations.folder import PICTURES, RECORD, VAULT, Backup, Part, part_of, seal
from fanfare.operations.held import PAGE, Held, founding, held, pages, partitions
from fanfare.platform import durable
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.logs.port import RecordGap
from fanfare.platform.migrations.run import known
from fanfare.platform.objects import Objects, objects
from fanfare.record.members import MemberErased
from fanfare.record.position import Moment
from fanfare.record.site import SiteFounded
from fanfare.record.texts import TextRemoved

ABOUT = b"""\
This is the record's part of a backup of a Fanfare site: the stored bytes of each entry.
Nothing in it can ever have to be forgotten.

fanfare verify FOLDER     checks the backup, replays this part and loads the other
fanfare restore FOLDER    makes a site of both

record/PARTITION/*.entries   before each entry, on a line, its offset and its length in bytes
manifest.json                what is here and how far it goes. There are no reports in it: a replay computes them
"""


def backup(
    conninfo: str,
    home: Path,
    target: Path,
    *,
    now: datetime,
    progress: Progress = silent,
    kafka: Kafka | None = None,
    place: str = "",
) -> Backup:
    """
    Write a backup of a site, which may run meanwhile, to a new folder *target*, whole or not at all; return its manifest.

    Args:
        kafka, place: keep the record and, as FANFARE_OBJECTS names it, the objects; without them PostgreSQL and *home* do.

    Raises:
        NothingRecorded, FileExistsError: the site has not been founded, or there is something already under that name.
        RecordGap, LogAway: an entry is missing, or Kafka does not answer.
    """
    with durable.whole_folder(target) as folder, psycopg.connect(conninfo) as connection, held(connection, home, kafka) as record:
        connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, True
        founded = founding(record)
        heads = record.heads(partitions(record))
        migrations = known(connection)  # of a record in Kafka the snapshot begins here, behind the heads
        stamp = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        with durable.new_file(folder / RECORD) as stream:
            archive = write_record(record, stream, founded, heads, stamp, progress)
        rows = _vault(connection, objects(home, place), folder, progress)
        done = Backup(
            site=founded.name,
            moment=heads,
            created_at=stamp,
            fanfare=archive.fanfare,
            migrations=migrations,
            tables=rows,
            parts=(*(part_of(folder / name) for name in (RECORD, VAULT, PICTURES)), *_erasures(home, record, heads[0], folder)),
        )
        seal(folder, done)
    return done


def _vault(connection: psycopg.Connection, kept: Objects, folder: Path, progress: Progress) -> dict[str, int]:
    """Write what may have to be forgotten, and return how many rows each table has."""
    with durable.new_file(folder / VAULT) as stream:
        rows = vault_file.write(connection, stream, progress)
    with durable.new_file(folder / PICTURES) as stream:
        picture_file.write(connection, kept, stream, progress)
    return rows


def _erasures(home: Path, record: Held, start: int, folder: Path) -> list[Part]:
    """
    Write the list of erasures: what *home* lists, and what the record tells from offset *start* on.

    Read behind the snapshot, so it may tell of more erasures than the vault shows, and never of fewer.
    """
    lines = dict.fromkeys(_told(record, start))
    written = (home / erasures.NAME).read_bytes() if (home / erasures.NAME).exists() else b""
    if not lines and not written:
        return []
    with durable.new_file(folder / erasures.NAME) as stream:
        stream.write(written)
    erasures.add(folder, lines)
    return [part_of(folder / erasures.NAME)]


def _told(record: Held, start: int) -> Iterator[Line]:
    for page in pages(record, 0, start, record.heads(1)[0]):
        for _, recorded in (each for entry in page for each in entry.positioned()):
            match recorded.event:
                case MemberErased(member=member):
                    yield ErasedMember(member)
                case TextRemoved(text=text, by=by, kind=kind, reason=reason):
                    yield RemovedText(text, by, reason, kind)
                case _:
                    pass


def write_record(
    record: Held, stream: BinaryIO, founded: SiteFounded, heads: Moment, created_at: str, progress: Progress
) -> Manifest:
    """
    Write the record's part: an archive without texts, which are in the vault's, so that an erasure never changes this file.

    Raises:
        RecordGap: an entry is missing.
    """
    writer = Writer(stream)
    writer.add(README, ABOUT)
    done = 0
    for partition, head in enumerate(heads):
        bundle, name, expected = Gathering(), partial(record_member, partition), 0
        for offset, body in record.entries(partition, 0, head):
            if offset != expected:
                message = f"partition {partition} of the record lacks offset {expected}; the next one there is {offset}"
                raise RecordGap(message)
            if bundle.add(framed(offset, body)):
                writer.add_bundle(name, bundle)
            expected, done = expected + 1, done + 1
            if done % PAGE == 0:
                progress("copying the record", done, sum(heads))
        if expected != head:
            raise RecordGap(f"partition {partition} of the record ends before offset {expected}, and its head was {head}")
        writer.add_bundle(name, bundle)
    return writer.finish(
        Manifest(
            site=founded.name,
            simulation=founded.simulation,
            moment=heads,
            fanfare=version("fanfare"),
            created_at=created_at,
            texts=0,
            reports=(),
        )
    )
