"""The tree over the entries that an audit reads anyway: its root wherever somebody signed how far it had come. Pure."""

from collections.abc import Iterable

from fanfare.ledger.hashing import leaf_hash
from fanfare.ledger.ranges import CompactRange


class Leaves:
    """The tree of one partition, grown from stored bytes. Mutable; fed in the order of offsets, and picklable at any time."""

    def __init__(self, sizes: Iterable[int] = ()) -> None:
        """Remember the root at each of *sizes*, and at the end; a size that is never reached has none."""
        self._tree = CompactRange()
        self._ahead = sorted(set(sizes), reverse=True)
        self._roots: dict[int, bytes] = {}
        self._note()

    @property
    def size(self) -> int:
        """Return how many entries were taken in."""
        return self._tree.size

    def take(self, body: bytes) -> None:
        """Take in the stored bytes of the next entry, as they stand."""
        self.take_hashes((leaf_hash(body),))

    def take_hashes(self, leaves: Iterable[bytes]) -> None:
        """Take in the leaf hashes of the next entries, where another process has hashed their bytes."""
        rest = list(leaves)
        while self._ahead and self._ahead[-1] <= self._tree.size + len(rest):
            until = self._ahead[-1] - self._tree.size
            self._tree.extend(rest[:until])
            rest = rest[until:]
            self._note()
        self._tree.extend(rest)

    def finish(self) -> dict[int, bytes]:
        """Return the root at each size that was asked for and reached, and at the end."""
        return {**self._roots, self._tree.size: self._tree.root()}

    def _note(self) -> None:
        while self._ahead and self._ahead[-1] <= self._tree.size:
            if self._ahead.pop() == self._tree.size:
                self._roots[self._tree.size] = self._tree.root()
