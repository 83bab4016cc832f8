"""Ballots in piles: many of one round at once, in columns, so that they can be read elsewhere than they are counted. Pure."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from struct import iter_unpack
from typing import Literal, NamedTuple

import msgspec

from fanfare.record.alike import ReadBallot
from fanfare.record.terms import RoundTerms, slot

TOKEN_BYTES = 16
Channel = Literal["web", "api"]


@lru_cache(maxsize=4096)
def minute_of(time: datetime) -> str:
    """Return the minute of *time*, UTC, as RFC 3339."""
    return time.strftime("%Y-%m-%dT%H:%M:00Z")


class Kind(NamedTuple):
    """All that is asked of a ballot but whose it is. Thousands of ballots are of one kind."""

    number: int
    options: tuple[str, ...]
    minute: str
    """UTC, RFC 3339."""
    channel: Channel


class Pile(msgspec.Struct, frozen=True, gc=False):
    """Ballots of one round as they follow one another in a partition; each stands where its voter's ballots belong."""

    terms: str
    offset: int
    """Of the entry that holds the first one."""
    tokens: bytes
    """Of the voters, 16 bytes each, in the order of the record."""
    kinds: tuple[Kind, ...]
    which: bytes
    """The place of each ballot's kind, as an array of C's unsigned integers."""

    def ballots(self) -> Iterator[tuple[tuple[bytes], int]]:
        """Yield for each ballot the token of its voter, a tuple of one, and the place of its kind."""
        return zip(iter_unpack(f"{TOKEN_BYTES}s", self.tokens), array("I", self.which), strict=True)

    def __len__(self) -> int:
        return len(self.tokens) // TOKEN_BYTES


class Piled(msgspec.Struct, frozen=True, gc=False):
    """Entries that follow one another and hold nothing but ballots. The order between those of two rounds means nothing."""

    partition: int
    offset: int
    """Of the first entry."""
    entries: int
    piles: tuple[Pile, ...]


class _Begun(msgspec.Struct):
    offset: int
    voters: list[str] = msgspec.field(default_factory=list)
    which: list[int] = msgspec.field(default_factory=list)
    kinds: dict[tuple[int, tuple[str, ...], str, Channel], int] = msgspec.field(default_factory=dict)
    """What will be a `Kind`, and its place."""


class Piling:
    """Makes piles of the ballots of entries that follow one another in a partition. Mutable; fed entry by entry."""

    def __init__(self, partition: int, first: int, terms: Mapping[str, RoundTerms]) -> None:
        """Start at the entry *first*; *terms* are all that were ever frozen, by their hash."""
        self._partition, self._first, self._terms = partition, first, terms
        self._entries = 0
        self._begun: dict[str, _Begun] = {}

    def take(self, ballots: Sequence[ReadBallot]) -> bool:
        """Put the ballots of the next entry on the piles. False, and nothing done: one is astray, or its terms are unknown."""
        found, time, minute = [each.data for each in ballots], None, ""
        for each in found:
            terms = self._terms.get(each.terms)
            if terms is None or not terms.partitions or slot(each.voter, terms.partitions) != self._partition:
                return False
        for each, ballot in zip(found, ballots, strict=True):
            if each.terms not in self._begun:
                self._begun[each.terms] = _Begun(self._first + self._entries)
            begun = self._begun[each.terms]
            if ballot.time != time:
                time = ballot.time
                minute = minute_of(time)
            kind = (each.number, each.choice.options, minute, each.channel)
            begun.voters.append(each.voter)
            begun.which.append(begun.kinds.setdefault(kind, len(begun.kinds)))
        self._entries += 1
        return True

    def finish(self) -> Piled | None:
        """Return what was taken in; nothing where that is no entry."""
        if not self._entries:
            return None
        piles = tuple(
            Pile(
                terms=hash_,
                offset=each.offset,
                tokens=bytes.fromhex("".join(each.voters)),
                kinds=tuple(Kind(*kind) for kind in each.kinds),
                which=array("I", each.which).tobytes(),
            )
            for hash_, each in self._begun.items()
        )
        return Piled(self._partition, self._first, self._entries, piles)
