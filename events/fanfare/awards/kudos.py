"""Kudos that count: of one giver the first five in a week, and none for herself."""

from collections import Counter
from datetime import date, datetime, timedelta

import msgspec

from fanfare.record.envelope import Recorded
from fanfare.record.recognition import MOST_KUDOS, KudosGiven, KudosTakenBack


def week_of(at: datetime) -> date:
    """Return the Monday of the week, UTC, in which *at* is."""
    return at.date() - timedelta(days=at.weekday())


class Praise(msgspec.Struct):
    """Kudos that somebody gave, and whether they count."""

    given: KudosGiven
    at: datetime
    counts: bool
    taken_back: bool = False

    @property
    def stands(self) -> bool:
        """They counted when they were given, and were not taken back."""
        return self.counts and not self.taken_back


class Kudos:
    """Folds kudos in record order. Mutable. What was appended twice is one, and what was taken back stays so."""

    def __init__(self) -> None:
        """Start with none."""
        self.given: dict[str, Praise] = {}
        """By their id; also those over the limit, which do not count."""
        self._in_week: Counter[tuple[str, date]] = Counter()

    def apply(self, recorded: Recorded) -> None:
        """Take in an event that holds; what is no kudos changes nothing."""
        match recorded.event:
            case KudosGiven(kudos=kudos, by=by, to=to) as event if kudos not in self.given:
                counts = by != to and self.left(by, recorded.time) > 0
                self._in_week[by, week_of(recorded.time)] += counts
                self.given[kudos] = Praise(event, recorded.time, counts)
            case KudosTakenBack(kudos=kudos, by=by) if kudos in self.given and self.given[kudos].given.by == by:
                self.given[kudos].taken_back = True
            case _:
                pass

    def left(self, by: str, at: datetime) -> int:
        """Return how many more of a giver's kudos would count in the week of *at*; what she took back is not given back."""
        return MOST_KUDOS - self._in_week[by, week_of(at)]

    def standing(self, to: str) -> list[Praise]:
        """Return the kudos that count for a fan, the earliest first."""
        return [each for each in self.given.values() if each.stands and each.given.to == to]
