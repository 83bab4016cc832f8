"""Rounds in the words of the pages: stubs, tickets, terms, boards."""

from datetime import UTC, datetime

import msgspec
from fastapi import Request
from psycopg import AsyncConnection

from fanfare.campaigns.reading import CampaignRead, RoundRead
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.record.campaigns import Campaign, Round
from fanfare.record.terms import circle_of
from fanfare.reports import electorate, receipts
from fanfare.views import figures
from fanfare.views.board import labels, leading
from fanfare.voting.electing import refused
from fanfare.voting.service import Voting
from fanfare.web import urls, words
from fanfare.web.contexts.campaigns import Board, BoardRow, RoundState, RoundStub, Standing, Term, Ticket
from fanfare.web.layout import plain
from fanfare.web.shells import brand_of, colour_of, visitor_of

SUPPORT, APPROVAL = "support.v1", "approval.v1"
ROWS_SHOWN, ROWS_LIVE = 40, 12
"""The most options on the board of a report and of a live page; the CSV of the report has them all."""
_SUMMARY = 220
UNNAMED = words.UNNAMED


def stub(read: CampaignRead, each: RoundRead) -> RoundStub:
    """Return a round as the strip shows it."""
    return RoundStub(
        id=each.id,
        number=each.number,
        name=each.name,
        state=state_of(each),
        takes=_takes(read, each),
        keeps=each.advance,
        opens_at=each.opens_at,
        closes_at=each.closes_at,
        reason=each.reason,
        takes_ideas=each.method == SUPPORT,
        waiting=each.waiting,
    )


def strip(read: CampaignRead) -> tuple[RoundStub, ...]:
    """Return all rounds of a campaign in their order."""
    return tuple(stub(read, each) for each in read.rounds)


def state_of(each: RoundRead) -> RoundState:
    """Return where a round stands, as its page says it; from its closing time on it is closing."""
    if each.status == "open" and each.closes_at <= datetime.now(UTC):
        return "closing"
    states: dict[str, RoundState] = {
        "planned": "upcoming",
        "closing": "closing",
        "closed": "closed",
        "sealed": "sealed",
        "void": "void",
    }
    return states.get(each.status, "paused" if each.paused else "open")


def _takes(read: CampaignRead, each: RoundRead) -> int | None:
    if each.method == SUPPORT:
        return None
    earlier = next((other for other in read.rounds if other.id == each.from_round), None)
    return len(each.options) or (earlier.advance if earlier else None)


def opened_last(read: CampaignRead) -> RoundRead | None:
    """Return the round whose figures the campaign's page shows: the present one, or the last that opened."""
    current = read.current
    if current and current.status not in ("planned", "void"):
        return current
    return next((each for each in reversed(read.rounds) if each.status not in ("planned", "void")), None)


def round_of(read: CampaignRead, round_id: str) -> RoundRead:
    """Return the round of that id, which is known to be there."""
    return next(each for each in read.rounds if each.id == round_id)


def summary(story: str) -> tuple[str, str]:
    """Return the first paragraph of a story for the ticket, and what it leaves to tell."""
    first, _, rest = story.strip().partition("\n\n")
    first = plain(first)
    if len(first) > _SUMMARY:
        return first[:_SUMMARY].rpartition(" ")[0].rstrip(",;:") + "…", story
    return first, rest


async def ticket(request: Request, campaign: Campaign, read: CampaignRead) -> Ticket:
    """Return the head of a campaign for whoever reads it."""
    desk: Desk = request.app.state.desk
    current = read.current
    standing, reason = await _standing(request, campaign, current)
    async with desk.pool.connection() as connection:
        members = await figures.members(connection)
    return Ticket(
        campaign_id=read.id,
        title=read.title or _(UNNAMED),
        summary=summary(read.story)[0],
        host_name=await brand_of(desk) or "Fanfare",
        fans=members,
        colour=colour_of(desk),
        round=stub(read, current) if current else None,
        standing=standing,
        takes_ideas=ideas_round(read) is not None,
        reason=reason,
        circle=urls.circle(circle_of(current.electorate)) if reason and current and circle_of(current.electorate) else "",
    )


def ideas_round(read: CampaignRead) -> RoundRead | None:
    """Return the round that takes ideas now; none where no one does."""
    return next((each for each in read.rounds if each.method == SUPPORT and state_of(each) == "open"), None)


async def _standing(request: Request, campaign: Campaign, current: RoundRead | None) -> tuple[Standing, str]:
    visitor = await visitor_of(request)
    if visitor is None:
        return "signed-out", ""
    found = campaign.round(current.id) if current else None
    if current is None or found is None or current.method == SUPPORT or found.status != "open":
        return "can-vote", ""
    if not await may_vote(request, found, visitor):
        return "not-eligible", str(refused(found))
    voting: Voting = request.app.state.voting
    desk: Desk = request.app.state.desk
    token = await voting.token(current.id, visitor.member)
    async with desk.pool.connection() as connection:
        chosen = await receipts.counting_choice(connection, found.terms_hash, token)
    return ("voted" if chosen else "can-vote"), ""


async def may_vote(request: Request, found: Round, fan: Caller) -> bool:
    """Tell whether a member is of the electorate of an open round."""
    if found.plan.electorate == "members":
        return True
    desk: Desk = request.app.state.desk
    async with desk.pool.connection() as connection:
        return bool(await electorate.admits(connection, found, fan.member))


METHODS = {
    SUPPORT: marked("Support; each fan gives one to as many ideas as she likes"),
    "plurality.v1": marked("One choice each"),
}
ELECTORATES = {
    "members": marked("Members"),
    "members-before-opening": marked("Members who had joined before it opened"),
}
TIES = {"earliest": marked("the earliest goes on"), "all-advance": marked("all that are tied go on")}
_STATES = {
    "upcoming": marked("upcoming"),
    "open": marked("open"),
    "paused": marked("paused"),
    "closing": marked("closing"),
    "closed": marked("closed"),
    "sealed": marked("sealed"),
    "void": marked("void"),
}


def state_word(state: RoundState) -> str:
    """Return where a round stands, as a word within a sentence."""
    return _(_STATES[state])


def method_of(each: RoundRead) -> str:
    """Return how a round is voted in, in words."""
    if each.method == APPROVAL:
        limited = each.most < max(len(each.options), 2)
        return _("Tick up to %(number)s", number=words.words(each.most)) if limited else _("Tick all you like")
    return _(METHODS.get(each.method, each.method))


def terms(each: RoundRead, zone: str) -> tuple[Term, ...]:
    """Return how a round counts, line by line."""
    frozen = words.when(each.opens_at, zone, datetime.now(UTC)) if each.terms else _("not yet; its plan may still change")
    is_support = each.method == SUPPORT
    last = Term(_("Support"), _("can be taken back")) if is_support else Term(_("Your last ballot"), _("is the one"))
    return (
        Term(_("Method"), method_of(each)),
        _electorate(each, _("Who may take part") if is_support else _("Who may vote")),
        last,
        Term(_("Go on"), words.number(each.advance)),
        Term(_("A tie at the cut"), _(TIES[each.ties])),
        Term(_("Terms frozen"), frozen),
    )


def _electorate(each: RoundRead, asked: str) -> Term:
    if circle := circle_of(each.electorate):
        return Term(asked, _("Who belongs to a circle"), urls.circle(circle))
    return Term(asked, _(ELECTORATES[each.electorate]))


async def board_now(connection: AsyncConnection, found: Round, of: RoundStub) -> Board:
    """Return the leaderboard of a round as it is now."""
    now, options = await leading(connection, found, ROWS_LIVE)
    shown = now.result.ranking[: max(ROWS_LIVE, len(now.result.advanced))]
    rows = tuple(BoardRow(each.option, "", each.rank, each.votes) for each in shown)
    return await worded(
        connection,
        found,
        Board(
            of,
            rows,
            now.counted,
            datetime.now(UTC),
            is_approval=found.plan.method == APPROVAL,
            cut=len(now.result.advanced),
            more=options - len(rows),
        ),
    )


async def worded(connection: AsyncConnection, found: Round, made: Board) -> Board:
    """Return a board with the titles, the authors and the addresses of its rows."""
    titles = await labels(connection, found, [row.id for row in made.rows])
    authors = await figures.authors(connection, [row.id for row in made.rows])
    rows = tuple(
        msgspec.structs.replace(
            row,
            title=titles.get(row.id) or words.unnamed(row.id),
            by=authors.get(row.id, ""),
            href=urls.idea(row.id) if row.id in authors else "",
        )
        for row in made.rows
    )
    return msgspec.structs.replace(made, rows=rows)
