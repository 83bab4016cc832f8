"""Decisions about the site in sentences, and the page that shows them to everybody."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from psycopg import AsyncConnection

from fanfare.members import power_mail
from fanfare.platform import texts
from fanfare.platform.desk import Desk
from fanfare.platform.edge import Cursor, TheDesk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.record.notary import NotaryKeyAdded, NotaryKeyRetired
from fanfare.record.powers import PowerGranted
from fanfare.record.site import PartitionsAdded, RoleGranted, RoleRevoked, SiteChanged, SiteFounded
from fanfare.views.site import Decision, decisions
from fanfare.web import urls, words
from fanfare.web.contexts.settings import SiteDecision, SiteDecisionsPage
from fanfare.web.pages import by_right
from fanfare.web.shells import show

router = APIRouter()
CONSOLE = marked("the console")
_A_PAGE = 50
BARE = {"host": marked("host"), "moderator": marked("moderator"), "auditor": marked("auditor"), "admin": marked("admin")}
_ROLES = {
    "host": marked("a host"),
    "moderator": marked("a moderator"),
    "auditor": marked("an auditor"),
    "admin": marked("an admin"),
}
_PARTS = {
    "brand": marked("the brand’s name"),
    "colour": marked("the colour"),
    "zone": marked("the time zone"),
    "logo": marked("the logo"),
    "privacy": marked("the privacy notice"),
    "imprint": marked("the imprint"),
}


@router.get(urls.SITE_DECISIONS)
async def site_decisions(request: Request, desk: TheDesk, cursor: Cursor = None) -> HTMLResponse:
    """Show what was decided about the site itself, the latest first."""
    async with desk.pool.connection() as connection:
        found = await decisions(connection, before=cursor, limit=_A_PAGE + 2)
        titles = await titles_of(desk, connection, [each.details["campaign"] for each in found if each.details.get("campaign")])
    told = told_of(found, titles, desk)[:_A_PAGE]
    older = str(found[_A_PAGE - 1].place) if len(found) > _A_PAGE else ""
    return await show(request, SiteDecisionsPage(told, older))


async def titles_of(desk: Desk, connection: AsyncConnection, campaigns: Sequence[str]) -> dict[str, str]:
    """Return the titles of these campaigns."""
    hashes = {each: desk.streams.campaigns[each].title for each in campaigns if each in desk.streams.campaigns}
    read = await texts.read(connection, hashes.values())
    return {campaign: read.get(hashed, "") for campaign, hashed in hashes.items()}


def told_of(found: list[Decision], titles: Mapping[str, str], desk: Desk) -> list[SiteDecision]:
    """Return decisions, the latest first, in sentences; what a change changed is seen from the one before it."""
    return [
        SiteDecision(
            each.at,
            _first(each),
            _power(each, titles, desk) or sentence(each, _before(found[at + 1 :])),
            f"0/{words.number(each.offset)}",
            each.reason,
        )
        for at, each in enumerate(found)
    ]


def _power(decision: Decision, titles: Mapping[str, str], desk: Desk) -> str:
    """Return what was decided about a power, after the name; empty for any other decision."""
    if decision.wire not in by_right.WIRES:
        return ""
    campaign = decision.details.get("campaign")
    right = power_mail.right(decision.details["may"], None if campaign is None else titles.get(campaign, ""))
    whom = decision.name or _(words.GONE)
    if decision.wire == PowerGranted.wire:
        day = words.day(datetime.fromisoformat(decision.details["until"]), desk.streams.site.zone, desk.now)
        # Translators: this and the next two stand after the name of who did it; right: "the right to moderate in “…”".
        return _("gave %(whom)s %(right)s until %(day)s", whom=whom, right=right, day=day)
    if decision.by_member == decision.member:
        return _("laid down %(right)s", right=right)
    return _("took from %(whom)s %(right)s", whom=whom, right=right)


def _first(decision: Decision) -> str:
    name = who(decision)
    return name if decision.by or decision.by_member else name[:1].upper() + name[1:]


def _before(earlier: list[Decision]) -> Decision | None:
    changes = (SiteFounded.wire, SiteChanged.wire)
    return next((each for each in earlier if each.wire in changes), None)


def who(decision: Decision) -> str:
    """Return who decided: a member as she is called today, or the console; of its keys the notary."""
    if decision.wire in (NotaryKeyAdded.wire, NotaryKeyRetired.wire):
        return _("the notary")
    return decision.by or (_(words.GONE) if decision.by_member else _(CONSOLE))


def sentence(decision: Decision, before: Decision | None = None) -> str:
    """Return what was decided, after the name; *before* is how the site was presented until then."""
    whom = decision.name or _(words.GONE)
    match decision.wire:
        case SiteFounded.wire:
            # Translators: this and the next six stand after the name of who did it.
            return _("began the record")
        case RoleGranted.wire:
            return _("made %(whom)s %(role)s", whom=whom, role=role(decision.role))
        case RoleRevoked.wire:
            return _("ended that %(whom)s is %(role)s", whom=whom, role=role(decision.role))
        case PartitionsAdded.wire:
            return _("gave the record %(count)s partitions", count=words.number(decision.details["partitions"]))
        case NotaryKeyAdded.wire:
            return _("signs with the key %(key)s, as %(name)s", **_key(decision))
        case NotaryKeyRetired.wire:
            return _("no longer signs with the key %(key)s, as %(name)s", **_key(decision))
        case _:
            return _("changed %(what)s", what=_what(decision, before))


def _key(decision: Decision) -> dict[str, str]:
    """Return the id of a key, which the notes that it signed name it by, and the name that it signs under."""
    name, key, __ = str(decision.details["key"]).split("+", 2)
    return {"key": key, "name": name}


def role(name: str | None) -> str:
    """Return a role with its article."""
    return _(_ROLES.get(name or "", name or ""))


def _what(decision: Decision, before: Decision | None) -> str:
    if before is None:
        return _("how the site presents itself")
    changed = [_(said) for name, said in _PARTS.items() if decision.details.get(name) != before.details.get(name)]
    return words.listed(changed) or _("how the site presents itself")
