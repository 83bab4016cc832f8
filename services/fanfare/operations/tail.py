"""
Putting the tail of a cut record back, byte for byte and at its old offsets, from a backup or an archive.

What is there and what comes must be the same wherever both have an entry, and no offset may be missing afterwards; all of it in
one transaction. The papers are raised in it too, so that no voter is given a number which her ballot in the record has already.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString

import msgspec
import psycopg

from fanfare.audit.archive import Archive, ArchiveUnreadable
from fanfare.audit.claims import Progress, silent
from fanfare.operations import cut, folder, papers
from fanfare.operations.backup import NothingToBackUp, founding
from fanfare.operations.folder import RECORD

PAGE = 500
LOCK: LiteralString = "select pg_advisory_xact_lock(1717661286, %s)"
"""The lock of an append to a partition: see migration 0011."""
THERE: LiteralString = """
    select "offset", body from record.entries
     where partition = %s and "offset" >= %s and "offset" < %s order by "offset"
"""
INSERT: LiteralString = 'insert into record.entries (partition, "offset", body) values (%s, %s, %s)'
GAPS: LiteralString = """
    select partition, first from (
        select partition, "offset", lead("offset") over (partition by partition order by "offset") as next, "offset" + 1 as first
          from record.entries) as every
     where next <> first
     union all select partition, 0 from record.entries group by partition having min("offset") > 0
     order by 1, 2 limit 20
"""


class NotItsTail(Exception):
    """What was given does not continue this record. Nothing was changed."""


class Mended(msgspec.Struct, frozen=True):
    """What was put back."""

    added: dict[int, int]
    """By partition: how many entries."""
    raised: int
    """How many papers got the number that the record has."""
    unkeyed: tuple[str, ...]
    """Rounds with ballots whose key the vault does not have."""
    strangers: int
    """How many members the record knows and the vault does not."""
    missing: tuple[str, ...]
    """What this home had seen and the record still lacks."""


def restore_tail(conninfo: str, source: Path, home: Path, progress: Progress = silent) -> Mended:
    """
    Add to the record in *conninfo* what *source*, a backup's folder or an archive, has of it and the record has not.

    Raises:
        NotItsTail: it is another record, or an entry differs, or a gap would stay.
        ArchiveUnreadable, BackupUnreadable, BackupDamaged, Broken: the source cannot be read.
    """
    with _archive_file(source).open("rb") as stream, psycopg.connect(conninfo) as connection:
        archive = Archive(stream, progress)
        if archive.damage:
            raise ArchiveUnreadable(f"it is damaged: {'; '.join(archive.damage)}")
        _check_site(connection, archive.manifest.site)
        added = {each: _put_back(connection, archive, each, progress) for each in range(len(archive.manifest.moment))}
        if gaps := connection.execute(GAPS).fetchall():
            named = ", ".join(f"{partition}:{offset}" for partition, offset in gaps)
            raise NotItsTail(f"{named} would still be missing, and behind it the record goes on: take a source that has it")
        look = cut.look(connection, cut.last_seen(home))
        if any("reads differently" in each for each in look.missing):
            raise NotItsTail(f"{'; '.join(look.missing)}: this is not what the site had written there")
        healed = papers.heal(connection, len(archive.manifest.moment), progress) if any(added.values()) else papers.Healed()
    if not look.missing:
        cut.keep(home, look.now)
    return Mended(added, healed.raised, healed.unkeyed, healed.strangers, look.missing)


def _archive_file(source: Path) -> Path:
    if not source.is_dir():
        return source
    backup = folder.read(source)
    folder.undamaged(source, backup)
    return source / RECORD


def _check_site(connection: psycopg.Connection, site: str) -> None:
    try:
        here = founding(connection).name
    except NothingToBackUp:
        return  # all of it is gone; the sessions and keys of the vault may still be there
    if here != site:
        raise NotItsTail(f"it is the record of {site}, and here is that of {here}")


def _put_back(connection: psycopg.Connection, archive: Archive, partition: int, progress: Progress) -> int:
    """Compare a partition with the archive's, insert what it lacks, and return how many entries that were."""
    connection.execute(LOCK, (partition,))
    added, of = 0, archive.manifest.moment[partition]
    for page in _pages(archive.entries(partition)):
        start, stop = page[0][0], page[-1][0] + 1
        there = {offset: bytes(body) for offset, body in connection.execute(THERE, (partition, start, stop))}
        for offset, body in page:
            if there.get(offset, body) != body:
                raise NotItsTail(f"entry {partition}:{offset} here is another than the one there: one of the two was altered")
        new = [(partition, offset, body) for offset, body in page if offset not in there]
        if new:
            connection.cursor().executemany(INSERT, new)
        added += len(new)
        progress(f"comparing partition {partition}", stop, of)
    return added


def _pages(entries: Iterator[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    page: list[tuple[int, bytes]] = []
    for each in entries:
        page.append(each)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page
