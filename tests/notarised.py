"""A notary over a real record and a folder of objects, and an auditor who believes nothing but what is published."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from psycopg_pool import AsyncConnectionPool

from fanfare.campaigns.founding import Founding, found
from fanfare.ledger.bundles import unpack_bundle
from fanfare.ledger.checkpoints import Checkpoint, Policy, open_signed
from fanfare.ledger.growing import grow
from fanfare.ledger.hashing import leaf_hash
from fanfare.ledger.notes import Note
from fanfare.ledger.ranges import CompactRange, root_of
from fanfare.ledger.tiles import ENTRIES, Tile, tiles_of
from fanfare.notary.notary import Notary
from fanfare.notary.state import State, states
from fanfare.platform.desk import Desk
from fanfare.platform.logs.port import Log
from fanfare.platform.logs.postgres import PostgresLog
from fanfare.platform.objects import Objects, in_folder
from fanfare.record.notary import key_name, origin

NAME = "https://fanfare.pomfret.example"


@dataclass
class Notarised:
    """A founded site without pages, and what its notary publishes."""

    pool: AsyncConnectionPool
    log: Log
    desk: Desk
    folder: Path
    objects: Objects
    seen: list[tuple[int, Checkpoint]] = field(default_factory=list)
    """Every checkpoint that the auditor was shown, with its partition."""

    def notary(self) -> Notary:
        """Return a new notary, as that of a process that just began."""
        desk = Desk(self.pool, PostgresLog(self.pool, 1), self.desk.vault_key) if isinstance(self.log, PostgresLog) else self.desk
        return Notary(desk, self.objects)

    async def append(self, partition: int, count: int, size_bytes: int = 40) -> None:
        """Append so many entries that nobody reads."""
        bodies = [b'{"padding":"' + str(number).encode().rjust(size_bytes, b".") + b'"}' for number in range(count)]
        await asyncio.gather(*(self.log.append(partition, [body], alone=True) for body in bodies))

    async def state(self, partition: int) -> State:
        """Return what the notary wrote down of a partition."""
        async with self.pool.connection() as connection:
            return next(each for each in await states(connection) if each.partition == partition)

    def checkpoint(self, partition: int) -> Checkpoint | None:
        """Return what is published, if it is signed as it has to be."""
        path = self.folder / "record" / str(partition) / "checkpoint"
        if not path.exists():
            return None
        note = Note.parse(path.read_bytes())
        notary, name = self.desk.streams.notary, origin(NAME, partition)
        opened = open_signed(note, Policy(notary.verifiers(name)))
        assert str(opened.by) in notary.in_force(name)
        assert len(note.signatures) == len(notary.in_force(name))
        return opened.checkpoint

    async def audit(self, partition: int) -> int:
        """
        Check all that is published of a partition against the record and against every checkpoint seen before; return its size.

        The whole of it again each time: bundles, tiles of every level, root, signature.
        """
        await self.desk.catch_up()
        found = self.checkpoint(partition)
        if found is None:
            return 0
        assert found.origin == origin(NAME, partition) == f"{key_name(NAME)}/record/{partition}"
        bodies = [each.body for each in await self.log.read(partition, 0, max(found.size, 1))][: found.size]
        leaves = list(map(leaf_hash, bodies))
        assert found.root == root_of(leaves)
        expected = grow(CompactRange(), {}, bodies)
        for tile in tiles_of(found.size):
            assert self.file(partition, tile) == expected[tile], tile.path
        for number, earlier in self.seen:
            if number == partition:
                assert earlier.root == root_of(leaves[: earlier.size]), "two checkpoints of one log that do not fit: a fork"
                assert earlier.size <= found.size
        self.seen.append((partition, found))
        return found.size

    def file(self, partition: int, tile: Tile) -> bytes:
        """Return the bytes of a file; of one whose full form has come, its beginning."""
        path = self.folder / "record" / str(partition) / tile.path
        if path.exists() or tile.is_full:
            return path.read_bytes()
        full = self.file(partition, Tile(tile.level, tile.index))
        if tile.level != ENTRIES:
            return full[: 32 * tile.width]
        kept = unpack_bundle(full)[: tile.width]
        return b"".join(len(each).to_bytes(2) + each for each in kept)

    def partial_files(self, partition: int) -> Sequence[str]:
        """Return the names of all partial files."""
        root = self.folder / "record" / str(partition)
        return sorted(str(each.relative_to(root)) for each in root.rglob("*.p/*"))


async def notarised(pool: AsyncConnectionPool, log: Log, folder: Path, partitions: int = 4) -> Notarised:
    """Found a site over *pool* and *log*, with objects in *folder*."""
    desk = Desk(pool, log, b"k" * 32)
    await found(desk, Founding(url=NAME, brand="Pomfret Soda", colour="#ff5c7c", zone="Europe/Berlin", partitions=partitions))
    await desk.catch_up()
    return Notarised(pool, log, desk, folder, in_folder(folder))


async def level(site: Notarised, notary: Notary | None = None) -> list[int]:
    """Let a notary (a new one, which need not wait for the lease) run twice, and return the audited size of each partition."""
    if notary is None:
        await expire(site)
    notary = notary or site.notary()
    for _ in range(2):
        await notary.run()
    return [await site.audit(each) for each in range(len(await site.log.heads()))]


async def expire(site: Notarised) -> None:
    """Let the lease run out, as it does by itself after a few seconds."""
    await execute(site, "update notary.lease set until = '-infinity'")


async def execute(site: Notarised, statement: str, *arguments: object) -> None:
    """Do something to the tables that the site does not do."""
    async with site.pool.connection() as connection:
        await connection.execute(statement, arguments)
