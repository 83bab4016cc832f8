"""
The record of a running site, read as any stranger reads it: by its checkpoints and bundles of entries, over HTTP.

Source: C2SP tlog-tiles (c2sp.org/tlog-tiles).
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace

from fanfare.audit.archives.archive import Archive
from fanfare.audit.archives.bundles import Broken
from fanfare.audit.archives.fetching import BETWEEN_TRIES_S, Site, SiteAway
from fanfare.audit.claims import Claim, Progress, claim
from fanfare.ledger import growing
from fanfare.ledger.bundles import unpack_bundle
from fanfare.ledger.faults import Malformed
from fanfare.ledger.hashing import HASH_BYTES
from fanfare.ledger.ranges import CompactRange
from fanfare.ledger.tiles import ENTRIES, WIDTH, Tile
from fanfare.platform.logs.port import LogAway, StoredEntry
from fanfare.record.position import Moment, Position

_KEPT = 16
"""So many bundles are remembered, so that one that lies across two reads is fetched once."""
_AT_ONCE = 8
"""So many tiles are fetched together."""
_NEW_WITHIN_S = 3.0
"""How long a partition may have nothing signed; the notary needs a second."""


class NotServed(Broken):
    """What a checkpoint speaks of is not served, or does not parse."""


class TiledLog:
    """Reads a site as a log; nothing can be appended to it. Owned by one event loop."""

    def __init__(self, site: Site) -> None:
        """Read from *site*."""
        self.partitions = 1
        self._site = site
        self._bundles: dict[tuple[int, Tile], list[bytes]] = {}
        self._sizes: dict[int, int] = {}

    async def heads(self) -> Moment:
        """
        Return how far each partition is signed.

        Raises:
            LogAway: the site does not answer, or has signed nothing.
            NotServed: it serves nothing of one of its partitions.
        """
        for partition in reversed(range(self.partitions)):
            self._sizes[partition] = await self._signed(partition)
        return tuple(self._sizes[partition] for partition in range(self.partitions))

    async def _signed(self, partition: int) -> int:
        """Return how far a partition is signed; one that was added just now is, a moment later."""
        deadline = asyncio.get_running_loop().time() + (_NEW_WITHIN_S if partition else 0)
        while True:
            try:
                found = await self._site.checkpoint(partition)
            except SiteAway as error:
                raise LogAway(str(error)) from error
            if found is not None:
                return found[0]
            if asyncio.get_running_loop().time() >= deadline:
                raise self._nothing_of(partition)
            await asyncio.sleep(BETWEEN_TRIES_S)

    def _nothing_of(self, partition: int) -> LogAway | NotServed:
        path = f"record/{partition}/checkpoint"
        if not partition:
            unknown = "nothing is signed yet, or this is not the address of a Fanfare site"
            return LogAway(f"{self._site.base_url}/{path} is not there: {unknown}")
        return NotServed(
            f"{path}: the record says that it has {self.partitions} partitions, and of this one nothing is served: it is hidden. "
            "Only of a site that was founded this minute, ask again in a minute"
        )

    def written(self, partition: int, offset: int) -> None:
        """Return nothing: nothing is appended here."""

    async def read(self, partition: int, start: int, limit: int = 500) -> list[StoredEntry]:
        """
        Return up to *limit* entries from *start* on, as far as they were signed when `heads` was asked.

        Raises:
            LogAway: the site does not answer.
            NotServed: a bundle is missing, or is none.
        """
        size = self._sizes.get(partition, 0)
        end = min(start + limit, size)
        if start >= end:
            return []
        wanted = [Tile(ENTRIES, at, min(WIDTH, size - at * WIDTH)) for at in range(start // WIDTH, -(-end // WIDTH))]
        bundles = await asyncio.gather(*(self._bundle(partition, each) for each in wanted))
        entries = [entry for bundle in bundles for entry in bundle][start % WIDTH :]
        return [StoredEntry(partition, start + at, body) for at, body in enumerate(entries[: end - start])]

    async def _bundle(self, partition: int, tile: Tile) -> list[bytes]:
        kept = self._bundles.get((partition, tile))
        if kept is not None:
            return kept
        try:
            width, body = await _fetched(self._site, partition, tile)
            entries = unpack_bundle(body, width)[: tile.width]
        except SiteAway as error:
            raise LogAway(str(error)) from error
        except Malformed as error:
            raise NotServed(f"record/{partition}/{tile.path}: {error}") from error
        self._bundles[partition, tile] = entries
        while len(self._bundles) > _KEPT:
            self._bundles.pop(next(iter(self._bundles)))
        return entries

    async def append(self, partition: int, events: Sequence[bytes], *, alone: bool = False) -> Position:
        """Refuse: a stranger writes nothing. Raises: LogAway."""
        raise LogAway(f"{len(events)} events for partition {partition} ({alone=}): a site is read by its tiles, not written to")

    async def changed(self, timeout_s: float) -> None:
        """Return at once: an audit looks once."""

    async def settle(self) -> None:
        """Return at once: nothing waits to be written."""

    async def close(self) -> None:
        """Remember nothing."""
        self._bundles.clear()


async def tile_claims(archive: Archive, site: Site, progress: Progress) -> list[Claim]:
    """
    Compare every tile of hashes that a site serves with what the entries in *archive* give, and return a claim a partition.

    Raises:
        SiteAway: the site does not answer any more.
        Broken: the archive is damaged.
    """
    found = []
    for partition, end in enumerate(archive.manifest.moment):
        wrong, count = list[str](), 0
        for expected in _batches(_expected(archive, partition, end)):
            answers = await asyncio.gather(*(_served(site, partition, tile) for tile, _ in expected))
            for (tile, body), served in zip(expected, answers, strict=True):
                wrong += _differing(partition, tile, body, served)
            count += len(expected)
            progress(
                "comparing tiles", sum(archive.manifest.moment[:partition]) + count * WIDTH, sum(archive.manifest.moment) + WIDTH
            )
        found.append(claim(f"tiles {partition}", f"{count} tiles of hashes are what {end} entries give", wrong))
    return found


def _expected(archive: Archive, partition: int, end: int) -> Iterator[tuple[Tile, bytes]]:
    """Yield each tile of hashes of a tree of *end* leaves, full ones and at the end the partial ones, as the entries give it."""
    tree, edge, bodies = CompactRange(), dict[Tile, bytes](), list[bytes]()
    for offset, body in archive.entries(partition):
        bodies.append(body)
        if len(bodies) < WIDTH and offset + 1 < end:
            continue
        files = {**edge, **growing.grow(tree, edge, bodies)}
        edge = {tile: files[tile] for tile in growing.edge_of(tree.size)}
        due = [tile for tile in files if tile.is_full or (tile in edge and tree.size == end)]
        yield from ((tile, files[tile]) for tile in due if tile.level != ENTRIES)
        bodies = []


def _batches(pieces: Iterator[tuple[Tile, bytes]]) -> Iterator[list[tuple[Tile, bytes]]]:
    batch = []
    for each in pieces:
        batch.append(each)
        if len(batch) == _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


async def _served(site: Site, partition: int, tile: Tile) -> bytes | str:
    try:
        _, body = await _fetched(site, partition, tile)
    except NotServed as error:
        return str(error)
    return body[: tile.width * HASH_BYTES]


def _differing(partition: int, tile: Tile, body: bytes, served: bytes | str) -> list[str]:
    """Name the first hash of a tile that is not what the entries give; of the lowest level it is that of an entry."""
    if isinstance(served, str):
        return [served]
    if served == body:
        return []
    path = f"record/{partition}/{tile.path}"
    if len(served) != len(body):
        return [f"{path}: {len(served)} bytes are served, and its width makes {len(body)}"]
    at = next(at for at in range(tile.width) if served[at * HASH_BYTES :][:HASH_BYTES] != body[at * HASH_BYTES :][:HASH_BYTES])
    place = f"entry {partition}:{tile.index * WIDTH + at}" if tile.level == 0 else f"hash {at}"
    return [f"{path}: {place} is served with another hash than the entries give"]


async def _fetched(site: Site, partition: int, tile: Tile) -> tuple[int, bytes]:
    """Return the width and the bytes of a tile, or of the full one that a partial one has become. Raises: SiteAway, NotServed."""
    for each in dict.fromkeys((tile, replace(tile, width=WIDTH))):
        body = await site.served(f"/record/{partition}/{each.path}")
        if body is not None:
            return each.width, body
    raise NotServed(f"record/{partition}/{tile.path}: the checkpoint speaks of it, and it is not served")
