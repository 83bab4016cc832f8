"""Receipts: of an event in the record, that its entry is under a checkpoint that the notary signed. Made of what is published."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from time import monotonic
from typing import LiteralString

import msgspec

from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.faults import Malformed
from fanfare.ledger.notes import Note
from fanfare.ledger.proofs import prove_inclusion
from fanfare.ledger.receipts import Receipt
from fanfare.ledger.tiles import hashes_from, needed
from fanfare.notary.publishing import tile_of
from fanfare.notary.refusals import EventNotThere, FileMissing
from fanfare.notary.routes import Latest
from fanfare.platform.batch import Batcher
from fanfare.platform.desk import Desk
from fanfare.platform.objects import Objects
from fanfare.record.ballots import BallotCast
from fanfare.record.position import Moment, Position
from fanfare.reports import receipts
from fanfare.reports.receipts import BallotFound
from fanfare.voting.refusals import ReceiptNotFound

_LOOK_S = 0.1
"""Between two looks for a checkpoint, or for ballots, that somebody waits for: one look for all who wait."""
MOST_WAITING = 1_000
"""So many wait at once in a process; who comes then is answered as if she had not asked to wait. Source: RFC 7240, section 2."""
_READ: LiteralString = """
    select min(coalesce(next_offset, 0))
      from generate_series(0, %s - 1) as lane cross join platform.projections
           left join platform.positions on positions.projection = projections.name and partition = lane
     where stopped is null and fills is null
     group by lane order by lane
"""
"""How far each partition was read by every projection that runs."""


class Event(msgspec.Struct, frozen=True):
    """An event that stands in the record."""

    event_id: str
    position: Position
    type: str
    """Its wire name."""
    entry: bytes
    """The stored bytes of its entry."""
    ballot: BallotFound | None = None
    """What became of it, if it is one."""

    @property
    def state(self) -> str:
        """Return what became of a ballot: taken before it is counted, then counted, replaced, late or void; else recorded."""
        if self.ballot:
            return self.ballot.state
        return "taken" if self.type == BallotCast.wire else "recorded"


class _Seen(msgspec.Struct, frozen=True):
    """What one look for a ballot found."""

    ballot: BallotFound | None
    heads: Moment
    """How far the record had come before the look."""
    read: Moment


class _Typed(msgspec.Struct):
    id: str
    type: str


_typed = msgspec.json.Decoder(list[_Typed])


class Receipts:
    """Finds events and proves them. Owned by one event loop."""

    def __init__(self, desk: Desk, objects: Objects, latest: Latest) -> None:
        """Read the record through *desk*, and prove against what *latest* serves with the files in *objects*."""
        self._desk, self._objects, self._latest = desk, objects, latest
        self._looking: Batcher[int, bytes | None] = Batcher(self._look, most=100_000)
        self._finding: Batcher[str, _Seen] = Batcher(self._look_for, most=100_000)
        self._waiting = 0

    async def close(self) -> None:
        """End the looks that are under way."""
        await self._looking.close()
        await self._finding.close()

    @contextmanager
    def waiting(self, wait_s: int | None) -> Iterator[int | None]:
        """Give for how long somebody may wait who asks for *wait_s* seconds: none where too many wait."""
        if not wait_s or self._waiting >= MOST_WAITING:
            yield None if wait_s else wait_s
            return
        self._waiting += 1
        try:
            yield wait_s
        finally:
            self._waiting -= 1

    async def find(self, event_id: str, position: Position | None, ends: float) -> Event:
        """
        Return an event of the record: a ballot by its id alone, any other by its position, too.

        Args:
            ends: until when to wait for a ballot to be read, by the monotonic clock. For one that is in no record nobody waits.

        Raises:
            ReceiptNotFound: no ballot of that id has been read, and no position is given.
            EventNotThere: another event stands there, or none.
        """
        ballot = await self._ballot(event_id)
        if ballot is None and position is None:
            ballot = await self._awaited(event_id, ends)
        if position is None and ballot is None:
            raise ReceiptNotFound
        if ballot and position not in (None, ballot.position):
            ballot = None  # it was appended twice, and this is the other time
        place = position or (ballot.position if ballot else Position(0, 0))
        entry = await self._entry(place)
        found = _at(entry, place.index)
        if entry is None or found is None or found.id != event_id:
            raise EventNotThere
        return Event(event_id, place, found.type, entry, ballot)

    async def _ballot(self, event_id: str) -> BallotFound | None:
        async with self._desk.pool.connection() as connection:
            return await receipts.find(connection, event_id)

    async def _awaited(self, event_id: str, ends: float) -> BallotFound | None:
        """Return a ballot once it was read; none as soon as all was read that was in the record when somebody asked for it."""
        heads: Moment = ()
        while monotonic() < ends:
            seen = await self._finding(event_id)
            heads = heads or seen.heads
            if seen.ballot or all(read >= head for read, head in zip(seen.read, heads, strict=False)):
                return seen.ballot
        return None

    async def _look_for(self, event_ids: Sequence[str]) -> Sequence[_Seen]:
        """Look once for all who wait for a ballot: first how far the record and the tables have come, then for the ballots."""
        await asyncio.sleep(_LOOK_S)
        heads = await self._desk.log.heads()
        async with self._desk.pool.connection() as connection:
            rows = await (await connection.execute(_READ, (len(heads),))).fetchall()
            found = await receipts.find_all(connection, list(set(event_ids)))
        read = tuple(row[0] for row in rows) or (0,) * len(heads)
        return [_Seen(found.get(each), heads, read) for each in event_ids]

    async def _entry(self, place: Position) -> bytes | None:
        log = self._desk.log
        if place.partition >= log.partitions:
            return None
        if written := log.written(place.partition, place.offset):
            return written
        found = await log.read(place.partition, place.offset, 1)
        return found[0].body if found else None

    async def proof(self, partition: int, offset: int, ends: float) -> bytes | None:
        """
        Return the receipt of an entry, against the newest checkpoint; none while that does not cover it.

        Args:
            ends: until when to wait for one that does, by the monotonic clock.

        Raises:
            FileMissing: a file of the tree cannot be read.
        """
        checkpoint = await self._latest.of(str(partition))
        while (size := _size(checkpoint)) <= offset and monotonic() < ends:
            checkpoint = await self._looking(partition)
        if checkpoint is None or size <= offset:
            return None
        tiles = needed(size, partial(prove_inclusion, offset, size))
        bodies = await asyncio.gather(*(tile_of(self._objects, partition, each) for each in tiles))
        there = {tile: body for tile, body in zip(tiles, bodies, strict=True) if body is not None}
        try:
            proof = prove_inclusion(offset, size, hashes_from(size, there.__getitem__))
        except (KeyError, Malformed) as error:
            raise FileMissing from error
        return bytes(Receipt(offset, tuple(proof), Note.parse(checkpoint)))

    async def _look(self, partitions: Sequence[int]) -> Sequence[bytes | None]:
        """Look once for all who wait."""
        await asyncio.sleep(_LOOK_S)
        found = {each: await self._latest.of(str(each)) for each in set(partitions)}
        return [found[each] for each in partitions]


def _size(checkpoint: bytes | None) -> int:
    return Checkpoint.parse(Note.parse(checkpoint).text).size if checkpoint else 0


def _at(entry: bytes | None, index: int) -> _Typed | None:
    try:
        events = _typed.decode(entry or b"[]")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return events[index] if index < len(events) else None
