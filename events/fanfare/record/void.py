"""
Void lines: what stands in the record's place where a log holds something that is no entry.

Kafka takes what anybody who may write to it sends: nothing at all, too much, a codec that nobody here reads, the marks of a
transaction. Each has an offset, so each is a leaf; its bytes are these, which everybody computes alike. No fold reads them: they
are unreadable as a whole, under the rule of ``unreadable``.
"""

from typing import Literal

import msgspec

from fanfare.record.kinds import canonical, digest

LARGEST_LEAF_BYTES = 65_535
"""What a leaf of tlog-tiles can hold."""

Void = Literal["null", "too long", "codec", "control"]


class _Line(msgspec.Struct, frozen=True):
    void: Void
    sha256: str
    size: int


def void_line(void: Void, raw: bytes = b"") -> bytes:
    """
    Return the leaf for something that is no entry.

    Args:
        void: ``null``: a record without a value; ``too long``: a value that no leaf can hold; ``codec``: a batch of records that
            cannot be unpacked; ``control``: a mark that a Kafka transaction left.
        raw: the value; of a batch, everything after its header of 61 bytes.
    """
    return canonical(_Line(void, digest(raw), len(raw)))


def leaf(value: bytes | None) -> bytes:
    """Return the leaf of a record's value: the value itself, or a void line."""
    if value is None:
        return void_line("null")
    if len(value) > LARGEST_LEAF_BYTES:
        return void_line("too long", value)
    return value
