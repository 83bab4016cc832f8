"""
The guard against a cut record: what was last seen of it stands in a file outside PostgreSQL, and no writer goes on from less.

A restored disk snapshot, a failed-over replica that lagged, rows that somebody deleted: each would let the site hand out offsets
a second time that receipts name already. Kept small on purpose: the signed checkpoint of the notary will take this file's place.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString

import msgspec
import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from fanfare.platform import durable
from fanfare.record.kinds import canonical

if TYPE_CHECKING:
    from fanfare.platform.logs.kafka.log import KafkaLog

SEEN = "last-seen.json"
RECORD_CUT = 65
"""The exit status of a process that found the record cut (sysexits.h: EX_DATAERR). Starting it again is no use."""
# A record has 64 partitions at most, and each head is one look into the primary key.
LOOK: LiteralString = """
    select n, head.next, encode(sha256(newest.body), 'hex'), asked.head, asked.sha256, encode(sha256(earlier.body), 'hex')
      from generate_series(0, 63) as n
     cross join lateral (select coalesce(max("offset") + 1, 0) as next from record.entries where partition = n) as head
      left join record.entries as newest on newest.partition = n and newest."offset" = head.next - 1
      left join unnest(%s::int[], %s::bigint[], %s::text[]) as asked (partition, head, sha256) on asked.partition = n
      left join record.entries as earlier on earlier.partition = n and earlier."offset" = asked.head - 1
     where head.next > 0 or asked.head is not null
     order by n
"""
_log = structlog.get_logger()


class RecordCut(Exception):
    """The record is shorter than this site has seen it, or reads differently. Nothing may be written to it."""


class SeenUnreadable(RecordCut):
    """The file that tells what was last seen cannot be read, so nobody can tell whether the record was cut."""


class Last(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far a partition was seen, and the SHA-256 of its newest entry then."""

    partition: int
    head: int
    sha256: str


class Seen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was last seen of the record: of each partition that held something."""

    partitions: tuple[Last, ...] = ()

    def asked(self) -> tuple[list[int], list[int], list[str]]:
        """Return the parameters of ``LOOK``."""
        every = self.partitions
        return [each.partition for each in every], [each.head for each in every], [each.sha256 for each in every]


class Look(msgspec.Struct, frozen=True):
    """The record now, beside what was last seen."""

    now: Seen
    missing: tuple[str, ...]
    """A sentence for each partition that lacks what was seen; empty where the record goes on from there."""


def last_seen(home: Path) -> Seen:
    """
    Return what this home has last seen of its record; nothing where there is no such file.

    Raises:
        SeenUnreadable: the file is there and does not parse.
    """
    try:
        return msgspec.json.decode((home / SEEN).read_bytes(), type=Seen)
    except FileNotFoundError:
        return Seen()
    except (msgspec.MsgspecError, OSError) as error:
        raise SeenUnreadable(
            f"{home / SEEN} cannot be read ({error}), so nobody can tell whether the record was cut. Put the file back from a "
            "copy; or compare the record with a backup (`fanfare record restore FOLDER`) and move the file away."
        ) from error


def keep(home: Path, seen: Seen) -> None:
    """Write down what was seen, durably."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    durable.replace(home / SEEN, canonical(seen) + b"\n")


def compared(rows: Sequence[Sequence[Any]]) -> Look:
    """Read the rows of ``LOOK``."""
    now = tuple(Last(row[0], row[1], row[2]) for row in rows if row[1])
    return Look(Seen(now), tuple(filter(None, (_missing(*row) for row in rows))))


def _missing(partition: int, now: int, _newest: str | None, head: int | None, sha256: str | None, then: str | None) -> str:
    if head is None or then == sha256:
        return ""
    if now < head:
        first, last = f"{partition}:{now}", f"{partition}:{head - 1}"
        return f"partition {partition} ends before offset {now} and was seen up to {last}: entries {first} to {last} are missing"
    return f"entry {partition}:{head - 1} {'reads differently from' if then else 'is missing, which is not'} what was seen there"


def described(missing: Sequence[str]) -> str:
    """Return what to tell whoever runs a site whose record was cut."""
    what = f": {'; '.join(missing)}" if missing else ""
    return (
        f"The record was cut{what}. Nothing is written to it, because offsets that receipts name would be used "
        "twice. With the site stopped, put the tail back: fanfare record restore SOURCE, where SOURCE is a backup or an archive "
        "that holds it. It is told in docs/guides/operators.md."
    )


def look(connection: psycopg.Connection, seen: Seen) -> Look:
    """Compare the record with what was *seen*."""
    return compared(connection.execute(LOOK, seen.asked()).fetchall())


def refuse_if_cut(conninfo: str, home: Path) -> None:
    """
    Compare the record with what this home has last seen, before anything writes to it, and keep what is seen now.

    Raises:
        RecordCut: it lacks something.
    """
    seen = last_seen(home)
    with psycopg.connect(conninfo) as connection:
        found = look(connection, seen)
    if found.missing:
        raise RecordCut(described(found.missing))
    if found.now != seen:
        keep(home, found.now)


def end_at_once(cut: RecordCut) -> None:
    """End this process on the spot: whatever it still had to write must not be written."""
    _log.critical("the record was cut", why=str(cut))
    os._exit(RECORD_CUT)


class Guard:
    """
    Keeps a process from writing to a record that was cut.

    Where PostgreSQL keeps it, it looks through every connection of a pool before it can be used, so that a writer never goes on
    after a loss unseen; where Kafka does, :mod:`fanfare.operations.floor` looks.
    """

    def __init__(self, home: Path, stop: Callable[[RecordCut], None] = end_at_once) -> None:
        """Compare with what *home* has last seen, and call *stop* where the record lacks it."""
        self._home = home
        self._stop = stop

    async def __call__(self, connection: AsyncConnection) -> None:
        """
        Let a new connection pass; the pool calls it.

        Raises:
            RecordCut: the record lacks something; *stop* was called.
        """
        try:
            await _pass(connection, last_seen(self._home))
        except RecordCut as cut:
            self._stop(cut)
            raise

    def watching(self, pool: AsyncConnectionPool, log: "KafkaLog") -> AbstractAsyncContextManager[None]:
        """Watch a record in Kafka for as long as the block lasts."""
        from fanfare.operations import floor

        return floor.watch(pool, log, self._stop)


async def _pass(connection: AsyncConnection, seen: Seen) -> None:
    missing = compared(await (await connection.execute(LOOK, seen.asked())).fetchall()).missing
    await connection.rollback()  # the pool takes no connection with a transaction under way
    if missing:
        raise RecordCut(described(missing))


async def keep_seen(conninfo: str, home: Path, every_s: float = 1.0, stop: Callable[[RecordCut], None] = end_at_once) -> None:
    """
    Write down what is seen, as long as the worker lives; a lost connection is waited for.

    What was acknowledged in the last *every_s* seconds before a crash may not stand in the file yet.

    Args:
        stop: called where the record lacks what was seen.
    """
    try:
        seen = last_seen(home)
        while True:
            try:
                async with await AsyncConnection.connect(conninfo, autocommit=True) as connection:
                    while True:
                        seen = await _note(connection, home, seen)
                        await asyncio.sleep(every_s)
            except psycopg.OperationalError:
                await asyncio.sleep(0.5)
    except RecordCut as cut:
        stop(cut)


async def _note(connection: AsyncConnection, home: Path, seen: Seen) -> Seen:
    found = compared(await (await connection.execute(LOOK, seen.asked())).fetchall())
    if found.missing:
        raise RecordCut(described(found.missing))
    if found.now != seen:
        await asyncio.to_thread(keep, home, found.now)
    return found.now
