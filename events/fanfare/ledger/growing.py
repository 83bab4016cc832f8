"""
Growing: which files a log writes when entries come, and how it goes on from the files that it has.

What a tree of any size needs to go on are its partial tiles alone: every subtree of its right edge is in one of them.
"""

from collections.abc import Mapping, Sequence

from fanfare.ledger.bundles import pack_bundle, unpack_bundle
from fanfare.ledger.hashing import leaf_hash
from fanfare.ledger.ranges import CompactRange
from fanfare.ledger.tiles import ENTRIES, HEIGHT, WIDTH, Tile, grown, hashes_from, joined, split


def edge_of(size: int) -> list[Tile]:
    """Return the partial files of a tree of *size* leaves, the bundle first; a tree of none has none."""
    found, level = list[Tile](), 0
    while (there := size >> HEIGHT * level) > 0:
        if there % WIDTH:
            found.append(Tile(level, there // WIDTH, there % WIDTH))
        level += 1
    return [Tile(ENTRIES, tile.index, tile.width) for tile in found if tile.level == 0] + found


def range_from(size: int, files: Mapping[Tile, bytes]) -> CompactRange:
    """
    Return the range of a tree of *size* leaves, to grow from. Whoever signed that size compares its root with what was signed.

    Args:
        files: the bytes of at least the tiles that `edge_of` names.

    Raises:
        KeyError: one of them is not there.
        Malformed: one of them is longer or shorter than its width says.
    """
    hash_at = hashes_from(size, files.__getitem__)
    levels = [level for level in range(size.bit_length() - 1, -1, -1) if size >> level & 1]
    return CompactRange(size, [hash_at(level, (size >> level) - 1) for level in levels])


def grow(tree: CompactRange, files: Mapping[Tile, bytes], entries: Sequence[bytes]) -> dict[Tile, bytes]:
    """
    Let *tree* grow by these entries, and return the files to write, in an order in which nothing refers to what is not there.

    Args:
        tree: changed: afterwards it has the new size and root.
        files: the bytes of at least what `edge_of` names for the size so far.
        entries: their stored bytes, in the order of their offsets.

    Raises:
        KeyError, Malformed: as `range_from`; *tree* is then of no use any more.
    """
    if not entries:
        return {}
    before = tree.size
    rows = {ENTRIES: [*_begun(ENTRIES, before, files), *entries]}
    for entry in entries:
        for made in tree.append(leaf_hash(entry)):
            if made.level % HEIGHT == 0:
                level = made.level // HEIGHT
                rows.setdefault(level, _begun(level, before, files)).append(made.hash)
    written = {}
    for tile in grown(before, tree.size):
        first = (tile.index - _tile_in_growth(tile.level, before)) * WIDTH
        row = rows[tile.level][first : first + tile.width]
        written[tile] = pack_bundle(row) if tile.level == ENTRIES else joined(row)
    return written


def _tile_in_growth(level: int, size: int) -> int:
    """Return the index of the file of this level that the next entry goes into, or that comes after the last full one."""
    return (size >> HEIGHT * max(level, 0)) // WIDTH


def _begun(level: int, size: int, files: Mapping[Tile, bytes]) -> list[bytes]:
    """Return what is already in the last file of this level; nothing where it is full."""
    tile = next((each for each in edge_of(size) if each.level == level), None)
    if tile is None:
        return []
    return unpack_bundle(files[tile], tile.width) if level == ENTRIES else split(tile, files[tile])
