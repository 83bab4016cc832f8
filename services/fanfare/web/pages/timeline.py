"""The timeline of a campaign: who decided what, and when."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, TypedDict

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from fanfare.campaigns.reading import CampaignRead
from fanfare.campaigns.routes import Id, TheCampaigns
from fanfare.platform.edge import Cursor, TheDesk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked, ngettext
from fanfare.record.members import TookPart
from fanfare.views import figures
from fanfare.views.timeline import KINDS, Act, acts
from fanfare.web import words
from fanfare.web.contexts.campaigns import TimelineChoice, TimelineEntry, TimelineKind, TimelinePage
from fanfare.web.pages.acts import GONE, Told, entry
from fanfare.web.pages.acts import who as name_of
from fanfare.web.pages.campaign import told
from fanfare.web.pages.rounds import strip
from fanfare.web.shells import campaign_in_words, show

router = APIRouter()
_LABELS = {
    "decision": marked("Decisions"),
    "idea": marked("Ideas"),
    "comment": marked("Comments"),
    "support": marked("Support"),
    "vote": marked("Votes"),
}
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
    round_id: Annotated[str, Query(max_length=64, alias="round")] = "",
    who: Annotated[str, Query(max_length=64)] = "",
    cursor: Cursor = None,
) -> HTMLResponse:
    """Show the decisions of hosts and fans, the latest first; of one kind, one round, or one person or side where asked for."""
    read = await campaign_in_words(request, await campaigns.campaign(campaign_id))
    chosen, by = kind if kind in KINDS else "", who if re.fullmatch(r"[a-z0-9]+", who) else ""
    of_round = round_id if round_id in {each.id for each in read.rounds} else ""
    about = told(desk, read)
    async with desk.pool.connection() as connection:
        kinds = _kinds(await figures.acts(connection, campaign_id))
        found = await acts(
            connection,
            campaign=campaign_id,
            round_id=of_round or None,
            **_side(by, sorted(about.hosts)),
            kinds=(chosen,) if chosen else KINDS if by or of_round else _FIRST,
            before=cursor,
            limit=_READ,
        )
    shown = (runs := in_runs(found))[:_A_PAGE]
    page = TimelinePage(
        kinds=kinds,
        kind=chosen,
        entries=[_line(each, about) for each in shown],
        rounds=_rounds(read),
        round=of_round,
        whos=_whos(by, found),
        who=by,
        begins=cursor is None,
        waiting=[each for each in strip(read) if each.waiting],
        older=str(shown[-1][-1].place) if shown and (len(runs) > _A_PAGE or len(found) == _READ) else "",
    )
    return await show(request, page, section="timeline", campaign=read)


class _Side(TypedDict):
    members: Sequence[str] | None
    but: Sequence[str]


def _side(by: str, hosts: Sequence[str]) -> _Side:
    """Return whose acts are asked for: everybody's, the hosts', all but theirs, or one member's."""
    match by:
        case "hosts":
            return _Side(members=hosts, but=())
        case "" | "fans":
            return _Side(members=None, but=hosts if by else ())
        case _:
            return _Side(members=[by], but=())


def _kinds(counts: Mapping[str, int]) -> list[TimelineKind]:
    first = TimelineKind("", _("Said and decided"), sum(counts.get(name, 0) for name in _FIRST))
    return [first, *(TimelineKind(name, _(_LABELS[name]), counts.get(name, 0)) for name in KINDS)]


def _rounds(read: CampaignRead) -> list[TimelineChoice]:
    return [
        TimelineChoice("", _("All rounds")),
        *(TimelineChoice(each.id, _("Round %(number)s, %(name)s", number=each.number, name=each.name)) for each in read.rounds),
    ]


def _whos(by: str, found: Sequence[Act]) -> list[TimelineChoice]:
    """Return whose lines can be asked for: everybody's, one side's, and the one person's who was asked for."""
    choices = [TimelineChoice("", _("Everybody")), TimelineChoice("hosts", _("Hosts")), TimelineChoice("fans", _("Fans"))]
    if by and by not in ("hosts", "fans"):
        choices.append(TimelineChoice(by, name_of(found[0]) if found else _(GONE)))
    return choices


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
    names = [name_of(each) for each in run[:_NAMED]]
    others = len(run) - len(names)
    said = words.listed(names)
    if others:
        told = {"names": ", ".join(names), "count": words.number(others)}
        said = ngettext("%(names)s and %(count)s other", "%(names)s and %(count)s others", others, **told)
    return msgspec.structs.replace(first, who=said, member="")
