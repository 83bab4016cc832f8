"""
The quarantine: which rounds an event concerns that cannot be read. Pure.

An event that cannot be read may be of a round if it stands in partition 0 or in one of the round's ballot partitions, and there

- before the round's marker (in partition 0: before the moment that its sealing was computed from), and
- it names the round: its id, the hash of its terms, or one of its ideas; or
- it names no round that is known, nor another campaign, and does not stand before the moment that the round opened at.

Everything that is asked here follows from a moment alone, so every interleaving of partitions gives the same answer.
"""

from collections.abc import Callable
from typing import Literal

import msgspec

from fanfare.record.campaigns import Round
from fanfare.record.position import Position
from fanfare.record.terms import RoundTerms
from fanfare.record.unreadable import Unreadable

Named = tuple[Literal["round", "campaign"], str]
"""What a name that stands in an event is the name of."""
Known = Callable[[str], set[Named]]


class Unread(msgspec.Struct, frozen=True, order=True):
    """An event that cannot be read."""

    position: Position
    sha256: str
    """Of its bytes."""


class Quarantine:
    """Every event that cannot be read. Mutable; fed in the order of each partition."""

    def __init__(self) -> None:
        """Start empty."""
        self._found: list[tuple[Position, Unreadable]] = []
        self._markers: dict[tuple[str, int], Position] = {}

    def add(self, position: Position, event: Unreadable) -> None:
        """Take in an event that cannot be read."""
        self._found.append((position, event))

    def close(self, terms_hash: str, position: Position) -> None:
        """Take in a marker; only the first one of a partition matters."""
        self._markers.setdefault((terms_hash, position.partition), position)

    def of(self, found: Round, known: Known) -> tuple[Unread, ...]:
        """Return what may be of a round, in the order of the record; of the same bytes in one partition, the first."""
        terms = found.terms
        if terms is None or found.status == "void":
            return ()
        first: dict[tuple[int, str], Unread] = {}
        for position, event in sorted(self._found, key=_position):
            if self._stands(found, terms, position) and _concerns(found, terms, position, event, known):
                first.setdefault((position.partition, event.sha256), Unread(position, event.sha256))
        return tuple(sorted(first.values()))

    def _stands(self, found: Round, terms: RoundTerms, position: Position) -> bool:
        """Tell whether an event at *position* could change the round."""
        partition = position.partition
        if found.sealed and position.offset >= _at(found.sealed.moment, partition, 0):
            return False
        if partition == 0:
            return True
        marker = self._markers.get((found.terms_hash, partition))
        return partition in terms.partitions and (marker is None or position < marker)


def _concerns(found: Round, terms: RoundTerms, position: Position, event: Unreadable, known: Known) -> bool:
    named: set[Named] = set().union(*map(known, event.names))
    if any(kind == "round" for kind, _ in named):
        return ("round", found.id) in named
    if named and ("campaign", terms.campaign) not in named:
        return False
    return position.offset >= _at(found.moment, position.partition, 0)


def _at(moment: tuple[int, ...], partition: int, otherwise: int) -> int:
    return moment[partition] if partition < len(moment) else otherwise


def _position(found: tuple[Position, Unreadable]) -> Position:
    return found[0]
