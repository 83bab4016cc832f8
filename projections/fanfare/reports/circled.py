"""Who could vote in the rounds of circles: whoever belonged at any time while they were open. Pure."""

from collections.abc import Mapping

from fanfare.awards.belonging import TURNS, Belonging
from fanfare.record.campaigns import Round
from fanfare.record.circles import Circle, CircleEvent
from fanfare.record.terms import circle_of

MOVING = frozenset((*CircleEvent.__args__, *TURNS))
"""After which somebody else may belong. Of most events there are millions, and they are none of these."""


class Circled:
    """Folds who belongs to circles, and who did while a round of theirs was open. Mutable; fed in record order."""

    def __init__(self) -> None:
        """Start with nobody."""
        self.belonging = Belonging()
        self._open: dict[str, str] = {}
        """The circle of each round that is open."""
        self._could_vote: dict[str, set[str]] = {}

    def opened(self, found: Round, circles: Mapping[str, Circle]) -> None:
        """Note who belongs as a round opens; of a round that is not a circle's nothing is noted."""
        circle = circle_of(found.plan.electorate)
        if circle and found.id not in self._could_vote:
            self._open[found.id], self._could_vote[found.id] = circle, set()
            self._note_all(circles)

    def closing(self, round_id: str) -> None:
        """From here on nobody else could vote in it."""
        self._open.pop(round_id, None)

    def apply(self, event: object, circles: Mapping[str, Circle]) -> None:
        """Take in an event that holds; *circles* are as they stand after it."""
        if type(event) not in MOVING:
            return
        member = self.belonging.apply(event)
        if isinstance(event, CircleEvent):
            self._note_all(circles)
        for round_id, circle in self._open.items() if member else ():
            if circle in circles and self.belonging.belongs(circles[circle], member):
                self._could_vote[round_id].add(member)

    def _note_all(self, circles: Mapping[str, Circle]) -> None:
        for round_id, circle in self._open.items():
            if circle in circles:
                self._could_vote[round_id] |= self.belonging.of(circles[circle])

    def could_vote(self, found: Round, circles: Mapping[str, Circle]) -> set[str]:
        """Return who could vote in a round of a circle so far; before it opens, who belongs now."""
        if found.id in self._could_vote:
            return self._could_vote[found.id]
        circle = circles.get(circle_of(found.plan.electorate))
        return self.belonging.of(circle) if circle else set()
