"""Decisions about the site in sentences, and the page that shows them to everybody."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from fanfare.platform.edge import Cursor, TheDesk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.record.site import RoleGranted, RoleRevoked, SiteFounded
from fanfare.views.site import Decision, decisions
from fanfare.web import urls, words
from fanfare.web.contexts.settings import SiteDecision, SiteDecisionsPage
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
    told = told_of(found)[:_A_PAGE]
    older = str(found[_A_PAGE - 1].place) if len(found) > _A_PAGE else ""
    return await show(request, SiteDecisionsPage(told, older))


def told_of(found: list[Decision]) -> list[SiteDecision]:
    """Return decisions, the latest first, in sentences; what a change changed is seen from the one before it."""
    return [
        SiteDecision(
            each.at, _first(each), sentence(each, _before(found[at + 1 :])), f"0/{words.number(each.offset)}", each.reason
        )
        for at, each in enumerate(found)
    ]


def _first(decision: Decision) -> str:
    name = who(decision)
    return name if decision.by or decision.by_member else name[:1].upper() + name[1:]


def _before(earlier: list[Decision]) -> Decision | None:
    return next((each for each in earlier if each.role is None), None)


def who(decision: Decision) -> str:
    """Return who decided: a member as she is called today, or the console."""
    return decision.by or (_(words.GONE) if decision.by_member else _(CONSOLE))


def sentence(decision: Decision, before: Decision | None = None) -> str:
    """Return what was decided, after the name; *before* is how the site was presented until then."""
    whom = decision.name or _(words.GONE)
    match decision.wire:
        case SiteFounded.wire:
            # Translators: this and the next three stand after the name of who did it.
            return _("began the record")
        case RoleGranted.wire:
            return _("made %(whom)s %(role)s", whom=whom, role=role(decision.role))
        case RoleRevoked.wire:
            return _("ended that %(whom)s is %(role)s", whom=whom, role=role(decision.role))
        case _:
            return _("changed %(what)s", what=_what(decision, before))


def role(name: str | None) -> str:
    """Return a role with its article."""
    return _(_ROLES.get(name or "", name or ""))


def _what(decision: Decision, before: Decision | None) -> str:
    if before is None:
        return _("how the site presents itself")
    changed = [_(said) for name, said in _PARTS.items() if decision.details.get(name) != before.details.get(name)]
    return words.listed(changed) or _("how the site presents itself")
