"""A campaign's page: ticket, strip, board, terms, voices, tape."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from psycopg import AsyncConnection

from fanfare.campaigns.reading import CampaignRead
from fanfare.campaigns.routes import Id, TheCampaigns
from fanfare.platform.desk import Desk
from fanfare.platform.edge import TheDesk
from fanfare.platform.language import gettext as _
from fanfare.record.campaigns import Campaign
from fanfare.record.kinds import digest
from fanfare.views import figures, ideas
from fanfare.web import urls
from fanfare.web.contexts.campaigns import Board, CampaignPage, Voice
from fanfare.web.pages import outcomes, rounds
from fanfare.web.pages.acts import GONE, Told
from fanfare.web.pages.tape import latest
from fanfare.web.shells import campaign_in_words, show

router = APIRouter()


@router.get("/campaigns/{campaign_id}")
async def campaign_page(campaign_id: Id, request: Request, desk: TheDesk, campaigns: TheCampaigns) -> HTMLResponse:
    """Show a campaign as it stands now."""
    campaign = await campaigns.campaign(campaign_id)
    read = await campaign_in_words(request, campaign)
    ticket = await rounds.ticket(request, campaign, read)
    shown = rounds.opened_last(read) or read.current
    tape = await latest(desk, told(desk, read))
    async with desk.pool.connection() as connection:
        page = CampaignPage(
            ticket=ticket,
            rounds=rounds.strip(read),
            board=await present_board(connection, campaign, read),
            terms=rounds.terms(shown, zone_of(desk)) if shown else (),
            terms_href=urls.round_(shown.id, "report") + "#terms" if shown else urls.timeline(read.id),
            voices=await voices(desk, connection, campaign.id),
            tape=tape,
            about=rounds.summary(read.story)[1],
            ideas=await figures.ideas(connection, campaign.id),
            promise=shown.outcome if shown else "",
            promised_by=shown.asked_by if shown else "",
            way=await outcomes.way(connection, campaign, read, zone_of(desk), datetime.now(UTC)),
            askers=outcomes.askers(read),
            stream=state_of(campaign),
        )
    return await show(request, page, section="campaign", campaign=read)


async def voices(desk: Desk, connection: AsyncConnection, campaign_id: str) -> list[Voice]:
    """Return the latest voice of each of three people, so that one who answers many does not speak alone."""
    lately = [each for each in await ideas.voices(connection, campaign_id, limit=40) if each["text"]]
    by_author = {each["author"]: each for each in reversed(lately)}
    latest_first = sorted(by_author.values(), key=lambda each: each["written_at"], reverse=True)
    return [voice(desk, each) for each in latest_first[:3]]


async def present_board(connection: AsyncConnection, campaign: Campaign, read: CampaignRead) -> Board | None:
    """Return the board that a campaign's page shows now; none before a round has opened, or while no idea is raised."""
    of = rounds.opened_last(read)
    found = campaign.round(of.id) if of else None
    if of is None or found is None:
        return None
    board = await rounds.board_now(connection, found, rounds.stub(read, of))
    return board if board.rows else None


def zone_of(desk: Desk) -> str:
    """Return the site's zone."""
    return desk.streams.site.zone


def told(desk: Desk, read: CampaignRead) -> Told:
    """Return what sentences about a campaign need to know."""
    names = {each.id: _("round %(number)s", number=each.number) for each in read.rounds}
    return Told(names, hosts(desk), zone_of(desk), datetime.now(UTC), desk.streams.powers)


def hosts(desk: Desk) -> frozenset[str]:
    """Return the members who speak for the brand."""
    return frozenset(member for member, role in desk.streams.site.roles if role in ("host", "admin"))


def state_of(campaign: Campaign) -> str:
    """Return a mark that changes whenever a host or the clock decides something: then the page is another one."""
    marks = [f"{each.id} {each.status} {each.paused} {each.closes_at} {each.reason} {each.ask}" for each in campaign.rounds]
    return digest("\n".join(marks).encode())[:12]


def voice(desk: Desk, said: Mapping[str, Any]) -> Voice:
    """Return a comment as it is shown, about an idea where it says which."""
    title = said.get("title", "")
    return Voice(
        text=said["text"],
        by=said["author_name"] or _(GONE),
        at=said["written_at"],
        about=title,
        href=urls.idea(said["idea"]) if title else "",
        is_host=said["author"] in hosts(desk),
        gone="" if said["text"] else _(rounds.UNNAMED),
    )
