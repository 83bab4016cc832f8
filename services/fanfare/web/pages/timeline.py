"""The timeline of a campaign: who decided what, and when."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from fanfare.campaigns.routes import Id, TheCampaigns
from fanfare.platform.edge import Cursor, TheDesk
from fanfare.record.members import TookPart
from fanfare.views import figures
from fanfare.views.timeline import KINDS, Act, acts
from fanfare.web import words
from fanfare.web.contexts.campaigns import TimelineEntry, TimelineKind, TimelinePage
from fanfare.web.pages.acts import Told, entry, who
from fanfare.web.pages.campaign import told
from fanfare.web.pages.rounds import strip
from fanfare.web.shells import campaign_in_words, show

router = APIRouter()
_LABELS = {"decision": "Decisions", "idea": "Ideas", "comment": "Comments", "support": "Support", "vote": "Votes"}
_FIRST = ("decision", "idea", "comment")
"""What the page shows first: presses and votes are thousands, and have their own tabs."""
_A_PAGE, _READ, _NAMED = 50, 400, 5


@router.get("/campaigns/{campaign_id}/timeline")
async def timeline_page(
    campaign_id: Id,
    request: Request,
    desk: TheDesk,
    campaigns: TheCampaigns,
    kind: Annotated[str, Query(max_length=20)] = "",
    cursor: Cursor = None,
) -> HTMLResponse:
    """Show the decisions of hosts and fans, the latest first."""
    read = await campaign_in_words(request, await campaigns.campaign(campaign_id))
    chosen = kind if kind in KINDS else ""
    async with desk.pool.connection() as connection:
        counts = await figures.acts(connection, campaign_id)
        kinds = (chosen,) if chosen else _FIRST
        found = await acts(connection, campaign=campaign_id, kinds=kinds, before=cursor, limit=_READ)
    about = told(desk, read)
    runs = in_runs(found)
    shown = runs[:_A_PAGE]
    more = len(runs) > _A_PAGE or len(found) == _READ
    page = TimelinePage(
        kinds=(
            TimelineKind("", "Said and decided", sum(counts.get(name, 0) for name in _FIRST)),
            *(TimelineKind(name, _LABELS[name], counts.get(name, 0)) for name in KINDS),
        ),
        kind=chosen,
        entries=[_line(each, about) for each in shown],
        waiting=[each for each in strip(read) if each.waiting],
        older=str(shown[-1][-1].place) if shown and more else "",
    )
    return await show(request, page, section="timeline", campaign=read)


def in_runs(found: Sequence[Act]) -> list[list[Act]]:
    """Return acts in runs that make one line: all who are told together to have voted in a round."""
    runs: list[list[Act]] = []
    for each in found:
        if runs and each.wire == TookPart.wire == runs[-1][-1].wire and each.round == runs[-1][-1].round:
            runs[-1].append(each)
        else:
            runs.append([each])
    return runs


def _line(run: Sequence[Act], about: Told) -> TimelineEntry:
    first = entry(run[0], about)
    if len(run) == 1:
        return first
    names = [who(each) for each in run[:_NAMED]]
    others = len(run) - len(names)
    said = f"{', '.join(names)} and {words.counted(others, 'other')}" if others else words.listed(names)
    return msgspec.structs.replace(first, who=said)
