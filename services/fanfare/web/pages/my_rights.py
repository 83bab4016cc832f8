"""What a fan may do beyond being one: what each right opens, until when, and how she lays it down."""

from collections.abc import Sequence

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from fanfare.circles import briefs
from fanfare.integrity import cases
from fanfare.members import powers
from fanfare.members.csrf import guard
from fanfare.members.power_reading import Shown, shown
from fanfare.platform import warrants
from fanfare.platform.desk import Desk
from fanfare.platform.edge import Fan, TheDesk, asked
from fanfare.platform.language import gettext as _
from fanfare.platform.language import ngettext
from fanfare.platform.refusals import Refusal
from fanfare.views import answers
from fanfare.web import urls, words
from fanfare.web.contexts.rights import HeldRight, PastRight, RightsPage
from fanfare.web.contexts.shell import Action, Form
from fanfare.web.pages import rounds
from fanfare.web.pages.by_right import to_do
from fanfare.web.pages.forms import Sent, fresh_key, known, sent
from fanfare.web.pages.host import led_to
from fanfare.web.shells import in_words, show

router = APIRouter()
_CAMPAIGNS = 5
"""Of a right for the whole site, so many campaigns lead to what waits there, the latest first."""


@router.get(urls.RIGHTS)
async def my_rights(request: Request, fan: Fan, desk: TheDesk) -> Response:
    """Show what she may do, and what she might."""
    return await _shown(request, desk, fan.member)


@router.post(urls.RIGHTS + "/end", dependencies=[Depends(guard)])
async def lay_down(request: Request, fan: Fan, desk: TheDesk) -> Response:
    """Lay a right down."""
    form = await sent(request)
    power = known(form.value("power"))
    try:
        done = await powers.end(
            desk, asked(fan, "end-power", power, form.key, form.digest("power", "reason")), power, form.value("reason")
        )
    except Refusal as refusal:
        return await _shown(request, desk, fan.member, form, refusal)
    return led_to(request, urls.RIGHTS, _("You laid it down. What you did with it stays."), done.position)


async def _shown(request: Request, desk: Desk, member: str, form: Sent | None = None, refusal: Refusal | None = None) -> Response:
    await desk.catch_up()
    holds = await shown(desk, warrants.powers_now(desk.streams, member, desk.now))
    over = [each for each in desk.streams.powers.of(member)[::-1] if not each.holds(desk.now)]
    wrong = {("reason" if refusal.extra.get("field") == "reason" else ""): str(refusal) or refusal.title} if refusal else {}
    page = RightsPage(
        held=[await _held(desk, each) for each in holds],
        past=[_past(each) for each in await shown(desk, over)],
        idempotency_key=fresh_key(),
        form=Form(dict(form.values) if form else {}, wrong),
        failed=form.value("power") if form else "",
    )
    return await show(request, page, section="rights", status=refusal.status if refusal else 200, path=urls.RIGHTS)


def _past(each: Shown) -> PastRight:
    return PastRight(to_do(each.may, each.title), each.since, each.until, each.ended_because)


async def _held(desk: Desk, each: Shown) -> HeldRight:
    return HeldRight(
        id=each.id,
        does=to_do(each.may, each.title),
        until=each.until,
        since=each.since,
        by=each.by_name or _(words.GONE),
        reason=each.reason,
        opens=await _opens(desk, each),
    )


async def _opens(desk: Desk, each: Shown) -> list[Action]:
    match each.may:
        case "moderate":
            async with desk.pool.connection() as connection:
                queue = await cases.queue(connection, [each.campaign] if each.campaign else None, 1)
                circles = [one.id for one in desk.streams.circles.values() if one.campaign == each.campaign]
                notes = await briefs.reported(connection, circles if each.campaign else None)
            waiting = queue.length + len(notes)
            said = ngettext("%(count)s case waits", "%(count)s cases wait", waiting, count=words.words(waiting).capitalize())
            return [Action(said if waiting else _("The queue, in which nothing waits"), urls.MODERATION)]
        case "welcome":
            return [Action(_("Newcomers to welcome"), urls.WELCOME)]
        case "curate":
            return await _answers(desk, each.campaign)
        case "host":
            return [*await _desks(desk, each.campaign or ""), *await _answers(desk, each.campaign)]


async def _answers(desk: Desk, campaign: str | None) -> list[Action]:
    """Return where ideas wait for an answer: in one campaign, or in the latest ones."""
    public = [each.id for each in desk.streams.campaigns.values() if each.id][::-1][:_CAMPAIGNS]
    found: Sequence[str] = [campaign] if campaign else public
    made = []
    async with desk.pool.connection() as connection:
        for each in found:
            number = await answers.how_many_wait(connection, each)
            count = words.words(number).capitalize()
            said = ngettext("%(count)s idea waits for an answer", "%(count)s ideas wait for an answer", number, count=count)
            title = "" if campaign else (await in_words(connection, desk.streams.campaigns[each])).title
            named = _("%(campaign)s: %(waits)s", campaign=title, waits=said) if title else said
            made.append(Action(named, urls.campaign_answers(each)))
    return made


async def _desks(desk: Desk, campaign: str) -> list[Action]:
    """Return the desk of the round that is under way, or of the last one."""
    found = desk.streams.campaigns.get(campaign)
    if found is None or not found.rounds:
        return []
    async with desk.pool.connection() as connection:
        read = await in_words(connection, found)
    of = rounds.opened_last(read) or read.current
    return [Action(_("The desk of round %(number)s", number=of.number), urls.round_desk(of.id))] if of else []
