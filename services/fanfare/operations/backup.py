"""
The backup: the record and everything that cannot be recomputed, as one moment of the database shows them.

One transaction reads both parts, so they are of one instant. A paper's number, a text, a member and a key are each committed
before the entry that names them is appended; so in no snapshot is the record ahead of the vault.
"""

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, LiteralString

import psycopg
from psycopg import IsolationLevel

from fanfare.audit.archive import README, Manifest, Writer
from fanfare.audit.bundles import Gathering, framed, record_member
from fanfare.audit.claims import Progress, silent
from fanfare.members import erasures
from fanfare.operations import durable, vault_file
from fanfare.operations.folder import RECORD, VAULT, Backup, part_of, seal
from fanfare.platform.logs.port import RecordGap
from fanfare.platform.migrations.run import known
from fanfare.record.decisions import Streams
from fanfare.record.entry import unpack
from fanfare.record.position import Moment
from fanfare.record.site import SiteFounded

ABOUT = b"""\
This is the record's part of a backup of a Fanfare site: the stored bytes of each entry.
Nothing in it can ever have to be forgotten.

fanfare verify FOLDER     checks the backup, replays this part and loads the other
fanfare restore FOLDER    makes a site of both

record/PARTITION/*.entries   before each entry, on a line, its offset and its length in bytes
manifest.json                what is here and how far it goes. There are no reports in it: a replay computes them
"""
PAGE = 500
HEADS: LiteralString = """
    select coalesce((select max("offset") + 1 from record.entries where partition = n), 0)
      from generate_series(0, %s - 1) as n order by n
"""
ENTRIES: LiteralString = 'select "offset", body from record.entries where partition = %s order by "offset"'


class NothingToBackUp(Exception):
    """The record has no beginning yet."""


def backup(conninfo: str, home: Path, target: Path, *, now: datetime, progress: Progress = silent) -> Backup:
    """
    Write a backup of the site in the database *conninfo* to a new folder *target* and return its manifest.

    The site may run meanwhile. No crash leaves something under that name that is not whole.

    Raises:
        NothingToBackUp: the site has not been founded.
        FileExistsError: there is something already under that name.
        RecordGap: an entry is missing.
    """
    with durable.whole_folder(target) as folder, psycopg.connect(conninfo) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        founded = founding(connection)
        stamp = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        with durable.private(folder / RECORD) as stream:
            archive = write_record(connection, stream, founded, stamp, progress)
        with durable.private(folder / VAULT) as stream:
            rows = vault_file.write(connection, stream, progress)
        parts = [part_of(folder / RECORD), part_of(folder / VAULT)]
        if (home / erasures.NAME).exists():
            # Read behind the snapshot, so it may tell of more erasures than the vault shows, and never of fewer.
            with durable.private(folder / erasures.NAME) as stream:
                stream.write((home / erasures.NAME).read_bytes())
            parts.append(part_of(folder / erasures.NAME))
        done = Backup(
            site=founded.name,
            moment=archive.moment,
            created_at=stamp,
            fanfare=archive.fanfare,
            migrations=known(connection),
            tables=rows,
            parts=tuple(parts),
        )
        seal(folder, done)
    return done


def founding(connection: psycopg.Connection) -> SiteFounded:
    """
    Return the first event of the record.

    Raises:
        NothingToBackUp: there is none.
    """
    streams = Streams()
    if connection.execute("select to_regclass('record.entries')").fetchone() != (None,):
        with connection.cursor(name="founding") as cursor:
            for offset, body in cursor.execute(ENTRIES, (0,)):
                streams.apply(unpack(0, offset, bytes(body)))
                if streams.site.founded:
                    return streams.site.founded
    raise NothingToBackUp("this record has no beginning yet: found the site first")


def write_record(
    connection: psycopg.Connection, stream: BinaryIO, founded: SiteFounded, created_at: str, progress: Progress
) -> Manifest:
    """
    Write the record's part: an archive without texts, which are in the vault's, so that an erasure never changes this file.

    Raises:
        RecordGap: an entry is missing.
    """
    heads: Moment = tuple(row[0] for row in connection.execute(HEADS, (founded.partitions,)))
    writer = Writer(stream)
    writer.add(README, ABOUT)
    done = 0
    for partition in range(len(heads)):
        bundle = Gathering()
        with connection.cursor(name="entries") as cursor:
            cursor.itersize = PAGE
            for expected, (offset, body) in enumerate(cursor.execute(ENTRIES, (partition,))):
                if offset != expected:
                    message = f"partition {partition} of the record lacks offset {expected}; the next one there is {offset}"
                    raise RecordGap(message)
                if bundle.add(framed(offset, bytes(body))):
                    _put(writer, partition, bundle)
                done += 1
                if done % PAGE == 0:
                    progress("copying the record", done, sum(heads))
        _put(writer, partition, bundle)
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


def _put(writer: Writer, partition: int, bundle: Gathering) -> None:
    if taken := bundle.take():
        first, body, count = taken
        writer.add(record_member(partition, first), body, count)
