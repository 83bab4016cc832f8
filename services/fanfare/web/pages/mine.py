"""A fan's own page: what came of what she did."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from psycopg import AsyncConnection

from fanfare.campaigns.reading import CampaignRead
from fanfare.members import vault
from fanfare.platform.desk import Desk
from fanfare.platform.edge import TheDesk
from fanfare.platform.language import gettext as _
from fanfare.platform.rights import may_now
from fanfare.record.campaigns import Campaign, Round
from fanfare.reports import receipts
from fanfare.views import answers, figures, mine
from fanfare.views.answers import Answer
from fanfare.voting.service import Voting
from fanfare.web import urls, words
from fanfare.web.contexts.ballots import MinePage, MyAnswer, MyBallot, MyComment, MyIdea
from fanfare.web.layout import plain
from fanfare.web.pages import circles, hidden, my_thanks, rewards_lines, rounds
from fanfare.web.pages.fates import Fates
from fanfare.web.pages.newcomers import arrival
from fanfare.web.pages.receipts import state_of
from fanfare.web.shells import in_words, show, to_sign_in, visitor_of

router = APIRouter()
Told = dict[str, tuple[Campaign, CampaignRead, Fates]]


@router.get(urls.MINE)
async def my_page(request: Request, desk: TheDesk) -> Response:
    """Show what came of what she did."""
    fan = await visitor_of(request)
    if fan is None:
        return to_sign_in(urls.MINE)
    await desk.catch_up()
    async with desk.pool.connection() as connection:
        member, voted = await vault.by_id(connection, fan.member), await mine.voted_in(connection, fan.member)
    voters = await _voters(request, voted, fan.member)
    async with desk.pool.connection() as connection:
        ideas, supported = await mine.ideas(connection, fan.member), await mine.supported(connection, fan.member)
        comments = await mine.comments(connection, fan.member)
        gone = await hidden.instead_of(connection, [each.text_hash for each in comments])
        given = await answers.of(connection, [each["idea"] for each in (*ideas, *supported)])
        told = await campaigns_of(desk, connection, voted, {each["campaign"] for each in (*ideas, *supported)})
        page = MinePage(
            name=fan.name,
            since=member.joined_at if member else desk.now,
            ballots=await _ballots(connection, told, voters),
            ideas=[await idea_line(told, each, given) for each in ideas],
            comments=[
                MyComment(each.idea, each.title or _(rounds.UNNAMED), each.text, each.at, gone.get(each.text_hash, ""))
                for each in comments
            ],
            supported=[await idea_line(told, each, given) for each in supported],
            shown=member.shown if member else True,
            id=fan.member,
            offers=await rewards_lines.offers(desk, connection, fan.member),
            thanks=await my_thanks.lines(connection, fan.member),
            circles=await circles.waiting(connection, desk, fan),
            arrival=await arrival(connection, None, fan.member),
            may_welcome=may_now(desk, fan, "welcome", None),
        )
    return await show(request, page, section="mine")


async def campaigns_of(desk: Desk, connection: AsyncConnection, voted: frozenset[str], ids: set[str]) -> Told:
    """Return the campaigns in which she did something, the latest first."""
    found: Told = {}
    for campaign in list(desk.streams.campaigns.values())[::-1]:
        if campaign.id in ids or any(each.id in voted for each in campaign.rounds):
            read = await in_words(connection, campaign)
            found[campaign.id] = (campaign, read, Fates(connection, campaign, read))
    return found


async def idea_line(told: Told, idea: dict[str, Any], given: Mapping[str, Answer]) -> MyIdea:
    """Return an idea and what came of it, with the answer that stands among those *given*."""
    fates = told[idea["campaign"]][2]
    way = await fates.way(idea, "")
    found = given.get(idea["idea"])
    answer = MyAnswer(found.status, plain(found.reason), found.by_name or _(words.GONE), found.at) if found else None
    return MyIdea(idea["idea"], idea["title"] or _(rounds.UNNAMED), way.came_of_it, idea["supporters"], idea["comments"], answer)


async def _voters(request: Request, voted: frozenset[str], member: str) -> dict[str, str]:
    """Return her tokens by round."""
    voting: Voting = request.app.state.voting
    return {each: await voting.token(each, member) for each in sorted(voted)}


async def _ballots(connection: AsyncConnection, told: Told, voters: Mapping[str, str]) -> list[MyBallot]:
    found: list[MyBallot] = []
    for campaign, read, __ in told.values():
        for of in reversed(campaign.rounds):
            if of.id in voters:
                made = await _ballot(connection, of, read, voters[of.id])
                found += [made] if made else []
    return found


async def _ballot(connection: AsyncConnection, of: Round, read: CampaignRead, voter: str) -> MyBallot | None:
    cast = await receipts.of_voter(connection, of.terms_hash, voter, limit=1)
    if not cast:
        return None
    at = (await figures.minutes(connection, [cast[0].event_id])).get(cast[0].event_id)
    cast_at: datetime = at or rounds.round_of(read, of.id).closes_at
    each = rounds.stub(read, rounds.round_of(read, of.id))
    papers = await receipts.papers(connection, of.terms_hash, voter)
    return MyBallot(each, read.title, state_of(cast[0], of), cast_at, papers, voter)
