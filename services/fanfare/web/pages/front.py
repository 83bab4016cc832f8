"""The front page, and the stylesheets of brands."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from psycopg import AsyncConnection

from fanfare.campaigns.reading import CampaignRead, RoundRead
from fanfare.platform.desk import Desk
from fanfare.platform.edge import TheDesk
from fanfare.platform.refusals import Invalid
from fanfare.record.campaigns import Campaign, Round, RoundSealed
from fanfare.reports.report import RoundReport
from fanfare.views import figures
from fanfare.views.board import labels
from fanfare.web import tints, words
from fanfare.web.contexts.campaigns import CampaignStrip, FrontPage, SealedRow
from fanfare.web.pages import rounds
from fanfare.web.pages.campaign import zone_of
from fanfare.web.shells import brand_of, colour_of, in_words, show

router = APIRouter()
_LATELY = timedelta(days=31)
_MOST = 30


@router.get("/brand.css")
async def brand(c: Annotated[str, Query(max_length=10)]) -> Response:
    """Answer with the stylesheet of one colour. Raises: Invalid."""
    try:
        colour = tints.parse_colour(c)
    except tints.ColourUnreadable as error:
        message = "A colour is six hexadecimal digits, such as ff5c7c."
        raise Invalid(message) from error
    headers = {"Cache-Control": "public, max-age=86400", "X-Content-Type-Options": "nosniff"}
    return Response(tints.brand_css(colour), media_type="text/css", headers=headers)


@router.get("/")
async def front(request: Request, desk: TheDesk) -> HTMLResponse:
    """Show what this site asks now."""
    await desk.catch_up()
    public = [each for each in reversed(desk.streams.campaigns.values()) if each.id][:_MOST]
    async with desk.pool.connection() as connection:
        read = [(each, await in_words(connection, each)) for each in public]
        sealed = await _sealed(desk, connection, read)
    first = min(read, key=lambda each: _order(each[1]), default=None)
    brand_name = await brand_of(desk)
    page = FrontPage(
        ticket=await rounds.ticket(request, *first) if first else None,
        others=[_strip(desk, brand_name, each) for _, each in read if first is None or each.id != first[1].id],
        sealed=sealed,
    )
    return await show(request, page)


def _order(read: CampaignRead) -> int:
    """Return what goes first on the front page: what is open, what comes, what is over."""
    current = read.current
    states = {"open": 0, "paused": 1, "closing": 1, "closed": 1, "upcoming": 2}
    return states.get(rounds.state_of(current), 3) if current else 4


def _strip(desk: Desk, brand_name: str, read: CampaignRead) -> CampaignStrip:
    current = read.current
    state = rounds.state_of(current) if current else "upcoming"
    line, now = "No round is set yet.", datetime.now(UTC)
    if current:
        place = f"Round {current.number} of {len(read.rounds)}"
        says = {
            "open": f"{place} is open until {words.when(current.closes_at, zone_of(desk), now)}.",
            "upcoming": f"{place} opens {words.when(current.opens_at, zone_of(desk), now)}.",
            "sealed": "All rounds are sealed.",
        }
        line = says.get(state, f"{place} is {state}.")
    kind = {"open": "open", "paused": "open", "closing": "open", "upcoming": "upcoming"}.get(state, "over")
    made = {"id": read.id, "title": read.title, "host_name": brand_name, "state": kind, "line": line, "colour": colour_of(desk)}
    return msgspec.convert(made, CampaignStrip)


async def _sealed(desk: Desk, connection: AsyncConnection, read: list[tuple[Campaign, CampaignRead]]) -> list[SealedRow]:
    found = []
    for campaign, each in read:
        moments = await figures.moments(connection, campaign.id)
        for state, of in zip(campaign.rounds, each.rounds, strict=True):
            at = moments.get((state.id, RoundSealed.wire))
            if state.status == "sealed" and state.sealed and at and at > datetime.now(UTC) - _LATELY:
                headline = await outcome(connection, state, of)
                found.append(SealedRow(state.id, each.title, headline, state.sealed.report, at, colour_of(desk)))
    return sorted(found, key=lambda row: row.sealed_at, reverse=True)[:6]


async def outcome(connection: AsyncConnection, found: Round, of: RoundRead) -> str:
    """Return the news of a sealed round: who goes on."""
    query = "select body from desk.reports where digest = %s"
    row = await (await connection.execute(query, (found.sealed.report if found.sealed else "",))).fetchone()
    if row is None:
        return f"{of.name} is sealed"
    report = msgspec.json.decode(row[0], type=RoundReport)
    titles = await labels(connection, found)
    return words.goes_on(
        [titles.get(each.option) or words.unnamed(each.option) for each in report.ranking if each.advanced], of.advance
    )
