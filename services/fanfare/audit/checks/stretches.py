"""
The record of an archive in stretches, each of which is read by itself: by this process, or by one of several.

To read takes an audit most of its time: to hash, to decode, to match each string with its pattern, to find where each ballot
belongs. None of that depends on anything before it but the terms of the rounds. What does, which ballot of each voter counts, is
left to the one fold, which takes what was read in the order of the record.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import BinaryIO

import msgspec

from fanfare.audit.archives.archive import Archive
from fanfare.audit.archives.bundles import Broken, frames, record_member
from fanfare.ledger.hashing import leaf_hash
from fanfare.record.alike import read_ballots
from fanfare.record.position import Moment
from fanfare.record.terms import RoundTerms
from fanfare.reports.piles import Piled, Piling


class Bundle(msgspec.Struct, frozen=True):
    """A member of the archive that holds entries, and where it lies in the file."""

    name: str
    begins_at: int
    size_bytes: int
    first: int
    """The offset of its first entry."""
    count: int


class Stretch(msgspec.Struct, frozen=True):
    """Entries of one bundle: all, or those between two moments."""

    partition: int
    start: int
    stop: int
    bundle: Bundle


class Stored(msgspec.Struct, frozen=True, gc=False):
    """An entry as it is stored, for the fold to decode: a decision, a marker, or something with a ballot that is odd."""

    offset: int
    body: bytes


class Read(msgspec.Struct, frozen=True, gc=False):
    """What was read of a stretch, in its order."""

    partition: int
    pieces: tuple[Piled | Stored, ...]
    leaves: tuple[bytes, ...] = ()
    """The leaf hash of each entry, where they were asked for."""


class Terms(msgspec.Struct, frozen=True):
    """All that reading a stretch depends on beside its bytes."""

    of: Mapping[str, RoundTerms]
    """Those that were ever frozen, by their hash. A ballot of others is left to the fold."""
    leaves: bool = False
    """Whether to hash the leaves."""


def bundles(archive: Archive, partition: int) -> list[Bundle]:
    """
    Return the bundles of a partition, in order.

    Raises:
        Broken: their names do not follow from their counts, or they hold less or more than the manifest's moment.
    """
    found, first = list[Bundle](), 0
    for member in archive.manifest.members:
        if member.name.startswith(f"record/{partition}/"):
            if member.name != record_member(partition, first):
                raise Broken(f"{member.name}: entry {partition}:{first} should come next")
            found.append(Bundle(member.name, archive.begins_at(member.name), member.size_bytes, first, member.count))
            first += member.count
    return found


def stretches(archive: Archive, chain: Sequence[Moment]) -> list[Stretch]:
    """
    Return what to read, and in which order, to pass through each moment of a *chain*, in which each holds the one before it.

    Partition 0 goes first to each moment: terms come before the ballots that carry their hash.

    Raises:
        Broken: the record of the archive is not as long as its manifest says, or is damaged.
    """
    partitions = len(chain[0])
    of = [bundles(archive, partition) for partition in range(partitions)]
    for partition, found in enumerate(of):
        there, said = sum(each.count for each in found), archive.manifest.moment[partition]
        if there < said:
            raise Broken(f"partition {partition} ends at {there}; the manifest says {said}")
        if there > said:
            raise Broken(f"partition {partition} holds more entries than the {said} of the manifest")
    return [
        Stretch(partition, max(start, each.first), min(stop, each.first + each.count), each)
        for before, after in pairwise([(0,) * partitions, *chain])
        for partition, (start, stop) in enumerate(zip(before, after, strict=True))
        for each in of[partition]
        if each.first < stop and start < each.first + each.count
    ]


def read(stream: BinaryIO, stretch: Stretch, terms: Terms) -> Read:
    """
    Read a stretch from the file of its archive.

    Raises:
        Broken: an offset is missing, the bundle does not parse, or its count is wrong.
    """
    partition, pieces, leaves = stretch.partition, list[Piled | Stored](), list[bytes]()
    piling = Piling(partition, stretch.start, terms.of)
    for offset, body in _entries(stream, stretch):
        if terms.leaves:
            leaves.append(leaf_hash(body))
        ballots = read_ballots(body) if partition else None
        if ballots is None or not piling.take(ballots):
            pieces += filter(None, (piling.finish(), Stored(offset, body)))
            piling = Piling(partition, offset + 1, terms.of)
    pieces += filter(None, (piling.finish(),))
    return Read(partition, tuple(pieces), tuple(leaves))


def _entries(stream: BinaryIO, stretch: Stretch) -> Iterator[tuple[int, bytes]]:
    bundle, partition = stretch.bundle, stretch.partition
    stream.seek(bundle.begins_at)
    found = list(frames(stream.read(bundle.size_bytes), bundle.name))
    for expected, (offset, _) in enumerate(found, start=bundle.first):
        if offset != expected:
            raise Broken(f"{bundle.name}: entry {partition}:{expected} is missing; {partition}:{offset} comes next")
    if len(found) != bundle.count:
        raise Broken(f"{bundle.name}: holds {len(found)} entries; the manifest says {bundle.count}")
    return iter(found[stretch.start - bundle.first : stretch.stop - bundle.first])
