"""
Carrying the record from PostgreSQL into a topic of Kafka, with the same partitions, offsets and bytes.

Whatever names a position or a hash holds there as it did here. Most of it is carried while the site goes on. Then PostgreSQL is
frozen, the rest follows, and both are read from beginning to end and compared; only then the row of migration 0012 says that the
record has moved. A crash leaves, before the freeze, a topic that the next run goes on with; behind it, a site that can be read
and not be written to, until the next run ends it or backs it out.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import LiteralString

import msgspec
import psycopg

from fanfare.audit.archives.bundles import framed
from fanfare.audit.claims import Progress, silent
from fanfare.platform.hosts.opening import opened
from fanfare.platform.logs import place
from fanfare.platform.logs.kafka.carrying import Carrier, Displaced
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.logs.kafka.topic import create, refuse_if_unfit
from fanfare.platform.logs.kafka.which import which
from fanfare.platform.logs.place import Topic
from fanfare.platform.logs.port import Log, LogAway, StoredEntry
from fanfare.record.position import Moment

ONE_AT_A_TIME: LiteralString = "select pg_try_advisory_lock(1717661286, 1000)"
"""Beside the locks of appends, of which there are 64."""
PAGE = 500
TRIES, PAUSE_S = 10, 3.0
"""How often and after how long a copy looks again what of a page is there that Kafka did not acknowledge."""


class CopyFailed(Exception):
    """The record was not moved; the message says what is in the way, and what to do."""


class Same(msgspec.Struct, frozen=True):
    """A partition that is byte for byte the same here and there."""

    partition: int
    entries: int
    sha256: str
    """Of its entries, each with its offset and length before it, as in the members of an archive that follow one another."""


Told = Callable[[str], None]


class Copying:
    """One run of the copy. Owned by it; what it has compared is not compared a second time before the end."""

    def __init__(self, source: Log, target: Log, carrying: Callable[[], Carrier], name: str, progress: Progress) -> None:
        self.source, self.target = source, target
        self._carrying, self._name, self._progress = carrying, name, progress
        self._compared = [0] * source.partitions

    async def carry(self, heads: Moment, doing: str) -> None:
        """
        Carry what lies before *heads* and is not there yet.

        Raises:
            CopyFailed: something else is there, or Kafka does not answer for long.
        """
        for attempt in range(TRIES):
            try:
                await self._carry(heads, doing)
            except LogAway as error:
                if attempt == TRIES - 1:
                    raise CopyFailed(f"{error}. What was carried is kept: run `fanfare log copy` again.") from error
                await asyncio.sleep(PAUSE_S)  # what was under way may still land, and must not do so behind our next look
            except Displaced as error:
                raise CopyFailed(f"{error}: something else was written there. {self._begin_anew()}") from error
            else:
                return

    async def _carry(self, heads: Moment, doing: str) -> None:
        for partition, (there, head) in enumerate(zip(await self.target.heads(), heads, strict=True)):
            if there > head:
                raise CopyFailed(
                    f"The topic holds {partition}:{head}, where the record ends in PostgreSQL: it is another record, or "
                    f"something else was written there. {self._begin_anew()}"
                )
            await self._compare(partition, there)
        with _threaded(self._carrying()) as write:
            for partition, head in enumerate(heads):
                while (start := self._compared[partition]) < head:
                    page = await self.source.read(partition, start, min(PAGE, head - start))
                    await write(page)
                    self._compared[partition] += len(page)  # acknowledged at these offsets; all is read again at the end
                    self._progress(doing, sum(self._compared), sum(heads))

    async def _compare(self, partition: int, stop: int) -> None:
        """Look whether what is there is the beginning of the record. Raises: CopyFailed: it is not."""
        while (start := self._compared[partition]) < stop:
            here, there = await self.pages(partition, start, stop)
            for one, other in zip(here, there, strict=False):
                if one.body != other.body:
                    raise CopyFailed(f"Entry {partition}:{one.offset} in the topic is another than here. {self._begin_anew()}")
            self._compared[partition] = start + min(len(here), len(there))
            self._progress("comparing what is there already", sum(self._compared), sum(self._compared) - start + stop)

    async def same(self, heads: Moment) -> list[Same]:
        """
        Read both from beginning to end and return the sums of what is in both.

        Raises:
            CopyFailed: they are not equal to the last byte.
        """
        found = []
        if await self.target.heads() != heads:
            raise CopyFailed(f"The topic ends at {await self.target.heads()}, and the record at {heads}. {self._begin_anew()}")
        for partition, head in enumerate(heads):
            sums, at = (hashlib.sha256(), hashlib.sha256()), 0
            while at < head:
                pages = await self.pages(partition, at, head)
                count = min(map(len, pages))
                for each, page in zip(sums, pages, strict=True):
                    each.update(b"".join(framed(entry.offset, entry.body) for entry in page[:count]))
                at += count
                self._progress("reading both and comparing", sum(heads[:partition]) + at, sum(heads))
            here, there = (each.hexdigest() for each in sums)
            if here != there:
                raise CopyFailed(f"Partition {partition} is not the same in the topic. {self._begin_anew()}")
            found.append(Same(partition, head, here))
        return found

    async def pages(self, partition: int, start: int, stop: int) -> tuple[Sequence[StoredEntry], Sequence[StoredEntry]]:
        """Read the next entries here and there. Raises: CopyFailed: one of the two has none."""
        limit = min(PAGE, stop - start)
        here, there = await self.source.read(partition, start, limit), await self.target.read(partition, start, limit)
        if not here or not there:
            raise CopyFailed(f"Entry {partition}:{start} is missing {'in the topic' if here else 'here'}. {self._begin_anew()}")
        return here, there

    def _begin_anew(self) -> str:
        return (
            f"Nothing is lost: PostgreSQL has the record. If nothing in the topic {self._name} is needed, delete it "
            f"(kafka-topics.sh --delete --topic {self._name}) and run `fanfare log copy` again, which makes it anew; else name "
            "another topic in FANFARE_KAFKA_TOPIC, after `fanfare log copy --back-out`."
        )


async def copy(conninfo: str, kafka: Kafka, progress: Progress = silent, tell: Told = lambda _: None) -> list[Same]:
    """
    Move the record of *conninfo* into the topic of *kafka*, made where there is none, and return the sums of its partitions.

    Args:
        tell: told in a sentence when PostgreSQL is frozen.

    Raises:
        CopyFailed: it was not moved.
        WrongPlace: the record has moved already, or is on its way elsewhere.
        KafkaUnfit: the brokers or the topic are not set up as the record needs them.
        RecordGap, LogAway: the record cannot be read.
    """
    topic = await asyncio.to_thread(which, kafka)
    with psycopg.connect(conninfo, autocommit=True) as alone:
        if alone.execute(ONE_AT_A_TIME).fetchone() != (True,):
            raise CopyFailed("Another `fanfare log copy` of this site is running.")
        _refuse_elsewhere(alone, topic)
        async with opened(conninfo, 4) as parts:
            if parts.desk.streams.site.founded is None:
                raise CopyFailed(
                    "This record has no beginning yet. Set FANFARE_KAFKA_BROKERS and start the site: it begins there."
                )
            await asyncio.to_thread(_made, kafka, parts.log.partitions)
            return await _move(alone, parts.log, topic, kafka, progress, tell)


def _made(kafka: Kafka, partitions: int) -> None:
    """Make the topic where there is none, and refuse one that cannot hold the record."""
    create(kafka, partitions)
    found = refuse_if_unfit(kafka).partitions
    if found < partitions:
        raise CopyFailed(f"The topic {kafka.topic} has {found} partitions, and the record {partitions}: name another one.")


async def _move(
    connection: psycopg.Connection, source: Log, topic: Topic, kafka: Kafka, progress: Progress, tell: Told
) -> list[Same]:
    from fanfare.platform.logs.kafka.log import KafkaLog

    target = KafkaLog(kafka, source.partitions)
    try:
        copying = Copying(source, target, partial(Carrier, kafka), kafka.topic, progress)
        await copying.carry(await source.heads(), "carrying the record while the site goes on")
        await asyncio.to_thread(_freeze, connection, topic)
        tell("PostgreSQL takes no more entries: the site can be read, and who votes is told to come back in a few minutes.")
        heads = await source.heads()
        await copying.carry(heads, "carrying the rest")
        same = await copying.same(heads)
        await _switch(connection, topic, source.heads, heads)
    finally:
        await target.close()
    return same


def _freeze(connection: psycopg.Connection, topic: Topic) -> None:
    with connection.transaction():
        place.freeze(connection, topic)


async def _switch(connection: psycopg.Connection, topic: Topic, now: Callable[[], Awaitable[Moment]], heads: Moment) -> None:
    """Say that the record has moved, unless it grew: only what is no append, such as the mending of a tail, can do that."""
    with connection.transaction():
        await asyncio.to_thread(connection.execute, place.LOCKS)
        if await now() != heads:
            raise CopyFailed("Something was added to the frozen record while it was compared. Run `fanfare log copy` again.")
        place.complete(connection, topic)


def _refuse_elsewhere(connection: psycopg.Connection, topic: Topic) -> None:
    kept = place.elsewhere(connection)
    if kept and kept.complete_at:
        raise place.WrongPlace(f"The record is kept in {kept.topic} already, since {kept.complete_at:%Y-%m-%d %H:%M} UTC.")
    if kept and kept.topic != topic:
        raise place.WrongPlace(
            f"The record is being copied into {kept.topic}, and the settings lead to {topic}. Correct FANFARE_KAFKA_BROKERS and "
            "FANFARE_KAFKA_TOPIC, or run `fanfare log copy --back-out` first."
        )


@contextmanager
def _threaded(carrier: Carrier) -> "Iterator[Callable[[Sequence[StoredEntry]], Awaitable[None]]]":
    """Give what writes through *carrier* beside the loop."""
    with carrier:
        yield lambda entries: asyncio.to_thread(carrier.write, entries)
