"""Points that a partition is said to have passed: a size and a root, compared with where its entries lead. Pure."""

from collections.abc import Iterable, Mapping

import msgspec

from fanfare.ledger.checkpoints import Checkpoint, Policy, open_signed
from fanfare.ledger.faults import Malformed, NotSigned
from fanfare.ledger.keys import VerifierKey
from fanfare.ledger.notes import Note
from fanfare.ledger.writing import to_base64

Roots = Mapping[int, Mapping[int, bytes]]
"""By partition and size: the root over so many entries, as the fold computed it; also at the end of each partition."""


class Point(msgspec.Struct, frozen=True):
    """What somebody said of a partition."""

    source: str
    partition: int
    size: int
    root: bytes


def opened(source: str, partition: int, note: bytes, keys: tuple[VerifierKey, ...]) -> Point | str:
    """Return the point of a signed note, or why it is none; *keys* are those of the partition, one of which signed."""
    if not keys:
        return f"{source}: no key is known that could have signed it"
    try:
        checkpoint = open_signed(Note.parse(note), Policy(keys)).checkpoint
    except (Malformed, NotSigned) as error:
        return f"{source}: {error}"
    return Point(source, partition, checkpoint.size, checkpoint.root)


def size_of(note: bytes) -> int | None:
    """Return the size that a note speaks of, believed or not; none where it is no checkpoint."""
    try:
        return Checkpoint.parse(Note.parse(note).text).size
    except Malformed:
        return None


def fault(point: Point, roots: Roots, end: int, said: str = "was signed") -> str:
    """
    Say why the record did not pass through *point*; empty where it did.

    Args:
        point: what somebody said.
        roots: where the entries lead.
        end: how many entries of the partition there are.
        said: what is to be told of the root of *point*.
    """
    if point.size > end:
        return (
            f"{point.source}: {point.size} entries of partition {point.partition} were signed, and {end} are here: "
            f"what stood from {point.partition}:{end} on is missing"
        )
    found = roots.get(point.partition, {}).get(point.size)
    if found is None:
        return f"{point.source}: the root at {point.size} entries of partition {point.partition} was not computed"
    if found != point.root:
        return (
            f"{point.source}: the first {point.size} entries of partition {point.partition} lead to the root {to_base64(found)}, "
            f"and {to_base64(point.root)} {said}"
        )
    return ""


def between(points: Iterable[Point], roots: Roots) -> str:
    """Say between which offsets the first difference lies, as far as *points* of one partition tell; empty without one."""
    good, bad = 0, None
    for each in sorted(points, key=lambda point: point.size):
        found = roots.get(each.partition, {}).get(each.size)
        if found is None:
            continue
        if found == each.root and bad is None:
            good = each.size
        elif found != each.root:
            bad = bad or each
    if bad is None or bad.size <= good:
        return ""
    first, last = f"{bad.partition}:{good}", f"{bad.partition}:{bad.size - 1}"
    return f"an entry from {first} to {last} was altered, taken out or put in after it was signed"
