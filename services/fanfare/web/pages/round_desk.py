"""A host's desk of one round: where it stands, what she can do now, and what she decides."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict, get_args

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from psycopg import AsyncConnection

from fanfare.campaigns.refusals import PlanRefused
from fanfare.campaigns.routes import Id, TheCampaigns
from fanfare.campaigns.service import Campaigns
from fanfare.integrity import cases
from fanfare.platform import warrants
from fanfare.platform.allowed import HostOfRound
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Acknowledged, Desk
from fanfare.platform.edge import TheDesk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.refusals import NotFound, Refusal
from fanfare.record.campaigns import MOST_RULED, Campaign, Round
from fanfare.reports.counted import Counted
from fanfare.reports.quarantined import waiting
from fanfare.views import figures as amounts
from fanfare.views import timeline
from fanfare.web import urls
from fanfare.web.contexts.answers import Asked
from fanfare.web.contexts.host import ActName, PublicAct, RoundDeskPage
from fanfare.web.contexts.results import Unread
from fanfare.web.contexts.shell import Form
from fanfare.web.pages import acts, answers, local_times, rounds
from fanfare.web.pages.campaign import told, zone_of
from fanfare.web.pages.forms import fresh_key
from fanfare.web.pages.host import desk_router, led_to, opened_from, waits
from fanfare.web.pages.overtaken import has_been_overtaken, overtaken
from fanfare.web.pages.results import turnout
from fanfare.web.pages.round_clock import clock
from fanfare.web.pages.typed import Fields, decision_asked, posted
from fanfare.web.shells import campaign_in_words, see_other, show

router = desk_router()
DONE = {
    "open": marked("The round is open. Its terms are frozen."),
    "extend": marked("The round closes later."),
    "pause": marked("The round is paused. Ballots that are in stay in."),
    "resume": marked("The round goes on."),
    "close": marked("The round is closing. It is sealed as soon as its last ballots are read back."),
    "void": marked("The round is void."),
    "rule": marked("Your ruling is in the record. A closed round is sealed as soon as nothing else waits."),
}
_TOLD = marked("Those who have voted are told by mail.")
WHERE_WRONG = {"plan-refused": "closes_at", "text-refused": "reason"}
_PUBLIC_ACTS, _WAITING = 6, 3
_EMPTY = Form()


@router.get("/host/rounds/{round_id}")
async def round_desk(round_id: Id, request: Request, host: HostOfRound, desk: TheDesk, campaigns: TheCampaigns) -> HTMLResponse:
    """Show the desk of a round."""
    return await _shown(request, desk, host, *await campaigns.round(round_id))


@router.post("/host/rounds/{round_id}/{act}")
async def decide(round_id: Id, act: str, request: Request, host: HostOfRound, desk: TheDesk, campaigns: TheCampaigns) -> Response:
    """Carry out what a host decided, unless somebody else decided since she looked."""
    if act not in get_args(ActName):
        raise NotFound
    fields = await posted(request)
    found = await campaigns.round(round_id)
    try:
        done = await _do(campaigns, found, act, fields, host)
    except Refusal as refusal:
        if has_been_overtaken(desk, found[0].id, fields):
            return await overtaken(request, desk, found, act, fields)
        form = Form(values=fields, errors={WHERE_WRONG.get(refusal.code, ""): sentence_of(refusal)})
        return await _shown(request, desk, host, *found, form=form, failed_act=act, status=refusal.status)
    said = _(DONE[act])
    if act in ("extend", "void") and found[1].plan.method != rounds.SUPPORT:
        said += " " + _(_TOLD)
    return led_to(request, urls.round_desk(round_id), said, done.position)


@router.get("/host/rounds/{round_id}/{act}")
async def back_to_the_desk(round_id: Id, act: str) -> Response:
    """Lead whoever loads the address of an act again, such as after a refusal, to the round's desk."""
    if act not in get_args(ActName):
        raise NotFound
    return see_other(urls.round_desk(round_id))


def sentence_of(refusal: Refusal) -> str:
    """Return a refusal as one text for a form: what is so, and what helps."""
    said = str(refusal)
    return said if refusal.code in WHERE_WRONG else f"{refusal.title} {said}".strip()


async def _do(campaigns: Campaigns, found: tuple[Campaign, Round], act: str, fields: Fields, host: Caller) -> Acknowledged:
    asked, reason = decision_asked(host, act, found[1].id, fields), fields.get("reason", "")
    match act:
        case "open":
            return await campaigns.open(found, asked)
        case "extend":
            return await campaigns.extend(found, asked, _typed_close(fields), reason)
        case "pause":
            return await campaigns.pause(found, asked, reason)
        case "resume":
            return await campaigns.resume(found, asked)
        case "close":
            return await campaigns.close(found, asked)
        case "rule":
            return await campaigns.rule(found, asked, fields.get("events", "").split(), reason)
        case _:
            return await campaigns.void(found, asked, reason)


def _typed_close(fields: Fields) -> datetime:
    try:
        return local_times.read(fields.get("closes_at", ""), fields.get("zone", ""))
    except local_times.TimeUnreadable as error:
        raise PlanRefused(str(error)) from error


async def _shown(
    request: Request,
    desk: Desk,
    host: Caller,
    campaign: Campaign,
    found: Round,
    *,
    form: Form = _EMPTY,
    failed_act: str = "",
    status: int = 200,
) -> HTMLResponse:
    read = await campaign_in_words(request, campaign)
    stub, zone = rounds.stub(read, rounds.round_of(read, found.id)), zone_of(desk)
    async with desk.pool.connection() as connection:
        counted, unread = await Counted(connection).figures(found), await _unread(connection, found)
        moments = await amounts.moments(connection, campaign.id)
        owed = await _owed(desk, host, connection, campaign.id, told(desk, read))
    columns, unit = turnout(counted.turnout, zone)
    page = RoundDeskPage(
        round=stub,
        rounds=len(campaign.rounds),
        campaign_title=read.title,
        clock=clock(found, stub, moments, zone, desk.now),
        ballots=counted.ballots.received,
        voters=counted.ballots.counted,
        eligible=counted.members,
        columns=columns,
        columns_unit=unit,
        acts=(*(("rule",) if unread else ()), *allowed(campaign, found)),
        after=desk.streams.decisions(campaign.id),
        idempotency_key=fresh_key(),
        form=form,
        failed_act=failed_act,
        waits=waits(campaign, found, desk.now, len(unread)),
        unread=unread[:MOST_RULED],
        strip=rounds.strip(read),
        is_support=stub.takes_ideas,
        **owed,
    )
    return await show(request, page, section="desk", campaign=read, status=status)


class _Owed(TypedDict):
    """Who waits for the hosts, and for the moderators where she is one; and what was done in public."""

    campaign_id: str
    public_acts: Sequence[PublicAct]
    waiting: Sequence[Asked]
    unanswered: int
    cases: int
    oldest_case: datetime | None


async def _owed(desk: Desk, host: Caller, connection: AsyncConnection, campaign_id: str, tell: acts.Told) -> _Owed:
    moderates = warrants.warrant(desk.streams, host.member, "moderate", desk.now)
    lately = await _lately(connection, campaign_id, tell)
    waiting, unanswered = await answers.waiting_first(connection, campaign_id, _WAITING)
    queue = await cases.queue(connection, moderates.only, 1)
    return _Owed(
        campaign_id=campaign_id,
        public_acts=lately,
        waiting=waiting,
        unanswered=unanswered,
        cases=queue.length,
        oldest_case=queue.oldest,
    )


async def _unread(connection: AsyncConnection, found: Round) -> list[Unread]:
    return [Unread(each.position, each.sha256, is_ruled=False) for each in await waiting(connection, found)]


async def _lately(connection: AsyncConnection, campaign_id: str, tell: acts.Told) -> list[PublicAct]:
    lately = await timeline.acts(connection, campaign=campaign_id, kinds=("decision",), limit=_PUBLIC_ACTS)
    return [PublicAct(each.at, acts.told_of(each, tell)) for each in lately]


def allowed(campaign: Campaign, found: Round) -> tuple[ActName, ...]:
    """Return what a host can do with a round now."""
    match found.status:
        case "planned":
            return ("open", "void")
        case "open":
            return ("resume", "extend", "close", "void") if found.paused else ("extend", "pause", "close", "void")
        case "closing" | "closed":
            return ("void",)
        case "sealed":
            return () if opened_from(campaign, found) else ("void",)
        case _:
            return ()
