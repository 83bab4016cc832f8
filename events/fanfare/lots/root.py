"""The root of a draw's entrants: one hash that says who they are, so that nobody can be added or taken out afterwards."""

from collections.abc import Iterable

from fanfare.ledger.hashing import leaf_hash
from fanfare.ledger.ranges import root_of


def entrants_root(members: Iterable[str]) -> str:
    """
    Return the Merkle tree hash over member ids, sorted, each once; 64 hexadecimal digits. That of nobody is SHA-256 of nothing.

    Source: RFC 6962, section 2.1. A leaf is SHA-256(0x00, the id in ASCII), a node SHA-256(0x01, left, right).
    """
    return root_of(leaf_hash(each.encode("ascii")) for each in sorted(set(members))).hex()
