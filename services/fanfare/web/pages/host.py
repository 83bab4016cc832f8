"""The host's desk: her campaigns and what waits in them."""

from collections.abc import Sequence
from datetime import datetime

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from psycopg import AsyncConnection

from fanfare.campaigns.drafts import DraftCampaign
from fanfare.campaigns.reading import read_campaign
from fanfare.campaigns.routes import TheCampaigns
from fanfare.members.csrf import guard
from fanfare.platform.edge import Host, TheDesk, note_position
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked, ngettext
from fanfare.platform.timekeeping import TOO_LATE
from fanfare.record.campaigns import Campaign, Round
from fanfare.record.position import Position
from fanfare.record.terms import Advanced
from fanfare.reports.quarantined import waiting
from fanfare.views import board
from fanfare.web import urls, words
from fanfare.web.contexts.host import DeskCampaign, DeskPage
from fanfare.web.pages import rewards_lines
from fanfare.web.shells import leave_notice, see_other, show


def desk_router() -> APIRouter:
    """Return a router for pages of hosts: what they post is guarded."""
    return APIRouter(dependencies=[Depends(guard)])


router = desk_router()


def led_to(request: Request, address: str, said: str = "", position: Position | None = None) -> RedirectResponse:
    """Lead the browser on after a post, to a page that shows *position* and says at its head what was done."""
    answer = see_other(address)
    if said:
        leave_notice(request, answer, said)
    if position is not None:
        note_position(answer, position)
    return answer


@router.get(urls.DESK)
async def desk(request: Request, host: Host, the_desk: TheDesk, campaigns: TheCampaigns) -> HTMLResponse:
    """Show the drafts and the campaigns, with what waits in each."""
    del host
    await the_desk.catch_up()
    public = [each for each in the_desk.streams.campaigns.values() if each.id]
    async with the_desk.pool.connection() as connection:
        listed = [await _campaign(connection, each, the_desk.now) for each in reversed(public)]
    ids = {each.id for each in public}
    drafts = [_draft(draft_id, draft) for draft_id, draft in await campaigns.drafts() if draft_id not in ids]
    listed.sort(key=lambda each: each.state == "over")
    return await show(request, DeskPage(campaigns=[*drafts, *listed], rewards_due=rewards_lines.due(the_desk)), section="desk")


def _draft(draft_id: str, draft: DraftCampaign) -> DeskCampaign:
    silent = sum(not (each.question.strip() and each.why.strip() and each.outcome.strip()) for each in draft.rounds)
    number = len(draft.rounds)
    told = {"count": words.number(number), "silent": words.words(silent)}
    line = _("No round yet.")
    if silent:
        line = ngettext(
            "%(count)s round; %(silent)s of them without its question, why you ask, or what happens with the answers.",
            "%(count)s rounds; %(silent)s of them without its question, why you ask, or what happens with the answers.",
            number,
            **told,
        )
    elif number:
        line = ngettext(
            "%(count)s round, ready to be looked at once more.",
            "%(count)s rounds, ready to be looked at once more.",
            number,
            **told,
        )
    return DeskCampaign(id=draft_id, title=draft.title.strip() or _("A campaign without a title"), state="draft", line=line)


async def _campaign(connection: AsyncConnection, campaign: Campaign, now: datetime) -> DeskCampaign:
    known = await read_campaign(connection, campaign)
    current = known.current
    if current is None:
        return DeskCampaign(id=campaign.id, title=known.title, state="open", line=_("No round is planned."))
    over = current.status in ("sealed", "void")
    found = campaign.rounds[current.number - 1]
    place = _("Round %(number)s of %(rounds)s", number=current.number, rounds=len(known.rounds))
    line = _(_SAYS["paused" if current.paused and current.status != "planned" else current.status], round=place)
    if current.status in ("open", "closing", "closed"):
        counted = (await board.board(connection, found)).counted
        line = f"{line}; {_count(counted, is_support=current.method == 'support.v1')}"
    wait = waits(campaign, found, now, len(await waiting(connection, found)))
    return DeskCampaign(
        id=campaign.id,
        title=known.title,
        state="over" if over else "open",
        line=f"{line}. {wait}".strip(),
        round_id=current.id,
    )


_SAYS = {
    "planned": marked("%(round)s has not opened yet"),
    "paused": marked("%(round)s is paused"),
    "open": marked("%(round)s is open"),
    "closing": marked("%(round)s is closing"),
    "closed": marked("%(round)s is closed"),
    "sealed": marked("%(round)s is sealed"),
    "void": marked("%(round)s is void"),
}


def _count(counted: int, *, is_support: bool) -> str:
    count = words.number(counted)
    if is_support:
        return ngettext("%(count)s support counts", "%(count)s supports count", counted, count=count)
    return ngettext("%(count)s ballot counts", "%(count)s ballots count", counted, count=count)


def waits(campaign: Campaign, found: Round, now: datetime, unread: int = 0) -> str:
    """
    Return why a round waits for a host, as a sentence; empty where its clock goes on by itself.

    Args:
        unread: how much of it cannot be read and has no ruling.
    """
    source = found.plan.options
    if unread and found.status == "closed":
        return ngettext(
            "It waits for a ruling: %(count)s event that may be of it cannot be read.",
            "It waits for a ruling: %(count)s events that may be of it cannot be read.",
            unread,
            count=words.number(unread),
        )
    if unread and found.status in ("open", "closing"):
        return ngettext(
            "%(count)s event that may be of it cannot be read. It is not sealed before a host rules on that.",
            "%(count)s events that may be of it cannot be read. It is not sealed before a host rules on that.",
            unread,
            count=words.number(unread),
        )
    if found.status == "planned":
        earlier = campaign.round(source.round) if isinstance(source, Advanced) else None
        if earlier is not None and earlier.status == "void":
            return _("The round that its options come from is void. Change its plan, or void it too.")
        if earlier is not None and earlier.status != "sealed" and found.plan.opens_at < now:
            return _("Its time has come, and the round before it is not sealed. Close that one first.")
        if found.plan.opens_at + TOO_LATE < now:
            return _("Its time has passed without it opening by itself. Open it by hand, or change its plan.")
    if found.status == "open" and found.closes_at is not None and found.closes_at + TOO_LATE < now:
        return _("Its close has passed without it closing by itself. Close it by hand, or extend it.")
    return ""


def opened_from(campaign: Campaign, found: Round) -> Sequence[Round]:
    """Return the rounds that have opened with what went on from *found*."""
    return [each for each in campaign.rounds if each.terms and each.plan.options == Advanced(round=found.id)]
