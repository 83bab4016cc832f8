"""What was decided by hand, for everybody: a page and a feed, both in the order of the record."""

import re
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse
from psycopg import AsyncConnection

from fanfare.members.links import site_address
from fanfare.notary.routes import FOR_ALL
from fanfare.platform.desk import Desk
from fanfare.platform.edge import Cursor, TheDesk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.record.position import Position
from fanfare.record.sensitive import Kind
from fanfare.record.site import SiteChanged, SiteFounded
from fanfare.views import sensitive, site
from fanfare.views.site import Decision
from fanfare.views.timeline import Act
from fanfare.web import urls
from fanfare.web.contexts.auditors import ActKind, ActLine, ActsPage
from fanfare.web.layout import environment
from fanfare.web.pages import acts
from fanfare.web.pages.campaign import hosts
from fanfare.web.pages.rounds import UNNAMED
from fanfare.web.pages.site_acts import titles_of, told_of
from fanfare.web.shells import brand_of, show

router = APIRouter()
LABELS: dict[Kind, str] = {
    "rights": marked("Roles and rights"),
    "gifts": marked("What was given by hand"),
    "rounds": marked("Rounds out of turn"),
    "texts": marked("Hidden and removed"),
    "keys": marked("Keys"),
    "erasures": marked("Erasures"),
    "settings": marked("Rules and settings"),
}
_A_PAGE = 50
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, however it is written."""


@router.get(urls.ACTS)
async def acts_page(
    request: Request, desk: TheDesk, kind: Annotated[str, Query(max_length=20)] = "", cursor: Cursor = None
) -> HTMLResponse:
    """Show what was decided by hand, the latest first; of one kind where asked for."""
    chosen: list[Kind] = [each for each in LABELS if each == kind]
    found = await lines(desk, chosen, before=cursor, limit=_A_PAGE + 1)
    page = ActsPage(
        kinds=[ActKind("", _("Everything")), *(ActKind(each, _(label)) for each, label in LABELS.items())],
        kind=kind if chosen else "",
        acts=found[:_A_PAGE],
        older=str(found[_A_PAGE - 1].place) if len(found) > _A_PAGE else "",
        begins=cursor is None,
    )
    return await show(request, page)


@router.get(urls.ACTS_FEED)
async def acts_feed(request: Request, desk: TheDesk) -> Response:
    """Return the latest fifty as an Atom feed (RFC 4287), for whatever reads feeds."""
    found = await lines(desk, (), limit=_A_PAGE)
    feed = (
        environment()
        .get_template("acts.atom")
        .render(
            title=_("%(brand)s: decided by hand", brand=await brand_of(desk) or "Fanfare"),
            name=f"{desk.source.rstrip('/')}{urls.ACTS}",
            address=site_address(request, desk),
            updated=found[0].at if found else desk.now,
            acts=found,
        )
    )
    headers = {**FOR_ALL, "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    return Response(_NOT_XML.sub("", feed), headers=headers, media_type="application/atom+xml")


async def lines(desk: Desk, kinds: Sequence[Kind], *, before: int | None = None, limit: int = _A_PAGE) -> list[ActLine]:
    """Return sensitive acts in sentences, the latest first; of all kinds where none is named."""
    async with desk.pool.connection() as connection:
        found = await sensitive.sensitive(connection, kinds or tuple(LABELS), before=before, limit=limit)
        campaigns = {_campaign_of(each) for each in found} - {""}
        titles = await titles_of(desk, connection, sorted(campaigns))
        of_site = await _told_of_site(desk, connection, [each for each in found if isinstance(each, Decision)], titles)
    told = acts.Told(_rounds(desk, campaigns), hosts(desk), desk.streams.site.zone, desk.now, desk.streams.powers)
    return [_line(each, told, titles, of_site) for each in found]


async def _told_of_site(
    desk: Desk, connection: AsyncConnection, found: list[Decision], titles: dict[str, str]
) -> dict[int, tuple[str, str, str]]:
    """Return who did what and why, by place. What a change changed is told from the one before, which may be on no page here."""
    if not found:
        return {}
    changes = (SiteFounded.wire, SiteChanged.wire)
    before = await site.decisions(connection, wires=changes, before=found[-1].place, limit=1)
    told = told_of([*found, *before], titles, desk)
    return {each.place: (said.who, said.what, said.reason) for each, said in zip(found, told, strict=False)}


def _campaign_of(act: sensitive.Told) -> str:
    match act:
        case Act():
            return act.campaign or ""
        case Decision():
            return str(act.details.get("campaign") or "")
        case _:
            return ""


def _rounds(desk: Desk, campaigns: set[str]) -> dict[str, str]:
    known = [desk.streams.campaigns[each] for each in campaigns if each in desk.streams.campaigns]
    return {each.id: _("round %(number)s", number=at) for campaign in known for at, each in enumerate(campaign.rounds, 1)}


def _line(act: sensitive.Told, told: acts.Told, titles: dict[str, str], of_site: dict[int, tuple[str, str, str]]) -> ActLine:
    campaign = _campaign_of(act)
    match act:
        case Act():
            entry = acts.entry(act, told)
            who, what, why, href = entry.who, entry.text, entry.reason, entry.href
        case Decision():
            (who, what, why), href = of_site[act.place], urls.SITE_DECISIONS
        case _:
            who, what, why, href = _("A member"), _("had herself erased"), "", ""
    return ActLine(
        id=act.event_id,
        place=act.place,
        at=act.at,
        who=who,
        what=what,
        kind=sensitive.KINDS[act.wire],
        wire=act.wire,
        position=str(Position(0, act.offset, act.index)),
        why=why,
        standing=acts.standing(act, told) if isinstance(act, Act) else "",
        href=href,
        campaign=titles.get(campaign) or (_(UNNAMED) if campaign else ""),
        campaign_id=campaign,
        round_id=(act.round or "") if isinstance(act, Act) else "",
        idea_id=(act.idea or "") if isinstance(act, Act) else "",
        member=_member(act),
    )


def _member(act: sensitive.Told) -> str:
    """Return who did it, by her id, where the site still has a name for her."""
    match act:
        case Act():
            return act.member or "" if act.name else ""
        case Decision():
            return act.by_member or "" if act.by else ""
        case _:
            return ""
