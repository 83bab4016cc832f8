"""Export: the record, its public texts, the published reports and what the notary signed into one archive, streaming."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import BinaryIO, LiteralString

import httpx2
import msgspec
from psycopg import AsyncConnection

from fanfare.audit.archives.archive import ABOUT, README, Manifest, Published, Writer
from fanfare.audit.archives.bundles import (
    SIGNED_MANIFEST,
    Gathering,
    StoredText,
    checkpoint_member,
    framed,
    history_member,
    line,
    record_member,
    texts_member,
)
from fanfare.audit.archives.fetching import BEHIND, BETWEEN_TRIES_S, Site, SiteAway
from fanfare.audit.checks.course import Address, Course
from fanfare.audit.claims import Progress, silent
from fanfare.platform.durable import PUBLIC, whole_file
from fanfare.platform.logs.port import Log
from fanfare.record.entry import unpack
from fanfare.record.position import Moment

SERVED: LiteralString = "hash = any(%s) and not exists (select from moderation.veiled where veiled.hash = texts.hash)"
"""Which of these texts anybody may read: neither deleted nor hidden."""
TEXTS: LiteralString = f"select hash, salt, text from record.texts where {SERVED} order by hash"
PAGE = 500
_SIGNED_WITHIN_S = 5.0
"""How long the notary may take to cover what is archived; it needs a second."""


class ExportFailed(Exception):
    """The archive could not be made; nothing was left under its name."""


class _Stamp(msgspec.Struct):
    schema: str
    site: str
    moment: Moment


class _Points(msgspec.Struct, frozen=True):
    """How far the archive goes, and what the notary had signed by then."""

    moment: Moment
    notes: dict[int, bytes] = {}
    """By partition: its newest checkpoint."""
    manifest: bytes | None = None


class Written(msgspec.Struct, frozen=True):
    """What was written."""

    manifest: Manifest
    texts: list[str]
    """The hashes of the texts that came along."""


class _Reading:
    """One reader of the record. Owned by one export."""

    def __init__(self, log: Log) -> None:
        self.course = Course()
        self._log = log

    async def entries(self, partition: int, stop: int, start: int = 0) -> AsyncIterator[tuple[int, bytes]]:
        while start < stop:
            page = await self._log.read(partition, start, min(PAGE, stop - start))
            if not page:
                raise ExportFailed(f"the record ends at {partition}:{start}, before its head {stop}")
            for each in page:
                yield each.offset, each.body
            start += len(page)

    async def heads(self) -> Moment:
        """Return how far the record has come, in the partitions that it has as far as it was followed."""
        return (await self._log.heads())[: self.course.streams.site.partitions]

    async def follow(self, stop: int) -> None:
        """Fold partition 0 up to an offset; whoever opened the log by its address knows of its partitions by that alone."""
        async for offset, body in self.entries(0, stop, self.course.streams.next_offset):
            self.course.apply(unpack(0, offset, body))
        self._log.partitions = max(self._log.partitions, self.course.streams.site.partitions)


async def export(
    log: Log,
    connection: AsyncConnection | None,
    base_url: str,
    target: Path,
    *,
    now: datetime,
    progress: Progress = silent,
    patience_s: float = 10.0,
) -> Manifest:
    """
    Write an archive of the record to the file *target*, as :func:`write` does, and return its manifest.

    Raises:
        ExportFailed, UnknownEvent, RecordGap, LogAway: nothing is left under its name.
    """
    with whole_file(target, PUBLIC) as stream:
        done = await write(stream, log, connection, base_url, now=now, progress=progress, patience_s=patience_s)
    return done.manifest


async def write(
    stream: BinaryIO,
    log: Log,
    connection: AsyncConnection | None,
    base_url: str,
    *,
    now: datetime,
    progress: Progress = silent,
    patience_s: float = 10.0,
    transport: httpx2.AsyncBaseTransport | None = None,
) -> Written:
    """
    Write an archive of the record to *stream* and return what is in it.

    The reports are fetched first and its end is taken last, so no report is of a moment that the archive does not hold; what was
    planned in between is fetched too, so each campaign and round in the archive has its report. It ends where the notary's
    newest checkpoints do, if they come within some seconds, so that nothing in it is unsigned.

    Args:
        log: the record.
        connection: to the database that keeps the texts; none where only the record is at hand, and no text comes along.
        base_url: the running site; empty for the address that the record's first event names.
        now: goes into the manifest.
        patience_s: how long a page may be behind its record.
        transport: how the site is reached; none over the network.

    Raises:
        ExportFailed: the site does not answer, or publishes another record.
        UnknownEvent: the record holds an event that this version does not know.
        RecordGap, LogAway: the record cannot be read.
    """
    site = Site(base_url, patience_s=patience_s, transport=transport)
    return await _write(Writer(stream), log, connection, site, now, progress)


async def _write(
    writer: Writer, log: Log, connection: AsyncConnection | None, site: Site, now: datetime, progress: Progress
) -> Written:
    reading = _Reading(log)
    await reading.follow((await reading.heads())[0])
    founded = reading.course.streams.site.founded
    if founded is None:
        raise ExportFailed("this record has no beginning yet: found the site first")
    writer.add(README, ABOUT)
    try:
        async with site.at(founded.name):
            reports, points = await _reports(writer, reading, founded.name, site, progress)
            await _entries(writer, reading, points.moment, progress)
            await _signed(writer, site, points)
    except SiteAway as error:
        raise ExportFailed(str(error)) from error
    texts = await _texts(writer, connection, reading.course.references, progress) if connection else []
    manifest = Manifest(
        site=founded.name,
        simulation=founded.simulation,
        moment=points.moment,
        fanfare=version("fanfare"),
        created_at=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        texts=len(texts),
        reports=reports,
    )
    return Written(writer.finish(manifest), texts)


async def _reports(
    writer: Writer, reading: _Reading, name: str, site: Site, progress: Progress
) -> tuple[tuple[Published, ...], _Points]:
    """Fetch the report of each campaign and round of the record *name*, and of those that come until the archive ends."""
    reports: dict[Address, Published] = {}
    while True:
        wanted = [each for each in reading.course.addresses() if each not in reports]
        for address in wanted:
            progress("fetching reports", len(reports), len(reports) + len(wanted))
            body, stamp = await _fetch(site, address)
            if stamp.site != name:
                raise ExportFailed(f"{site.base_url} publishes the record of {stamp.site}, and this is the record of {name}")
            writer.add(address.member, body)
            reports[address] = Published(address.member, f"{site.base_url}{address.path}", stamp.moment)
        points = await _points(reading, site, await _reach(reading, site, tuple(reports.values())))
        await reading.follow(points.moment[0])
        whole = len(points.moment) == reading.course.streams.site.partitions  # some may have been added in between
        if whole and all(each in reports for each in reading.course.addresses()):
            return tuple(reports.values()), points


def _holds(moment: Moment, other: Moment) -> bool:
    return len(other) <= len(moment) and all(held <= head for held, head in zip(other, moment, strict=False))


async def _fetch(site: Site, address: Address) -> tuple[bytes, _Stamp]:
    url = f"{site.base_url}{address.path}"
    status, body = await site.get(address.path, BEHIND)
    if status != 200:
        raise ExportFailed(f"{url} answers {status}, and the record says that there is a report")
    try:
        return body, msgspec.json.decode(body, type=_Stamp)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ExportFailed(f"{url} answers something that is no report: {error}") from error


async def _reach(reading: _Reading, site: Site, reports: Sequence[Published]) -> Moment:
    """Return how far the record has come: at least as far as every report. One that is read by its tiles is a second behind."""
    deadline = asyncio.get_running_loop().time() + site.patience_s
    while True:
        heads = await reading.heads()
        ahead = next((each for each in reports if not _holds(heads, each.moment)), None)
        if ahead is None:
            return heads
        if asyncio.get_running_loop().time() >= deadline:
            raise ExportFailed(f"{ahead.url} is of the moment {ahead.moment}, ahead of this record, which ends at {heads}")
        await asyncio.sleep(BETWEEN_TRIES_S)


async def _points(reading: _Reading, site: Site, reach: Moment) -> _Points:
    """
    Return where the archive ends: at the newest checkpoints, once they cover *reach*; else at the heads, which are later.

    Of several partitions the first is asked for last: what others hold because of a decision in it comes after that.
    """
    if not reading.course.streams.notary.keys:
        return _Points(reach)
    deadline = asyncio.get_running_loop().time() + _SIGNED_WITHIN_S
    while True:
        manifest = await site.served("/record/manifest")
        found = {partition: await site.checkpoint(partition) for partition in reversed(range(len(reach)))}
        sizes = [signed[0] if (signed := found[partition]) else -1 for partition in range(len(reach))]
        if (manifest and _holds(tuple(sizes), reach)) or asyncio.get_running_loop().time() >= deadline:
            break
        await asyncio.sleep(BETWEEN_TRIES_S)
    heads = await reading.heads()
    ends = (size if least <= size <= head else head for size, least, head in zip(sizes, reach, heads, strict=False))
    return _Points(tuple(ends), {number: each[1] for number, each in found.items() if each}, manifest)


async def _signed(writer: Writer, site: Site, points: _Points) -> None:
    """Write what the notary signed: nothing of it where there is no key yet."""
    if points.manifest is not None:
        writer.add(SIGNED_MANIFEST, points.manifest)
    for partition, note in sorted(points.notes.items()):
        writer.add(checkpoint_member(partition), note)
        history = await site.history(partition, points.moment[partition])
        if history:
            writer.add(history_member(partition), b"".join(framed(*each) for each in history), len(history))


async def _entries(writer: Writer, reading: _Reading, heads: Moment, progress: Progress) -> None:
    done = 0
    for partition, head in enumerate(heads):
        bundle, name = Gathering(), partial(record_member, partition)
        async for offset, body in reading.entries(partition, head):
            if bundle.add(framed(offset, body)):
                writer.add_bundle(name, bundle)
            done += 1
            if done % PAGE == 0:
                progress("copying the record", done, sum(heads))
        writer.add_bundle(name, bundle)


async def _texts(writer: Writer, connection: AsyncConnection, references: set[str], progress: Progress) -> list[str]:
    bundle, wanted, written = Gathering(), iter(sorted(references)), list[str]()
    while page := list(islice(wanted, PAGE)):
        rows = await (await connection.execute(TEXTS, (page,))).fetchall()
        for found, salt, text in rows:
            each = StoredText(found, bytes(salt).hex(), text)
            if bundle.add(line(each)):
                writer.add_bundle(texts_member, bundle)
        written += [row[0] for row in rows]
        progress("copying the texts", len(written), len(references))
    writer.add_bundle(texts_member, bundle)
    return written
