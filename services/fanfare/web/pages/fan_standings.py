"""The standings of fans, of a campaign and of a season; who leaves them is in none at once."""

import re
from typing import Annotated, TypedDict

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response
from psycopg import AsyncConnection

from fanfare.campaigns.routes import Id, TheCampaigns
from fanfare.members.address import on_this_site
from fanfare.members.csrf import guard
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Desk
from fanfare.platform.edge import TheDesk, asked
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import NotFound
from fanfare.recognition import service
from fanfare.views import fan_standings as view
from fanfare.web import urls, words
from fanfare.web.contexts.honours import Honours
from fanfare.web.contexts.recognition import Place, Standing, StandingsPage
from fanfare.web.contexts.shell import Action
from fanfare.web.pages.forms import sent
from fanfare.web.pages.host import led_to
from fanfare.web.pages.recognised import campaign_titles, honours
from fanfare.web.pages.rules_in_words import season_in_words
from fanfare.web.shells import campaign_in_words, show, to_sign_in, visitor_of

router = APIRouter()
_A_PAGE, _SEASONS = 50, 8
_SEASON, _CURSOR = re.compile(r"[0-9]{4}-q[1-4]"), re.compile(r"([0-9]{1,9})\.([a-z0-9]{1,64})")


class _Scope(TypedDict):
    campaign: str | None
    season: str | None


After = Annotated[str, Query(max_length=80, alias="cursor")]


@router.get("/campaigns/{campaign_id}/fans")
async def of_campaign(
    campaign_id: Id, request: Request, desk: TheDesk, campaigns: TheCampaigns, after: After = ""
) -> HTMLResponse:
    """Show who earned how much in a campaign."""
    read = await campaign_in_words(request, await campaigns.campaign(campaign_id))
    visitor = await visitor_of(request)
    async with desk.pool.connection() as connection:
        page = await _page(visitor, desk, connection, campaign=read.id, season="", of=read.title, after=after)
    return await show(request, page, section="fans", campaign=read)


@router.get("/seasons/{season}")
async def of_season(season: str, request: Request, desk: TheDesk, after: After = "") -> HTMLResponse:
    """Show who earned how much in a quarter of a year. Raises: NotFound."""
    if not _SEASON.fullmatch(season):
        message = _("A season is a quarter of a year, such as 2026-q4.")
        raise NotFound(message)
    visitor, of = await visitor_of(request), season_in_words(season)
    async with desk.pool.connection() as connection:
        page = await _page(visitor, desk, connection, campaign="", season=season, of=of, after=after)
    return await show(request, page)


async def _page(
    visitor: Caller | None, desk: Desk, connection: AsyncConnection, *, campaign: str, season: str, of: str, after: str
) -> StandingsPage:
    asked_for: _Scope = {"campaign": campaign or None, "season": season or None}
    cursor = _CURSOR.fullmatch(after)
    me = visitor.member if visitor else ""
    begins = (int(cursor[1]), cursor[2]) if cursor else None
    found, more = await view.standings(connection, **asked_for, limit=_A_PAGE, after=begins)
    first = found[:1] if begins is None else (await view.standings(connection, **asked_for, limit=1))[0]
    place = await view.place_of(connection, me, **asked_for) if me else None
    here = urls.campaign_fans(campaign) if campaign else urls.season(season)
    behind = f"{more[0]}.{more[1]}" if more else ""
    return StandingsPage(
        of=of,
        rows=await _rows(connection, found, visitor),
        here=here,
        most=first[0].points if first else 0,
        older=(urls.campaign_fans(campaign, behind) if campaign else urls.season(season, behind)) if behind else "",
        begins=begins is None,
        mine=Place(place.rank, place.points, of, here) if place and place.rank is not None else None,
        left=bool(me) and (await view.turn_of(connection, me))[0],
        others=await _others(desk, connection, campaign or season),
        campaign_id=campaign,
    )


async def _rows(connection: AsyncConnection, found: list[view.Standing], visitor: Caller | None) -> list[Standing]:
    me = visitor.member if visitor else ""
    seen = [each.member for each in found if each.shown or each.member == me]  # what she is honoured with would name her, too
    held = await honours(connection, seen)
    return [
        Standing(
            rank=each.rank,
            member=each.member,
            name=visitor.name if visitor and each.member == me else each.name or _(words.HIDDEN),
            points=each.points,
            honours=held.get(each.member, Honours()),
            is_me=each.member == me,
            has_page=each.member in seen,
        )
        for each in found
    ]


async def _others(desk: Desk, connection: AsyncConnection, here: str) -> list[Action]:
    """Return the other standings: of the latest seasons, and of every campaign."""
    seasons = list(dict.fromkeys([view.season_of(desk.now), *await view.seasons(connection)]))[:_SEASONS]
    told = [Action(season_in_words(each), urls.season(each)) for each in seasons if each != here]
    titled = await campaign_titles(desk, connection)
    return told + [Action(title, urls.campaign_fans(each)) for each, title in titled.items() if each != here]


@router.post(urls.MY_STANDINGS, dependencies=[Depends(guard)])
async def move(request: Request, desk: TheDesk) -> Response:
    """Leave every standing of fans, or be in them again, with one press."""
    form, fan = await sent(request), await visitor_of(request)
    back = on_this_site(form.value("next") or urls.MINE)
    if fan is None:
        return to_sign_in(back)
    if form.value("stand") == "no":
        done = await service.leave_standings(desk, asked(fan, "leave-standings", fan.member, form.key))
        said = _("You left the standings. What you earned stays yours.")
    else:
        done = await service.join_standings(desk, asked(fan, "join-standings", fan.member, form.key))
        said = _("You are in the standings again.")
    return led_to(request, back, said, done.position)
