"""A draft as a fan will see it: the campaign's page and its ballot papers, on the same templates as the public ones."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from fastapi import Request, Response
from fastapi.responses import HTMLResponse

from fanfare.campaigns.drafts import DraftCampaign, DraftRound, round_id
from fanfare.campaigns.reading import CampaignRead, OptionRead, RoundRead
from fanfare.campaigns.routes import Id, TheCampaigns
from fanfare.platform.desk import Desk
from fanfare.platform.edge import Host, TheDesk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.refusals import NotFound
from fanfare.views import figures
from fanfare.web import urls, words
from fanfare.web.contexts.ballots import BallotOption, BallotPage
from fanfare.web.contexts.campaigns import Asker, CampaignPage, Stage, Tape, Ticket
from fanfare.web.contexts.host import Choice, PreviewNote
from fanfare.web.contexts.shell import CampaignChrome, Page
from fanfare.web.pages import rounds
from fanfare.web.pages.campaign import zone_of
from fanfare.web.pages.host import desk_router
from fanfare.web.shells import answered, brand_of, colour_of, see_other, shell_of

router = desk_router()
UNWRITTEN = marked("Not written yet")


class PreviewCampaign(CampaignPage, frozen=True):
    """A campaign's page, of a draft."""

    template = "host/preview_campaign.html"

    note: PreviewNote = msgspec.field(default_factory=lambda: PreviewNote("", "", ()))


class PreviewBallot(BallotPage, frozen=True):
    """A ballot paper, of a draft."""

    template = "host/preview_ballot.html"

    note: PreviewNote = msgspec.field(default_factory=lambda: PreviewNote("", "", ()))


@router.get("/host/campaigns/{draft_id}/preview")
async def campaign(draft_id: Id, request: Request, host: Host, desk: TheDesk, campaigns: TheCampaigns) -> HTMLResponse:
    """Show the campaign's page as it will be while its first round is open."""
    del host
    draft, __ = await campaigns.draft(draft_id)
    read = reading(draft, draft_id, desk.now)
    current, zone = read.current, zone_of(desk)
    async with desk.pool.connection() as connection:
        members = await figures.members(connection)
    summary, about = rounds.summary(read.story)
    ticket = Ticket(
        campaign_id=draft_id,
        title=read.title,
        summary=summary,
        host_name=await brand_of(desk) or "Fanfare",
        fans=members,
        colour=colour_of(desk),
        round=rounds.stub(read, current) if current else None,
        standing="can-vote",
        takes_ideas=rounds.ideas_round(read) is not None,
    )
    page = PreviewCampaign(
        ticket=ticket,
        rounds=rounds.strip(read),
        board=None,
        terms=rounds.terms(current, zone) if current else (),
        terms_href="#terms",
        voices=(),
        tape=Tape((), 0),
        about=about,
        promise=current.outcome if current else "",
        promised_by=current.asked_by if current else "",
        way=[_stage(each, zone, desk.now) for each in read.rounds],
        askers=[Asker(each.asked_by, each.why, each.question) for each in read.rounds[:1]],
        note=_note(draft_id, draft, "campaign"),
    )
    return await _shown(request, desk, page, draft_id, read)


@router.get("/host/campaigns/{draft_id}/preview/{number}")
async def paper(draft_id: Id, number: int, request: Request, host: Host, desk: TheDesk, campaigns: TheCampaigns) -> Response:
    """Show the ballot paper of one round with its real options; where fans raise ideas there is none. Raises: NotFound."""
    del host
    draft, __ = await campaigns.draft(draft_id)
    if not 1 <= number <= len(draft.rounds):
        raise NotFound
    if draft.rounds[number - 1].method == rounds.SUPPORT:
        return see_other(urls.campaign_desk(draft_id, "preview"))
    read = reading(draft, draft_id, desk.now, opened=number)
    each = read.rounds[number - 1]
    page = PreviewBallot(
        round=rounds.stub(read, each),
        question=each.question,
        asked_by=each.asked_by + ("," if "," in each.asked_by else ""),
        why=each.why,
        options=[BallotOption(of.id, words.letter(at), of.label, "") for at, of in enumerate(each.options)],
        method="approval" if each.method == rounds.APPROVAL else "plurality",
        paper_number=1,
        idempotency_key="",
        terms_hash="0" * 64,
        voter="",
        most=each.most if each.method == rounds.APPROVAL and each.most < len(each.options) else None,
        note=_note(draft_id, draft, str(number)),
    )
    return await _shown(request, desk, page, draft_id, read)


async def _shown(request: Request, desk: Desk, page: Page, draft_id: str, read: CampaignRead) -> HTMLResponse:
    around = CampaignChrome(draft_id, read.title, colour_of(desk), is_draft=True)
    return answered(request, await shell_of(request, section="desk", campaign=around), page)


def _note(draft_id: str, draft: DraftCampaign, present: str) -> PreviewNote:
    papers = [
        Choice(str(at), _("Ballot paper of round %(number)s", number=at))
        for at, each in enumerate(draft.rounds, 1)
        if each.method != rounds.SUPPORT
    ]
    return PreviewNote(draft_id, present, papers)


def _stage(each: RoundRead, zone: str, now: datetime) -> Stage:
    if each.status == "open":
        return Stage(each.name, _("Open until %(when)s", when=words.when(each.closes_at, zone, now)), "now", each.question)
    return Stage(each.name, _("Opens %(when)s", when=words.when(each.opens_at, zone, now)), "next", each.question)


def reading(draft: DraftCampaign, draft_id: str, now: datetime, opened: int = 1) -> CampaignRead:
    """Return a draft as a public campaign would be read, with the round number *opened* open."""
    made = [_round(draft, each, draft_id, at, now, opened) for at, each in enumerate(draft.rounds, 1)]
    return CampaignRead(
        id=draft_id, title=draft.title.strip() or _(UNWRITTEN), story=draft.story.strip() or _(UNWRITTEN), rounds=made
    )


def _round(draft: DraftCampaign, each: DraftRound, draft_id: str, number: int, now: datetime, opened: int) -> RoundRead:
    lasts = max(each.closes_at - each.opens_at, timedelta(minutes=1))
    opens = now if number == opened else each.opens_at
    closes = now + lasts if number == opened else each.closes_at
    return RoundRead(
        id=round_id(draft_id, number),
        campaign=draft_id,
        number=number,
        name=each.name.strip() or _("Round %(number)s", number=number),
        question=each.question.strip() or _(UNWRITTEN),
        asked_by=each.asked_by.strip() or _(UNWRITTEN),
        why=each.why.strip() or _(UNWRITTEN),
        outcome=each.outcome.strip() or _(UNWRITTEN),
        status="sealed" if number < opened else "open" if number == opened else "planned",
        paused=False,
        opens_at=opens,
        closes_at=closes,
        planned_close=closes,
        zone=each.zone,
        method=each.method,
        most=each.most,
        electorate=each.electorate,
        options_from=each.options_from,
        from_round=round_id(draft_id, each.from_round) if each.options_from == "round" and each.from_round else None,
        advance=each.advance,
        ties=each.ties,
        reason="",
        terms=None,
        report=None,
        options=_options(draft, each),
        waiting=0,
    )


def _options(draft: DraftCampaign, each: DraftRound) -> Sequence[OptionRead]:
    """Return what stands on the paper; what only an earlier round will tell has a stand-in."""
    labels = [label.strip() for label in each.options if label.strip()] if each.options_from == "list" else []
    if each.options_from == "round" and each.from_round and each.from_round <= len(draft.rounds):
        places = draft.rounds[each.from_round - 1].advance
        labels = [
            _("Number %(place)s of round %(number)s", place=place, number=each.from_round)
            for place in range(1, min(places, 12) + 1)
        ]
    return [OptionRead(id=f"o{at}", label=label, version=0) for at, label in enumerate(labels, 1)]
