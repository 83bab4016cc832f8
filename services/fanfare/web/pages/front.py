"""The front page, and the stylesheets of brands."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from psycopg import AsyncConnection

from fanfare.campaigns.reading import CampaignRead
from fanfare.platform.desk import Desk
from fanfare.platform.edge import TheDesk
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import Invalid
from fanfare.record.campaigns import Campaign, RoundSealed
from fanfare.views import figures
from fanfare.web import tints, urls, words
from fanfare.web.colours import remarks
from fanfare.web.contexts.campaigns import CampaignStrip, Deed, FrontPage, Outcome, SealedRow
from fanfare.web.pages import outcomes, rounds, spotlight
from fanfare.web.pages.campaign import zone_of
from fanfare.web.shells import brand_of, colour_of, in_words, show

router = APIRouter()
_LATELY = timedelta(days=31)
_MOST = 30
_DEEDS, _SEALS = 3, 6
_FOR_A_DAY = {"Cache-Control": "public, max-age=86400", "X-Content-Type-Options": "nosniff"}


@router.get("/brand.css")
async def brand(c: Annotated[str, Query(max_length=10)]) -> Response:
    """Answer with the stylesheet of one colour. Raises: Invalid."""
    return Response(tints.brand_css(_colour(c)), media_type="text/css", headers=_FOR_A_DAY)


@router.get("/brand.txt")
async def brand_remarks(c: Annotated[str, Query(max_length=10)]) -> Response:
    """Answer with what is done with one colour, a sentence a line. Raises: Invalid."""
    return Response("\n".join(remarks(_colour(c))), media_type="text/plain", headers=_FOR_A_DAY)


def _colour(text: str) -> str:
    try:
        return tints.parse_colour(text)
    except tints.ColourUnreadable as error:
        message = _("A colour is six hexadecimal digits, such as ff5c7c.")
        raise Invalid(message) from error


@router.get("/")
async def front(request: Request, desk: TheDesk) -> HTMLResponse:
    """Show what this site asks now."""
    await desk.catch_up()
    public = [each for each in reversed(desk.streams.campaigns.values()) if each.id][:_MOST]
    async with desk.pool.connection() as connection:
        read = [(each, await in_words(connection, each)) for each in public]
        last, sealed = await _sealed(connection, read, colour_of(desk))
        shining = await spotlight.now(connection, desk)
    first = min(read, key=lambda each: _order(each[1]), default=None)
    brand_name = await brand_of(desk)
    page = FrontPage(
        ticket=await rounds.ticket(request, *first) if first else None,
        deeds=deeds([each for _, each in read], zone_of(desk)),
        last=last,
        others=[_strip(desk, brand_name, each) for _, each in read if first is None or each.id != first[1].id],
        sealed=sealed,
        spotlight=shining,
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
    line, now = _("No round is set yet."), datetime.now(UTC)
    if current:
        place, word = {"number": current.number, "rounds": len(read.rounds)}, rounds.state_word(rounds.state_of(current))
        closes, opens = (words.when(at, zone_of(desk), now) for at in (current.closes_at, current.opens_at))
        says = {
            "open": _("Round %(number)s of %(rounds)s is open until %(when)s.", when=closes, **place),
            "upcoming": _("Round %(number)s of %(rounds)s opens %(when)s.", when=opens, **place),
            "sealed": _("All rounds are sealed."),
        }
        line = says.get(state) or _("Round %(number)s of %(rounds)s is %(state)s.", state=word, **place)
    kind = {"open": "open", "paused": "open", "closing": "open", "upcoming": "upcoming"}.get(state, "over")
    made = {"id": read.id, "title": read.title, "host_name": brand_name, "state": kind, "line": line, "colour": colour_of(desk)}
    return msgspec.convert(made, CampaignStrip)


async def _sealed(
    connection: AsyncConnection, read: list[tuple[Campaign, CampaignRead]], colour: str
) -> tuple[Outcome | None, list[SealedRow]]:
    """Return what came of the round that was sealed last, and the others of the last weeks, the latest first."""
    found = []
    for campaign, each in read:
        moments = await figures.moments(connection, campaign.id)
        for state, of in zip(campaign.rounds, each.rounds, strict=True):
            at = moments.get((state.id, RoundSealed.wire))
            if state.status == "sealed" and state.sealed and at:
                found.append((at, state, of, each))
    found.sort(key=lambda each: each[0], reverse=True)
    if not found:
        return None, []
    at, state, of, campaign_read = found[0]
    last = await outcomes.outcome(connection, state, of, campaign_read, at)
    since = datetime.now(UTC) - _LATELY
    rows = [
        SealedRow(state.id, each.title, await outcomes.headline(connection, state, of), state.sealed.report, at, colour)
        for at, state, of, each in found[1 : _SEALS + 1] if state.sealed and at > since
    ]  # fmt: skip
    return last, rows


def deeds(read: Sequence[CampaignRead], zone: str) -> list[Deed]:
    """Return what a minute is enough for, in what is open now: a vote, a press of support, an idea."""
    votes, rest, now = [], [], datetime.now(UTC)
    for campaign in read:
        for each in campaign.rounds:
            if rounds.state_of(each) != "open":
                continue
            line = _("%(title)s, until %(when)s.", title=campaign.title, when=words.when(each.closes_at, zone, now))
            if each.method == rounds.SUPPORT:
                rest.append(Deed(_("Support the ideas that you like"), line, urls.ideas(campaign.id)))
                rest.append(Deed(_("Raise an idea of your own"), line, urls.campaign(campaign.id, "ideas/new")))
            else:
                label = _("Vote on the %(number)s", number=words.words(len(each.options))) if each.options else _("Vote")
                votes.append(Deed(label, line, urls.round_(each.id, "ballot")))
    return (votes + rest)[:_DEEDS]
