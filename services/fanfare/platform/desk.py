"""The desk: where every service writes to the record and reads its own decisions back."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from math import inf
from time import monotonic

import msgspec
from psycopg_pool import AsyncConnectionPool

from fanfare.platform.batch import Batcher
from fanfare.platform.logs.port import EntryTooLarge, Log, LogBusy, LogElsewhere, LogMoving
from fanfare.platform.refusals import Busy, Moved, Moving, Overtaken, ReaderTooOld, TooMuchAtOnce
from fanfare.record.decisions import Streams
from fanfare.record.entry import Entry, UnknownEvent, unpack
from fanfare.record.envelope import Decision, Recorded, encode, event_id
from fanfare.record.kinds import Event
from fanfare.record.position import Position

Decide = Callable[[Streams], Sequence[Event]]
"""A decider with its command bound: from the present state to events, or it raises a Refusal."""
_TRIES, _PAGE = 3, 1000


class Asked(msgspec.Struct, frozen=True):
    """Who asks for what. The ids of the events follow from it, so a request that comes twice asks for the same events."""

    actor: str
    command: str
    target: str
    key: str
    """The Idempotency-Key; where the client sent none, a random one."""
    body: str = ""
    """The digest of the request's body: another body is another event."""
    after: int | None = None
    """How many contested decisions of the stream the asker had seen; where there are more by now, she was overtaken."""

    def event_id(self, vault_key: bytes, index: int = 0) -> str:
        """Return the id of the event number *index* of this request."""
        return event_id(vault_key, (self.actor, self.command, self.target, self.key, self.body, str(index)))


class Acknowledged(msgspec.Struct, frozen=True):
    """An event is durable: its id and where it stands."""

    event_id: str
    position: Position


class Desk:
    """
    Writes to the record. Owned by one event loop.

    ``streams`` is this process's own fold of partition 0; every decision reads it up to the head first, and reads its own entry
    back, so it is never decided on an old state unseen.
    """

    def __init__(self, pool: AsyncConnectionPool, log: Log, vault_key: bytes, source: str = "") -> None:
        """Write through *log*; *source* is the record's name, empty until the site is founded."""
        self.pool = pool
        self.log = log
        self.vault_key = vault_key
        self.source = source
        self.streams = Streams()
        self._reading: Batcher[None, None] = Batcher(self._read)
        self._read_at = -inf

    @property
    def now(self) -> datetime:
        """The time, UTC, to the second."""
        return datetime.now(UTC).replace(microsecond=0)

    async def catch_up(self) -> None:
        """
        Read partition 0 up to its head into ``streams``.

        Raises:
            ReaderTooOld: the record holds a decision that this version does not know; nothing may be decided without it.
        """
        await self._reading(None)

    async def _read(self, asked: Sequence[None]) -> Sequence[None]:
        """Read for all who asked before this began; who asks meanwhile is answered by the next read."""
        began, more = monotonic(), True
        try:
            while more:
                page = await self.log.read(0, self.streams.next_offset, _PAGE)
                for stored in page:
                    self.streams.apply(_decisions_only(stored.offset, stored.body))
                more = len(page) == _PAGE
        finally:  # also where a later entry is too new to be read
            if founded := self.streams.site.founded:
                self.source = founded.name
                self.log.partitions = self.streams.site.partitions
        self._read_at = began
        return asked

    async def be_at_most(self, old_s: float) -> None:
        """Catch up, unless ``streams`` were read less than *old_s* ago."""
        if monotonic() - self._read_at > old_s:
            await self.catch_up()

    async def publish(self, asked: Asked, events: Sequence[Event], subject: str) -> Acknowledged:
        """
        Append uncontested events of one decision.

        Raises:
            Busy: the log takes no more for a moment; nothing was written.
        """
        ids = self._ids(asked, events)
        return Acknowledged(ids[0], await self.emit(ids, events, subject))

    async def emit(
        self, ids: Sequence[str], events: Sequence[Event], subject: str, partition: int = 0, *, to_the_minute: bool = False
    ) -> Position:
        """
        Append uncontested events under ids that are known: they follow from a request, or from what a processor saw.

        Raises:
            Busy: the log takes no more for a moment; nothing was written.
        """
        time = self.now.replace(second=0) if to_the_minute else self.now
        return await self._append(partition, self._encode(events, ids, subject, time, None))

    async def decide(self, stream: str, asked: Asked, decide: Decide) -> Acknowledged:
        """
        Decide a contested matter: append what *decide* says, and answer once it was read back as taken.

        Raises:
            Refusal: *decide* refused.
            Overtaken: somebody else decided first, three times in a row, or since the asker looked.
            Busy: the log takes no more for a moment; nothing was written.
        """
        for _ in range(_TRIES):
            await self.catch_up()
            if taken := self.taken(asked):
                return taken
            if asked.after not in (None, self.streams.decisions(stream)):
                raise Overtaken
            events = decide(self.streams)
            decision = Decision(stream, self.streams.decisions(stream))
            await self._append(0, self._encode(events, self._ids(asked, events), stream, self.now, decision), alone=True)
            await self.catch_up()
            if taken := self.taken(asked):
                return taken
        raise Overtaken

    def taken(self, asked: Asked) -> Acknowledged | None:
        """Return where the decision that was asked for stands; none where it was not taken, as far as this process has read."""
        event_id = asked.event_id(self.vault_key)
        found = self.streams.ids.get(event_id)
        return Acknowledged(event_id, Position(0, found.offset)) if found else None

    def _ids(self, asked: Asked, events: Sequence[Event]) -> list[str]:
        return [asked.event_id(self.vault_key, index) for index in range(len(events))]

    async def _append(self, partition: int, events: Sequence[bytes], *, alone: bool = False) -> Position:
        try:
            return await self.log.append(partition, events, alone=alone)
        except LogBusy as error:
            raise Busy from error
        except LogMoving as error:
            raise Moving from error
        except LogElsewhere as error:
            raise Moved from error
        except EntryTooLarge as error:
            raise TooMuchAtOnce from error

    def _encode(
        self, events: Sequence[Event], ids: Sequence[str], subject: str, time: datetime, decision: Decision | None
    ) -> list[bytes]:
        return [
            encode(Recorded(id=each_id, source=self.source, subject=subject, time=time, event=event, decision=decision))
            for event, each_id in zip(events, ids, strict=True)
        ]


def _decisions_only(offset: int, body: bytes) -> Entry:
    """Decode an entry of partition 0 if it may hold a decision; the others need only be counted. Raises: ReaderTooOld."""
    try:
        return unpack(0, offset, body) if b'"after":' in body else Entry(0, offset, ())
    except UnknownEvent as error:
        raise ReaderTooOld(str(error)) from error
