"""
Bundles: up to 256 entries in one file, each in the bytes that its leaf's hash is over.

Source: C2SP tlog-tiles (c2sp.org/tlog-tiles), log entries.
"""

from collections.abc import Collection, Iterator

from fanfare.ledger.faults import Malformed
from fanfare.ledger.tiles import WIDTH

_LENGTH_BYTES = 2
MOST_BYTES = 0xFFFF
"""The longest entry whose length can be written."""


def pack_bundle(entries: Collection[bytes]) -> bytes:
    """
    Return the bytes of a bundle: before each entry its length, as two bytes, big-endian.

    Raises:
        ValueError: none or more than 256 entries, or one of more than 65,535 bytes.
    """
    if not 0 < len(entries) <= WIDTH or any(len(each) > MOST_BYTES for each in entries):
        raise ValueError("A bundle has 1 to 256 entries of at most 65,535 bytes.")
    return b"".join(len(each).to_bytes(_LENGTH_BYTES) + each for each in entries)


def unpack_bundle(body: bytes, width: int = WIDTH) -> list[bytes]:
    """
    Return the entries of a bundle.

    Raises:
        Malformed: an entry that is cut, or more or fewer entries than its width says.
    """
    entries = list(_entries(body))
    if len(entries) != width:
        raise Malformed(f"A bundle of {width} entries is asked for; here are {len(entries)}.")
    return entries


def _entries(body: bytes) -> Iterator[bytes]:
    """Yield the entries up to the end of the bytes."""
    at = 0
    while at < len(body):
        begin = at + _LENGTH_BYTES
        at = begin + int.from_bytes(body[at:begin])
        if begin > len(body) or at > len(body):
            raise Malformed("The bundle ends in the middle of an entry.")
        yield body[begin:at]
