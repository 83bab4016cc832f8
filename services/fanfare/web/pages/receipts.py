"""The receipt of a ballot: where it lies and what became of it. It prints no choice."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from fanfare.campaigns.reading import CampaignRead
from fanfare.campaigns.routes import Id
from fanfare.platform.desk import Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.record.ballots import BallotCast
from fanfare.record.campaigns import Campaign, Round
from fanfare.record.entry import unpack
from fanfare.record.position import Position
from fanfare.reports import receipts
from fanfare.reports.receipts import BallotFound
from fanfare.views import figures
from fanfare.voting.refusals import ReceiptNotFound
from fanfare.voting.routes import TheVoting
from fanfare.voting.service import Voting
from fanfare.web import urls
from fanfare.web.contexts.ballots import BallotState, Later, ReceiptPage
from fanfare.web.contexts.shell import Action
from fanfare.web.pages import proving, rounds, saved_receipts
from fanfare.web.refused import refused_page
from fanfare.web.shells import campaign_in_words, show, to_sign_in, visitor_of, written_last

router = APIRouter()
Event = Annotated[str, Query(max_length=64)]
_ASTRAY = marked("It was not a ballot that this round takes.")


@router.get("/rounds/{round_id}/receipt")
async def receipt(round_id: Id, request: Request, voting: TheVoting, event: Event = "") -> Response:
    """Show the receipt of one of her ballots, or of her latest one in the round."""
    found = await hers(request, voting, round_id, event)
    if isinstance(found, Response):
        return found
    campaign, of, ballot, cast_at = found
    read = await campaign_in_words(request, campaign)
    return await show(request, await told(request, read, of, ballot, cast_at), section="vote", campaign=read)


@router.get("/rounds/{round_id}/receipt/copy")
async def copy(round_id: Id, request: Request, voting: TheVoting, event: Event = "") -> Response:
    """Hand out a receipt as one file that checks itself, without a network and without us."""
    found = await hers(request, voting, round_id, event)
    if isinstance(found, Response):
        return found
    campaign, of, ballot, cast_at = found
    page = await told(request, await campaign_in_words(request, campaign), of, ballot, cast_at)
    return await saved_receipts.answered(request, page)


async def hers(
    request: Request, voting: Voting, round_id: str, event: str
) -> tuple[Campaign, Round, BallotFound, datetime] | Response:
    """Return one of her ballots with its round and the minute it was cast in, or the page that says why there is none."""
    desk: Desk = request.app.state.desk
    campaign, of = await voting.find(round_id)
    fan = await visitor_of(request)
    if fan is None:
        return to_sign_in(urls.receipt(round_id, event if event.isalnum() else ""))  # a copy has no page to come back to
    voter = await voting.token(round_id, fan.member)
    found = await _mine(desk, of, voter, event, written_last(request))
    if found is None:
        message = _("You have no ballot in this round.") if not event else ""
        back = Action(_("Back to the campaign"), urls.campaign(campaign.id))
        return await refused_page(request, ReceiptNotFound(message), action=back)
    return campaign, of, *found


async def told(request: Request, read: CampaignRead, of: Round, ballot: BallotFound, cast_at: datetime) -> ReceiptPage:
    """Return the receipt of a ballot: where it lies, what became of it, and how far its proof has come."""
    each = rounds.round_of(read, of.id)
    proven = await proving.proven(request, ballot.position)
    return ReceiptPage(
        round=rounds.stub(read, each),
        campaign_title=read.title,
        state=state_of(ballot, of),
        cast_at=cast_at,
        partition=ballot.position.partition,
        offset=ballot.position.offset,
        index=ballot.position.index,
        event_id=ballot.event_id,
        token=ballot.voter,
        paper_number=ballot.number,
        reason=each.reason if of.status == "void" else _(_ASTRAY) if ballot.void else "",
        later=await _later(request, ballot),
        proof=proven.state(cast_at),
        size=proven.size,
        witnesses=proven.witnesses,
        is_blind=is_blind(of),
        check=proving.check_of(request, ballot),
    )


async def _later(request: Request, ballot: BallotFound) -> Later | None:
    if ballot.state != "replaced":
        return None
    desk: Desk = request.app.state.desk
    async with desk.pool.connection() as connection:
        return later_of(await receipts.counting(connection, ballot.terms, ballot.voter))


def later_of(counting: BallotFound | None) -> Later | None:
    """Return the ballot that counts as the one that others were replaced by."""
    return Later(counting.event_id, str(counting.position), counting.number) if counting else None


def is_blind(of: Round) -> bool:
    """Tell whether nobody sees a choice before the close."""
    return bool(of.terms and of.terms.blind_key)


def state_of(ballot: BallotFound, of: Round) -> BallotState:
    """Return what became of a ballot, as its voter reads it."""
    if of.status == "void":
        return "void"
    states: dict[str, BallotState] = {"late": "late", "void": "void", "replaced": "replaced"}
    return states.get(ballot.state, "counted" if of.status in ("closed", "sealed") else "counts")


async def _mine(desk: Desk, of: Round, voter: str, event: str, written: Position | None) -> tuple[BallotFound, datetime] | None:
    """Return her ballot and the minute it was cast in; none where she has none of that id."""
    async with desk.pool.connection() as connection:
        if event:
            found = await receipts.find(connection, event.replace("\0", ""))
        else:
            found = next(iter(await receipts.of_voter(connection, of.terms_hash, voter, limit=1)), None)
        if found and found.voter == voter and found.terms == of.terms_hash:
            minutes = await figures.minutes(connection, [found.event_id])
            return found, minutes.get(found.event_id, datetime.now(UTC))
    return await _from_the_record(desk, of, voter, event, written) if event and written and not found else None


async def _from_the_record(
    desk: Desk, of: Round, voter: str, event: str, written: Position
) -> tuple[BallotFound, datetime] | None:
    """Find a ballot that no projection has read yet where its voter's browser says that it was written."""
    if written.partition >= len(await desk.log.heads()):
        return None
    for stored in await desk.log.read(written.partition, written.offset, 1):
        for position, each in unpack(written.partition, stored.offset, stored.body).positioned():
            cast = each.event
            if each.id == event and isinstance(cast, BallotCast) and cast.voter == voter and cast.terms == of.terms_hash:
                ballot = BallotFound(each.id, position, cast.terms, voter, cast.number, late=False, replaced=False, void=False)
                return ballot, each.time
    return None
