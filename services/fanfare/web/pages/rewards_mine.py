"""An offer as its fan reads it: take it with what it needs, decline it, and say that it arrived."""

from collections.abc import Mapping
from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import Response
from psycopg import AsyncConnection

from fanfare.members.links import site_address
from fanfare.members.refusals import AddressRefused
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Acknowledged, Desk
from fanfare.platform.edge import TheDesk, asked
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import ForeignOrigin, NotFound, Refusal, SignInNeeded, TextRefused
from fanfare.rewards import reading
from fanfare.rewards.plan import Address, Answer, Guardian
from fanfare.rewards.reading import MyOffer
from fanfare.rewards.refusals import AnswerIncomplete, GuardianAskedEnough, NotInCountry, OfferNotFound
from fanfare.rewards.routes import TheRewards
from fanfare.rewards.service import Rewards
from fanfare.web import countries, urls, words
from fanfare.web.contexts.rewards import OfferPage
from fanfare.web.contexts.shell import Action, Form
from fanfare.web.pages.forms import Sent, again, fresh_key, known, sent, writer
from fanfare.web.pages.host import led_to
from fanfare.web.pages.recognised import contributions
from fanfare.web.pages.rewards_lines import draws_named, for_whom, standing, way
from fanfare.web.refused import refused_page
from fanfare.web.shells import show, to_sign_in, visitor_of

router = APIRouter()
_FIELDS = ("birth", "country", "name", "lines", "guardian_name", "guardian_email")
_AT = {"birth": "birth", "country": "country", "lines": "lines", "name": "name", "email": "guardian_email"} | {
    each: each for each in ("guardian_name", "guardian_email")
}
_ASKS_AGAIN = (AnswerIncomplete, NotInCountry, TextRefused, AddressRefused, GuardianAskedEnough)
"""Refusals that she can mend in the form."""


@router.get(urls.MINE + "/offers/{offer_id}")
async def my_offer(offer_id: str, request: Request, desk: TheDesk) -> Response:
    """Show an offer to whoever got it."""
    fan = await visitor_of(request)
    if fan is None:
        return to_sign_in(request.url.path)
    return await _shown(request, desk, fan.member, known(offer_id), Form())


@router.post(urls.MINE + "/offers/{offer_id}/{answer}")
async def pressed(offer_id: str, answer: str, request: Request, desk: TheDesk, rewards: TheRewards) -> Response:
    """Take an offer, decline it, or say that it arrived; on a refusal the form comes back with everything that was typed."""
    if answer not in ("accept", "decline", "arrived"):
        raise NotFound
    form, back = await sent(request), urls.my_offer(known(offer_id))
    try:
        fan = await writer(request)
    except ForeignOrigin:
        raise
    except SignInNeeded:
        return to_sign_in(back)
    try:
        said, done = await _done(request, rewards, fan, offer_id, answer, form)
    except _ASKS_AGAIN as refusal:
        return await _shown(request, desk, fan.member, offer_id, again(form, refusal, _at(form)), refusal.status)
    except Refusal as refusal:
        action = Action(_("Your page"), urls.MINE) if isinstance(refusal, OfferNotFound) else Action(_("Back to the offer"), back)
        return await refused_page(request, refusal, action=action, path=back)
    return led_to(request, back, said, done.position if done else None)


async def _done(
    request: Request, rewards: Rewards, fan: Caller, offer_id: str, press: str, form: Sent
) -> tuple[str, Acknowledged | None]:
    """Carry out what she pressed, and return what is said of it at the head of the next page."""
    asking = asked(fan, press, offer_id, form.key, form.digest(*_FIELDS))
    match press:
        case "accept":
            desk: Desk = request.app.state.desk
            found = await rewards.accept(asking, offer_id, _answer(form), site_address(request, desk))
            if found.state == "guardian":
                return _("We wrote to your guardian. It is kept for you meanwhile."), None
            return _("It is yours."), found.done
        case "decline":
            return _("You declined. The next on the list gets it."), await rewards.decline(asking, offer_id)
        case _:
            return _("Good that it is with you."), await rewards.handled(asking, offer_id, "arrived", by_fan=True)


def _at(form: Sent) -> Mapping[str, str]:
    """Return beside which field a refusal stands; a refused name is the guardian’s where the one on the parcel is there."""
    is_guardians = form.value("guardian_email").strip() and (form.value("name").strip() or "name" not in form.values)
    return {**_AT, "name": "guardian_name"} if is_guardians else _AT


def _answer(form: Sent) -> Answer:
    """Return what she says. Raises: AnswerIncomplete: with the field."""
    lines, email = form.value("lines"), form.value("guardian_email")
    return Answer(
        birth=_birth(form.value("birth").strip()),
        country=form.value("country"),
        address=Address(form.value("name"), lines) if lines.strip() or form.value("name").strip() else None,
        guardian=Guardian(form.value("guardian_name"), email) if email.strip() else None,
    )


def _said_before(found: MyOffer) -> dict[str, str]:
    """Return what she said of where it goes, while it is kept, for a form that asks again."""
    address = found.address
    return {"name": address.name, "lines": address.lines, "country": address.country} if address else {}


def _birth(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise AnswerIncomplete(_("Write the day as 2009-01-31."), field="birth") from None


async def _shown(request: Request, desk: Desk, member: str, offer_id: str, form: Form, status: int = 200) -> Response:
    await desk.catch_up()
    async with desk.pool.connection() as connection:
        mine = await reading.mine(connection, desk.streams, member, desk.now)
        found = next((each for each in mine if each.id == offer_id), None)
        if found is None:
            raise OfferNotFound
        page = await _page(desk, connection, found, form)
    return await show(request, page, section="mine", status=status, path=urls.my_offer(offer_id))


async def _page(desk: Desk, connection: AsyncConnection, found: MyOffer, form: Form) -> OfferPage:
    reward, because = found.reward, await contributions(connection, found.because)
    draws = await draws_named(desk, connection, {found.draw} if found.draw else set())
    state = standing(found.state, is_over=found.over)
    return OfferPage(
        id=found.id,
        kind=reward.kind,
        title=reward.title or _(words.UNNAMED),
        words=reward.words,
        by=found.by_name or _(words.GONE),
        reason=found.reason,
        state=state,
        at=found.offered_at,
        idempotency_key=fresh_key(),
        form=form if form.values or not found.address else Form(_said_before(found)),
        because=list(because.values()),
        draw=draws.get(found.draw or ""),
        until=found.until,
        place=found.place,
        asks_birth=reward.needs_birth,
        asks_guardian=state == "guardian" or any(form.error(each) or form.value(each) for each in _FIELDS[4:]),
        asks_address=reward.sent,
        for_whom=for_whom(reward),
        countries=countries.choices(reward.countries) if reward.needs_country else (),
        guardian=found.guardian_name,
        way=way(found, words.when(found.since, desk.streams.site.zone, desk.now)),
        why=found.why or (reward.closed_because if state == "lapsed" and reward.closed_at == found.since else ""),
    )
