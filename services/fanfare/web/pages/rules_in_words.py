"""Rules in words: what they look at, what they give, and no more than how much."""

from collections.abc import Mapping, Sequence
from typing import assert_never

from fanfare.platform.language import gettext as _
from fanfare.platform.language import ngettext
from fanfare.record.recognition import Badge, DeedKind, Earns, Emblem, Points, Tier
from fanfare.views.earning_rules import EarningRule
from fanfare.web import words
from fanfare.web.contexts import recognition as shown


def deeds() -> Mapping[DeedKind, str]:
    """Return every deed that a rule can look at, in the language of the request."""
    return {
        "idea-raised": _("raising an idea"),
        "idea-supported": _("each supporter of an idea of hers"),
        "idea-answered": _("an idea of hers that the brand answers"),
        "idea-advanced": _("an idea of hers that goes onto a ballot"),
        "idea-won": _("an idea of hers that wins a round"),
        "comment-made": _("a comment under somebody else’s idea"),
        "support-given": _("supporting somebody else’s idea"),
        "took-part": _("voting in a round, credited after its close"),
        "joined": _("joining"),
        "fan-brought": _("a newcomer who came by her link and contributes"),
    }


def emblems() -> Mapping[Emblem, str]:
    """Return every drawing that a badge can have."""
    return {
        "spark": _("Spark"),
        "bottle": _("Bottle"),
        "star": _("Star"),
        "leaf": _("Leaf"),
        "wave": _("Wave"),
        "crown": _("Crown"),
        "megaphone": _("Megaphone"),
        "handshake": _("Handshake"),
        "compass": _("Compass"),
        "heart": _("Heart"),
    }


def earns(gives: Earns, looks_at: Sequence[DeedKind], tier_names: Sequence[str], campaign: str = "") -> tuple[str, ...]:
    """
    Return what a rule gives for what, in sentences.

    Args:
        campaign: the title of the only one that it looks at.
    """
    known = deeds()
    counted = [known[each] for each in looks_at]
    match gives:
        case Points():
            lines = [_points(gives.points, each) for each in counted] + _caps(gives)
        case Badge():
            lines = [_("Counts: %(deed)s", deed=each) for each in counted] + [_levels(gives.levels)]
        case Tier():
            named = zip(gives.levels, tier_names, strict=True)
            lines = [_tier(points, name) for points, name in named]
        case _:
            assert_never(gives)
    return (*lines, *([_("Only in %(campaign)s", campaign=campaign)] if campaign else []))


def _points(points: int, deed: str) -> str:
    return ngettext("%(count)s point: %(deed)s", "%(count)s points: %(deed)s", points, count=words.number(points), deed=deed)


def _caps(gives: Points) -> list[str]:
    lines: list[str] = []
    if daily := gives.per_day:
        lines.append(ngettext("At most once a day", "At most %(count)s times a day", daily, count=daily))
    if each := gives.per_target:
        said = ngettext("At most once for one idea or round", "At most %(count)s times for one idea or round", each, count=each)
        lines.append(said)
    return lines


def _levels(levels: Sequence[int]) -> str:
    if len(levels) == 1:
        return ngettext("It comes with the first", "It comes with %(count)s of them", levels[0], count=words.number(levels[0]))
    return _("Its levels come at %(counts)s", counts=words.listed([words.number(each) for each in levels]))


def _tier(points: int, name: str) -> str:
    named = name or _(words.UNNAMED)
    return ngettext("%(name)s from %(count)s point on", "%(name)s from %(count)s points on", points, name=named, count=points)


def line(rule: EarningRule, campaigns: Mapping[str, str]) -> shown.RuleLine:
    """Return a rule as pages show it; *campaigns* are titles by id."""
    title = rule.title or _(words.UNNAMED)
    campaign = campaigns.get(rule.campaign, _(words.UNNAMED)) if rule.campaign else ""
    return shown.RuleLine(
        rule=rule.rule,
        version=rule.version,
        title=title,
        words=rule.words or _(words.UNNAMED),
        earns=earns(rule.earns, rule.deeds, rule.tier_names, campaign),
        since=rule.at,
        by=rule.by_name or _(words.GONE),
        awarded=rule.awards,
        badge=drawn(rule.earns, title),
        is_retired=rule.retired_at is not None,
        reason=rule.retired_because,
    )


def drawn(gives: Earns, title: str, level: int | None = None, award: str = "") -> shown.Badge | None:
    """Return the badge that a rule gives, at a *level*, or (none) with all of them; nothing where it gives something else."""
    if not isinstance(gives, Badge):
        return None
    levels = len(gives.levels)
    reached = levels if level is None else min(level, levels)
    return shown.Badge(gives.emblem, reached, levels, title, award, level_of(reached, levels))


def level_of(level: int, levels: int) -> str:
    """Say which level of how many."""
    return _("Its only level") if levels == 1 else _("Level %(level)s of %(levels)s", level=level, levels=levels)


def season_in_words(name: str) -> str:
    """Return `4th quarter of 2026` for 2026-q4."""
    year, quarter = name.split("-q")
    spoken = {"1": _("1st quarter of %(year)s", year=year), "2": _("2nd quarter of %(year)s", year=year)}
    spoken |= {"3": _("3rd quarter of %(year)s", year=year), "4": _("4th quarter of %(year)s", year=year)}
    return spoken[quarter]
