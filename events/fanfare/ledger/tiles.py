"""
Tiles: a tree cut into files of 256 hashes that never change, and bundles of 256 entries beside them.

A tile of level L holds hashes of complete subtrees of level 8 × L; the levels between are hashed from those when they are needed.

Source: C2SP tlog-tiles (c2sp.org/tlog-tiles).
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from fanfare.ledger.faults import Malformed
from fanfare.ledger.hashing import HASH_BYTES, node_hash
from fanfare.ledger.proofs import HashAt

HEIGHT = 8
WIDTH = 1 << HEIGHT
"""How many hashes a full tile has, and how many entries a full bundle."""

ENTRIES = -1
"""The level of a bundle: what lies below the leaves are the entries."""

_HIGHEST = 63
_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile, or with the level `ENTRIES` a bundle: the *width* hashes (or entries) from *index* × 256 on."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def is_full(self) -> bool:
        """Tell whether it never grows."""
        return self.width == WIDTH

    @property
    def path(self) -> str:
        """Return where it is served, below the log's address: `tile/0/x001/234`, `tile/entries/000.p/17`."""
        groups = [f"{self.index % 1000:03}"]
        rest = self.index // 1000
        while rest:
            groups.append(f"x{rest % 1000:03}")
            rest //= 1000
        level = "entries" if self.level == ENTRIES else str(self.level)
        return f"tile/{level}/{'/'.join(reversed(groups))}" + ("" if self.is_full else f".p/{self.width}")


def parse_path(path: str) -> Tile:
    """
    Return the tile that is served here.

    Raises:
        Malformed: it is not the path of a tile or a bundle, or not written as that path is written.
    """
    found = _PATH.fullmatch(path)
    if found:
        level = ENTRIES if found[1] == "entries" else int(found[1])
        tile = Tile(level, int(re.sub("[x/]", "", found[2])), int(found[3] or WIDTH))
        if tile.path == path and level <= _HIGHEST:
            return tile
    raise Malformed(f"{path!r} is not the path of a tile, such as tile/0/x001/234 or tile/entries/000.p/17.")


def tiles_of(size: int) -> list[Tile]:
    """Return all tiles and bundles of a tree of *size* leaves, as `grown` gives them."""
    return grown(0, size)


def grown(before: int, after: int) -> list[Tile]:
    """
    Return what is to be written when a tree grows from *before* leaves to *after*: bundles first, then tiles, the lowest first.

    Of each full one only the full form; a partial one where the tree ends in it, and where it holds something new.
    """
    found, level = list[Tile](), 0
    while (now := after >> HEIGHT * level) > 0:
        then = before >> HEIGHT * level
        if now > then:
            found += [Tile(level, index, min(WIDTH, now - index * WIDTH)) for index in range(then // WIDTH, -(-now // WIDTH))]
        level += 1
    return [replace(tile, level=ENTRIES) for tile in found if tile.level == 0] + found


def tile_of(level: int, index: int, size: int) -> Tile:
    """
    Return the tile from which the hash of a complete subtree comes, as wide as it is in a tree of *size* leaves.

    Raises:
        ValueError: a tree of this size has no such subtree.
    """
    if not 0 <= index < size >> level:
        raise ValueError(f"A tree of {size} leaves has no complete subtree {index} of level {level}.")
    at, above = level // HEIGHT, level % HEIGHT
    number = (index << above) // WIDTH
    return Tile(at, number, min(WIDTH, (size >> HEIGHT * at) - number * WIDTH))


def hash_from(tile: Tile, body: bytes, level: int, index: int) -> bytes:
    """Return the hash of a complete subtree from the bytes of the tile that `tile_of` names for it."""
    hashes = split(tile, body)
    first = (index << level % HEIGHT) - tile.index * WIDTH
    hashes = hashes[first : first + (1 << level % HEIGHT)]
    while len(hashes) > 1:
        hashes = [node_hash(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]


def hashes_from(size: int, read: Callable[[Tile], bytes]) -> HashAt:
    """
    Return what proofs are made of, for a tree of *size* leaves, from its tiles.

    Nothing is believed of them: wrong tiles make a proof that does not lead to the signed root, or another root.

    Args:
        read: the bytes of a tile, exactly as wide as it is asked for; where only the full one is left, its beginning. One that
            keeps what it read makes fewer reads.
    """

    def hash_at(level: int, index: int) -> bytes:
        tile = tile_of(level, index, size)
        return hash_from(tile, read(tile), level, index)

    return hash_at


def needed(size: int, prove: Callable[[HashAt], object]) -> list[Tile]:
    """Return the tiles from which *prove* would take its hashes, each once, so that they can be fetched together beforehand."""
    asked: dict[Tile, None] = {}

    def ask(level: int, index: int) -> bytes:
        asked[tile_of(level, index, size)] = None
        return bytes(HASH_BYTES)

    prove(ask)
    return list(asked)


def split(tile: Tile, body: bytes) -> list[bytes]:
    """
    Return the hashes of a tile.

    Raises:
        Malformed: it is longer or shorter than its width says.
    """
    if len(body) != tile.width * HASH_BYTES:
        raise Malformed(f"{tile.path} has {tile.width * HASH_BYTES} bytes, 32 for each hash; here are {len(body)}.")
    return [body[at : at + HASH_BYTES] for at in range(0, len(body), HASH_BYTES)]


def joined(hashes: Iterable[bytes]) -> bytes:
    """Return the bytes of a tile: its hashes, one after the other."""
    return b"".join(hashes)
