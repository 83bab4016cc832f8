"""The ballot box of a round: which ballot of each voter counts. Pure."""

from collections import Counter
from collections.abc import Iterator

import msgspec

from fanfare.counting.method import METHODS, Counting
from fanfare.record.ballots import BallotCast, Choice
from fanfare.record.terms import RoundTerms, slot
from fanfare.reports.report import Ballots


class _Voter(msgspec.Struct, gc=False):
    """Of a million voters each is kept, so this is small; it is part of no cycle."""

    number: int
    """Of the ballot that counts; 0 while none does."""
    choice: Choice | None
    upto: int
    """Each number from 1 to this one came: the first of a number decides, and a repeat is no ballot."""
    beyond: set[int] | None
    """Which higher numbers came, where one was left out."""


def _is_repeated(voter: _Voter, number: int) -> bool:
    """Tell whether a ballot of that number came before, and note that it came now."""
    if number == voter.upto + 1 and voter.beyond is None:
        voter.upto = number
        return False
    beyond = voter.beyond or set()
    if number <= voter.upto or number in beyond:
        return True
    beyond.add(number)
    while voter.upto + 1 in beyond:
        voter.upto += 1
        beyond.remove(voter.upto)
    voter.beyond = beyond or None
    return False


class BallotBox:
    """
    The ballots that carry one hash of terms. Mutable; order matters only within a partition.

    A ballot that comes before its terms waits in the box, so that every interleaving of partitions gives the same figures.
    """

    def __init__(self) -> None:
        """Start empty, with unknown terms."""
        self.turnout: Counter[str] = Counter()
        self._terms: RoundTerms | None = None
        self._offered: frozenset[str] = frozenset()
        self._method: Counting | None = None
        self._voters: dict[tuple[int, bytes] | bytes, _Voter] = {}
        self._closed: set[int] = set()
        self._waiting: list[tuple[int, str, BallotCast] | int] = []
        self._in_time = self._counted = self._late = self._void = 0

    def admit(self, terms: RoundTerms) -> None:
        """Learn the terms, and take in what waited for them."""
        if self._terms is not None:
            return
        self._terms = terms
        self._method = METHODS.get(terms.plan.method)
        self._offered = frozenset(option.id for option in terms.options)
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            if isinstance(each, int):
                self.close(each)
            else:
                self.cast(*each)

    def close(self, partition: int) -> None:
        """Take in the marker of a partition; only its first one matters."""
        if self._terms is None:
            self._waiting.append(partition)
        else:
            self._closed.add(partition)

    def cast(self, partition: int, minute: str, ballot: BallotCast) -> None:
        """Take in a ballot that stood in *partition*."""
        terms = self._terms
        if terms is None:
            self._waiting.append((partition, minute, ballot))
            return
        astray = not terms.partitions or partition != slot(ballot.voter, terms.partitions)
        token = bytes.fromhex(ballot.voter)
        key = (partition, token) if astray else token
        voter = self._voters.get(key)
        if voter is None:
            voter = self._voters[key] = _Voter(0, None, 0, None)
        if _is_repeated(voter, ballot.number):
            return
        self.turnout[minute] += 1
        if astray or self._method is None or not self._method.valid(ballot.choice, self._offered, terms.plan.most):
            self._void += 1
        elif partition in self._closed:
            self._late += 1
        else:
            self._in_time += 1
            self._counted += voter.number == 0
            if ballot.number > voter.number:
                voter.number, voter.choice = ballot.number, ballot.choice

    def choices(self) -> Iterator[Choice]:
        """Yield the choice of each ballot that counts."""
        return (voter.choice for voter in self._voters.values() if voter.choice is not None)

    def ballots(self) -> Ballots:
        """Account for every ballot."""
        return Ballots(
            received=self._in_time + self._late + self._void,
            counted=self._counted,
            replaced=self._in_time - self._counted,
            late=self._late,
            void=self._void,
        )
