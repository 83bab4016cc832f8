"""Recognition: the rules by which deeds earn something, what was awarded and why, kudos, thanks, and who is in no standings."""

from itertools import pairwise
from typing import Annotated, ClassVar, Literal

import msgspec

from fanfare.record.kinds import (
    CampaignId,
    ContentId,
    Count,
    Event,
    Fact,
    Instant,
    MemberId,
    TextHash,
    Turn,
    check_turn,
    check_utc,
)

STREAM = "recognition"
"""The contested stream of rules. Awards, kudos and thanks are uncontested: their turns make doubles and races harmless."""

RuleId = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{1,39}(?!\n)$", description="Of a rule, such as first-idea.")]
AwardId = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}(?!\n)$", description="Of an award, also when it is granted anew.")]
KudosId = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]{4,40}(?!\n)$")]
ThanksId = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]{4,40}(?!\n)$")]
CauseId = Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,200}(?!\n)$", description="The id of the event that earned it.")]

DeedKind = Literal[
    "joined",
    "idea-raised",
    "idea-supported",
    "support-given",
    "comment-made",
    "took-part",
    "idea-advanced",
    "idea-won",
    "idea-answered",
    "fan-brought",
]
"""
What a fan did, or what became of an idea of hers.

``idea-supported``: her idea got a supporter who is not herself. ``comment-made``: under an idea of somebody else.
``idea-advanced``: her idea went onto a ballot. ``idea-won``: it was among those that a sealed round of ballots chose.
``fan-brought``: a newcomer who came by her link contributed something that stands.
"""
Emblem = Literal["spark", "bottle", "star", "leaf", "wave", "crown", "megaphone", "handshake", "compass", "heart"]
"""Drawings of our own, for badges."""
_Cap = Annotated[int, msgspec.Meta(ge=0, le=1000, description="0: no cap.")]
_Levels = Annotated[tuple[Annotated[int, msgspec.Meta(ge=1, le=1_000_000)], ...], msgspec.Meta(min_length=1, max_length=8)]


def _check_rising(levels: tuple[int, ...]) -> None:
    if any(one >= other for one, other in pairwise(levels)):
        message = "the levels of a rule rise"
        raise ValueError(message)


class Points(Fact, frozen=True, tag="points", tag_field="kind"):
    """Each deed earns points, within the caps."""

    points: Annotated[int, msgspec.Meta(ge=1, le=1000)]
    per_day: _Cap = 0
    """How many deeds of one member earn on one day, UTC."""
    per_target: _Cap = 0
    """How many deeds of one member earn on one target: an idea, or a round."""


class Badge(Fact, frozen=True, tag="badge", tag_field="kind"):
    """So many deeds earn the badge, more of them its next level."""

    emblem: Emblem
    levels: _Levels

    def __post_init__(self) -> None:
        """Refuse levels that do not rise."""
        _check_rising(self.levels)


class Tier(Fact, frozen=True, tag="tier", tag_field="kind"):
    """So many points, of whatever rule, lift a member into a tier. It has no deeds of its own."""

    levels: _Levels
    names: Annotated[tuple[TextHash, ...], msgspec.Meta(min_length=1, max_length=8)]

    def __post_init__(self) -> None:
        """Refuse levels that do not rise, or that have no name each."""
        _check_rising(self.levels)
        if len(self.levels) != len(self.names):
            message = "each tier has a name"
            raise ValueError(message)


Earns = Points | Badge | Tier


class RulePublished(Event, frozen=True):
    """
    A host put a rule in force, or its next version. It holds from the place of this event: what was done before earns nothing.

    Taken if its version is the one after the last. A member is never rewarded for what she did to herself.
    """

    wire: ClassVar[str] = "fanfare.rule.published.v1"
    rule: RuleId
    version: Annotated[int, msgspec.Meta(ge=1, le=10_000)]
    title: TextHash
    words: TextHash
    """What it rewards and why, for fans."""
    deeds: Annotated[tuple[DeedKind, ...], msgspec.Meta(max_length=10)]
    earns: Earns
    by: MemberId
    campaign: CampaignId | None = None
    """Only deeds in this campaign; none: in all."""

    def __post_init__(self) -> None:
        """Refuse a tier with deeds, and anything else without."""
        if isinstance(self.earns, Tier) == bool(self.deeds):
            message = "a tier looks at points alone, and every other rule at deeds"
            raise ValueError(message)


class RuleRetired(Event, frozen=True):
    """A host ended a rule. What it awarded stays; nothing is earned by it any more, until a next version is published."""

    wire: ClassVar[str] = "fanfare.rule.retired.v1"
    rule: RuleId
    by: MemberId
    reason: TextHash


class AutomationSet(Event, frozen=True):
    """Whether rules may award anything. While they may not, all recognition on this site comes from people."""

    wire: ClassVar[str] = "fanfare.recognition.automation-set.v1"
    allowed: bool
    by: MemberId
    reason: TextHash


RecognitionEvent = RulePublished | RuleRetired | AutomationSet


class AwardGranted(Event, frozen=True):
    """
    A member earned points, a badge's level or a tier by a rule, or a host gave her a title.

    Of one award the highest turn stands, so one that is appended twice is one. What fell is revoked, and granted anew
    when it is back.
    """

    wire: ClassVar[str] = "fanfare.award.granted.v1"
    award: AwardId
    turn: Turn
    member: MemberId
    kind: Literal["points", "badge", "tier", "title"]
    points: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 0
    level: Annotated[int, msgspec.Meta(ge=0, le=8)] = 0
    rule: RuleId | None = None
    version: Annotated[int, msgspec.Meta(ge=1, le=10_000)] | None = None
    cause: CauseId | None = None
    offset: Count | None = None
    """Where the cause stands in partition 0."""
    campaign: CampaignId | None = None
    by: MemberId | None = None
    """Who gave it; none where a rule did."""
    words: TextHash | None = None
    """What a title says."""
    reason: TextHash | None = None
    because: Annotated[tuple[ContentId, ...], msgspec.Meta(max_length=20)] = ()
    """The contributions that justify a title."""
    until: Instant | None = None
    """When a title ends; none: never."""

    def __post_init__(self) -> None:
        """Refuse an even turn, a time that is not in UTC, and what neither a rule nor a person gave."""
        check_turn(self.turn, odd=True)
        if (self.by is None) == (self.rule is None or self.version is None or self.cause is None or self.offset is None):
            message = "an award comes from a person, or from a rule and a cause"
            raise ValueError(message)
        if self.until is not None:
            check_utc(self.until)


class AwardRevoked(Event, frozen=True):
    """What earned an award fell, or a host took a title back, or its holder laid it down, with a reason."""

    wire: ClassVar[str] = "fanfare.award.revoked.v1"
    award: AwardId
    turn: Turn
    member: MemberId
    cause: CauseId | None = None
    offset: Count | None = None
    by: MemberId | None = None
    reason: TextHash | None = None

    def __post_init__(self) -> None:
        """Refuse an odd turn, and what neither a cause nor a person took."""
        check_turn(self.turn, odd=False)
        if (self.by is None) == (self.cause is None or self.offset is None):
            message = "an award is taken by a person with a reason, or by a cause"
            raise ValueError(message)


class StandingsLeft(Event, frozen=True):
    """A member left the standings of fans: from here on no list has her and no rank counts her. Her awards stay hers."""

    wire: ClassVar[str] = "fanfare.standings.left.v1"
    member: MemberId
    turn: Turn


class StandingsJoined(Event, frozen=True):
    """A member is in the standings again. Everybody is, until she leaves; of both events the highest turn stands."""

    wire: ClassVar[str] = "fanfare.standings.joined.v1"
    member: MemberId
    turn: Turn


MOST_KUDOS = 5
"""Of one giver in a week, Monday to Sunday, UTC. The first ones count."""


class KudosGiven(Event, frozen=True):
    """
    Somebody praised a fan, in words.

    Of one giver the first five in a week count, and none for herself: a limit keeps praise worth something.
    """

    wire: ClassVar[str] = "fanfare.kudos.given.v1"
    kudos: KudosId
    by: MemberId
    to: MemberId
    words: TextHash
    about: ContentId | None = None
    campaign: CampaignId | None = None


class KudosTakenBack(Event, frozen=True):
    """Whoever gave kudos took them back, for good. They still count towards her week."""

    wire: ClassVar[str] = "fanfare.kudos.taken-back.v1"
    kudos: KudosId
    by: MemberId


MOST_THANKED = 300
"""Of one event; thanks to more fans are several events under the same id."""


class FanThanked(Event, frozen=True):
    """A host thanked fans, in private words that only the vault holds."""

    wire: ClassVar[str] = "fanfare.fan.thanked.v1"
    thanks: ThanksId
    by: MemberId
    members: Annotated[tuple[MemberId, ...], msgspec.Meta(min_length=1, max_length=MOST_THANKED)]
    campaign: CampaignId | None = None


class Rule(msgspec.Struct, frozen=True):
    """A rule as it stands."""

    published: RulePublished
    retired: bool = False


class Recognition(msgspec.Struct, frozen=True):
    """What the decisions about recognition add up to."""

    rules: dict[str, Rule] = {}
    automation: bool = True
    """Whether rules may award anything."""

    def in_force(self) -> list[RulePublished]:
        """Return the rules that award something now, by id."""
        return [each.published for _, each in sorted(self.rules.items()) if not each.retired] if self.automation else []


def evolve(state: Recognition, event: RecognitionEvent) -> Recognition:
    """Return *state* with *event* taken in; what makes no sense there changes nothing."""
    match event:
        case RulePublished(rule=rule, version=version):
            last = state.rules[rule].published.version if rule in state.rules else 0
            if version != last + 1:
                return state
            return msgspec.structs.replace(state, rules=state.rules | {rule: Rule(event)})
        case RuleRetired(rule=rule) if rule in state.rules:
            return msgspec.structs.replace(state, rules=state.rules | {rule: Rule(state.rules[rule].published, retired=True)})
        case AutomationSet(allowed=allowed):
            return msgspec.structs.replace(state, automation=allowed)
        case _:
            return state
