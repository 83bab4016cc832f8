"""The record as an operator's commands read and mend it, wherever it is kept: a table of PostgreSQL, or a topic of Kafka."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString, Protocol

import psycopg

from fanfare.operations import cut
from fanfare.operations.cut import Look, Seen
from fanfare.platform.logs.kafka.carrying import Carrier, Displaced
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.logs.port import StoredEntry
from fanfare.record.decisions import Streams
from fanfare.record.entry import Entry, unpack
from fanfare.record.position import Moment
from fanfare.record.site import SiteFounded

PAGE = 500
_AT_ONCE = 64
"""Entries that are on their way to Kafka at the same time."""
THERE: LiteralString = "select to_regclass('record.entries') is not null"
HEADS: LiteralString = """
    select coalesce((select max("offset") + 1 from record.entries where partition = n), 0)
      from generate_series(0, %s - 1) as n order by n
"""
ENTRIES: LiteralString = """
    select "offset", body from record.entries
     where partition = %s and "offset" >= %s and "offset" < %s order by "offset" limit %s
"""
INSERT: LiteralString = 'insert into record.entries (partition, "offset", body) values (%s, %s, %s)'
LOCK: LiteralString = "select pg_advisory_xact_lock(1717661286, %s)"
"""The lock of an append to a partition: see migration 0011."""
GAPS: LiteralString = """
    select partition, first from (
        select partition, "offset", lead("offset") over (partition by partition order by "offset") as next, "offset" + 1 as first
          from record.entries) as every
     where next <> first
     union all select partition, 0 from record.entries group by partition having min("offset") > 0
     order by 1, 2 limit 20
"""
Stored = tuple[int, bytes]
"""An offset, and the bytes of the entry there."""


class NothingRecorded(Exception):
    """The record has no beginning yet."""


class NotItsTail(Exception):
    """What was given does not continue this record."""


class Held(Protocol):
    """The record, and what was last seen of it. Owned by one command."""

    def heads(self, partitions: int) -> Moment:
        """Return the next offset of each of so many partitions."""

    def entries(self, partition: int, start: int, stop: int) -> Iterator[Stored]:
        """Yield what is there from *start* to before *stop*, in order."""

    def add(self, partition: int, entries: Sequence[Stored]) -> None:
        """
        Put entries where there are none, at exactly these offsets.

        Raises:
            NotItsTail: one came to stand elsewhere.
            LogAway: the log does not answer.
        """

    def gaps(self) -> list[tuple[int, int]]:
        """Return the first offset of each gap, with its partition; twenty at most."""

    def last_seen(self) -> Seen:
        """Return what was last seen of it. Raises: SeenUnreadable."""

    def look(self, seen: Seen) -> Look:
        """Compare it with what was *seen*."""

    def keep(self, seen: Seen) -> None:
        """Write down what is seen now."""


@contextmanager
def held(connection: psycopg.Connection, home: Path, kafka: Kafka | None) -> Iterator[Held]:
    """
    Give the record of the site whose database *connection* leads to, in the connection's transaction where it is a table.

    Args:
        home: where the last-seen file lies, where PostgreSQL keeps the record.
        kafka: keeps the record; without it PostgreSQL does. Not to be used from a running event loop.
    """
    if kafka is None:
        yield _Table(connection, home)
        return
    with asyncio.Runner() as runner:
        topic = _Topic(connection, kafka, runner)
        try:
            yield topic
        finally:
            topic.close()


def founding(record: Held) -> SiteFounded:
    """
    Return the first event of the record.

    Raises:
        NothingRecorded: there is none.
    """
    streams = Streams()
    for offset, body in record.entries(0, 0, record.heads(1)[0]):
        streams.apply(unpack(0, offset, body))
        if streams.site.founded:
            return streams.site.founded
    raise NothingRecorded("this record has no beginning yet: found the site first")


def partitions(record: Held) -> int:
    """
    Return how many partitions the record has by now; one before the founding. It reads all of partition 0, past its gaps.

    Raises:
        UnknownEvent: the record holds a decision that this version does not know.
    """
    streams = Streams()
    for page in pages(record, 0, 0, record.heads(1)[0]):
        for entry in page:
            for _, recorded in entry.positioned() if streams.decided.take(entry) else ():
                streams.evolve(recorded)
    return streams.site.partitions


def pages(record: Held, partition: int, start: int, stop: int) -> Iterator[list[Entry]]:
    """Yield the entries of a partition from *start* to before *stop*, decoded, some hundreds at once."""
    for first in range(start, stop, PAGE):
        found = record.entries(partition, first, min(stop, first + PAGE))
        if page := [unpack(partition, offset, body) for offset, body in found]:
            yield page


class _Table:
    """The record in PostgreSQL."""

    def __init__(self, connection: psycopg.Connection, home: Path) -> None:
        self._connection = connection
        self._home = home

    def heads(self, partitions: int) -> Moment:
        if self._connection.execute(THERE).fetchone() != (True,):
            return (0,) * partitions
        return tuple(row[0] for row in self._connection.execute(HEADS, (partitions,)))

    def entries(self, partition: int, start: int, stop: int) -> Iterator[Stored]:
        while start < stop and (rows := self._connection.execute(ENTRIES, (partition, start, stop, PAGE)).fetchall()):
            for offset, body in rows:
                yield offset, bytes(body)
            start = rows[-1][0] + 1

    def add(self, partition: int, entries: Sequence[Stored]) -> None:
        self._connection.execute(LOCK, (partition,))
        self._connection.cursor().executemany(INSERT, [(partition, offset, body) for offset, body in entries])

    def gaps(self) -> list[tuple[int, int]]:
        return self._connection.execute(GAPS).fetchall()

    def last_seen(self) -> Seen:
        return cut.last_seen(self._home)

    def look(self, seen: Seen) -> Look:
        return cut.look(self._connection, seen)

    def keep(self, seen: Seen) -> None:
        cut.keep(self._home, seen)


class _Topic:
    """The record in Kafka; what was last seen of it stands in the database."""

    def __init__(self, connection: psycopg.Connection, kafka: Kafka, runner: asyncio.Runner) -> None:
        from fanfare.platform.logs.kafka.log import KafkaLog

        self._connection = connection
        self._runner = runner
        self._carrier = Carrier(kafka)
        self._log = KafkaLog(kafka, 1)

    def heads(self, partitions: int) -> Moment:
        self._log.partitions = partitions
        return self._runner.run(self._log.heads())

    def entries(self, partition: int, start: int, stop: int) -> Iterator[Stored]:
        while start < stop and (page := self._runner.run(self._log.read(partition, start, min(PAGE, stop - start)))):
            for each in page:
                yield each.offset, each.body
            start = page[-1].offset + 1

    def add(self, partition: int, entries: Sequence[Stored]) -> None:
        try:
            for first in range(0, len(entries), _AT_ONCE):
                some = entries[first : first + _AT_ONCE]
                self._carrier.write([StoredEntry(partition, offset, body) for offset, body in some])
        except Displaced as error:
            raise NotItsTail(
                f"{error}: something else writes to the topic, which is not the record any more. With all stopped, delete it, "
                "make it again (`fanfare kafka init`), and put all of the record back"
            ) from error

    def gaps(self) -> list[tuple[int, int]]:
        return []  # Kafka's offsets have none but where something was deleted, and there reading stops with an error

    def last_seen(self) -> Seen:
        from fanfare.operations import floor

        return floor.last_seen(self._connection)

    def look(self, seen: Seen) -> Look:
        from fanfare.operations import floor

        return self._runner.run(floor.look(self._log, seen))

    def keep(self, seen: Seen) -> None:
        from fanfare.operations import floor

        floor.keep(self._connection, seen)

    def close(self) -> None:
        """End the connections to Kafka."""
        self._carrier.close()
        self._runner.run(self._log.close())
