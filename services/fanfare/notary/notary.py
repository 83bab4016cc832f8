"""
The notary: keeps the tree of each partition level with the record, signs how far it has come, and stops where it doubts.

A chore of the worker's, twice a second. A run that finds nothing new asks for the heads and no more.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from time import monotonic

import structlog

from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.keys import SignerKey
from fanfare.ledger.notes import Note, Signature
from fanfare.notary import history, keys, state
from fanfare.notary.lease import Lease
from fanfare.notary.publishing import MANIFEST, manifest, publish, published
from fanfare.notary.sweep import SweepDoubt, Sweeping
from fanfare.notary.tree import Doubt, Superseded, Tree, folder
from fanfare.notary.witnessing import Witnessing
from fanfare.platform.desk import Desk
from fanfare.platform.logs.port import RecordGap
from fanfare.platform.objects import Objects
from fanfare.platform.refusals import Overtaken
from fanfare.record.notary import key_name, origin
from fanfare.record.position import Moment

EVERY_S = 0.5
"""Between two runs."""
_TURN_S = 0.5
"""How long one partition may catch up before another has its turn and a checkpoint is signed."""
_LOOK_S = 5.0
"""Between two looks at what is published."""
_DOUBT_S = 60.0
"""A partition that is in doubt is looked at again after so long."""
_log = structlog.get_logger()


@dataclass
class _Place:
    """A partition as this process tends it."""

    tree: Tree
    passing: Checkpoint | None
    """The largest checkpoint that was found published when it was opened: the tree has to go through it."""
    checkpoint: bytes = b""
    """As published by this process."""
    size: int = -1
    """Of that."""
    keys: tuple[str, ...] = ()
    """That signed it."""


class Notary:
    """Tends all partitions. Owned by one event loop; where several workers run, each has one, and the lease lets one write."""

    def __init__(self, desk: Desk, objects: Objects, showing: Witnessing | None = None) -> None:
        """Read the record through *desk*, publish into *objects*, and let witnesses be shown that by *showing*."""
        self._showing = showing or Witnessing(desk.pool, objects, ())
        self._putting = asyncio.Lock()
        """Held while a checkpoint is put: cosignatures come from chores of their own."""
        self._cosigned = False
        """Since the manifest was published last, which has a sum over each checkpoint with what stands under it."""
        self._desk, self._objects = desk, objects
        self._lease = Lease(desk.pool)
        self._sweeping = Sweeping(desk.pool, desk.log, objects)
        self._epoch: int | None = None
        self._places = dict[int, _Place]()
        self._doubted = dict[int, float]()
        """Partitions in doubt, and since when."""
        self._signers: Mapping[str, Sequence[SignerKey]] = {}
        """By name: of the record and of each partition, those in force."""
        self._manifest = b""
        self._looked = -inf

    async def run(self) -> None:
        """Bring every partition level and sign it; then sweep a little."""
        await self._desk.be_at_most(1.0)
        if not self._desk.streams.site.founded:
            return
        heads = await self._desk.log.heads()
        await self._look_at_published()
        if self._is_due(heads) or self._cosigned:
            await self._tend_all(heads)
        if self._places or self._doubted:
            await self._sweep()

    def _is_due(self, heads: Moment) -> bool:
        if keys.lacking(self._desk) or self._signers_words() != self._in_force():
            return True
        tended = [self._places.get(number) for number in range(len(heads)) if number not in self._doubted]
        return any(
            each is None or each.tree.grown.size != head or each.size != head
            for each, head in zip(tended, (head for n, head in enumerate(heads) if n not in self._doubted), strict=True)
        )

    def _in_force(self) -> Mapping[str, tuple[str, ...]]:
        """Return the keys that sign now, by name: all that the site needs but the promises key."""
        known, name = self._desk.streams.notary, self._desk.source
        names = (key_name(name), *(origin(name, number) for number in range(self._desk.streams.site.partitions)))
        return {each: known.in_force(each) for each in names}

    def _signers_words(self) -> Mapping[str, tuple[str, ...]]:
        return {name: tuple(str(each.verifier) for each in signers) for name, signers in self._signers.items()}

    async def _tend_all(self, heads: Moment) -> None:
        if not await self._may():
            return
        try:
            await self._load_keys()
        except keys.KeyLost as lost:
            for number in range(len(heads)):
                if number not in self._doubted:
                    await self._stop(number, str(lost))
            return
        for number, head in enumerate(heads):
            if number not in self._doubted and await self._may():
                await self._tend(number, head)
        self._cosigned = False
        await self._publish_manifest(len(heads))

    async def _load_keys(self) -> None:
        """Load the keys in force; those that the site still lacks the first process makes. Raises: KeyLost."""
        if keys.lacking(self._desk):
            with suppress(keys.KeyThere, Overtaken):  # another process did
                await keys.make(self._desk)
        in_force = self._in_force()
        if self._signers_words() != in_force:
            async with self._desk.pool.connection() as connection:
                self._signers = {name: [await keys.load(connection, each) for each in words] for name, words in in_force.items()}

    async def _may(self) -> bool:
        """Tell whether this process is the notary; where it has just become it, what it knew is read again."""
        epoch = await self._lease.take()
        if epoch is None or epoch != self._epoch:
            self._places.clear()
            self._doubted.clear()
            self._showing.forget()
            if epoch is not None:
                await self._showing.begin()
        self._epoch = epoch
        return epoch is not None

    async def _tend(self, number: int, head: int) -> None:
        """Let one partition grow for a moment, and sign what was committed."""
        try:
            place = self._places.get(number) or await self._begin(number)
            if place is None or self._epoch is None:
                return
            ends = monotonic() + _TURN_S
            while await place.tree.grow(head, self._epoch, place.passing) and monotonic() < ends:
                pass
            await self._publish(number, place)
        except Superseded:
            self._places.pop(number, None)
        except (Doubt, RecordGap) as doubt:
            await self._stop(number, str(doubt))

    async def _begin(self, number: int) -> _Place | None:
        """Open a partition; nothing where it was in doubt when the last process ended, which only a sweep settles."""
        async with self._desk.pool.connection() as connection:
            told = {each.partition: each.doubt for each in await state.states(connection)}
        if told.get(number):
            self._doubted[number] = -inf
            return None
        tree = Tree(number, self._desk.pool, self._desk.log, self._objects)
        await tree.load()
        passing = await published(self._objects, self._desk.source, number, self._desk.streams.notary)
        place = self._places[number] = _Place(tree, passing)
        return place

    async def _publish(self, number: int, place: _Place) -> None:
        grown, signers = place.tree.grown, self._signers.get(origin(self._desk.source, number), ())
        by = tuple(str(each.verifier) for each in signers)
        if not by or (place.size, place.keys) == (grown.size, by) or (place.passing and grown.size < place.passing.size):
            return
        known = self._desk.streams.notary
        async with self._putting:
            to = (self._objects, self._desk.source, number)
            signed = place.checkpoint = await publish(*to, grown.size, grown.root, known, signers, self._showing.keys)
            self._showing.offer(number, signed)
            async with self._desk.pool.connection() as connection:
                await state.signed(connection, number, grown.size)
                await history.keep(connection, number, signed)
            place.size, place.keys = grown.size, by  # last: what could not be noted is published and noted again

    async def take(self, partition: int, text: bytes, cosignature: Signature) -> None:
        """Put a witness's signature, which was verified, under the checkpoint with this text, if that is still published."""
        async with self._putting:
            place = self._places.get(partition)
            note = Note.parse(place.checkpoint) if place and place.checkpoint else None
            if place is None or note is None or note.text != text:
                return
            if await self._objects.get(f"{folder(partition)}/checkpoint") != place.checkpoint:
                place.size = -1  # somebody else's lies there
                return
            place.checkpoint = bytes(note.having(cosignature))
            await self._objects.put(f"{folder(partition)}/checkpoint", place.checkpoint)
            self._cosigned = True
            self._showing.offer(partition, place.checkpoint)
            async with self._desk.pool.connection() as connection:  # one after another, or an earlier note would be kept last
                await history.keep(connection, partition, place.checkpoint)

    async def _look_at_published(self) -> None:
        """Publish again what a writer that was held up has put an older one in the place of, or somebody something else."""
        if not self._places or monotonic() - self._looked < _LOOK_S:
            return
        self._looked = monotonic()
        for number, place in self._places.items():
            if place.checkpoint and await self._objects.get(f"{folder(number)}/checkpoint") != place.checkpoint:
                place.size = -1

    async def _publish_manifest(self, partitions: int) -> None:
        """Publish heads and keys, once every partition has a checkpoint; of one in doubt its last stands."""
        checkpoints = []
        for number in range(partitions):
            place = self._places.get(number)
            stored = place.checkpoint if place else await self._objects.get(f"{folder(number)}/checkpoint")
            if not stored:
                return
            checkpoints.append(stored)
        name = self._desk.source
        signers = self._signers.get(key_name(name), ())
        if not signers:
            return
        made = manifest(name, checkpoints, self._desk.streams.notary, signers)
        if made != self._manifest:
            await self._objects.put(MANIFEST, made)
            self._manifest = made

    async def _stop(self, number: int, why: str) -> None:
        """Sign nothing more of a partition, and say so; the others go on."""
        _log.error("the notary signs nothing more of a partition", partition=number, why=why)
        self._places.pop(number, None)
        self._doubted[number] = monotonic()
        async with self._desk.pool.connection() as connection:
            await state.doubted(connection, number, why)

    async def _sweep(self) -> None:
        if self._sweeping.rests:
            return
        async with self._desk.pool.connection() as connection:
            told = list(await state.states(connection))
        now = monotonic()
        waits = {number for number, since in self._doubted.items() if now - since < _DOUBT_S}
        try:
            whole = await self._sweeping.some([each for each in told if each.partition not in waits])
        except SweepDoubt as doubt:
            await self._stop(doubt.partition, str(doubt))
            return
        if whole is None:
            return
        async with self._desk.pool.connection() as connection:
            await state.swept(connection, whole.partition)
        if self._doubted.pop(whole.partition, None) is not None:
            _log.info("the notary signs a partition again: all of it is as it was signed", partition=whole.partition)
