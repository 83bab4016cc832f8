"""What can be taken along: a campaign's ideas and figures as tables, and the whole record as one archive, for everybody."""

import csv
import io
from collections.abc import AsyncIterator, Iterable

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse

from fanfare.audit.archives.export import ExportFailed
from fanfare.audit.archives.offering import NAME, ArchiveBusy, Offering
from fanfare.campaigns.results import inert
from fanfare.campaigns.routes import Id, TheCampaigns
from fanfare.platform.desk import Desk
from fanfare.platform.edge import Host, TheDesk
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import NotFound
from fanfare.views import idea_sheet
from fanfare.web import urls
from fanfare.web.contexts.host import Choice
from fanfare.web.contexts.settings import ExportCampaign, ExportsPage
from fanfare.web.pages.rounds import SUPPORT
from fanfare.web.shells import in_words, show

router = APIRouter()
HEAD = ("idea", "raised", "by", "title", "words", "tags", "supporters", "comments", "version", "withdrawn", "hidden", "round")
_MOST = 100


@router.get(urls.EXPORTS)
async def exports(request: Request, host: Host, desk: TheDesk) -> HTMLResponse:
    """List what a host can take along."""
    del host
    await desk.catch_up()
    public = [each for each in reversed(desk.streams.campaigns.values()) if each.id][:_MOST]
    async with desk.pool.connection() as connection:
        read = [await in_words(connection, each) for each in public]
    campaigns = [
        ExportCampaign(
            each.id,
            each.title,
            [
                Choice(of.id, _("Round %(number)s, %(name)s", number=of.number, name=of.name))
                for of in each.rounds
                if of.status != "planned"
            ],
            any(of.method == SUPPORT for of in each.rounds),
        )
        for each in read
    ]
    return await show(request, ExportsPage(campaigns, sum(await desk.log.heads())), section="exports")


@router.get(urls.EXPORTS + "/ideas/{campaign_id}")
async def ideas(campaign_id: Id, host: Host, desk: TheDesk, campaigns: TheCampaigns) -> Response:
    """Return the ideas of a campaign as a table that a spreadsheet opens and runs nothing of."""
    del host
    campaign = await campaigns.campaign(campaign_id)
    headers = {"Content-Disposition": f'attachment; filename="fanfare-ideas-{campaign.id}.csv"', "Cache-Control": "no-store"}
    return StreamingResponse(_table(desk, campaign.id), media_type="text/csv; charset=utf-8", headers=headers)


async def _table(desk: Desk, campaign: str) -> AsyncIterator[str]:
    yield "\ufeff" + _written([HEAD])
    async with desk.pool.connection() as connection:
        async for page in idea_sheet.lines(connection, campaign):
            yield _written(_row(each) for each in page)


def _row(each: idea_sheet.Line) -> tuple[str | int, ...]:
    words = (inert(each.author), inert(each.title), inert(each.body), inert(each.tags))
    counts = (each.supporters, each.comments, each.version, "yes" if each.withdrawn else "", "yes" if each.hidden else "")
    return (each.idea, each.raised_at.isoformat(timespec="seconds"), *words, *counts, each.round)


def _written(rows: Iterable[tuple[str | int, ...]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


@router.get(urls.ARCHIVE)
async def archive(request: Request, desk: TheDesk) -> Response:
    """Send the whole record with its public texts and reports, as `fanfare export` makes it. Raises: ArchiveBusy, NotFound."""
    founded, offering = desk.streams.site.founded, _offering(request)
    if founded is None:
        raise NotFound
    try:
        offered = await offering.archive(founded.name, desk.now)
    except ExportFailed as error:
        raise ArchiveBusy from error
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{NAME}"',
        "Content-Length": str(offered.size_bytes),
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(offered.body(), media_type="application/x-tar", headers=headers)


def _offering(request: Request) -> Offering:
    offering: Offering = request.app.state.offering
    return offering
