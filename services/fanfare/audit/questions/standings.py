"""Standings of fans, added up from a record alone: the second counter beside the site's tables."""

from collections import Counter
from collections.abc import Iterator

from fanfare.awards.awarding import Award, award_in
from fanfare.record.entry import Entry
from fanfare.record.members import MemberErased
from fanfare.record.recognition import AwardGranted, StandingsJoined, StandingsLeft
from fanfare.views.fan_standings import season_of


class Standings:
    """Who earned how many points in one campaign or season. Mutable; fed partition 0 in order."""

    def __init__(self, scope: str) -> None:
        """Start at the beginning; *scope* is a campaign's id, or a season such as 2026-q4."""
        self._scope = scope
        self._awards: dict[str, tuple[Award, str]] = {}
        """By award: its highest turn, of equal ones the first, and the season of that."""
        self._moved: dict[str, StandingsLeft | StandingsJoined] = {}
        self._erased: set[str] = set()

    def apply(self, entry: Entry) -> None:
        """Take in the next entry."""
        for _, recorded in entry.positioned():
            event = recorded.event
            if (award := award_in(recorded)) is not None:
                kept = self._awards.get(award.award)
                if kept is None or award.turn > kept[0].turn:
                    self._awards[award.award] = (award, season_of(recorded.time))
            elif isinstance(event, StandingsLeft | StandingsJoined):
                last = self._moved.get(event.member)
                if last is None or event.turn > last.turn:
                    self._moved[event.member] = event
            elif isinstance(event, MemberErased):
                self._erased.add(event.member)

    def ranked(self) -> Iterator[tuple[int, int, str]]:
        """Yield rank, points and member, the first one first. Ties share a rank: 1, 2, 2, 4."""
        listed = [(points, member) for member, points in self._points().items() if points > 0 and self._is_listed(member)]
        listed.sort(key=lambda each: (-each[0], each[1]))
        rank = 0
        for number, (points, member) in enumerate(listed, start=1):
            if number == 1 or points != listed[number - 2][0]:
                rank = number
            yield rank, points, member

    def _points(self) -> Counter[str]:
        points: Counter[str] = Counter()
        for award, season in self._awards.values():
            if isinstance(award, AwardGranted) and award.kind == "points" and self._scope in (award.campaign, season):
                points[award.member] += award.points
        return points

    def _is_listed(self, member: str) -> bool:
        return member not in self._erased and not isinstance(self._moved.get(member), StandingsLeft)
