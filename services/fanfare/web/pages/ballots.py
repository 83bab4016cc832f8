"""The ballot paper, and casting it."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from fanfare.campaigns.reading import RoundRead
from fanfare.campaigns.refusals import RoundNotOpen, RoundPausedNow
from fanfare.campaigns.routes import Id
from fanfare.members.refusals import FormOutdated
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Desk
from fanfare.platform.edge import asked, note_position
from fanfare.platform.language import gettext as _
from fanfare.platform.limits.refusals import TooManyRequests
from fanfare.platform.refusals import Invalid, KeyReused, Refusal
from fanfare.platform.texts import read as texts_of
from fanfare.record.campaigns import Campaign, Round
from fanfare.record.kinds import digest
from fanfare.reports import receipts
from fanfare.views import figures
from fanfare.views.board import labels
from fanfare.voting.refusals import NoBallots, PaperOutOfDate
from fanfare.voting.routes import TheVoting
from fanfare.voting.service import Paper, Voting
from fanfare.web import urls, words
from fanfare.web.contexts.ballots import BallotOption, BallotPage
from fanfare.web.contexts.shell import Action
from fanfare.web.pages import rounds
from fanfare.web.pages.campaign import zone_of
from fanfare.web.pages.forms import fresh_key, sent, writer
from fanfare.web.pages.idea_lists import first_line
from fanfare.web.refused import refused_page
from fanfare.web.shells import campaign_in_words, see_other, show, to_sign_in, visitor_of, written_last

router = APIRouter()
Found = tuple[Campaign, Round]


@router.get("/rounds/{round_id}/ballot")
async def ballot_paper(round_id: Id, request: Request, voting: TheVoting) -> Response:
    """Show the paper that she would fill in now, with what her ballot says marked on it."""
    found = await voting.find(round_id)
    fan = await visitor_of(request)
    if fan is None:
        return to_sign_in(request.url.path)
    try:
        return await _paper(request, found, await _admitted(request, found, fan))
    except Refusal as refusal:
        return await _refused(request, found, refusal)


async def _admitted(request: Request, found: Found, fan: Caller) -> Paper:
    """Return her present paper. Raises: RoundNotOpen, RoundPausedNow, NoBallots, NotInElectorate."""
    voting: Voting = request.app.state.voting
    return await voting.paper(found[1].id, fan.member)


async def _paper(
    request: Request,
    found: Found,
    paper: Paper,
    *,
    marked: list[str] | None = None,
    replaces: bool = False,
    error: str = "",
    status: int = 200,
) -> Response:
    """Answer with a paper; *marked* is what she chose now, where that differs from her ballot."""
    desk: Desk = request.app.state.desk
    campaign, of = found
    read = await campaign_in_words(request, campaign)
    each = rounds.round_of(read, of.id)
    chosen = frozenset(paper.chosen if marked is None else marked)
    options = await _options(desk, of, paper, chosen)
    titles = {option.id: option.title for option in options}
    async with desk.pool.connection() as connection:
        cast = await receipts.of_voter(connection, paper.terms, paper.voter, limit=1)
        at = await figures.minutes(connection, [cast[0].event_id]) if cast else {}
    page = BallotPage(
        round=rounds.stub(read, each),
        question=each.question,
        asked_by=each.asked_by + ("," if "," in each.asked_by else ""),
        why=each.why,
        options=options,
        method="approval" if each.method == rounds.APPROVAL else "plurality",
        paper_number=paper.number,
        idempotency_key=fresh_key(),
        terms_hash=paper.terms,
        voter=paper.voter[:12],
        most=each.most if each.method == rounds.APPROVAL and each.most < len(options) else None,
        cast_at=at.get(cast[0].event_id) if cast else None,
        replaces=[titles.get(option) or words.unnamed(option) for option in paper.chosen] if replaces else None,
        error=error,
    )
    return await show(request, page, section="vote", campaign=read, status=status, path=urls.round_(of.id, "ballot"))


async def _options(desk: Desk, of: Round, paper: Paper, chosen: frozenset[str]) -> list[BallotOption]:
    """Return the options in the order that is drawn for this voter: the same however often she looks."""
    offered = of.terms.options if of.terms else ()
    async with desk.pool.connection() as connection:
        titles = await labels(connection, of)
        bodies = await texts_of(connection, [each.body for each in offered if each.body])
    made = [
        BallotOption(
            id=each.id,
            letter=words.letter(place),
            title=titles.get(each.id) or words.unnamed(each.id),
            line=first_line(bodies.get(each.body or "", "")),
            chosen=each.id in chosen,
        )
        for place, each in enumerate(offered)
    ]
    return sorted(made, key=lambda each: digest(f"{paper.voter} {each.id}".encode()))


@router.post("/rounds/{round_id}/ballot")
async def cast(round_id: Id, request: Request, voting: TheVoting) -> Response:
    """Cast or replace her ballot and lead to the receipt; on a refusal the paper comes back with what she marked."""
    found = await voting.find(round_id)
    form = await sent(request)
    marked = [each[:64] for each in form.options[:1000]]
    try:
        fan = await visitor_of(request)
    except TooManyRequests as refusal:
        return await _refused(request, found, refusal, marked)
    if fan is None:
        return to_sign_in(urls.round_(round_id, "ballot"))
    try:
        await writer(request)
        asking = asked(fan, "cast", round_id, form.key, form.digest("paper"))
        receipt, done = await voting.cast(round_id, asking, fan.secret, form.number("paper"), marked, "web")
    except (PaperOutOfDate, KeyReused):
        return await _outdated(request, found, fan, marked)
    except (Invalid, FormOutdated) as refusal:
        return await _marked_again(request, found, fan, marked, refusal)
    except Refusal as refusal:
        return await _refused(request, found, refusal, marked)
    response = see_other(f"{urls.round_(round_id, 'receipt')}?event={receipt.event_id}")
    note_position(response, done.position)
    return response


async def _outdated(request: Request, found: Found, fan: Caller, marked: list[str]) -> Response:
    """Answer 409 with the present paper, what her newer ballot says, and what she marked on the old one."""
    if position := written_last(request):
        await request.app.state.waiting.reached(position, 2.0)  # or the page would not know what she cast in the other tab
    try:
        paper = await _admitted(request, found, fan)
    except Refusal as refusal:
        return await _refused(request, found, refusal, marked)
    return await _paper(request, found, paper, marked=marked, replaces=True, status=409)


async def _marked_again(request: Request, found: Found, fan: Caller, marked: list[str], refusal: Refusal) -> Response:
    try:
        paper = await _admitted(request, found, fan)
    except Refusal as other:
        return await _refused(request, found, other, marked)
    said = f"{refusal.title} {refusal}" if isinstance(refusal, FormOutdated) else str(refusal)
    return await _paper(request, found, paper, marked=marked, error=said, status=refusal.status)


async def _refused(request: Request, found: Found, refusal: Refusal, marked: list[str] | None = None) -> Response:
    """Answer with what keeps her from voting, what is kept, and what helps."""
    campaign, of = found
    read = await campaign_in_words(request, campaign)
    kept = ""
    if marked:
        async with request.app.state.desk.pool.connection() as connection:
            titles = await labels(connection, of)
        chosen = [titles[each] for each in marked if each in titles]
        kept = _("You had marked %(options)s. No ballot was written.", options=words.listed(chosen)) if chosen else ""
    action = Action(_("Back to the campaign"), urls.campaign(campaign.id))
    match refusal:
        case RoundNotOpen() if of.status == "planned":
            refusal = RoundNotOpen(_when(request, rounds.round_of(read, of.id)))
        case RoundNotOpen():
            refusal = RoundNotOpen(_when(request, rounds.round_of(read, of.id)))
            action = Action(_("See the count"), urls.round_(of.id, "report"))
            kept = kept or _("Every ballot that was cast in time is kept.")
        case RoundPausedNow():
            kept = kept or _("Ballots that were cast stay cast.")
        case NoBallots():
            action = Action(_("Read the ideas"), urls.ideas(campaign.id))
        case _:
            pass
    back = urls.round_(of.id, "ballot")
    return await refused_page(request, refusal, kept=kept, action=action, path=back, campaign=read)


def _when(request: Request, each: RoundRead) -> str:
    """Say when a round takes ballots, or did, by the site's clock."""
    desk: Desk = request.app.state.desk
    zone = zone_of(desk)
    if each.status == "planned":
        return _("It opens %(when)s. Come back then.", when=words.when(each.opens_at, zone, desk.now))
    if each.status == "void":
        return _("It was given up: %(reason)s Ballots already cast stay in the record.", reason=each.reason)
    return _("It closed %(when)s.", when=words.when(each.closes_at, zone, desk.now, seconds=True))
