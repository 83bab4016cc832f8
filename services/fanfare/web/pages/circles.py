"""Circles: the list for everybody, the page of one, its briefs with their notes for who belongs, and entering and leaving."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from fastapi.responses import Response
from psycopg import AsyncConnection

from fanfare.circles import access, inviting
from fanfare.circles import briefs as service
from fanfare.circles.access import moderated
from fanfare.circles.reading import CircleRead, read_circles
from fanfare.circles.refusals import NotInCircle
from fanfare.circles.routes import Id, TheCircles
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Desk
from fanfare.platform.edge import TheDesk, asked
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import ForeignOrigin, Refusal, SignInNeeded
from fanfare.platform.texts import read
from fanfare.platform.warrants import warrant
from fanfare.record.campaigns import Campaign
from fanfare.record.circles import Circle
from fanfare.views import awards
from fanfare.views import circles as view
from fanfare.web import urls, words
from fanfare.web.contexts.circles import BriefLine, CircleLine, CirclePage, CirclesPage, Standing
from fanfare.web.contexts.moderation import ReportedLine
from fanfare.web.contexts.shell import Action
from fanfare.web.layout import plain
from fanfare.web.pages.forms import fresh_key, known, sent, writer
from fanfare.web.pages.host import led_to
from fanfare.web.refused import refused_page
from fanfare.web.shells import show, to_sign_in, visitor_of

router = APIRouter()
_SUMMARY = 200
"""Characters."""


@router.get(urls.CIRCLES)
async def circles_page(request: Request, desk: TheDesk) -> Response:
    """Show what circles there are, the latest first, those that were closed behind the others."""
    visitor = await visitor_of(request)
    await desk.catch_up()
    moderates = warrant(desk.streams, visitor.member, "moderate", desk.now) if visitor else None
    async with desk.pool.connection() as connection:
        lines = await lines_of(connection, desk, all_of(desk), visitor)
        reported = await reported_lines(connection, moderated(desk, moderates)) if moderates and moderates.somewhere else ()
    return await show(request, CirclesPage(lines, bool(visitor and visitor.may("host")), reported))


def all_of(desk: Desk) -> list[Circle]:
    """Return every circle, the latest first, those that were closed behind the others."""
    latest = list(reversed(desk.streams.circles.values()))
    return [each for closed in (False, True) for each in latest if each.closed is closed]


async def reported_lines(connection: AsyncConnection, circles: Sequence[str] | None) -> list[ReportedLine]:
    """Return the notes that wait for a host or a moderator; of these circles, where they are named."""
    found = await service.reported(connection, circles)
    return [ReportedLine(each.brief, each.note, each.title, each.reports, each.since) for each in found]


async def lines_of(
    connection: AsyncConnection, desk: Desk, circles: Sequence[Circle], visitor: Caller | None
) -> list[CircleLine]:
    """Return circles as a list shows them to *visitor*."""
    told = await read_circles(connection, circles, desk.streams.recognition)
    mine = {each.circle: each for each in await view.standings(connection, visitor.member)} if visitor else {}
    return [line(each, _where(each, mine.get(each.id), visitor)) for each in told]


def line(told: CircleRead, standing: Standing) -> CircleLine:
    """Return a circle as lists show it."""
    return CircleLine(
        id=told.id,
        title=told.title or _(words.UNNAMED),
        words=told.words,
        members=told.members,
        summary=_summary(plain(told.words)),
        tier=tier_name(told),
        standing=standing,
        reason=told.reason,
    )


def _summary(text: str) -> str:
    return text if len(text) <= _SUMMARY else text[:_SUMMARY].rsplit(" ", 1)[0] + " …"


def tier_name(told: CircleRead) -> str:
    """Return what the tier is called that opens a circle; empty where it opens by invitation alone."""
    return (told.tier.name or _(words.UNNAMED)) if told.tier else ""


def _where(told: CircleRead, mine: view.Standing | None, visitor: Caller | None) -> Standing:
    if told.closed:
        return "closed"
    if visitor is None:
        return "stranger"
    if mine is None or not mine.is_open:
        return "outside"
    if mine.belongs:
        return "in"
    return "left" if mine.has_left else "invited"


async def waiting(connection: AsyncConnection, desk: Desk, visitor: Caller) -> list[CircleLine]:
    """Return the circles that a fan belongs to or is invited to, as her own page lists them."""
    mine = await view.standings(connection, visitor.member)
    open_to_her = [desk.streams.circles[each.circle] for each in mine if each.circle in desk.streams.circles]
    found = await lines_of(connection, desk, open_to_her, visitor)
    return sorted((each for each in found if each.standing in ("in", "invited")), key=lambda each: each.standing == "in")


@router.get("/circles/{circle_id}")
async def circle_page(circle_id: Id, request: Request, desk: TheDesk, circles: TheCircles) -> Response:
    """Show a circle."""
    found, visitor = await circles.circle(known(circle_id)), await visitor_of(request)
    return await show(request, await page_of(desk, found, visitor))


async def page_of(desk: Desk, circle: Circle, visitor: Caller | None) -> CirclePage:
    """Return a circle as *visitor* reads it; none for a stranger."""
    campaign, me = desk.streams.campaigns.get(circle.campaign or "", Campaign()), visitor.member if visitor else ""
    try:
        opened = await access.circle(desk, circle.id, visitor) if visitor else None
    except NotInCircle:
        opened = None
    async with desk.pool.connection() as connection:
        (told,) = await read_circles(connection, [circle], desk.streams.recognition)
        mine = await view.standing(connection, circle.id, me) if me else None
        titles = await read(connection, [campaign.title])
        invited = await inviting.of_member(connection, circle.id, me) if mine and mine.is_invited else None
        shared = [brief_line(each) for each in await service.of_circle(connection, circle.id)] if opened else None
        points = (await awards.profile(connection, me)).points if me and told.tier else 0
    return CirclePage(
        circle=line(told, _where(told, mine, visitor)),
        key=fresh_key(),
        campaign_id=campaign.id,
        campaign=titles.get(campaign.title, ""),
        points=told.tier.points if told.tier else 0,
        mine=points,
        why=invited.why if invited else "",
        invited_by=invited.by_name if invited else "",
        by_tier=bool(mine and mine.belongs and not mine.is_invited),
        briefs=shared,
        may_share=bool(visitor and visitor.may("host")) and not circle.closed,
    )


def brief_line(found: service.Brief) -> BriefLine:
    """Return a brief as lists show it."""
    return BriefLine(found.id, found.title, found.by_name or _(words.GONE), found.shared_at, found.notes)


@router.post("/circles/{circle_id}/entry")
async def pressed(circle_id: Id, request: Request, circles: TheCircles) -> Response:
    """Enter a circle, leave it, or decline an invitation."""
    form, back = await sent(request), urls.circle(known(circle_id))
    enters, came = form.value("yes") == "yes", form.value("was") == "in"
    try:
        fan = await writer(request)
        done = await circles.come(circle_id, asked(fan, "enter" if enters else "leave", circle_id, form.key), enters=enters)
    except ForeignOrigin:
        raise
    except SignInNeeded:
        return to_sign_in(back)
    except Refusal as refusal:
        return await refused_page(request, refusal, action=Action(_("Back to the circle"), back), path=back)
    said = _("You are in. What is shared with the circle stands below.")
    if not enters:
        said = _("You left. You may come back while it is open to you.") if came else _("You declined. You may still come in.")
    return led_to(request, back, said, done.position)
