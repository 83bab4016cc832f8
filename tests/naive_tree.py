"""A Merkle tree as RFC 9162 defines it, by recursion over all entries: slow, and with nothing of the ledger's code in it."""

import hashlib
from collections.abc import Sequence


def root(entries: Sequence[bytes]) -> bytes:
    """Return MTH(D). Source: RFC 9162, section 2.1.1."""
    if not entries:
        return hashlib.sha256().digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    split = split_at(len(entries))
    return node(root(entries[:split]), root(entries[split:]))


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash over two halves."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def inclusion(index: int, entries: Sequence[bytes]) -> list[bytes]:
    """Return PATH(m, D). Source: RFC 9162, section 2.1.3.1."""
    if len(entries) == 1:
        return []
    split = split_at(len(entries))
    if index < split:
        return [*inclusion(index, entries[:split]), root(entries[split:])]
    return [*inclusion(index - split, entries[split:]), root(entries[:split])]


def consistency(first: int, entries: Sequence[bytes], *, is_known: bool = True) -> list[bytes]:
    """Return SUBPROOF(m, D, b). Source: RFC 9162, section 2.1.4.1."""
    if first == len(entries):
        return [] if is_known else [root(entries)]
    split = split_at(len(entries))
    if first <= split:
        return [*consistency(first, entries[:split], is_known=is_known), root(entries[split:])]
    return [*consistency(first - split, entries[split:], is_known=False), root(entries[:split])]


def subtree(entries: Sequence[bytes], level: int, index: int) -> bytes:
    """Return the root of the complete subtree that the ledger names so."""
    return root(entries[index << level : index + 1 << level])


def split_at(size: int) -> int:
    """Return the largest power of two that is smaller than *size*."""
    split = 1
    while split * 2 < size:
        split *= 2
    return split
