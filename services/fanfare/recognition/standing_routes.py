"""The JSON API of standings: who earned most in a campaign or a season, and whether I am in the lists."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from fanfare.campaigns.refusals import CampaignNotFound
from fanfare.platform.desk import Acknowledged
from fanfare.platform.edge import Fan, Key, Limit, TheDesk, acknowledge, asked
from fanfare.platform.refusals import Invalid
from fanfare.recognition import service
from fanfare.views import fan_standings

router = APIRouter()
Id = Annotated[str, Path(max_length=64)]
Season = Annotated[str, Path(pattern=r"^[0-9]{4}-q[1-4]$", description="A quarter of a year, UTC.", examples=["2026-q4"])]
_NO_CAMPAIGN: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such campaign."}}
_CURSOR = re.compile(r"([0-9]{1,18})\.([a-z0-9]{4,40})")
MOST_CURSOR = 60


class FanRead(BaseModel):
    """A fan with her rank. Ties share one: 1, 2, 2, 4."""

    rank: int
    member: str
    name: str
    """Empty for one who hides her page."""
    points: int


class FansRead(BaseModel):
    """A page of standings. Whoever left them is in none, and no rank counts her."""

    fans: list[FanRead]
    next: str | None
    """What to send as `cursor` for the page after; none on the last."""


class StandingsRead(BaseModel):
    """Whether you are in the standings; everybody is, until she leaves."""

    listed: bool


class Moved(BaseModel):
    """What you chose is in the record, at this position."""

    listed: bool
    event: str
    position: str


Begin = Annotated[str, Query(max_length=MOST_CURSOR, description="`next` of the page before; empty for the first page.")]


@router.get("/campaigns/{campaign_id}/fans", summary="The standings of fans in a campaign", responses=_NO_CAMPAIGN)
async def get_fans(campaign_id: Id, desk: TheDesk, cursor: Begin = "", limit: Limit = 50) -> FansRead:
    """Return who earned most in a campaign. Points count, nothing else; whoever left the standings is not in them."""
    after = parse_cursor(cursor)
    if campaign_id not in desk.streams.campaigns:
        await desk.catch_up()  # only before a no: this process may not have read it yet
    known = desk.streams.campaigns.get(campaign_id)
    if known is None or not known.id:
        raise CampaignNotFound
    async with desk.pool.connection() as connection:
        return _fans(*await fan_standings.standings(connection, campaign=campaign_id, limit=limit, after=after))


@router.get("/seasons/{season}/fans", summary="The standings of fans in a season")
async def get_season(season: Season, desk: TheDesk, cursor: Begin = "", limit: Limit = 50) -> FansRead:
    """Return who earned most in a quarter of a year, UTC; nobody, where nothing was earned."""
    after = parse_cursor(cursor)
    async with desk.pool.connection() as connection:
        return _fans(*await fan_standings.standings(connection, season=season, limit=limit, after=after))


def _fans(found: list[fan_standings.Standing], more: fan_standings.Cursor | None) -> FansRead:
    fans = [FanRead(rank=each.rank, member=each.member, name=each.name, points=each.points) for each in found]
    return FansRead(fans=fans, next=cursor_of(more) or None)


def cursor_of(after: fan_standings.Cursor | None) -> str:
    """Return a cursor for the page that begins behind *after*; empty where there is none."""
    return f"{after[0]}.{after[1]}" if after else ""


def parse_cursor(cursor: str) -> fan_standings.Cursor | None:
    """
    Return what a cursor says of the last fan of its page; none for the first page.

    Raises:
        Invalid: it is not one that standings gave out.
    """
    if not cursor:
        return None
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        message = "This cursor was not given out here. Begin without one."
        raise Invalid(message)
    return int(found[1]), found[2]


@router.get("/me/standings", summary="Whether I am in the standings")
async def get_mine(fan: Fan, desk: TheDesk) -> StandingsRead:
    """Return whether the lists of fans have you."""
    async with desk.pool.connection() as connection:
        has_left, _ = await fan_standings.turn_of(connection, fan.member)
    return StandingsRead(listed=not has_left)


@router.delete("/me/standings", summary="Leave the standings")
async def leave(fan: Fan, desk: TheDesk, key: Key, response: Response) -> Moved:
    """Leave every standing of fans. No list has you, no rank counts you, from now on; your awards stay yours."""
    done = await service.leave_standings(desk, asked(fan, "leave-standings", "standings", key))
    return _moved(response, done, listed=False)


@router.put("/me/standings", summary="Be in the standings again")
async def join(fan: Fan, desk: TheDesk, key: Key, response: Response) -> Moved:
    """Be in the standings again, with all that stands."""
    done = await service.join_standings(desk, asked(fan, "join-standings", "standings", key))
    return _moved(response, done, listed=True)


def _moved(response: Response, done: Acknowledged, *, listed: bool) -> Moved:
    acknowledge(response, done)
    return Moved(listed=listed, event=done.event_id, position=str(done.position))
