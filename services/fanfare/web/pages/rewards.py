"""The public shelf: what there is to be given, how many are left, and who has one."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import Response

from fanfare.platform.edge import TheDesk
from fanfare.platform.language import gettext as _
from fanfare.rewards import reading
from fanfare.rewards.reading import Shelved
from fanfare.web import urls, words
from fanfare.web.contexts.rewards import RewardsPage, ShelfLine
from fanfare.web.contexts.shell import Action
from fanfare.web.pages.recognised import campaign_titles
from fanfare.web.pages.rewards_lines import for_whom, offer_line
from fanfare.web.shells import show, visitor_of

router = APIRouter()


@router.get(urls.REWARDS)
async def shelf(request: Request, desk: TheDesk) -> Response:
    """Show the shelf, and to a fan first what she is offered."""
    visitor = await visitor_of(request)
    await desk.catch_up()
    async with desk.pool.connection() as connection:
        found = await reading.shelf(connection, desk.streams)
        titles = await campaign_titles(desk, connection)
        mine = await reading.mine(connection, desk.streams, visitor.member, desk.now) if visitor else []
    offered = [line for each in mine if (line := offer_line(each)).state == "offered"]
    return await show(request, RewardsPage([_line(each, titles) for each in found], offered))


def _line(found: Shelved, campaigns: Mapping[str, str]) -> ShelfLine:
    campaign = found.campaign or ""
    return ShelfLine(
        id=found.id,
        kind=found.kind,
        title=found.title or _(words.UNNAMED),
        words=found.words,
        stock=found.stock,
        left=found.left,
        arrived=found.states.get("arrived", 0),
        waiting=found.states.get("waiting", 0),
        for_whom=for_whom(found),
        holders=[Action(each.name, urls.fan(each.member)) for each in found.got],
        campaign=Action(campaigns[campaign], urls.campaign(campaign)) if campaign in campaigns else None,
        closed=(found.closed_because or _(words.UNNAMED)) if found.closed_at else "",
    )
