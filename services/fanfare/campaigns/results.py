"""The API of results: leaderboards, their history, and the transparency reports."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from psycopg import AsyncConnection
from pydantic import BaseModel

from fanfare.campaigns.live_reports import LiveReports
from fanfare.campaigns.refusals import RoundNotFound
from fanfare.campaigns.routes import Id, TheCampaigns
from fanfare.campaigns.service import Campaigns
from fanfare.platform import texts
from fanfare.platform.batch import Batcher
from fanfare.platform.desk import Desk
from fanfare.platform.documents import Answers, document
from fanfare.platform.edge import RawRoute, TheDesk, waited
from fanfare.record.campaigns import Round
from fanfare.record.kinds import digest
from fanfare.record.position import Position
from fanfare.reports.report import CampaignReport, RoundReport
from fanfare.views import board, history

router = APIRouter(prefix="/api/v1", tags=["results"])
quick = APIRouter(prefix="/api/v1", tags=["results"], route_class=RawRoute)
_REPORT: Answers = {
    **document("RoundReport", "The canonical bytes; their SHA-256 is the ETag."),
    304: {"description": "They are still the ones of If-None-Match."},
}
_CAMPAIGN_REPORT: Answers = {**_REPORT, **document("CampaignReport", "The canonical bytes; their SHA-256 is the ETag.")}
_CSV: Answers = {
    200: {"description": "A table, UTF-8 with a mark of it.", "content": {"text/csv": {"schema": {"type": "string"}}}}
}


class Place(BaseModel):
    """An option's place now."""

    option: str
    label: str
    votes: int
    rank: int
    advances: bool
    """Whether it would go on if the round closed now, or does go on once it is closed."""


class Leaderboard(BaseModel):
    """Who is ahead in a round."""

    round: str
    status: str
    counted: int
    places: list[Place]


class Sample(BaseModel):
    """The figures at one time. ``counted`` orders them; ``at`` is when the site looked, as reported."""

    at: datetime
    counted: int
    votes: dict[str, int]


class History(BaseModel):
    """How a leaderboard came about."""

    round: str
    samples: list[Sample]


async def leaderboard(connection: AsyncConnection, found: Round) -> Leaderboard:
    """Return the leaderboard of a round with the words of its options."""
    now = await board.board(connection, found)
    words = await board.labels(connection, found)
    places = [
        Place(option=each.option, label=words.get(each.option, ""), votes=each.votes, rank=each.rank, advances=each.advanced)
        for each in now.result.ranking
    ]
    return Leaderboard(round=found.id, status=found.status, counted=now.counted, places=places)


class Leaderboards:
    """The leaderboards of this process: each is read once for all who ask at the same time. Owned by one event loop."""

    def __init__(self, desk: Desk, campaigns: Campaigns) -> None:
        """Read through *desk*."""
        self._desk = desk
        self._campaigns = campaigns
        self._read: Batcher[str, bytes | RoundNotFound] = Batcher(self._now)

    async def now(self, round_id: str) -> bytes:
        """Return the JSON of a leaderboard as it is now. Raises: RoundNotFound."""
        found = await self._read(round_id)
        if isinstance(found, RoundNotFound):
            raise found
        return found

    async def _now(self, asked: Sequence[str]) -> Sequence[bytes | RoundNotFound]:
        found: dict[str, bytes | RoundNotFound] = {}
        for round_id in set(asked):
            try:
                _, of = await self._campaigns.round(round_id)
                async with self._desk.pool.connection() as connection:
                    found[round_id] = (await leaderboard(connection, of)).model_dump_json().encode()
            except RoundNotFound as refusal:
                found[round_id] = refusal
        return [found[each] for each in asked]


@quick.get("/rounds/{round_id}/leaderboard", summary="Who is ahead", response_model=Leaderboard)
async def get_leaderboard(round_id: Id, request: Request) -> Response:
    """Return the leaderboard of a round as it is now."""
    await waited(request)
    leaderboards: Leaderboards = request.app.state.leaderboards
    return Response(await leaderboards.now(round_id), media_type="application/json")


@router.get("/rounds/{round_id}/leaderboard/history", summary="How it came about")
async def get_history(round_id: Id, desk: TheDesk, campaigns: TheCampaigns) -> History:
    """Return samples of the leaderboard, the earliest first."""
    await campaigns.round(round_id)
    async with desk.pool.connection() as connection:
        samples = await history.samples(connection, round_id)
    return History(round=round_id, samples=[Sample(at=each.at, counted=each.counted, votes=each.votes) for each in samples])


def _reports(request: Request) -> LiveReports:
    reports: LiveReports = request.app.state.reports
    return reports


TheReports = Annotated[LiveReports, Depends(_reports)]
"""For routes that show a report."""


def _awaited(request: Request) -> Position | None:
    """Return what the asker wrote and waits for, so that nothing older will do. It was parsed and waited for before the route."""
    header = request.headers.get("fanfare-wait")
    return Position.parse(header) if header else None


def canonical_answer(request: Request, body: bytes) -> Response:
    """Answer with canonical bytes and their digest as ETag, or with 304 where the client has them."""
    etag = f'"{digest(body)}"'
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers={"ETag": etag})
    return Response(body, media_type="application/json", headers={"ETag": etag, "Cache-Control": "no-cache"})


@router.get("/rounds/{round_id}/report", summary="The transparency report of a round", response_class=Response, responses=_REPORT)
async def get_round_report(round_id: Id, request: Request, reports: TheReports, campaigns: TheCampaigns) -> Response:
    """
    Return the canonical report: the bytes that are hashed, sealed and compared. It holds ids and integers only.

    Over many ballots it may be some minutes old, as its moment says, unless Fanfare-Wait asks for a later one.
    """
    found = await reports.of_round(*await campaigns.round(round_id), awaited=_awaited(request))
    return canonical_answer(request, found.body)


@router.get(
    "/campaigns/{campaign_id}/report",
    summary="The transparency report of a campaign",
    response_class=Response,
    responses=_CAMPAIGN_REPORT,
)
async def get_campaign_report(campaign_id: Id, request: Request, reports: TheReports, campaigns: TheCampaigns) -> Response:
    """Return the canonical report of a campaign; over many ballots it may be some minutes old, as its moment says."""
    found = await reports.of_campaign(await campaigns.campaign(campaign_id), awaited=_awaited(request))
    return canonical_answer(request, found.body)


@router.get("/rounds/{round_id}/report.csv", summary="The ranking as CSV", response_class=Response, responses=_CSV)
async def get_round_csv(round_id: Id, desk: TheDesk, reports: TheReports, campaigns: TheCampaigns) -> Response:
    """Return the ranking of the report with the words of its options, for a spreadsheet."""
    campaign, found = await campaigns.round(round_id)
    report = msgspec.json.decode((await reports.of_round(campaign, found)).body, type=RoundReport)
    async with desk.pool.connection() as connection:
        words = await board.labels(connection, found)
    rows = [
        (each.rank, each.option, words.get(each.option, ""), each.votes, "yes" if each.advanced else "no")
        for each in report.ranking
    ]
    return _csv(f"round-{round_id}", ("rank", "option", "label", "votes", "advanced"), rows)


@router.get(
    "/campaigns/{campaign_id}/report.csv", summary="The rounds of a campaign as CSV", response_class=Response, responses=_CSV
)
async def get_campaign_csv(campaign_id: Id, desk: TheDesk, reports: TheReports, campaigns: TheCampaigns) -> Response:
    """Return a line a round: its ballots, every one accounted for, and what advanced."""
    campaign = await campaigns.campaign(campaign_id)
    report = msgspec.json.decode((await reports.of_campaign(campaign)).body, type=CampaignReport)
    names = {each.id: each.plan.name for each in campaign.rounds}
    async with desk.pool.connection() as connection:
        words = await texts.read(connection, names.values())
        labels = {each.id: await board.labels(connection, each) for each in campaign.rounds}
    rows = []
    for each in report.rounds:
        went = "; ".join(labels.get(each.round, {}).get(option, option) for option in each.advanced)
        ballots = each.ballots
        counts = (ballots.received, ballots.counted, ballots.replaced, ballots.late, ballots.void, ballots.unreadable)
        rows.append((each.round, words.get(names.get(each.round, ""), ""), each.status, *counts, went))
    head = ("round", "name", "status", "received", "counted", "replaced", "late", "void", "unreadable", "advanced")
    return _csv(f"campaign-{campaign_id}", head, rows)


def _csv(name: str, head: Sequence[str], rows: Iterable[Sequence[str | int]]) -> Response:
    """Answer with a table that a spreadsheet opens as UTF-8 and runs nothing of."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    writer.writerows([inert(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="fanfare-{name}.csv"'}
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The last four are the wide forms of the first four, which spreadsheets in Japanese read alike. Source: OWASP, CSV injection."""


def inert(text: str) -> str:
    """Keep a spreadsheet from running a text as a formula."""
    return "'" + text if text.startswith(_STARTS_A_FORMULA) else text
