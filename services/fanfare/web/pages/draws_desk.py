"""The host's draws: all of them, the form that announces one, and calling one off."""

from typing import get_args

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from fanfare.draws.reading import DrawRead, read_draws
from fanfare.draws.refusals import DrawRefused
from fanfare.draws.routes import Id, TheDraws
from fanfare.draws.service import Plan
from fanfare.platform.desk import Desk
from fanfare.platform.edge import Host, TheDesk, asked
from fanfare.platform.language import gettext as _
from fanfare.platform.language import ngettext
from fanfare.platform.refusals import Refusal
from fanfare.platform.texts import read
from fanfare.record.draws import Purpose
from fanfare.web import urls, words
from fanfare.web.contexts.draws import CampaignChoice, DrawLine, DrawsDeskPage
from fanfare.web.contexts.shell import Action, Form
from fanfare.web.pages import local_times
from fanfare.web.pages.forms import Sent, again, fresh_key, known, sent
from fanfare.web.pages.host import desk_router, led_to
from fanfare.web.pages.typed import whole
from fanfare.web.refused import refused_page
from fanfare.web.shells import show

router = desk_router()
_SHOWN = 50
_FIELDS = ("purpose", "title", "gets", "who", "campaign", "open_to", "seats", "reserves", "closes_at", "answer_h", "shown_h")


@router.get(urls.DRAWS_DESK)
async def draws_page(request: Request, host: Host, desk: TheDesk) -> HTMLResponse:
    """Show the draws, the latest first, and the form that announces one."""
    del host
    return await _shown(request, desk, Form())


@router.post(urls.DRAWS_DESK)
async def announce(request: Request, host: Host, desk: TheDesk, draws: TheDraws) -> Response:
    """Announce a draw; on a refusal the form comes back with everything that was typed."""
    form = await sent(request)
    try:
        plan = _plan(form, desk.streams.site.zone)
        draw_id, done = await draws.announce(
            asked(host, "announce a draw", "draws", form.key, form.digest(*_FIELDS, "beacon")), plan
        )
    except Refusal as refusal:
        return await _shown(request, desk, again(form, refusal, {each: each for each in _FIELDS}), refusal.status)
    return led_to(request, urls.draw(draw_id), _("The draw is announced, and in the record."), done.position)


@router.post(urls.DRAWS_DESK + "/{draw_id}/void")
async def void(draw_id: Id, request: Request, host: Host, draws: TheDraws) -> Response:
    """Call a draw off."""
    form = await sent(request)
    asking = asked(host, "void", known(draw_id), form.key, form.digest("reason"))
    try:
        done = await draws.void(draw_id, asking, form.value("reason"))
    except Refusal as refusal:
        action = Action(_("Back to the draws"), urls.DRAWS_DESK)
        return await refused_page(request, refusal, action=action, path=urls.DRAWS_DESK)
    return led_to(request, urls.DRAWS_DESK, _("The draw is called off. Its page says why."), done.position)


def _plan(form: Sent, zone: str) -> Plan:
    """Return the draw that a form plans. Raises: DrawRefused: with the field."""
    try:
        closes_at = local_times.read(form.value("closes_at"), zone)
    except local_times.TimeUnreadable as error:
        raise DrawRefused(str(error), field="closes_at") from error
    return Plan(
        purpose=_purpose(form),
        title=form.value("title"),
        gets=form.value("gets"),
        who=form.value("who"),
        seats=_number(form, "seats", 1, 100),
        reserves=_number(form, "reserves", 0, 100),
        closes_at=closes_at,
        simulated=form.value("beacon") == "simulated",
        campaign=form.value("campaign") or None,
        open_to="took-part" if form.value("open_to") == "took-part" else "members",
        answer_h=_number(form, "answer_h", 0, 2160),
        shown_h=_number(form, "shown_h", 0, 2160),
    )


def _purpose(form: Sent) -> Purpose:
    for purpose in get_args(Purpose):
        if form.value("purpose") == purpose:
            found: Purpose = purpose
            return found
    message = _("Choose what the draw is for.")
    raise DrawRefused(message, field="purpose")


def _number(form: Sent, field: str, least: int, most: int) -> int:
    number = whole(form.value(field) or str(least))
    if number is None or not least <= number <= most:
        message = _("Write a number from %(least)s to %(most)s.", least=least, most=most)
        raise DrawRefused(message, field=field)
    return number


async def _shown(request: Request, desk: Desk, form: Form, status: int = 200) -> HTMLResponse:
    await desk.catch_up()
    latest = list(desk.streams.draws.values())[-_SHOWN:]
    public = [each for each in desk.streams.campaigns.values() if each.id]
    founded = desk.streams.site.founded
    async with desk.pool.connection() as connection:
        found = await read_draws(connection, latest[::-1], desk.now)
        titles = await read(connection, [each.title for each in public])
    page = DrawsDeskPage(
        draws=[DrawLine(each.id, each.title or _(words.UNNAMED), each.state, _line(each, desk)) for each in found],
        campaigns=[
            CampaignChoice("", _("None")),
            *(CampaignChoice(each.id, titles.get(each.title) or _(words.UNNAMED)) for each in reversed(public)),
        ],
        simulation=bool(founded and founded.simulation),
        idempotency_key=fresh_key(),
        form=form,
    )
    return await show(request, page, section="draws", status=status, path=urls.DRAWS_DESK)


def _line(draw: DrawRead, desk: Desk) -> str:
    zone, now = desk.streams.site.zone, desk.now
    count = words.number(draw.entrants)
    entered = ngettext("%(count)s wishes to be drawn", "%(count)s wish to be drawn", draw.entrants, count=count)
    match draw.state:
        case "open":
            return _("%(entered)s. It closes %(when)s.", entered=entered, when=words.when(draw.closes_at, zone, now))
        case "closed" | "fixed":
            return _("%(entered)s. It is drawn %(when)s.", entered=entered, when=words.when(draw.beacon.at, zone, now))
        case "missed":
            return _("The site was down until the beacon’s value was known. Call it off, and announce another one.")
        case "void":
            return _("Called off: %(reason)s", reason=draw.reason or _(words.UNNAMED))
        case _:
            names = words.listed([each.name or _(words.GONE) for each in draw.drawn if each.state in ("held", "offered")][:5])
            return _("Drawn: %(names)s", names=names or _("nobody"))
