"""A rule's form as a draft and back, and what a draft would have awarded, in words."""

import re
import unicodedata
from collections.abc import Container, Sequence
from typing import assert_never, get_args

from psycopg import AsyncConnection

from fanfare.members import vault
from fanfare.platform.language import gettext as _
from fanfare.platform.language import ngettext
from fanfare.recognition.decide import BadgeDraft, EarnsDraft, PointsDraft, RuleDraft, TierDraft
from fanfare.recognition.preview import Gain, Preview, Range
from fanfare.recognition.refusals import EarningRuleRefused
from fanfare.record.recognition import Badge, DeedKind, Points, Tier
from fanfare.views.earning_rules import EarningRule
from fanfare.web import words
from fanfare.web.contexts.recognition_desk import Earning, Tried
from fanfare.web.pages.typed import Fields, whole

_LONGEST_ID = 36


def draft_of(fields: Fields, earning: Earning, taken: Container[str]) -> RuleDraft:
    """
    Return the draft that a form holds; a new rule gets an id of its own from its name.

    Args:
        taken: the ids of the rules there are.

    Raises:
        EarningRuleRefused: a number or a line that cannot be read.
    """
    title = fields.get("title", "")
    return RuleDraft(
        rule=fields.get("rule", "") or _new_id(title, taken),
        title=title,
        words=fields.get("words", ""),
        deeds=() if earning == "tier" else tuple(each for each in get_args(DeedKind) if fields.get(f"deed-{each}")),
        earns=_earns(fields, earning),
        campaign=(fields.get("campaign") or None) if earning != "tier" else None,
    )


def _new_id(title: str, taken: Container[str]) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-0123456789")[:_LONGEST_ID].rstrip("-")
    base = base if len(base) > 1 else "rule"
    names = (base, *(f"{base}-{number}" for number in range(2, 1000)))
    return next(each for each in names if each not in taken)


def _earns(fields: Fields, earning: Earning) -> EarnsDraft:
    match earning:
        case "points":
            return PointsDraft(
                _number(fields, "points"), _number(fields, "per_day", empty=0), _number(fields, "per_target", empty=0)
            )
        case "badge":
            parts = [each for each in re.split(r"[\s,;]+", fields.get("levels", "")) if each]
            return BadgeDraft(fields.get("emblem", ""), _levels(parts, "levels"))
        case "tier":
            lines = [each.strip() for each in fields.get("tiers", "").splitlines() if each.strip()]
            parted = [each.partition(" ") for each in lines]
            return TierDraft(_levels([points for points, __, __ in parted], "tiers"), tuple(name for __, __, name in parted))
        case _:
            assert_never(earning)


def _number(fields: Fields, name: str, empty: int | None = None) -> int:
    text = fields.get(name, "").strip()
    found = empty if not text else whole(text)
    if found is None:
        raise EarningRuleRefused(_("Write a whole number, such as 5."), field=name)
    return found


def _levels(parts: Sequence[str], field: str) -> tuple[int, ...]:
    found = [whole(each) for each in parts]
    if not found or None in found:
        message = _("Write each tier on a line of its own, its points first: 100 Taster.") if field == "tiers" else ""
        raise EarningRuleRefused(message or _("Write whole numbers with commas between: 1, 5, 20."), field=field)
    return tuple(each for each in found if each is not None)


def fields_of(rule: EarningRule) -> tuple[Earning, dict[str, str]]:
    """Return what the form of a rule's next version holds at first: the version that stands."""
    told = {"title": rule.title, "words": rule.words, "campaign": rule.campaign or "", "rule": rule.rule}
    told |= {f"deed-{each}": "on" for each in rule.deeds}
    match rule.earns:
        case Points(points=points, per_day=per_day, per_target=per_target):
            caps = {"per_day": str(per_day or ""), "per_target": str(per_target or "")}
            return "points", {**told, "points": str(points), **caps}
        case Badge(emblem=emblem, levels=levels):
            return "badge", {**told, "emblem": emblem, "levels": ", ".join(map(str, levels))}
        case Tier(levels=levels):
            lines = [f"{level} {name}" for level, name in zip(levels, rule.tier_names, strict=True)]
            return "tier", {**told, "tiers": "\n".join(lines)}
        case _:
            assert_never(rule.earns)


async def tried(connection: AsyncConnection, found: Preview, draft: RuleDraft) -> Tried:
    """Return what a draft would have awarded, in words, with the names of those who would gain most."""
    members = await vault.listed(connection, only=[each.member for each in found.most], limit=len(found.most) or 1)
    names = {each.id: each.name for each in members}
    return Tried(
        members=found.members,
        awards=found.awards,
        gains=[(names.get(each.member, _(words.GONE)), _gain(each, draft)) for each in found.most],
        spread=[(_range(each, draft), words.number(each.members)) for each in found.spread],
        more=found.gaining,
        less=found.losing,
    )


def _gain(gain: Gain, draft: RuleDraft) -> str:
    if isinstance(draft.earns, PointsDraft):
        return ngettext("%(count)s point", "%(count)s points", gain.points, count=words.number(gain.points))
    return _level(gain.level, draft)


def _level(level: int, draft: RuleDraft) -> str:
    if isinstance(draft.earns, TierDraft) and 0 < level <= len(draft.earns.names):
        return draft.earns.names[level - 1]
    return _("level %(level)s", level=level)


def _range(each: Range, draft: RuleDraft) -> str:
    if not isinstance(draft.earns, PointsDraft):
        return _level(each.least, draft)
    if each.most is None:
        return _("%(least)s points or more", least=words.number(each.least))
    return _("%(least)s to %(most)s points", least=words.number(each.least), most=words.number(each.most))
