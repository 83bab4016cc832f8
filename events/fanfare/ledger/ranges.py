"""
A compact range: the right edge of a tree, from which it can grow and its root be told, in memory that grows with the logarithm.

Complete subtrees are named as everywhere in the ledger: (level, index) is the one over the leaves from index × 2**level to
(index + 1) × 2**level; level 0 are the leaves themselves.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Self

from fanfare.ledger.faults import Malformed
from fanfare.ledger.hashing import EMPTY_ROOT, HASH_BYTES, node_hash

_SIZE_BYTES = 8


@dataclass(frozen=True, slots=True)
class Subtree:
    """A complete subtree, that no later leaf changes."""

    level: int
    index: int
    hash: bytes


class CompactRange:
    """
    The first *size* leaves of a tree, known by the roots of the largest complete subtrees in them, from left to right.

    There is one such root for each bit that is set in *size*, so that 10,000,000 leaves need eight.
    """

    def __init__(self, size: int = 0, edge: Iterable[bytes] = ()) -> None:
        """
        Go on from *size* leaves with the *edge* of an earlier range; without arguments from nothing.

        Raises:
            Malformed: a size and an edge that are not of one range.
        """
        self._size = size
        self._edge = list(edge)
        if size < 0 or len(self._edge) != size.bit_count() or any(len(each) != HASH_BYTES for each in self._edge):
            raise Malformed(f"A range of {size} leaves has {max(size, 0).bit_count()} hashes of 32 bytes; here are other ones.")

    @property
    def size(self) -> int:
        """Return how many leaves there are."""
        return self._size

    @property
    def edge(self) -> tuple[bytes, ...]:
        """Return the hashes to go on from, the largest subtree first."""
        return tuple(self._edge)

    def append(self, leaf: bytes) -> list[Subtree]:
        """
        Take in the next leaf's hash.

        Returns:
            The subtrees that this leaf completes, itself first, then upwards: those of level 0, 8, 16 … go into tiles.
        """
        made = [Subtree(0, self._size, leaf)]
        below, level = self._size, 0
        while below & 1:
            leaf = node_hash(self._edge.pop(), leaf)
            below, level = below >> 1, level + 1
            made.append(Subtree(level, below, leaf))
        self._edge.append(leaf)
        self._size += 1
        return made

    def extend(self, leaves: Iterable[bytes]) -> Self:
        """Take in the hashes of many leaves, in their order, and return the same range."""
        edge, size = self._edge, self._size
        for leaf in leaves:
            node, below = leaf, size
            while below & 1:
                node, below = node_hash(edge.pop(), node), below >> 1
            edge.append(node)
            size += 1
        self._size = size
        return self

    def root(self) -> bytes:
        """Return the root over all leaves; that of none is the hash of nothing."""
        if not self._edge:
            return EMPTY_ROOT
        return reduce(lambda right, left: node_hash(left, right), reversed(self._edge))

    def pack(self) -> bytes:
        """Return the range in bytes, to be kept: its size as eight bytes, big-endian, then its edge."""
        return self._size.to_bytes(_SIZE_BYTES) + b"".join(self._edge)

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """
        Return the range that was packed.

        Raises:
            Malformed: bytes that `pack` did not write.
        """
        size, hashes = packed[:_SIZE_BYTES], packed[_SIZE_BYTES:]
        if len(size) < _SIZE_BYTES:
            raise Malformed("A range in bytes begins with its size, eight bytes.")
        return cls(int.from_bytes(size), (hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)))


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root over these leaf hashes, in their order."""
    return CompactRange().extend(leaves).root()
