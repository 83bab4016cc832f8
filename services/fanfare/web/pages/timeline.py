"""The timeline of a campaign: who decided what, and when."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from fanfare.campaigns.routes import Id, TheCampaigns
from fanfare.platform.edge import TheDesk
from fanfare.views import figures
from fanfare.views.timeline import KINDS, acts
from fanfare.web.contexts.campaigns import TimelineKind, TimelinePage
from fanfare.web.pages.acts import entry
from fanfare.web.pages.campaign import told
from fanfare.web.shells import campaign_in_words, show

router = APIRouter()
_LABELS = {"decision": "Decisions", "idea": "Ideas", "comment": "Comments", "support": "Support", "vote": "Votes"}
_A_PAGE = 50


@router.get("/campaigns/{campaign_id}/timeline")
async def timeline_page(
    campaign_id: Id,
    request: Request,
    desk: TheDesk,
    campaigns: TheCampaigns,
    kind: Annotated[str, Query(max_length=20)] = "",
    cursor: Annotated[int | None, Query(ge=0, le=2**62)] = None,
) -> HTMLResponse:
    """Show the decisions of hosts and fans, the latest first."""
    read = await campaign_in_words(request, await campaigns.campaign(campaign_id))
    chosen = kind if kind in KINDS else ""
    async with desk.pool.connection() as connection:
        counts = await figures.acts(connection, campaign_id)
        kinds = (chosen,) if chosen else KINDS
        found = await acts(connection, campaign=campaign_id, kinds=kinds, before=cursor, limit=_A_PAGE)
    about = told(desk, read)
    page = TimelinePage(
        kinds=(
            TimelineKind("", "All", sum(counts.values())),
            *(TimelineKind(name, _LABELS[name], counts.get(name, 0)) for name in KINDS),
        ),
        kind=chosen,
        entries=[entry(each, about) for each in found],
        older=str(found[-1].place) if len(found) == _A_PAGE else "",
    )
    return await show(request, page, section="timeline", campaign=read)
