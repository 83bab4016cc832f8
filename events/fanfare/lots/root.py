"""The root of a draw's entrants: one hash that says who they are, so that nobody can be added or taken out afterwards."""

import hashlib
from collections.abc import Iterable


def entrants_root(members: Iterable[str]) -> str:
    """
    Return the Merkle tree hash over member ids, sorted, each once; 64 hexadecimal digits. That of nobody is SHA-256 of nothing.

    Source: RFC 6962, section 2.1. A leaf is SHA-256(0x00, the id in ASCII), a node SHA-256(0x01, left, right).
    """
    level = [hashlib.sha256(b"\x00" + each.encode("ascii")).digest() for each in sorted(set(members))]
    if not level:
        return hashlib.sha256(b"").hexdigest()
    # Pairing neighbours and carrying an odd last one up gives the tree of the RFC, whose left half is the largest power of two.
    while len(level) > 1:
        odd = level[len(level) & ~1 :]
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [hashlib.sha256(b"\x01" + left + right).digest() for left, right in pairs] + odd
    return level[0].hex()
