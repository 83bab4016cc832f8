"""Decisions about the site in sentences, and the page that shows them to everybody."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from fanfare.platform.edge import Cursor, TheDesk
from fanfare.record.site import RoleGranted, RoleRevoked, SiteFounded
from fanfare.views.site import Decision, decisions
from fanfare.web import urls, words
from fanfare.web.contexts.settings import SiteDecision, SiteDecisionsPage
from fanfare.web.shells import show

router = APIRouter()
CONSOLE = "the console"
_A_PAGE = 50
_PARTS = {
    "brand": "the brand’s name",
    "colour": "the colour",
    "zone": "the time zone",
    "logo": "the logo",
    "privacy": "the privacy notice",
    "imprint": "the imprint",
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
            each.at, _first(who(each)), sentence(each, _before(found[at + 1 :])), f"0/{words.number(each.offset)}", each.reason
        )
        for at, each in enumerate(found)
    ]


def _first(name: str) -> str:
    return name[:1].upper() + name[1:] if name == CONSOLE else name


def _before(earlier: list[Decision]) -> Decision | None:
    return next((each for each in earlier if each.role is None), None)


def who(decision: Decision) -> str:
    """Return who decided: a member as she is called today, or the console."""
    return decision.by or (words.GONE if decision.by_member else CONSOLE)


def sentence(decision: Decision, before: Decision | None = None) -> str:
    """Return what was decided, after the name; *before* is how the site was presented until then."""
    whom = decision.name or words.GONE
    match decision.wire:
        case SiteFounded.wire:
            return "began the record"
        case RoleGranted.wire:
            return f"made {whom} {role(decision.role)}"
        case RoleRevoked.wire:
            return f"ended that {whom} is {role(decision.role)}"
        case _:
            return f"changed {_what(decision, before)}"


def role(name: str | None) -> str:
    """Return a role with its article."""
    return f"{'an' if (name or '')[:1] in 'aeiou' else 'a'} {name}"


def _what(decision: Decision, before: Decision | None) -> str:
    if before is None:
        return "how the site presents itself"
    changed = [said for name, said in _PARTS.items() if decision.details.get(name) != before.details.get(name)]
    return words.listed(changed) or "how the site presents itself"
