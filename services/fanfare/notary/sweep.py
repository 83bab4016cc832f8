"""
The sweep: grows each tree once more from nothing, beside the real one, and compares all that was published with what comes out.

So an entry that was altered long after it was signed is found, and so is a file, at the cost of a hundredth of a core. Where
there is a doubt it takes a fifth, and the doubt ends when all is found as it was signed. Files that are missing are written
again, once the record was found to lead to the root that was signed.
"""

import asyncio
from math import inf
from time import monotonic, perf_counter

import structlog
from psycopg_pool import AsyncConnectionPool

from fanfare.ledger import growing
from fanfare.ledger.bundles import unpack_bundle
from fanfare.ledger.faults import Malformed
from fanfare.ledger.ranges import CompactRange
from fanfare.ledger.tiles import ENTRIES, WIDTH, Tile
from fanfare.notary.state import State
from fanfare.notary.tree import Doubt, check_same, cut, folder
from fanfare.platform.logs.port import Log, RecordGap
from fanfare.platform.objects import Objects

_log = structlog.get_logger()
_CALM, _URGENT = 99, 4
"""How much longer it rests than it works."""
_EVERY_S = 600.0
"""A partition that was found whole is not swept again before."""


class Sweep:
    """One pass over one partition. Owned by one event loop."""

    def __init__(self, target: State, log: Log, objects: Objects, *, mending: bool = False) -> None:
        """Compare the record and the objects with what was committed as *target*; *mending* writes files that are missing."""
        self.target = target
        self._log, self._objects, self._mending = log, objects, mending
        self._tree, self._edge = CompactRange(), dict[Tile, bytes]()
        self.missing = 0

    async def step(self) -> bool:
        """
        Compare one bundle and what follows from it, and tell whether there is more.

        Raises:
            Doubt: with the place of what differs.
        """
        number, size = self.target.partition, self.target.size
        first = self._tree.size
        if first == size:
            return False
        stored = await self._log.read(number, first, min(WIDTH, size - first))
        bodies = [each.body for each in stored]
        if len(bodies) < min(WIDTH, size - first):
            raise Doubt(cut(number, first + len(bodies), size))
        files = await asyncio.to_thread(growing.grow, self._tree, self._edge, bodies)
        kept = {**self._edge, **files}
        self._edge = {tile: kept[tile] for tile in growing.edge_of(self._tree.size)}
        at_end = self._tree.size == size
        full = {tile: body for tile, body in files.items() if tile.is_full}
        for tile, body in {**full, **(self._edge if at_end else {})}.items():
            await self._compare(tile, body, first, bodies)
        if at_end and self._tree.root() != self.target.root:
            raise Doubt(f"The first {size} entries of partition {number} lead to another root than the one that was signed.")
        return not at_end

    async def _compare(self, tile: Tile, body: bytes, first: int, bodies: list[bytes]) -> None:
        name = f"{folder(self.target.partition)}/{tile.path}"
        there = await self._objects.get(name)
        if there == body or (there is None and not tile.is_full and await self._grew(tile)):
            return
        if there is None:
            self.missing += 1
            if self._mending:
                await self._objects.put(name, body)
                _log.warning("a missing file of the notary was written again", name=name)
            return
        if tile.level == ENTRIES:
            try:
                check_same(self.target.partition, first, unpack_bundle(there, tile.width), bodies)
            except Malformed as error:
                raise Doubt(f"{name} is no bundle of {tile.width} entries any more: {error}") from error
        raise Doubt(f"{name} reads differently from what the record leads to.")

    async def _grew(self, tile: Tile) -> bool:
        """Tell whether a partial file is gone because the full one came meanwhile."""
        return await self._objects.get(f"{folder(self.target.partition)}/{Tile(tile.level, tile.index).path}") is not None


class Sweeping:
    """Sweeps one partition after the other, a little at a time. Owned by one event loop."""

    def __init__(self, pool: AsyncConnectionPool, log: Log, objects: Objects) -> None:
        """Compare *log* with *objects*."""
        self._pool, self._log, self._objects = pool, log, objects
        self._sweep: Sweep | None = None
        self._last = -1
        self._rests_until = 0.0
        self._again = set[int]()
        """Partitions to be swept at once: after a pass that found files missing."""
        self._whole = dict[int, float]()
        """When a partition was last found whole."""

    @property
    def rests(self) -> bool:
        """Tell whether it has worked as much as it may for now."""
        return monotonic() < self._rests_until

    async def some(self, states: list[State]) -> State | None:
        """
        Go on for a moment; return what was found to be whole, where this ended a pass.

        Raises:
            SweepDoubt: with the partition.
        """
        sweep, began = self._sweep or self._begin(states), perf_counter()
        if sweep is None or self.rests:
            return None
        self._sweep = sweep
        urgent = bool(sweep.target.doubt) or sweep.target.partition in self._again
        try:
            more = True
            while more and perf_counter() - began < (0.1 if urgent else 0.0):
                more = await sweep.step()
            more = more and await sweep.step()
        except (Doubt, RecordGap) as doubt:
            self._sweep = None
            raise SweepDoubt(sweep.target.partition, str(doubt)) from doubt
        finally:
            self._rests_until = monotonic() + (perf_counter() - began) * (_URGENT if urgent else _CALM)
        if more:
            return None
        self._sweep = None
        if sweep.missing and sweep.target.partition not in self._again:
            self._again.add(sweep.target.partition)
            return None
        self._again.discard(sweep.target.partition)
        self._whole[sweep.target.partition] = monotonic()
        return sweep.target

    def _begin(self, states: list[State]) -> Sweep | None:
        """Begin with what is to be mended or in doubt, else with the next partition."""
        due = monotonic() - _EVERY_S
        there = [each for each in states if each.doubt or (each.size and self._whole.get(each.partition, -inf) < due)]
        if not there:
            return None
        later = [each for each in there if each.partition > self._last] or there
        first = [each for each in later if each.partition in self._again or each.doubt]
        target = (first or later)[0]
        self._last = target.partition
        return Sweep(target, self._log, self._objects, mending=target.partition in self._again)


class SweepDoubt(Doubt):
    """The sweep found something."""

    def __init__(self, partition: int, why: str) -> None:
        """Say where."""
        super().__init__(why)
        self.partition = partition
