"""Every ballot that a fan cast, for herself alone: by campaign and round, with what became of each."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from psycopg import AsyncConnection

from fanfare.campaigns.reading import CampaignRead
from fanfare.platform.edge import Cursor, TheDesk
from fanfare.record.campaigns import Campaign, Round
from fanfare.reports import receipts
from fanfare.views import figures, mine
from fanfare.voting.routes import TheVoting
from fanfare.web import urls
from fanfare.web.contexts.ballots import CampaignOfMine, CastBallot, MyBallotsPage, RoundOfMine
from fanfare.web.pages import rounds
from fanfare.web.pages.receipts import later_of, state_of
from fanfare.web.shells import in_words, see_other, show, to_sign_in, visitor_of

router = APIRouter()


A_PAGE = 50
"""So many ballots of a round are shown at once."""
OfRound = Annotated[str, Query(alias="round", max_length=64)]


@router.get(urls.MY_BALLOTS)
async def my_ballots(request: Request, desk: TheDesk, voting: TheVoting, only: OfRound = "", cursor: Cursor = None) -> Response:
    """Show the ballots that she cast, and what became of each: the latest of every round, or of one round the older ones."""
    fan = await visitor_of(request)
    if fan is None:
        return to_sign_in(urls.MY_BALLOTS)
    await desk.catch_up()
    async with desk.pool.connection() as connection:
        voted = await mine.voted_in(connection, fan.member)
    asked = voted & {only} if only else voted
    voters = {each: await voting.token(each, fan.member) for each in sorted(asked)}
    async with desk.pool.connection() as connection:
        campaigns = reversed(desk.streams.campaigns.values())
        found = [await _campaign(connection, each, voters, cursor if only else None) for each in campaigns]
    shown = [each for each in found if each]
    if only and not shown:
        return see_other(urls.MY_BALLOTS)
    return await show(request, MyBallotsPage(shown, only_round=only, begins=cursor is None), section="mine")


async def _campaign(
    connection: AsyncConnection, campaign: Campaign, voters: Mapping[str, str], cursor: int | None
) -> CampaignOfMine | None:
    """Return the rounds of a campaign in which she has a ballot, the latest first; none where there is none."""
    voted = [each for each in reversed(campaign.rounds) if each.id in voters]
    if not voted:
        return None
    read = await in_words(connection, campaign)
    found = [await _round(connection, read, each, voters[each.id], cursor) for each in voted]
    return CampaignOfMine(campaign.id, read.title, [each for each in found if each]) if any(found) else None


async def _round(
    connection: AsyncConnection, read: CampaignRead, of: Round, voter: str, cursor: int | None
) -> RoundOfMine | None:
    cast = await receipts.of_voter(connection, of.terms_hash, voter, before=cursor, limit=A_PAGE + 1)
    if not cast:
        return None
    each, shown = rounds.round_of(read, of.id), cast[:A_PAGE]
    return RoundOfMine(
        rounds.stub(read, each),
        voter,
        await _lines(connection, of, shown),
        each.reason,
        older=str(shown[-1].place) if len(cast) > A_PAGE else "",
    )


async def _lines(connection: AsyncConnection, of: Round, cast: Sequence[receipts.BallotFound]) -> list[CastBallot]:
    minutes = await figures.minutes(connection, [each.event_id for each in cast])
    replaced = [each for each in cast if each.state == "replaced"]
    later = later_of(await receipts.counting(connection, cast[0].terms, cast[0].voter)) if replaced else None
    return [
        CastBallot(
            each.event_id,
            str(each.position),
            each.number,
            state_of(each, of),
            minutes.get(each.event_id),
            later if each in replaced else None,
        )
        for each in cast
    ]
