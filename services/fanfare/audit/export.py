"""Export: the record, its public texts and the published reports into one archive, streaming."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import BinaryIO, LiteralString

import httpx2
import msgspec
from psycopg import AsyncConnection

from fanfare.audit.archive import ABOUT, README, Manifest, Published, Writer
from fanfare.audit.bundles import Gathering, StoredText, framed, line, record_member, texts_member
from fanfare.audit.claims import Progress, silent
from fanfare.audit.course import Address, Course
from fanfare.platform.durable import PUBLIC, whole_file
from fanfare.platform.logs.port import Log
from fanfare.record.entry import unpack
from fanfare.record.position import Moment

SERVED: LiteralString = "hash = any(%s) and not exists (select from moderation.veiled where veiled.hash = texts.hash)"
"""Which of these texts anybody may read: neither deleted nor hidden."""
TEXTS: LiteralString = f"select hash, salt, text from record.texts where {SERVED} order by hash"
PAGE = 500
_BETWEEN_TRIES_S = 0.25
_AGAIN = {404, 425, 429, 500, 502, 503, 504}
"""What a site may answer while its pages are a moment behind its record."""


class ExportFailed(Exception):
    """The archive could not be made; nothing was left under its name."""


class _Stamp(msgspec.Struct):
    schema: str
    site: str
    moment: Moment


class _Site(msgspec.Struct, frozen=True):
    base_url: str
    """Empty for the address that the record names."""
    patience_s: float
    transport: httpx2.AsyncBaseTransport | None


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

    async def follow(self) -> Moment:
        """Fold partition 0 up to its present head and return the heads."""
        heads = await self._log.heads()
        async for offset, body in self.entries(0, heads[0], self.course.streams.next_offset):
            self.course.apply(unpack(0, offset, body))
        return heads


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

    The reports are fetched first and the heads taken last, so no report is of a moment that the archive does not hold; what was
    planned in between is fetched too, so each campaign and round in the archive has its report.

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
    site = _Site(base_url.rstrip("/"), patience_s, transport)
    return await _write(Writer(stream), log, connection, site, now, progress)


async def _write(
    writer: Writer,
    log: Log,
    connection: AsyncConnection | None,
    site: _Site,
    now: datetime,
    progress: Progress,
) -> Written:
    writer.add(README, ABOUT)
    reading = _Reading(log)
    await reading.follow()
    founded = reading.course.streams.site.founded
    if founded is None:
        raise ExportFailed("this record has no beginning yet: found the site first")
    log.partitions = reading.course.streams.site.partitions  # whoever opened the log by its address does not know them
    reports = await _reports(writer, reading, founded.name, site, progress)
    heads = await reading.follow()
    for each in reports:
        if len(each.moment) > len(heads) or any(held > head for held, head in zip(each.moment, heads, strict=False)):
            raise ExportFailed(f"{each.url} is of the moment {each.moment}, ahead of this record, which ends at {heads}")
    await _entries(writer, reading, heads, progress)
    texts = await _texts(writer, connection, reading.course.references, progress) if connection else []
    manifest = Manifest(
        site=founded.name,
        simulation=founded.simulation,
        moment=heads,
        fanfare=version("fanfare"),
        created_at=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        texts=len(texts),
        reports=reports,
    )
    return Written(writer.finish(manifest), texts)


async def _reports(writer: Writer, reading: _Reading, name: str, site: _Site, progress: Progress) -> tuple[Published, ...]:
    """Fetch the report of each campaign and round of the record *name*, and of those that come meanwhile."""
    reports: dict[Address, Published] = {}
    base_url, told = site.base_url or name, {"Accept": "application/json"}
    async with httpx2.AsyncClient(base_url=base_url, timeout=30, headers=told, transport=site.transport) as client:
        while wanted := [each for each in reading.course.addresses() if each not in reports]:
            for address in wanted:
                progress("fetching reports", len(reports), len(reports) + len(wanted))
                body, stamp = await _fetch(client, address, site.patience_s)
                if stamp.site != name:
                    raise ExportFailed(f"{base_url} publishes the record of {stamp.site}, and this is the record of {name}")
                writer.add(address.member, body)
                reports[address] = Published(address.member, f"{base_url}{address.path}", stamp.moment)
            await reading.follow()
    return tuple(reports.values())


async def _fetch(client: httpx2.AsyncClient, address: Address, patience_s: float) -> tuple[bytes, _Stamp]:
    url = f"{client.base_url}".rstrip("/") + address.path
    deadline = asyncio.get_running_loop().time() + patience_s
    while True:
        try:
            answer = await client.get(address.path)
        except httpx2.HTTPError as error:
            raise ExportFailed(f"{url} does not answer: {str(error) or type(error).__name__}") from error
        if answer.status_code not in _AGAIN or asyncio.get_running_loop().time() >= deadline:
            break
        await asyncio.sleep(_BETWEEN_TRIES_S)
    if answer.status_code != 200:
        raise ExportFailed(f"{url} answers {answer.status_code}, and the record says that there is a report")
    try:
        return answer.content, msgspec.json.decode(answer.content, type=_Stamp)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ExportFailed(f"{url} answers something that is no report: {error}") from error


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
