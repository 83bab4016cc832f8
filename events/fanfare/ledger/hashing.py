"""
The two hashes of a Merkle tree: a leaf's and a node's, which no bytes can confuse.

Source: RFC 9162, section 2.1.1 (the same as RFC 6962, section 2.1), with SHA-256.
"""

import hashlib

HASH_BYTES = 32

EMPTY_ROOT = hashlib.sha256().digest()
"""The root of a tree without leaves: the hash of nothing."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf: SHA-256 of a zero byte and the stored bytes. Re-encoding them before breaks every proof."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node: SHA-256 of a one byte and the hashes of both halves."""
    return hashlib.sha256(b"\x01" + left + right).digest()
