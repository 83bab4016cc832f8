"""A draw's page: enter or leave with one press, and afterwards who was drawn, and how anybody draws again."""

from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response
from psycopg import AsyncConnection

from fanfare.draws.reading import state_of
from fanfare.draws.routes import Id, TheDraws
from fanfare.draws.service import Draws
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Desk
from fanfare.platform.edge import TheDesk, asked
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import ForeignOrigin, NotFound, Refusal, SignInNeeded
from fanfare.platform.texts import read
from fanfare.record.campaigns import Campaign
from fanfare.record.draws import Beacon, DrandRound, Draw
from fanfare.views import draws as view
from fanfare.web import urls, words
from fanfare.web.contexts.draws import DrawPage, Heard
from fanfare.web.contexts.shell import Action
from fanfare.web.pages.forms import fresh_key, known, sent, writer
from fanfare.web.pages.host import led_to
from fanfare.web.pages.spotlight import effect, seats
from fanfare.web.refused import refused_page
from fanfare.web.shells import show, to_sign_in, visitor_of

router = APIRouter()
_VALUE = "https://api.drand.sh/{chain}/public/{round}"


@router.get("/draws/{draw_id}")
async def draw_page(draw_id: Id, request: Request, desk: TheDesk, draws: TheDraws) -> Response:
    """Show a draw."""
    found, visitor = await draws.draw(known(draw_id)), await visitor_of(request)
    return await show(request, await page_of(desk, draws, found, visitor))


@router.post("/draws/{draw_id}/{press}")
async def pressed(draw_id: Id, press: str, request: Request, draws: TheDraws) -> Response:
    """Enter or leave a draw, take a seat or decline it."""
    if press not in ("entry", "seat"):
        raise NotFound
    form, back = await sent(request), urls.draw(known(draw_id))
    yes = form.value("yes") == "yes"
    try:
        fan = await writer(request)
        asking = asked(fan, f"{press} {'yes' if yes else 'no'}", draw_id, form.key)
        if press == "entry":
            done = await draws.press(draw_id, asking, enters=yes)
            said = _("You are entered. Nothing else is needed.") if yes else _("You are no longer entered.")
        else:
            done = await draws.answer(draw_id, asking, accepts=yes)
            said = _("The seat is yours.") if yes else _("You declined. A reserve gets the seat.")
    except ForeignOrigin:
        raise
    except SignInNeeded:
        return to_sign_in(back)
    except Refusal as refusal:
        return await refused_page(request, refusal, action=Action(_("Back to the draw"), back), path=back)
    return led_to(request, back, said, done.position)


async def page_of(desk: Desk, draws: Draws, draw: Draw, visitor: Caller | None) -> DrawPage:
    """Return a draw as *visitor* reads it; none for a stranger."""
    announced, beacon, me = draw.announced, draw.announced.beacon, visitor.member if visitor else ""
    campaign = desk.streams.campaigns.get(announced.campaign or "", Campaign())
    async with desk.pool.connection() as connection:
        said = await read(connection, [announced.title, announced.gets, announced.who, draw.reason, campaign.title])
        drawn, heard = await _drawn(connection, draw, desk.now)
        entrants = draw.fixed.count if draw.fixed else await view.entered(connection, announced.draw)
        is_entered = bool(me) and await view.is_entered(connection, announced.draw, me)
    return DrawPage(
        id=announced.draw,
        purpose=announced.purpose,
        title=said.get(announced.title) or _(words.UNNAMED),
        gets=said.get(announced.gets, ""),
        who=said.get(announced.who, ""),
        state=state_of(draw, desk.now, drawn),
        seats=announced.seats,
        reserves=announced.reserves,
        entrants=entrants,
        closes_at=announced.closes_at,
        beacon_at=beacon.at,
        idempotency_key=fresh_key(),
        campaign_id=announced.campaign or "",
        campaign=said.get(campaign.title, ""),
        simulated=not _url(beacon),
        round=beacon.round if isinstance(beacon, DrandRound) else 0,
        beacon_url=_url(beacon),
        root=draw.fixed.root if draw.fixed else "",
        value=draw.done.randomness if draw.done else "",
        done_at=draw.done_at,
        shown_until=draw.done_at + timedelta(hours=announced.shown_h) if draw.done_at and announced.shown_h else None,
        heard=heard,
        drawn=(shown := seats(drawn)),
        reason=said.get(draw.reason, ""),
        answer_h=announced.answer_h,
        shown_h=announced.shown_h,
        is_entered=is_entered,
        is_invited=not me or await draws.may_enter(draw, me),
        my_seat=next((shown[place] for place, each in enumerate(drawn) if each.seat.member == me), None),
    )


async def _drawn(connection: AsyncConnection, draw: Draw, now: datetime) -> tuple[list[view.Drawn], list[Heard]]:
    """Return the seats as they stand, and what a spotlight brought to those who hold them."""
    drawn = await view.drawn(connection, draw, now)
    return drawn, await effect(connection, draw, drawn, now)


def _url(beacon: Beacon) -> str:
    """Return where drand shows the value; empty where the beacon is simulated."""
    return _VALUE.format(chain=beacon.chain, round=beacon.round) if isinstance(beacon, DrandRound) else ""
