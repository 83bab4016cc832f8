"""Earning: what the rules in force make of deeds. Pure; the same deeds and rules always earn the same."""

from bisect import bisect_right
from collections import Counter
from typing import get_args

import msgspec

from fanfare.awards.deeds import Deed, Done, Undone
from fanfare.record.envelope import derived_id
from fanfare.record.recognition import (
    AwardGranted,
    AwardRevoked,
    Badge,
    DeedKind,
    Points,
    Recognition,
    RulePublished,
    Tier,
)

_LAST_TURN = 99_999
"""What was granted so often is revoked once more, and then rests."""


class Due(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An award that is due, or its revocation: everything that the record wants to know of it."""

    award: str
    turn: int
    by: RulePublished
    """The version of the rule that earns it."""
    deed: Done | Undone
    """What made it due."""
    level: int = 0

    @property
    def member(self) -> str:
        """Whose it is."""
        return self.deed.member

    @property
    def cause(self) -> str:
        """The id of the event that made it due."""
        return self.deed.event_id

    @property
    def offset(self) -> int:
        """Where that stands in partition 0."""
        return self.deed.offset

    @property
    def granted(self) -> bool:
        """Whether it is granted; else it is revoked."""
        return self.turn % 2 == 1

    @property
    def event_id(self) -> str:
        """The id of its event, which follows from the award and the turn: who writes it twice writes one event twice."""
        return derived_id("award", self.award, str(self.turn))

    def event(self) -> AwardGranted | AwardRevoked:
        """Return what belongs into the record."""
        if not self.granted:
            return AwardRevoked(award=self.award, turn=self.turn, member=self.member, cause=self.cause, offset=self.offset)
        earns = self.by.earns
        return AwardGranted(
            award=self.award,
            turn=self.turn,
            member=self.member,
            kind="points" if isinstance(earns, Points) else "badge" if isinstance(earns, Badge) else "tier",
            points=earns.points if isinstance(earns, Points) else 0,
            level=self.level,
            rule=self.by.rule,
            version=self.by.version,
            cause=self.cause,
            offset=self.offset,
            campaign=self.deed.campaign if isinstance(earns, Points) else self.by.campaign,
        )


class Version:
    """A version of a rule, and what its caps look at: the deeds that it counted and that stand. Mutable."""

    def __init__(self, published: RulePublished) -> None:
        """Begin with none."""
        self.published = published
        self._caps = published.earns if isinstance(published.earns, Points) else None
        self._days: dict[tuple[str, int], int] = {}
        self._targets: dict[tuple[str, str], int] = {}

    def has_room(self, deed: Deed, day: int) -> bool:
        """Tell whether the caps let one more deed of *day* earn."""
        if self._caps is None:
            return True
        if self._caps.per_day and self._days.get((deed.member, day), 0) >= self._caps.per_day:
            return False
        return not self._caps.per_target or self._targets.get((deed.member, deed.target), 0) < self._caps.per_target

    def count(self, deed: Deed, day: int, step: int) -> None:
        """Count a deed that stands (1), or stands no more (-1)."""
        if self._caps and self._caps.per_day:
            self._days[deed.member, day] = self._days.get((deed.member, day), 0) + step
        if self._caps and self._caps.per_target:
            self._targets[deed.member, deed.target] = self._targets.get((deed.member, deed.target), 0) + step


class Earned(msgspec.Struct, gc=False):
    """A deed that a rule counted. Of a million deeds each is kept, so this is small."""

    under: Version
    day: int
    """On which it was first done: the caps look at that one, also when it comes back later."""
    turn: int = 0
    """Odd while the deed stands and counts."""

    @property
    def by(self) -> RulePublished:
        """The version of the rule that counted it."""
        return self.under.published


class Standing(msgspec.Struct):
    """What stands of one rule."""

    awards: int = 0
    points: Counter[str] = msgspec.field(default_factory=Counter)
    """Of a rule that gives points: by the member."""
    levels: dict[str, int] = msgspec.field(default_factory=dict)
    """Of a badge or a tier: the highest level of each member."""


class _Held(msgspec.Struct, gc=False):
    """A level that somebody reached."""

    by: RulePublished
    turn: int = 0


class _Rule:
    """A rule that was published at least once, and what it counted. Mutable."""

    def __init__(self, published: RulePublished) -> None:
        self.in_force = False
        self.latest = Version(published)
        self.earned: dict[bytes, Earned] = {}
        """By the key of the deed."""
        self.counts: Counter[str] = Counter()
        """Of a badge: how many deeds of each member stand."""
        self.points: Counter[str] = Counter()
        """Of a rule that gives points: what stands of them, by the member."""
        self.held: dict[str, dict[int, _Held]] = {}
        """Of a badge or a tier: by the member and the level."""


class Earning:
    """
    What each rule counted and what stands of it. Mutable; fed the deeds in order, and told when the rules change.

    What was earned comes back with its deed, as it was, though the rule has another version by then, or is retired. A deed that
    earned nothing when it was first done never does.
    """

    def __init__(self, *, telling: bool = True) -> None:
        """Start without rules; without *telling* nothing is ever due, and only what stands can be asked for."""
        self._telling = telling
        self._rules: dict[str, _Rule] = {}
        self._sums: Counter[tuple[str, str | None]] = Counter()
        """The points of a member that stand: in each campaign, and (none) in all."""
        self._earning: dict[str, list[_Rule]] = {}
        """By the kind of deed: the rules in force that count it."""
        self._tiers: list[_Rule] = []
        """The rules that look at points, or once did."""
        self._found: list[Due] = []
        self._today = 0

    def hold(self, recognition: Recognition) -> None:
        """From here on these rules are in force."""
        in_force = {each.rule for each in recognition.in_force()}
        for name, rule in recognition.rules.items():
            known = self._rules.setdefault(name, _Rule(rule.published))
            if known.latest.published is not rule.published:
                known.latest = Version(rule.published)
        for name, known in self._rules.items():
            known.in_force = name in in_force
            if isinstance(known.latest.published.earns, Tier) and known not in self._tiers:
                self._tiers.append(known)
        self._earning = {
            kind: [each for each in self._rules.values() if each.in_force and kind in each.latest.published.deeds]
            for kind in get_args(DeedKind)
        }

    def take(self, deed: Done | Undone) -> list[Due]:
        """Return what is due because of the next deed, in the order of the rules."""
        self._found = []
        if isinstance(deed, Done) and not deed.again:
            counting = [
                rule for rule in self._earning.get(deed.kind, ()) if rule.latest.published.campaign in (None, deed.campaign)
            ]
            key = bytes.fromhex(deed.key) if counting else b""
            for rule in counting:
                self._count(rule, deed, key)
        elif self._rules:
            key = bytes.fromhex(deed.key)
            for rule in self._rules.values():
                if (one := rule.earned.get(key)) is not None:
                    self._turn_over(rule, one, deed, key)
        return self._found

    def _count(self, rule: _Rule, deed: Done, key: bytes) -> None:
        one = Earned(rule.latest, self._day(deed))
        if one.under.has_room(deed, one.day):
            rule.earned[key] = one
            self._stand(rule, one, deed, key)

    def _turn_over(self, rule: _Rule, one: Earned, deed: Done | Undone, key: bytes) -> None:
        """Let a deed that earned fall, or come back where the caps have room for it."""
        if isinstance(deed, Undone):
            if one.turn % 2:
                self._fall(rule, one, deed, key)
        elif one.turn % 2 == 0 and one.turn < _LAST_TURN and one.under.has_room(deed, one.day):
            self._stand(rule, one, deed, key)

    def _day(self, deed: Done) -> int:
        """Return the day of a deed as one number for all of that day."""
        if deed.at.toordinal() != self._today:
            self._today = deed.at.toordinal()
        return self._today

    def _stand(self, rule: _Rule, one: Earned, deed: Done, key: bytes) -> None:
        one.turn += 1
        one.under.count(deed, one.day, 1)
        if isinstance(one.by.earns, Points):
            self._add(rule, one, deed, key, one.by.earns.points)
            for tier in self._tiers:
                self._rise(tier, deed)
        else:
            rule.counts[deed.member] += 1
            self._rise(rule, deed)

    def _fall(self, rule: _Rule, one: Earned, deed: Undone, key: bytes) -> None:
        one.turn += 1
        one.under.count(deed, one.day, -1)
        if isinstance(one.by.earns, Points):
            self._add(rule, one, deed, key, -one.by.earns.points)
            for tier in self._tiers:
                self._sink(tier, deed)
        else:
            rule.counts[deed.member] -= 1
            self._sink(rule, deed)

    def _add(self, rule: _Rule, one: Earned, deed: Done | Undone, key: bytes, points: int) -> None:
        """Add points to a member's sums, or take them off, and note that this is due."""
        rule.points[deed.member] += points
        self._sums[deed.member, None] += points
        if deed.campaign is not None:
            self._sums[deed.member, deed.campaign] += points
        self._due(("points", one.by.rule, deed.member, key.hex()), one, deed)

    def counts(self, name: str, key: str) -> bool:
        """Tell whether a rule counts the deed of that key now."""
        one = self._rules[name].earned.get(bytes.fromhex(key)) if name in self._rules else None
        return one is not None and one.turn % 2 == 1

    def standing(self, name: str) -> Standing:
        """Return what stands of a rule; nothing of one that was never in force."""
        found, rule = Standing(), self._rules.get(name)
        if rule is not None:
            found.points = +rule.points
            found.awards = sum(isinstance(one.by.earns, Points) and one.turn % 2 for one in rule.earned.values())
        for member, held in rule.held.items() if rule else ():
            levels = [level for level, each in held.items() if each.turn % 2]
            found.awards += len(levels)
            if levels:
                found.levels[member] = max(levels)
        return found

    # Levels

    def _reached(self, rule: _Rule, by: RulePublished, member: str) -> int:
        """Return the highest level that a version gives for what stands; 0 for none."""
        if isinstance(by.earns, Points):
            return 0
        figure = rule.counts[member] if isinstance(by.earns, Badge) else self._sums[member, by.campaign]
        return bisect_right(by.earns.levels, figure)

    def _rise(self, rule: _Rule, deed: Done | Undone) -> None:
        """Grant each level that is reached now: as it was held before, or by the version in force."""
        latest, held = rule.latest.published, rule.held.get(deed.member, {})
        now = self._reached(rule, latest, deed.member) if rule.in_force else 0
        for level in range(1, max(now, *held, 0) + 1) if held or now else ():
            known = held.get(level)
            if known and (known.turn % 2 or known.turn >= _LAST_TURN):
                continue
            if known and level <= self._reached(rule, known.by, deed.member):
                self._turn(known, deed, level)
            elif level <= now:
                anew = _Held(latest, known.turn if known else 0)
                rule.held.setdefault(deed.member, held)[level] = anew
                self._turn(anew, deed, level)

    def _sink(self, rule: _Rule, deed: Done | Undone) -> None:
        """Revoke each level that is held and reached no more."""
        for level, known in rule.held.get(deed.member, {}).items():
            if known.turn % 2 and level > self._reached(rule, known.by, deed.member):
                self._turn(known, deed, level)

    def _turn(self, held: _Held, deed: Done | Undone, level: int) -> None:
        held.turn += 1
        self._due(("level", held.by.rule, deed.member, str(level)), held, deed, level)

    def _due(self, award: tuple[str, ...], of: Earned | _Held, deed: Done | Undone, level: int = 0) -> None:
        if self._telling:
            self._found.append(Due(award=derived_id(*award), turn=of.turn, by=of.by, deed=deed, level=level))
