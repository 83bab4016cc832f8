"""What is hidden, as its page says it: to everybody, to its author, and to moderators."""

from collections.abc import Iterable, Mapping
from typing import Any

from psycopg import AsyncConnection

from fanfare.integrity import cases
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.warrants import Warrant
from fanfare.views import erased, ideas, moderation, rules
from fanfare.views.erased import Missing
from fanfare.views.moderation import Hidden
from fanfare.web import words
from fanfare.web.contexts.moderation import Hiding
from fanfare.web.pages.by_right import standing_here

HIDDEN_TITLE = marked("A hidden idea")


def rule(code: str) -> str:
    """Return what a rule says by which something is hidden."""
    return _(rules.sentence(code))


def instead(missing: Missing) -> str:
    """Return what stands in the place of words that nobody may read."""
    if missing.why == "hidden":
        told = {"rule": rule(missing.rule), "reason": missing.reason}
        return _("Hidden by a moderator. %(rule)s %(reason)s", **told).strip()
    if missing.why == "removed" and missing.reason:
        return _("Removed by a moderator: %(reason)s", reason=missing.reason)
    return {
        "erased": _("Its author erased this text."),
        "taken-back": _("Its author took this back."),
        "removed": _("Removed by a moderator."),
    }[missing.why]


async def instead_of(connection: AsyncConnection, hashes: Iterable[str]) -> dict[str, str]:
    """Return what stands in the place of each of these texts that nobody may read."""
    return {each: instead(missing) for each, missing in (await erased.in_place_of(connection, hashes)).items()}


def sees_hidden(reader: Caller | None, author: str, *, moderates: bool) -> bool:
    """Tell whether somebody still sees what is hidden: its author, and who moderates there."""
    return reader is not None and (reader.member == author or moderates)


async def as_seen(connection: AsyncConnection, found: dict[str, Any], *, sees: bool) -> dict[str, Any]:
    """Return an idea as somebody reads it who sees what is hidden there, or does not."""
    if not (found["hidden"] and sees):
        return found
    return await ideas.one(connection, found["idea"], unveiled=True) or found


def title_of(found: Mapping[str, Any]) -> str:
    """Return the title of an idea; where it may not be read, what stands for it."""
    return found["title"] or (_(HIDDEN_TITLE) if found["hidden"] else _(words.UNNAMED))


async def hidings(
    desk: Desk, connection: AsyncConnection, authors: Mapping[str, str], reader: Caller | Warrant | None, *, moderates: bool
) -> dict[str, Hiding]:
    """
    Return why each of some contents is hidden, as *reader* reads it; those that are not hidden are missing.

    Args:
        authors: of each content, who wrote it: her own words are hers to ask back.
        moderates: whether *reader* does in the campaign that they are of.
    """
    found = await moderation.hidden(connection, authors)
    made = {}
    for content, each in found.items():
        is_mine = reader is not None and reader.member == authors[content]
        asked = is_mine and await cases.waits_of(connection, content, authors[content])
        made[content] = _hiding(desk, each, is_mine=is_mine, moderates=moderates, asked=asked)
    return made


def _hiding(desk: Desk, hidden: Hidden, *, is_mine: bool, moderates: bool, asked: bool) -> Hiding:
    return Hiding(
        content=hidden.content,
        rule=rule(hidden.rule),
        reason=hidden.reason,
        by=hidden.by_name or _(words.GONE),
        at=hidden.at,
        is_mine=is_mine,
        may_moderate=moderates,
        asked=asked,
        standing=standing_here(desk, hidden.by, "moderate", hidden.campaign, hidden.at),
    )
