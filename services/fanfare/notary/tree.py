"""
The tree of one partition: how it grows, and what a crash at each step leaves.

1. Entries are read, from the offset that the row names on. A crash leaves nothing.
2. Bundles and tiles are created, and read back. A crash leaves files that the next run finds, the same.
3. Size and root are swapped in the row, if it still says what we began with. A crash leaves the old tree, or the new one.
4. Partial files are deleted where the full one is there. A crash leaves some for ever, which harm nobody.
5. What the row holds is signed and published. A crash leaves an older checkpoint, and the next run signs the same.

A file that is there and reads differently was written by somebody who read another record. It is replaced only in the
transaction that swaps the row, which holds it: a writer whose commit fails has replaced nothing that another one committed.

So whoever signs a size signs the root that was committed once for it. A writer that was held up for long can only publish an
older checkpoint, which no API serves that has seen a newer one, and which the notary replaces within seconds.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from psycopg_pool import AsyncConnectionPool

from fanfare.ledger import growing
from fanfare.ledger.bundles import unpack_bundle
from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.faults import Malformed
from fanfare.ledger.hashing import EMPTY_ROOT, leaf_hash
from fanfare.ledger.ranges import CompactRange
from fanfare.ledger.tiles import ENTRIES, WIDTH, Tile, joined
from fanfare.platform.logs.port import Log
from fanfare.platform.objects import Objects

PAGE_BYTES = 4 * 1024 * 1024
"""Of entries that are read at once, about: at least a bundle of them, at most eight."""
BEGIN = "insert into notary.trees (partition, size, root, edge) values (%s, 0, %s, %s) on conflict do nothing"
READ = "select size, root, edge from notary.trees where partition = %s"
# The only statement that lets a tree grow.
COMMIT = """
    update notary.trees set size = %(size)s, root = %(root)s, edge = %(edge)s
     where partition = %(partition)s and size = %(old_size)s and root = %(old_root)s
       and exists (select from notary.lease where epoch = %(epoch)s)
"""

# Holds the row, so that nobody else commits before this transaction ends.
HOLD = """
    select from notary.trees where partition = %(partition)s and size = %(old_size)s and root = %(old_root)s
       and exists (select from notary.lease where epoch = %(epoch)s)
       for update
"""


class Doubt(Exception):
    """Something is not as it was signed. The sentence is for whoever runs the site; nothing more is signed of this partition."""


_MANGLED = "{name} was written to the objects and reads differently: look at what keeps them."


class Superseded(Exception):
    """Another notary has gone on. Nothing was committed; read again how far it is."""


@dataclass(frozen=True)
class Grown:
    """A tree as its row says, with what it grows from."""

    size: int
    root: bytes
    edge: CompactRange
    files: Mapping[Tile, bytes]
    """Its partial files."""


def folder(partition: int) -> str:
    """Return under which name the objects of a partition lie."""
    return f"record/{partition}"


class Tree:
    """The tree of one partition. Owned by one event loop; another process may have one of the same."""

    def __init__(self, partition: int, pool: AsyncConnectionPool, log: Log, objects: Objects) -> None:
        """Read entries from *log*, keep files in *objects* and how far it is in PostgreSQL."""
        self.partition = partition
        self._pool, self._log, self._objects = pool, log, objects
        self._page = WIDTH
        self.grown = Grown(0, EMPTY_ROOT, CompactRange(), {})

    async def load(self) -> None:
        """
        Read how far it is, and check its last files against that and against the record.

        Raises:
            Doubt: they do not fit together.
        """
        async with self._pool.connection() as connection:
            await connection.execute(BEGIN, (self.partition, EMPTY_ROOT, CompactRange().pack()))
            row = await (await connection.execute(READ, (self.partition,))).fetchone()
        size, root, packed = (row[0], bytes(row[1]), bytes(row[2])) if row else (0, EMPTY_ROOT, CompactRange().pack())
        try:
            edge = CompactRange.unpack(packed)
        except Malformed:
            edge = CompactRange()
        if edge.size != size or edge.root() != root:
            raise Doubt(f"The row of partition {self.partition} in notary.trees does not fit together: edge and root differ.")
        files = {tile: await self._file(tile) for tile in growing.edge_of(size)}
        await self._check_files(size, root, files)
        self.grown = Grown(size, root, edge, files)

    async def _file(self, tile: Tile) -> bytes:
        body = await self._objects.get(f"{folder(self.partition)}/{tile.path}")
        if body is None:
            raise Doubt(f"{folder(self.partition)}/{tile.path} is missing from the objects.")
        return body

    async def _check_files(self, size: int, root: bytes, files: Mapping[Tile, bytes]) -> None:
        """Check that the tree's last files lead to its root, and that its last bundle is what the record says."""
        wrong = f"The last files of partition {self.partition}, of {size} entries, do not lead to the root that was signed."
        last = next((tile for tile in files if tile.level == ENTRIES), None)
        try:
            if size and growing.range_from(size, files).root() != root:
                raise Doubt(wrong)
            entries = unpack_bundle(files[last], last.width) if last else []
        except Malformed as error:
            raise Doubt(f"{wrong} {error}") from error
        if last is None:
            return
        if joined(map(leaf_hash, entries)) != files[replace(last, level=0)]:
            raise Doubt(wrong)
        stored = await self._log.read(self.partition, last.index * WIDTH, last.width)
        check_same(self.partition, last.index * WIDTH, entries, [each.body for each in stored])

    async def grow(self, head: int, epoch: int, passing: Checkpoint | None) -> bool:
        """
        Take in one page of entries, and tell whether there was one.

        Args:
            head: how many entries the partition has.
            epoch: of the lease under which this is done.
            passing: the largest checkpoint that was ever published; where the tree gets to its size, its root must be that one.

        Raises:
            Doubt: the record is shorter than the tree or than that checkpoint, or does not lead to it.
            Superseded: another notary has gone on.
        """
        old = self.grown
        self.check_length(head, passing)
        if head == old.size:
            return False
        end = min(head, (old.size // WIDTH + self._page // WIDTH) * WIDTH)
        if passing and old.size < passing.size:
            end = min(end, passing.size)
        stored = await self._log.read(self.partition, old.size, end - old.size)
        bodies = [each.body for each in stored]
        if not bodies:
            return False
        self._page = min(8, max(1, PAGE_BYTES * len(bodies) // (sum(map(len, bodies)) * WIDTH))) * WIDTH
        edge = CompactRange(old.size, old.edge.edge)
        files = await asyncio.to_thread(growing.grow, edge, old.files, bodies)
        root = edge.root()
        if passing and edge.size == passing.size and root != passing.root:
            raise Doubt(
                f"The first {passing.size} entries of partition {self.partition} have another root than the checkpoint of that "
                "size that was signed and published: an entry was altered, or taken out and others appended in its place."
            )
        other = await self._put(files, known=passing is not None and old.size < passing.size)
        await self._commit(edge, root, epoch, other)
        kept = {**old.files, **files}
        self.grown = Grown(edge.size, root, edge, {tile: kept[tile] for tile in growing.edge_of(edge.size)})
        await self._tidy([tile for tile in files if tile.is_full])
        return True

    def check_length(self, head: int, passing: Checkpoint | None) -> None:
        """Check that the record is as long as what was signed of it. Raises: Doubt."""
        signed = max(self.grown.size, passing.size if passing else 0)
        if head < signed:
            raise Doubt(cut(self.partition, head, signed))

    async def _put(self, files: Mapping[Tile, bytes], *, known: bool) -> Mapping[str, bytes]:
        """
        Create files and read them back, so that nothing is signed that nobody can read; return those that are there and differ.

        Args:
            known: they are below what was published. Then one that is there and differs is evidence, and stays.
        """
        other = dict[str, bytes]()

        async def write(name: str, body: bytes) -> None:
            created = await self._objects.create(name, body)
            if await self._objects.get(name) == body:
                return
            if created:
                raise Doubt(_MANGLED.format(name=name))
            if known:
                raise Doubt(f"{name} was published and reads differently from what the record leads to: an entry was altered.")
            other[name] = body

        ends = await asyncio.gather(
            *(write(f"{folder(self.partition)}/{tile.path}", body) for tile, body in files.items()), return_exceptions=True
        )
        for end in ends:
            if isinstance(end, BaseException):  # none of the others is under way any more
                raise end
        return other

    async def _commit(self, edge: CompactRange, root: bytes, epoch: int, other: Mapping[str, bytes]) -> None:
        """
        Swap the row. First *other* takes the place of files that differ: nobody vouches for these while the row is held.

        Raises:
            Superseded: somebody else swapped it, or has the lease.
            Doubt: a file reads differently from what was written.
        """
        old = self.grown
        swap = {
            "partition": self.partition,
            "size": edge.size,
            "root": root,
            "edge": edge.pack(),
            "old_size": old.size,
            "old_root": old.root,
            "epoch": epoch,
        }
        async with self._pool.connection() as connection, connection.transaction():
            if other and not (await connection.execute(HOLD, swap)).rowcount:
                raise Superseded
            for name, body in other.items():
                await self._objects.put(name, body)
                if await self._objects.get(name) != body:
                    raise Doubt(_MANGLED.format(name=name))
            if not (await connection.execute(COMMIT, swap)).rowcount:
                raise Superseded

    async def _tidy(self, full: Sequence[Tile]) -> None:
        """Delete the partial files of full ones, which whoever needs a part of them reads instead."""
        for tile in full:
            prefix = f"{folder(self.partition)}/{tile.path}.p"
            await self._objects.delete([name async for name, _ in self._objects.names(prefix)])


def cut(partition: int, head: int, signed: int) -> str:
    """Return what to tell where the record is shorter than what was signed."""
    return (
        f"Partition {partition} of the record has {head} entries, and {signed} were signed: its tail is missing. "
        "Put it back with `fanfare record restore`."
    )


def check_same(partition: int, first: int, signed: Sequence[bytes], stored: Sequence[bytes]) -> None:
    """Check that entries of the record read as they were signed. Raises: Doubt: with the place of the first that does not."""
    for at, body in enumerate(signed):
        if at >= len(stored):
            raise Doubt(f"Entry {partition}:{first + at} is missing from the record, and was signed.")
        if stored[at] != body:
            raise Doubt(f"Entry {partition}:{first + at} of the record reads differently from what was signed.")
