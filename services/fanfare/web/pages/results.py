"""The transparency reports of a round and of a campaign, in words; their figures come from the canonical bytes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from psycopg import AsyncConnection

from fanfare.campaigns.reading import CampaignRead, RoundRead
from fanfare.campaigns.results import TheReports
from fanfare.campaigns.routes import Id, TheCampaigns
from fanfare.integrity import cases
from fanfare.members.links import site_address
from fanfare.platform.desk import Desk
from fanfare.platform.edge import TheDesk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import ngettext
from fanfare.record.campaigns import Campaign, Round, RoundSealed
from fanfare.record.kinds import digest
from fanfare.reports.report import CampaignReport, RoundLine, RoundReport, Turnout
from fanfare.views import figures, history, moderation
from fanfare.views.board import labels
from fanfare.views.timeline import Act, acts
from fanfare.web import urls, words
from fanfare.web.contexts.campaigns import Board, BoardRow, Term
from fanfare.web.contexts.results import (
    Accounting,
    CampaignReportPage,
    Column,
    LeaderHistory,
    Line,
    Moderated,
    Origin,
    ReportPage,
    RoundSummary,
    Seal,
    Tie,
    Unread,
)
from fanfare.web.pages import hidden, rounds
from fanfare.web.pages.acts import rulings
from fanfare.web.pages.campaign import told, zone_of
from fanfare.web.shells import brand_of, campaign_in_words, see_other, show

router = APIRouter()
_COLUMNS, _LINES = 48, 10
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@router.get("/rounds/{round_id}/report")
async def round_report(
    round_id: Id, request: Request, desk: TheDesk, reports: TheReports, campaigns: TheCampaigns
) -> HTMLResponse:
    """Show the report of a round; a result once it is closed."""
    campaign, found = await campaigns.round(round_id)
    live = await reports.of_round(campaign, found)
    body = live.body
    report = msgspec.json.decode(body, type=RoundReport)
    read = await campaign_in_words(request, campaign)
    each = rounds.round_of(read, round_id)
    async with desk.pool.connection() as connection:
        moments = await figures.moments(connection, campaign.id)
        sealed_at = moments.get((round_id, RoundSealed.wire))
        at = sealed_at if found.status == "sealed" and sealed_at else live.at
        board = await _board(connection, found, read, report, at)
        decisions = await _decisions(connection, campaign.id)
        grown = await _history(connection, found, board)
    origin = _origin(request, at, report.moment, report.schema, f"/api/v1/rounds/{round_id}/report")
    page = msgspec.structs.replace(
        _page(read, each, report, board, origin, zone_of(desk)),
        rulings=rulings(decisions, told(desk, read), round_id),
        history=grown,
        seal=_seal(found, body, sealed_at),
    )
    return await show(request, page, section="results", campaign=read)


def _seal(found: Round, body: bytes, at: datetime | None) -> Seal | None:
    """Return the seal where these bytes are the ones that were sealed; bytes that somebody changed get none."""
    if found.status != "sealed" or found.sealed is None or at is None or found.sealed.report != digest(body):
        return None
    return Seal(found.sealed.report, at)


def _page(read: CampaignRead, each: RoundRead, report: RoundReport, board: Board, origin: Origin, zone: str) -> ReportPage:
    """Return what the canonical report says of a round, in words."""
    columns, unit = turnout(report.turnout, zone)
    settled = report.status in ("closed", "sealed")
    return ReportPage(
        round=rounds.stub(read, each),
        rounds=rounds.strip(read),
        question=each.question,
        board=board,
        accounting=msgspec.convert(msgspec.to_builtins(report.ballots), Accounting),
        eligible=report.members,
        voters=report.ballots.counted,
        turnout=columns,
        turnout_unit=unit,
        terms=rounds.terms(each, zone),
        terms_hash=report.terms or "",
        advanced=[row.title for row in board.rows[: board.keeps]] if settled else (),
        next=each.outcome,
        ties=_ties(report, board, settled=settled),
        unread=[Unread(each.position, each.sha256, each.ruled) for each in report.unreadable],
        origin=origin,
    )


async def _board(connection: AsyncConnection, found: Round, read: CampaignRead, report: RoundReport, at: datetime) -> Board:
    """Return the ranking of a report with the words of its options."""
    advanced = sum(each.advanced for each in report.ranking)
    shown = report.ranking[: max(rounds.ROWS_SHOWN, advanced)]
    made = Board(
        rounds.stub(read, rounds.round_of(read, found.id)),
        tuple(BoardRow(each.option, "", each.rank, each.votes) for each in shown),
        report.ballots.counted,
        at,
        is_approval=report.method == rounds.APPROVAL,
        cut=advanced,
        more=len(report.ranking) - len(shown),
    )
    return await rounds.worded(connection, found, made)


async def _history(connection: AsyncConnection, found: Round, board: Board) -> LeaderHistory | None:
    """Return how the leading options grew; none before there are two samples."""
    samples = await history.samples(connection, found.id, _COLUMNS)
    if len(samples) < 2:
        return None
    lines = tuple(
        Line(row.title, [each.votes.get(row.id, 0) for each in samples], place < board.keeps)
        for place, row in enumerate(board.rows[:_LINES])
    )
    return LeaderHistory([each.at for each in samples], lines)


async def _decisions(connection: AsyncConnection, campaign_id: str) -> list[Act]:
    return await acts(connection, campaign=campaign_id, kinds=("decision",), limit=500)


def _ties(report: RoundReport, board: Board, *, settled: bool) -> tuple[Tie, ...]:
    """Return the tie at the cut and how it fell, or would fall if the round closed now."""
    if not report.ties.at_cut:
        return ()
    titles = {row.id: row.title for row in board.rows}
    tied = [each for each in report.ranking if each.option in report.ties.at_cut]
    names = [titles.get(each.option, _("one further down")) for each in tied]
    through = [titles.get(each.option, _("one further down")) for each in tied if each.advanced]
    if report.ties.rule == "all-advance":
        fell = _("The terms let all go on that are tied at the cut.")
    else:
        fell = _fell(through, settled=settled)
    return (Tie(names[:12], tied[0].votes, fell),)


def _fell(through: Sequence[str], *, settled: bool) -> str:
    titles = words.listed(through)
    if settled:
        return ngettext(
            "%(titles)s goes on: a tie falls to the earliest, as the terms say.",
            "%(titles)s go on: a tie falls to the earliest, as the terms say.",
            len(through),
            titles=titles,
        )
    return ngettext(
        "%(titles)s would go on: a tie falls to the earliest, as the terms say.",
        "%(titles)s would go on: a tie falls to the earliest, as the terms say.",
        len(through),
        titles=titles,
    )


def turnout(minutes: Sequence[Turnout], zone: str) -> tuple[list[Column], str]:
    """Return the columns of a chart over time, empty ones between included, and their unit: minute, hour or day."""
    if not minutes:
        return [], "minute"
    counts = {datetime.fromisoformat(each.minute): each.ballots for each in minutes}
    first, last = min(counts), max(counts)
    unit, step = next(
        ((name, step) for name, step in (("minute", timedelta(minutes=1)), ("hour", _HOUR)) if (last - first) / step < _COLUMNS),
        ("day", _DAY),
    )
    here = ZoneInfo(zone)
    sums: dict[datetime, int] = {}
    moment = first
    while moment <= last + step:  # each column in the zone's own time, so that a day is a day there
        sums.setdefault(_start(moment.astimezone(here), unit), 0)
        moment += step
    for at, count in counts.items():
        sums[_start(at.astimezone(here), unit)] += count
    while len(sums) > 1 and next(reversed(sums.values())) == 0:
        sums.popitem()
    return [Column(_label(start, unit), count) for start, count in sums.items()], unit


def _start(at: datetime, unit: str) -> datetime:
    if unit == "minute":
        return at.replace(second=0, microsecond=0)
    return at.replace(hour=0 if unit == "day" else at.hour, minute=0, second=0, microsecond=0)


def _label(start: datetime, unit: str) -> str:
    return f"{start.day}" if unit == "day" else f"{start:%H:%M}"


def _origin(request: Request, at: datetime, moment: Sequence[int], schema: str, address: str) -> Origin:
    desk: Desk = request.app.state.desk
    site = site_address(request, desk)
    return Origin(
        at=at,
        moment=[following - 1 for following in moment],
        command=f"fanfare export record.fanfare --url {site} && fanfare replay record.fanfare",
        json_href=address,
        csv_href=f"{address}.csv",
        schema=schema,
    )


@router.get("/rounds/{round_id}/report.json")
async def round_json(round_id: Id) -> Response:
    """Lead to the canonical report."""
    return see_other(f"/api/v1{urls.round_(round_id, 'report')}")


@router.get("/rounds/{round_id}/report.csv")
async def round_csv(round_id: Id) -> Response:
    """Lead to the ranking as CSV."""
    return see_other(f"/api/v1{urls.round_(round_id, 'report.csv')}")


@router.get("/rounds/{round_id}/terms")
async def round_terms(round_id: Id) -> Response:
    """Lead to the frozen terms."""
    return see_other(f"/api/v1{urls.round_(round_id, 'terms')}")


async def _moderated(connection: AsyncConnection, campaign_id: str) -> Moderated:
    done, flagged = await moderation.figures(connection, campaign_id), await cases.reported(connection, campaign_id)
    by_rule = [Term(hidden.rule(code), words.number(times)) for code, times in done.by_rule]
    return Moderated(done.hidden, done.shown_again, by_rule, flagged.flags, flagged.left_alone)


@router.get("/campaigns/{campaign_id}/report")
async def campaign_report(
    campaign_id: Id, request: Request, desk: TheDesk, reports: TheReports, campaigns: TheCampaigns
) -> HTMLResponse:
    """Show the report of a campaign as of now."""
    campaign = await campaigns.campaign(campaign_id)
    live = await reports.of_campaign(campaign)
    report = msgspec.json.decode(live.body, type=CampaignReport)
    read = await campaign_in_words(request, campaign)
    async with desk.pool.connection() as connection:
        decisions, moderated = await _decisions(connection, campaign_id), await _moderated(connection, campaign_id)
        lines = [
            await _summary(connection, campaign, read, each, line) for each, line in zip(read.rounds, report.rounds, strict=True)
        ]
    supported = {each.id for each in read.rounds if each.method == rounds.SUPPORT}
    page = CampaignReportPage(
        title=read.title,
        campaign_id=campaign_id,
        host_name=await brand_of(desk) or "Fanfare",
        headline=_headline(read, lines),
        rounds=lines,
        fans=report.activity.contributors,
        ideas=report.activity.ideas,
        comments=report.activity.comments,
        supports=sum(each.ballots.counted for each in report.rounds if each.round in supported),
        decisions=rulings(decisions, told(desk, read)),
        moderated=moderated,
        origin=_origin(request, live.at, report.moment, report.schema, f"/api/v1/campaigns/{campaign_id}/report"),
    )
    return await show(request, page, section="results", campaign=read)


async def _summary(
    connection: AsyncConnection, campaign: Campaign, read: CampaignRead, each: RoundRead, line: RoundLine
) -> RoundSummary:
    found = campaign.round(each.id)
    titles: dict[str, Any] = await labels(connection, found) if found and line.advanced else {}
    headline = _("%(round)s: %(state)s", round=each.name, state=rounds.state_word(rounds.state_of(each)))
    if line.status in ("closed", "sealed"):
        headline = words.goes_on([titles.get(option) or words.unnamed(option) for option in line.advanced], each.advance)
    return RoundSummary(rounds.stub(read, each), headline, line.ballots.counted, line.ballots.counted)


def _headline(read: CampaignRead, lines: Sequence[RoundSummary]) -> str:
    current = read.current
    if current is None:
        return _("No round is set yet")
    if current.status in ("closed", "sealed"):
        return lines[current.number - 1].headline
    told = {"number": current.number, "rounds": len(read.rounds), "state": rounds.state_word(rounds.state_of(current))}
    return _("Round %(number)s of %(rounds)s is %(state)s", **told)
