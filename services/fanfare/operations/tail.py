"""
Putting the tail of a cut record back, byte for byte and at its old offsets, from a backup or an archive.

What is there and what comes must be the same wherever both have an entry, and no offset may be missing afterwards. In PostgreSQL
all of it is one transaction; in Kafka, where nothing can be undone, everything is compared before anything is written, and what
broke off can be run again. The papers are raised too: no voter is given a number which her ballot in the record has already.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import psycopg

from fanfare.audit.archives.archive import Archive, ArchiveUnreadable
from fanfare.audit.claims import Progress, silent
from fanfare.operations import folder, papers
from fanfare.operations.folder import RECORD
from fanfare.operations.held import PAGE, Held, NothingRecorded, NotItsTail, Stored, founding, held
from fanfare.operations.silence import refuse_if_running
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.record.kinds import digest


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
    """What this site had seen and the record still lacks."""


def restore_tail(conninfo: str, source: Path, home: Path, progress: Progress = silent, kafka: Kafka | None = None) -> Mended:
    """
    Add to the record of the site in *conninfo* what *source*, a backup's folder or an archive, has of it and the record has not.

    Raises:
        NotItsTail: it is another record, or an entry differs, or a gap would stay.
        ArchiveUnreadable, BackupUnreadable, BackupDamaged, Broken: the source cannot be read.
        StillRunning: with Kafka, a process of the site runs.
        LogAway: Kafka does not answer.
    """
    with (
        _archive_file(source).open("rb") as stream,
        psycopg.connect(conninfo) as connection,
        held(connection, home, kafka) as record,
    ):
        archive = Archive(stream, progress)
        if archive.damage:
            raise ArchiveUnreadable(f"it is damaged: {'; '.join(archive.damage)}")
        if kafka:
            refuse_if_running(connection, progress)
        _check_site(record, archive.manifest.site)
        added = put_back(record, archive, progress)
        look = record.look(record.last_seen())
        if any("reads differently" in each for each in look.missing):
            raise NotItsTail(f"{'; '.join(look.missing)}: this is not what the site had written there")
        heads = record.heads(len(archive.manifest.moment))
        healed = papers.heal(connection, record, heads, progress) if any(added.values()) else papers.Healed()
        connection.commit()
        if not look.missing:
            record.keep(look.now)
    return Mended(added, healed.raised, healed.unkeyed, healed.strangers, look.missing)


def _archive_file(source: Path) -> Path:
    if not source.is_dir():
        return source
    backup = folder.read(source)
    folder.undamaged(source, backup)
    return source / RECORD


def _check_site(record: Held, site: str) -> None:
    try:
        here = founding(record).name
    except NothingRecorded:
        return  # all of it is gone; the sessions and keys of the vault may still be there
    if here != site:
        raise NotItsTail(f"it is the record of {site}, and here is that of {here}")


def put_back(record: Held, archive: Archive, progress: Progress) -> dict[int, int]:
    """
    Add to the record what the archive has and it has not, and return how many entries of each partition that were.

    All is compared before anything is added.

    Raises:
        NotItsTail: an entry differs, from what is there or from what was seen there, or a gap would stay.
    """
    seen = {(each.partition, each.head - 1): each.sha256 for each in record.last_seen().partitions}
    for partition, of in enumerate(archive.manifest.moment):
        for page in _pages(archive.entries(partition)):
            _lacking(record, partition, page)
            for offset, body in page:
                if seen.get((partition, offset), "") not in ("", digest(body)):
                    raise NotItsTail(f"entry {partition}:{offset} there is not what this site had written: it was altered")
            progress(f"comparing partition {partition}", page[-1][0] + 1, of)
    added = {}
    for partition, of in enumerate(archive.manifest.moment):
        added[partition] = 0
        for page in _pages(archive.entries(partition)):
            if lacking := _lacking(record, partition, page):
                record.add(partition, lacking)
            added[partition] += len(lacking)
            progress(f"putting back partition {partition}", page[-1][0] + 1, of)
    if gaps := record.gaps():
        named = ", ".join(f"{partition}:{offset}" for partition, offset in gaps)
        raise NotItsTail(f"{named} would still be missing, and behind it the record goes on: take a source that has it")
    return added


def _lacking(record: Held, partition: int, page: list[Stored]) -> list[Stored]:
    """Return what of a page the record has not. Raises: NotItsTail: it has something else there."""
    there = dict(record.entries(partition, page[0][0], page[-1][0] + 1))
    for offset, body in page:
        if there.get(offset, body) != body:
            raise NotItsTail(f"entry {partition}:{offset} here is another than the one there: one of the two was altered")
    return [(offset, body) for offset, body in page if offset not in there]


def _pages(entries: Iterator[Stored]) -> Iterator[list[Stored]]:
    page: list[Stored] = []
    for each in entries:
        page.append(each)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page
