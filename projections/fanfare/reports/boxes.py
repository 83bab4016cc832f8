"""The ballot box of a round: which ballot of each voter counts. Pure."""

from collections import Counter
from typing import Literal, NamedTuple

import msgspec

from fanfare.counting.method import METHODS, Counting
from fanfare.record.ballots import BallotCast, Choice, Chosen
from fanfare.record.terms import RoundTerms, slot
from fanfare.reports.piles import Kind, Pile
from fanfare.reports.report import Ballots

Fate = Literal["counted", "taken back", "replaced", "late", "void", "repeated"]
"""
What becomes of a ballot as it comes. One that is counted is replaced once a higher number of the same voter comes.

``taken back`` is the press that takes support away, where it stands: the report has it among the replaced. What is ``repeated``
came before, and is in no figure.
"""
Fit = Literal["in time", "late", "void"]
Key = tuple[int, bytes] | bytes
"""Whose ballots are one another's: a voter's token, and for what is astray the partition, too."""

MOST_KEPT = 50_000
"""How many answers to “what comes next” are kept; a round of few options and honest voters needs some dozens."""


class _Voter(msgspec.Struct, frozen=True, gc=False):
    """What is known of a voter. Millions are in the same state, so each of them costs her token and the number of that state."""

    number: int
    """Of the ballot that counts; 0 while none does."""
    choice: Choice | None
    upto: int
    """Each number from 1 to this one came: the first of a number decides, and a repeat is no ballot."""
    left_out: bool
    """Whether a number was left out: the box keeps which higher ones came."""


_NOBODY = _Voter(0, None, 0, left_out=False)


class _Turn(NamedTuple):
    """What a ballot does."""

    after: int
    """The state that its voter is in then."""
    fate: Fate


class BallotBox:
    """
    The ballots that carry one hash of terms. Mutable; order matters only within a partition.

    A ballot that comes before its terms waits in the box, so that every interleaving of partitions gives the same figures.
    """

    def __init__(self) -> None:
        """Start empty, with unknown terms."""
        self.turnout: Counter[str] = Counter()
        self.channels: Counter[str] = Counter()
        """How many ballots came by each; a repeated one is none."""
        self._terms: RoundTerms | None = None
        self._offered: frozenset[str] = frozenset()
        self._method: Counting | None = None
        self._voters: dict[Key, int] = {}
        """The state of each voter, by its place in the following list."""
        self._states: list[_Voter] = [_NOBODY]
        self._place_of: dict[_Voter, int] = {_NOBODY: 0}
        self._beyond: dict[Key, set[int]] = {}
        """Which higher numbers came, of a voter who left one out."""
        self._turns: dict[tuple[int, tuple[str, ...], Fit], dict[int, _Turn]] = {}
        """What a ballot does to a voter in a state: the answers of `_turn`, as far as they are the same for everybody."""
        self._in: Counter[int] = Counter()
        """How many voters are in each state."""
        self._closed: set[int] = set()
        self._waiting: list[tuple[int, str, BallotCast] | tuple[int, Pile] | int] = []
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
            elif len(each) == 2:
                self.take(*each)
            else:
                self.cast(*each)

    def close(self, partition: int) -> None:
        """Take in the marker of a partition; only its first one matters."""
        if self._terms is None:
            self._waiting.append(partition)
        else:
            self._closed.add(partition)

    def cast(self, partition: int, minute: str, ballot: BallotCast) -> Fate | None:
        """Take in a ballot that stood in *partition*, and tell what becomes of it; nothing while it waits for its terms."""
        terms = self._terms
        if terms is None:
            self._waiting.append((partition, minute, ballot))
            return None
        astray = not terms.partitions or partition != slot(ballot.voter, terms.partitions)
        token = bytes.fromhex(ballot.voter)
        key = (partition, token) if astray else token
        kind = Kind(ballot.number, ballot.choice.options, minute, ballot.channel)
        fit: Fit = "void" if astray else self._fit(kind, partition)
        before, turns = self._voters.get(key, 0), self._turns_of(kind, fit)
        turn = turns.get(before) or self._turn(key, before, kind, fit, turns)
        self._voters[key] = turn.after
        self._account(kind, before, turn, 1)
        return turn.fate

    def take(self, partition: int, pile: Pile) -> None:
        """Take in ballots that stood in *partition*, none of them astray: as `cast` does one by one, and six times as fast."""
        if self._terms is None:
            self._waiting.append((partition, pile))
            return
        kinds, fits = pile.kinds, [self._fit(kind, partition) for kind in pile.kinds]
        turns = [self._turns_of(kind, fit) for kind, fit in zip(kinds, fits, strict=True)]
        voters, taken = self._voters, []
        for (token,), which in pile.ballots():
            before = voters.get(token, 0)
            turn = turns[which].get(before)
            if turn is None:
                turn = self._turn(token, before, kinds[which], fits[which], turns[which])
                self._account(kinds[which], before, turn, 1)
            else:
                taken.append((which, before))
            voters[token] = turn.after
        for (which, before), times in Counter(taken).items():
            self._account(kinds[which], before, turns[which][before], times)

    def _fit(self, kind: Kind, partition: int) -> Fit:
        """Tell whether a ballot of this kind may count, if it comes now where it belongs."""
        most = self._terms.plan.most if self._terms else 0
        if self._method is None or not self._method.valid(Chosen(options=kind.options), self._offered, most):
            return "void"
        return "late" if partition in self._closed else "in time"

    def _turns_of(self, kind: Kind, fit: Fit) -> dict[int, _Turn]:
        if len(self._turns) > MOST_KEPT:
            self._turns.clear()
        return self._turns.setdefault((kind.number, kind.options, fit), {})

    def _turn(self, key: Key, before: int, kind: Kind, fit: Fit, turns: dict[int, _Turn]) -> _Turn:
        """Tell what a ballot does, and keep the answer in *turns* where it is the same for every voter in this state."""
        voter, number = self._states[before], kind.number
        if voter.left_out or number > voter.upto + 1:
            return self._among_others(key, before, kind, fit)
        repeated = number <= voter.upto
        turn = _Turn(before, "repeated") if repeated else self._came(voter, kind, fit, number, left_out=False)
        turns[before] = turn
        return turn

    def _among_others(self, key: Key, before: int, kind: Kind, fit: Fit) -> _Turn:
        """Tell what a ballot does that leaves a number out, or whose voter did."""
        voter, beyond = self._states[before], self._beyond.setdefault(key, set())
        if kind.number <= voter.upto or kind.number in beyond:
            return _Turn(before, "repeated")
        beyond.add(kind.number)
        upto = voter.upto
        while upto + 1 in beyond:
            upto += 1
            beyond.remove(upto)
        if not beyond:
            del self._beyond[key]
        return self._came(voter, kind, fit, upto, left_out=bool(beyond))

    def _came(self, voter: _Voter, kind: Kind, fit: Fit, upto: int, *, left_out: bool) -> _Turn:
        """Return what the first ballot of its number does. The highest number in time counts."""
        counts = fit == "in time" and kind.number > voter.number
        number, choice = (kind.number, Chosen(options=kind.options)) if counts else (voter.number, voter.choice)
        state = _Voter(number, choice, upto, left_out)
        after = self._place_of.setdefault(state, len(self._states))
        if after == len(self._states):
            self._states.append(state)
        fate: Fate = "counted" if counts else "replaced" if fit == "in time" else fit
        return _Turn(after, fate)

    def _account(self, kind: Kind, before: int, turn: _Turn, times: int) -> None:
        """Add up what so many ballots of one kind did to as many voters in one state."""
        if turn.fate == "repeated":
            return
        self.turnout[kind.minute] += times
        self.channels[kind.channel] += times
        self._in[before] -= times
        self._in[turn.after] += times
        if turn.fate == "void":
            self._void += times
        elif turn.fate == "late":
            self._late += times
        else:
            self._in_time += times
            self._counted += times if self._states[before].number == 0 else 0

    def chosen(self) -> Counter[Choice]:
        """Return how many ballots that count make each choice."""
        found: Counter[Choice] = Counter()
        for state, voters in self._in.items():
            choice = self._states[state].choice
            if choice is not None and voters:
                found[choice] += voters
        return found

    def tokens(self) -> int:
        """Return how many voters handed in a ballot where theirs belong, whatever became of it."""
        return sum(isinstance(each, bytes) for each in self._voters)

    def ballots(self) -> Ballots:
        """Account for every ballot."""
        return Ballots(
            received=self._in_time + self._late + self._void,
            counted=self._counted,
            replaced=self._in_time - self._counted,
            late=self._late,
            void=self._void,
        )
