"""
Proofs that a leaf is in a tree, and that a tree grew out of an earlier one: made from complete subtrees, verified without any.

Source: RFC 9162, sections 2.1.3 and 2.1.4. Making follows the recursive definitions, verifying the iterative algorithms
(2.1.3.2, 2.1.4.2), so that neither repeats a mistake of the other.
"""

from collections.abc import Callable, Sequence

from fanfare.ledger.faults import NotProven
from fanfare.ledger.hashing import EMPTY_ROOT, HASH_BYTES, node_hash

HashAt = Callable[[int, int], bytes]
"""From level and index of a complete subtree to its root, as `fanfare.ledger.ranges` names them."""


def root_at(size: int, hash_at: HashAt) -> bytes:
    """Return the root of the first *size* leaves."""
    return _span(0, size, hash_at) if size else EMPTY_ROOT


def prove_inclusion(index: int, size: int, hash_at: HashAt) -> list[bytes]:
    """
    Return the proof that the leaf at *index* is among the first *size*: from its sibling's hash up to the child of the root.

    Raises:
        ValueError: an index that is not below the size.

    Source: RFC 9162, section 2.1.3.1.
    """
    if not 0 <= index < size:
        raise ValueError(f"There is no leaf {index} among {size}.")
    low, high, path = 0, size, list[bytes]()
    while high - low > 1:
        middle = low + _left(high - low)
        if index < middle:
            path.append(_span(middle, high, hash_at))
            high = middle
        else:
            path.append(_span(low, middle, hash_at))
            low = middle
    return path[::-1]


def prove_consistency(first: int, second: int, hash_at: HashAt) -> list[bytes]:
    """
    Return the proof that the first *first* leaves are the beginning of the first *second*; empty where both are the same.

    Raises:
        ValueError: a first size of 0 (nothing is the beginning of everything, which proves nothing), or one above the second.

    Source: RFC 9162, section 2.1.4.1.
    """
    if not 0 < first <= second:
        raise ValueError(f"There is no proof from {first} leaves to {second}: the first are at least 1, and at most the second.")
    low, high, path = 0, second, list[bytes]()
    while first != high:
        middle = low + _left(high - low)
        if first <= middle:
            path.append(_span(middle, high, hash_at))
            high = middle
        else:
            path.append(_span(low, middle, hash_at))
            low = middle
    # Whoever asks knows the root of the earlier tree; where that is a subtree further to the right, the proof begins with it.
    return [*([_span(low, high, hash_at)] if low else []), *path[::-1]]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """
    Check that the leaf with this hash stands at *index* of the tree with this size and root.

    Raises:
        NotProven: it is not shown.

    Source: RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size:
        raise NotProven(f"There is no leaf {index} in a tree of {size}.")
    _check_hashes(leaf, root, *proof)
    left, last, node = index, size - 1, leaf
    for each in proof:
        if last == 0:
            raise NotProven("The proof has more hashes than a tree of this size has levels.")
        if left & 1 or left == last:
            node = node_hash(each, node)
            while not left & 1 and left:
                left, last = left >> 1, last >> 1
        else:
            node = node_hash(node, each)
        left, last = left >> 1, last >> 1
    if last:
        raise NotProven("The proof ends below the root.")
    if node != root:
        raise NotProven("The proof leads to another root: the leaf, its place or a hash of the proof is not the tree's.")


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> None:
    """
    Check that the tree of *first* leaves is the beginning of the tree of *second*.

    Raises:
        NotProven: it is not shown; a first size of 0 never is.

    Source: RFC 9162, section 2.1.4.2.
    """
    if not 0 < first <= second:
        raise NotProven(f"Nothing shows how {second} leaves grew out of {first}: the first are at least 1, at most the second.")
    _check_hashes(first_root, second_root, *proof)
    if first == second:
        if proof or first_root != second_root:
            raise NotProven("Two trees of one size are the same only with the same root and without a proof.")
        return
    # A power of two is a subtree of the larger tree as it stands: its root, which the verifier has, is where the path begins.
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    if len(path) < 2:
        raise NotProven("The proof is too short.")
    left, last = first - 1, second - 1
    while left & 1:
        left, last = left >> 1, last >> 1
    older = newer = path[0]
    for each in path[1:]:
        if last == 0:
            raise NotProven("The proof has more hashes than a tree of this size has levels.")
        if left & 1 or left == last:
            older, newer = node_hash(each, older), node_hash(each, newer)
            while not left & 1 and left:
                left, last = left >> 1, last >> 1
        else:
            newer = node_hash(newer, each)
        left, last = left >> 1, last >> 1
    if last:
        raise NotProven("The proof ends below the root.")
    if older != first_root:
        raise NotProven("The proof leads to another root of the earlier tree.")
    if newer != second_root:
        raise NotProven("The proof leads to another root of the later tree.")


def _left(size: int) -> int:
    """Return how many leaves of *size* are in the left half: the largest power of two below it."""
    return 1 << (size - 1).bit_length() - 1


def _span(low: int, high: int, hash_at: HashAt) -> bytes:
    """Return the root over the leaves from *low* to *high*, whose width down to each split is one that the RFC makes."""
    width = high - low
    if width & (width - 1) == 0:
        return hash_at(width.bit_length() - 1, low // width)
    middle = low + _left(width)
    return node_hash(_span(low, middle, hash_at), _span(middle, high, hash_at))


def _check_hashes(*hashes: bytes) -> None:
    """Refuse what is no hash: without it, bytes could be moved from one hash into the next."""
    if any(len(each) != HASH_BYTES for each in hashes):
        raise NotProven("Every hash has 32 bytes.")
