"""Earning: what the rules in force make of deeds. Pure; the same deeds and rules always earn the same."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
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

    def __init__(self, published: RulePublished, of: "_Rule") -> None:
        """Begin with none; *of* is the rule."""
        self.published = published
        self.of = of
        caps = published.earns if isinstance(published.earns, Points) else None
        self.points = caps.points if caps else 0
        self._per_day = caps.per_day if caps else 0
        self._per_target = caps.per_target if caps else 0
        self._days: defaultdict[int, dict[str, int]] = defaultdict(dict)
        self._targets: defaultdict[str, dict[str, int]] = defaultdict(dict)
        """Of each day, and of each target: how many deeds of each member stand."""
        self._earned: dict[tuple[int, int], Earned] = {}

    def earned(self, day: int, turn: int) -> "Earned":
        """Return that a deed of *day* counts, or counted: of a million deeds all that say the same are one object."""
        return self._earned.get((day, turn)) or self._earned.setdefault((day, turn), Earned(self, day, turn))

    def admit(self, deed: Deed, day: int) -> bool:
        """Count a deed of *day* that stands now, where the caps let one more of them earn; tell whether they do."""
        member = deed.member
        if self._per_day and self._days[day].get(member, 0) >= self._per_day:
            return False
        if self._per_target:
            members = self._targets[deed.target]
            if (done := members.get(member, 0)) >= self._per_target:
                return False
            members[member] = done + 1
        if self._per_day:
            members = self._days[day]
            members[member] = members.get(member, 0) + 1
        return True

    def release(self, deed: Deed, day: int) -> None:
        """Count a deed of *day* no more, which fell."""
        if self._per_day:
            self._days[day][deed.member] -= 1
        if self._per_target:
            self._targets[deed.target][deed.member] -= 1


_NONE: dict[str, int] = {}


class Earned(msgspec.Struct, frozen=True, eq=False):
    """That a version of a rule counts a deed, or counted it."""

    under: Version
    day: int
    """On which it was first done: the caps look at that one, also when it comes back later."""
    turn: int
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
    """A rule that was published at least once, and what stands of it. Mutable."""

    def __init__(self, published: RulePublished) -> None:
        self.in_force = False
        self.latest = Version(published, self)
        self.awards = 0
        """Of a rule that gives points: how many stand."""
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
        """
        Start without rules.

        Without *telling* nothing is ever due, only what stands can be asked for, and a tier looks at what was earned while there
        was one.
        """
        self._telling = telling
        self._rules: dict[str, _Rule] = {}
        self._counted: dict[DeedKind, dict[tuple[str, ...], tuple[Earned, ...]]] = {kind: {} for kind in get_args(DeedKind)}
        """By what makes a deed one, its kind and what it is about: the rules that counted it, in their order."""
        self._alike: dict[tuple[Earned, ...], tuple[Earned, ...]] = {}
        """Deeds of which the same rules made the same share one value above."""
        self._sums: defaultdict[str | None, Counter[str]] = defaultdict(Counter)
        """The points of each member that stand, which tiers look at: in each campaign, and (none) in all."""
        self._earning: dict[str, list[Version]] = {}
        """By the kind of deed: the versions in force that count it."""
        self._tiers: list[_Rule] = []
        """The rules that look at points, or once did."""
        self._found: list[Due] = []

    def hold(self, recognition: Recognition) -> None:
        """From here on these rules are in force."""
        in_force = {each.rule for each in recognition.in_force()}
        for name, rule in recognition.rules.items():
            known = self._rules.setdefault(name, _Rule(rule.published))
            if known.latest.published is not rule.published:
                known.latest = Version(rule.published, known)
        for name, known in self._rules.items():
            known.in_force = name in in_force
            if isinstance(known.latest.published.earns, Tier) and known not in self._tiers:
                self._tiers.append(known)
        self._earning = {
            kind: [each.latest for each in self._rules.values() if each.in_force and kind in each.latest.published.deeds]
            for kind in get_args(DeedKind)
        }

    def take(self, deed: Done | Undone) -> list[Due]:
        """Return what is due because of the next deed, in the order of the rules."""
        self._found = []
        if isinstance(deed, Done) and not deed.again:
            if counting := self._earning.get(deed.kind):
                self._keep(deed, self._count(counting, deed))
        elif counted := self._counted[deed.kind].get(deed.about):
            self._keep(deed, [self._turned(one, deed) for one in counted])
        return self._found

    def _keep(self, deed: Deed, earned: Sequence[Earned]) -> None:
        if earned:
            self._counted[deed.kind][deed.about] = self._alike.setdefault(alike := tuple(earned), alike)

    def _count(self, counting: Sequence[Version], deed: Done) -> list[Earned]:
        """Let a deed that is done for the first time earn by each version that has room for it."""
        day = deed.at.toordinal()
        return [
            self._stand(version.earned(day, 1), deed)
            for version in counting
            if version.published.campaign in (None, deed.campaign) and version.admit(deed, day)
        ]

    def _turned(self, one: Earned, deed: Done | Undone) -> Earned:
        """Let a deed that earned fall, or come back where the caps have room for it."""
        if isinstance(deed, Undone):
            return self._fall(one.under.earned(one.day, one.turn + 1), deed) if one.turn % 2 else one
        if one.turn % 2 == 0 and one.turn < _LAST_TURN and one.under.admit(deed, one.day):
            return self._stand(one.under.earned(one.day, one.turn + 1), deed)
        return one

    def _stand(self, one: Earned, deed: Done) -> Earned:
        if one.under.points:
            self._add(one, deed, 1)
            for tier in self._tiers:
                self._rise(tier, deed)
        else:
            one.under.of.counts[deed.member] += 1
            self._rise(one.under.of, deed)
        return one

    def _fall(self, one: Earned, deed: Undone) -> Earned:
        one.under.release(deed, one.day)
        if one.under.points:
            self._add(one, deed, -1)
            for tier in self._tiers:
                self._sink(tier, deed)
        else:
            one.under.of.counts[deed.member] -= 1
            self._sink(one.under.of, deed)
        return one

    def _add(self, one: Earned, deed: Done | Undone, step: int) -> None:
        """Add points to a member's sums, or take them off, and note that this is due."""
        rule, points = one.under.of, step * one.under.points
        rule.awards += step
        rule.points[deed.member] += points
        if self._telling or self._tiers:
            self._sums[None][deed.member] += points
            if deed.campaign is not None:
                self._sums[deed.campaign][deed.member] += points
        if self._telling:
            self._due(("points", one.by.rule, deed.member, deed.key), one, deed)

    def counts(self, name: str, deed: Deed) -> bool:
        """Tell whether a rule counts a deed now."""
        return any(one.by.rule == name and one.turn % 2 for one in self._counted[deed.kind].get(deed.about, ()))

    def standing(self, name: str) -> Standing:
        """Return what stands of a rule; nothing of one that was never in force."""
        found, rule = Standing(), self._rules.get(name)
        if rule is not None:
            found.points, found.awards = +rule.points, rule.awards
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
        figure = rule.counts[member] if isinstance(by.earns, Badge) else self._sums.get(by.campaign, _NONE).get(member, 0)
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
