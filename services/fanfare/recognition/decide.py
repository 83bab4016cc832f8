"""What a host may decide about rules and titles, and what that makes true. Pure."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Literal, assert_never, get_args

import msgspec

from fanfare.platform.language import gettext as _
from fanfare.recognition import refusals
from fanfare.record.kinds import Event
from fanfare.record.recognition import (
    AutomationSet,
    AwardGranted,
    AwardRevoked,
    Badge,
    DeedKind,
    Earns,
    Emblem,
    Points,
    Recognition,
    RulePublished,
    RuleRetired,
    Tier,
)

_RULE_ID = re.compile(r"[a-z][a-z0-9-]{1,39}")
MOST_POINTS, MOST_CAP, MOST_LEVEL, MOST_LEVELS, MOST_BECAUSE = 1000, 1000, 1_000_000, 8, 20


class TierDraft(msgspec.Struct, frozen=True, tag="tier", tag_field="kind"):
    """Tiers as a host writes them: a name for each sum of points."""

    levels: tuple[int, ...]
    names: tuple[str, ...]


class PointsDraft(msgspec.Struct, frozen=True, tag="points", tag_field="kind"):
    """Points as a host writes them; a cap of 0 is none."""

    points: int
    per_day: int = 0
    per_target: int = 0


class BadgeDraft(msgspec.Struct, frozen=True, tag="badge", tag_field="kind"):
    """A badge as a host writes it: so many deeds for each level."""

    emblem: str
    levels: tuple[int, ...]


EarnsDraft = PointsDraft | BadgeDraft | TierDraft


class RuleDraft(msgspec.Struct, frozen=True):
    """A rule as a host writes it, in words."""

    rule: str
    """Its id, such as first-idea."""
    title: str
    words: str
    """What it rewards and why, for fans."""
    deeds: tuple[str, ...]
    """Kinds of deeds; none for a tier."""
    earns: EarnsDraft
    campaign: str | None = None
    """Only deeds in this campaign; none: in all."""

    def texts(self) -> list[str]:
        """Return the words that are kept beside the record."""
        return [self.title, self.words, *(self.earns.names if isinstance(self.earns, TierDraft) else ())]


def check(draft: RuleDraft, campaigns: Collection[str]) -> None:
    """
    Refuse a rule that could not be published.

    Args:
        campaigns: the public ones.

    Raises:
        EarningRuleRefused: with a sentence that says what to change.
    """
    tier = isinstance(draft.earns, TierDraft)
    unknown = sorted(set(draft.deeds) - set(get_args(DeedKind)))
    for wrong, field, sentence in (
        (not _RULE_ID.fullmatch(draft.rule), "rule", _("A rule’s id has 2 to 40 small letters, digits and hyphens: first-idea.")),
        (
            bool(unknown),
            "deeds",
            _("There is no deed %(deeds)s. Choose others.", deeds=", ".join(unknown)),
        ),
        (tier and bool(draft.deeds), "deeds", _("A tier looks at points alone. Leave its deeds out.")),
        (not tier and not draft.deeds, "deeds", _("Choose at least one deed that earns something.")),
        (len(set(draft.deeds)) != len(draft.deeds), "deeds", _("A deed is named twice. Name it once.")),
        (draft.campaign is not None and draft.campaign not in campaigns, "campaign", _("There is no such campaign.")),
    ):
        if wrong:
            raise refusals.EarningRuleRefused(sentence, field=field)
    _check_earns(draft.earns)


def _check_earns(earns: EarnsDraft) -> None:
    match earns:
        case PointsDraft():
            if not 1 <= earns.points <= MOST_POINTS:
                raise refusals.EarningRuleRefused(_("A deed earns 1 to 1,000 points."), field="points")
            if not (0 <= earns.per_day <= MOST_CAP and 0 <= earns.per_target <= MOST_CAP):
                raise refusals.EarningRuleRefused(_("A cap is 1 to 1,000, or 0 for none."), field="per_day")
        case BadgeDraft():
            if earns.emblem not in get_args(Emblem):
                raise refusals.EarningRuleRefused(_("Choose one of the emblems that the form offers."), field="emblem")
            _check_levels(earns.levels)
        case TierDraft():
            _check_levels(earns.levels)
            if len(earns.names) != len(earns.levels):
                raise refusals.EarningRuleRefused(_("Each tier has its points and its name."), field="names")


def _check_levels(levels: Sequence[int]) -> None:
    rising = all(one < other for one, other in pairwise(levels))
    if not (rising and 1 <= len(levels) <= MOST_LEVELS and levels[0] >= 1 and levels[-1] <= MOST_LEVEL):
        message = _("There are 1 to 8 levels, each higher than the one before, from 1 to 1,000,000: 1, 5, 25.")
        raise refusals.EarningRuleRefused(message, field="levels")


def _earned(earns: EarnsDraft, hashes: Mapping[str, str]) -> Earns:
    match earns:
        case TierDraft(levels=levels, names=names):
            return Tier(levels=levels, names=tuple(hashes[each] for each in names))
        case BadgeDraft(emblem=emblem, levels=levels):
            return Badge(emblem=msgspec.convert(emblem, Emblem), levels=levels)
        case PointsDraft(points=points, per_day=per_day, per_target=per_target):
            return Points(points=points, per_day=per_day, per_target=per_target)
        case _:
            assert_never(earns)


def published(draft: RuleDraft, hashes: Mapping[str, str], version: int, by: str) -> RulePublished:
    """Return the event of a checked draft, with the *hashes* of its texts."""
    return RulePublished(
        rule=draft.rule,
        version=version,
        title=hashes[draft.title],
        words=hashes[draft.words],
        deeds=tuple(msgspec.convert(each, DeedKind) for each in draft.deeds),
        earns=_earned(draft.earns, hashes),
        by=by,
        campaign=draft.campaign,
    )


def next_version(state: Recognition, rule: str) -> int:
    """Return the number that the next version of a rule has, from 1."""
    known = state.rules.get(rule)
    return known.published.version + 1 if known else 1


def publish(state: Recognition, rule: RulePublished, read: int | None = None) -> list[Event]:
    """
    Put a rule in force, or its next version.

    Args:
        read: the version that whoever asks has seen, 0 for none; none asks for no check.

    Raises:
        EarningRuleChanged: it has another version by now.
    """
    version = next_version(state, rule.rule)
    if read not in (None, version - 1):
        raise refusals.EarningRuleChanged
    return [msgspec.structs.replace(rule, version=version)]


def retire(state: Recognition, rule: str, reason: str, by: str) -> list[Event]:
    """End a rule. What it awarded stays. Raises: EarningRuleNotFound, EarningRuleRetired."""
    if rule not in state.rules:
        raise refusals.EarningRuleNotFound
    if state.rules[rule].retired:
        raise refusals.EarningRuleRetired
    return [RuleRetired(rule=rule, by=by, reason=reason)]


def set_automation(state: Recognition, reason: str, by: str, *, allowed: bool) -> list[Event]:
    """Say whether rules may award anything. Raises: AutomationStandsSo."""
    if state.automation == allowed:
        raise refusals.AutomationStandsSo
    return [AutomationSet(allowed=allowed, by=by, reason=reason)]


class GrantTitle(msgspec.Struct, frozen=True):
    """Give a fan a title, with the contributions that justify it."""

    award: str
    member: str
    by: str
    words: str
    """The hash of what it says; empty before it is kept, as the reason."""
    reason: str
    because: tuple[str, ...] = ()
    """Ideas and comments of hers."""
    until: datetime | None = None
    campaign: str | None = None


def grant(command: GrantTitle, hers: Collection[str], campaigns: Collection[str], now: datetime) -> list[AwardGranted]:
    """
    Answer a host with the fact she makes true.

    Args:
        hers: those of the contributions that the fan made and that can be read.
        campaigns: the public ones.

    Raises:
        TitleForYourself, TitleRefused.
    """
    if command.by == command.member:
        raise refusals.TitleForYourself
    if len(command.because) > MOST_BECAUSE or len(set(command.because)) != len(command.because):
        raise refusals.TitleRefused(_("Name twenty contributions at most, each once."), field="because")
    if others := [each for each in command.because if each not in hers]:
        message = _("%(content)s is no idea or comment of hers that everybody can read. Leave it out.", content=others[0])
        raise refusals.TitleRefused(message, field="because")
    if command.campaign is not None and command.campaign not in campaigns:
        raise refusals.TitleRefused(_("There is no such campaign. Choose a public one, or none."), field="campaign")
    if command.until is not None and command.until <= now:
        raise refusals.TitleRefused(_("The title would have ended already. Set a later end, or none."), field="until")
    return [
        AwardGranted(
            award=command.award,
            turn=1,
            member=command.member,
            kind="title",
            by=command.by,
            words=command.words,
            reason=command.reason,
            because=command.because,
            until=command.until,
            campaign=command.campaign,
        )
    ]


class AwardNow(msgspec.Struct, frozen=True):
    """An award as it stands."""

    award: str
    member: str
    kind: Literal["points", "badge", "tier", "title"]
    turn: int
    by: str | None


def revoke(found: AwardNow, reason: str, by: str) -> list[AwardRevoked]:
    """Take a title back, with a reason. Raises: AwardByRule, AwardHasFallen."""
    if found.by is None:
        raise refusals.AwardByRule
    if found.turn % 2 == 0:
        raise refusals.AwardHasFallen
    return [AwardRevoked(award=found.award, turn=found.turn + 1, member=found.member, by=by, reason=reason)]


def lay_down(found: AwardNow, reason: str, by: str) -> list[AwardRevoked]:
    """Let whoever holds a title lay it down. Raises: NotYourTitle, AwardByRule, AwardHasFallen."""
    if by != found.member:
        raise refusals.NotYourTitle
    return revoke(found, reason, by)
