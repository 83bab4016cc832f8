"""Two hosts at once: whoever decided upon what is no longer so is told what was decided meanwhile, and by whom."""

from fastapi import Request
from fastapi.responses import HTMLResponse

from fanfare.platform.desk import Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.record.campaigns import Campaign, Round
from fanfare.record.position import Position
from fanfare.views import timeline
from fanfare.web import words
from fanfare.web.contexts.host import OvertakenPage
from fanfare.web.pages import acts, rounds
from fanfare.web.pages.campaign import told
from fanfare.web.pages.typed import Fields, whole
from fanfare.web.shells import campaign_in_words, show

_WAIT_S = 3.0
_MOST = 20
TRIED = {
    "open": marked("You wanted to open the round."),
    "extend": marked("You wanted to extend the round."),
    "pause": marked("You wanted to pause the round."),
    "resume": marked("You wanted to resume the round."),
    "close": marked("You wanted to close the round."),
    "void": marked("You wanted to void the round."),
    "rule": marked("You wanted to rule on what cannot be read."),
    "plan": marked("You wanted to change the plan of the round."),
}


def has_been_overtaken(desk: Desk, campaign_id: str, fields: Fields) -> bool:
    """Tell whether something was decided about a campaign since the form was shown."""
    after = whole(fields.get("after", ""))
    return after is not None and after != desk.streams.decisions(campaign_id)


async def rows_tell(request: Request, desk: Desk) -> None:
    """Return when the rows tell of every decision that this process has read; they may be a moment behind."""
    await request.app.state.waiting.reached(Position(0, desk.streams.next_offset - 1), _WAIT_S)


async def overtaken(request: Request, desk: Desk, found: tuple[Campaign, Round], act: str, fields: Fields) -> HTMLResponse:
    """Answer with what was decided meanwhile; what she typed is kept."""
    campaign, of = found
    campaign = desk.streams.campaigns.get(campaign.id, campaign)
    await rows_tell(request, desk)
    async with desk.pool.connection() as connection:
        lately = await timeline.acts(connection, campaign=campaign.id, kinds=("decision",), limit=_MOST)
    missed = max(1, desk.streams.decisions(campaign.id) - (whole(fields.get("after", "")) or 0))
    offsets = sorted({each.offset for each in lately}, reverse=True)[:missed]
    meanwhile = [each for each in reversed(lately) if each.offset in offsets]
    read = await campaign_in_words(request, campaign)
    tell = told(desk, read)
    page = OvertakenPage(
        round=rounds.stub(read, rounds.round_of(read, of.id)),
        campaign_title=read.title,
        tried=_(TRIED[act]),
        decided=words.listed([acts.told_of(each, tell) for each in meanwhile]) or _("Something else was decided"),
        decided_at=lately[0].at if lately else desk.now,
        position=f"0/{words.number(lately[0].offset)}" if lately else _("the end"),
        reason=fields.get("reason", "").strip(),
    )
    return await show(request, page, section="desk", campaign=read, status=409)
