"""What is kept of a member: she may take it along, and may erase herself."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from fanfare.community import unsubscribing
from fanfare.members import erasing, mail, sessions, vault
from fanfare.members.csrf import guard
from fanfare.members.erasing_routes import ask_for_link
from fanfare.members.refusals import LinkExpired, LinkUnknown, LinkUsed, WordsDiffer
from fanfare.members.vault import Member
from fanfare.platform.desk import Desk
from fanfare.platform.edge import TheDesk, note_position
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import SignInNeeded
from fanfare.views import mine
from fanfare.web import urls
from fanfare.web.contexts.members import ErasePage, KeptPage
from fanfare.web.contexts.shell import Action, Form
from fanfare.web.pages.forms import sent, writer
from fanfare.web.policy import SECRET_ADDRESS
from fanfare.web.refused import refused_page
from fanfare.web.shells import leave_notice, see_other, show, to_sign_in, visitor_of

router = APIRouter()
_TOKEN = 200


@router.get(urls.KEPT)
async def kept_page(request: Request, desk: TheDesk) -> Response:
    """Show what is kept of her, and what she can do about it."""
    fan = await visitor_of(request)
    return to_sign_in(urls.KEPT) if fan is None else await _kept(request, desk, fan.member, Form(), 200)


async def _kept(request: Request, desk: Desk, member: str, form: Form, status: int) -> Response:
    await desk.catch_up()
    async with desk.pool.connection() as connection:
        known = await vault.by_id(connection, member)
        counts = await mine.counts(connection, member)
        by_mail = await unsubscribing.by_mail(connection, member)
    if known is None:
        raise SignInNeeded
    page = KeptPage(
        name=known.name,
        email=known.email or "",
        since=known.joined_at,
        counts=counts,
        is_last_admin=erasing.is_last_admin(desk.streams.site, member),
        mailbox=await mail.has_mailbox(desk, request.app.state.settings),
        form=form,
        thanks_by_mail=by_mail,
    )
    return await show(request, page, section="mine", status=status)


@router.post(urls.KEPT + "/link")
async def send_link(request: Request, desk: TheDesk) -> Response:
    """Send her the link that erases her."""
    fan = await writer(request)
    await ask_for_link(request, desk, fan)
    response = see_other(urls.KEPT)
    leave_notice(request, response, _("A link is on its way to your address. It works once, for 15 minutes."))
    return response


@router.get(urls.ERASE)
async def erase_form(request: Request, desk: TheDesk, token: Annotated[str, Query(max_length=_TOKEN)] = "") -> Response:
    """Ask once more. Looking at it uses nothing up."""
    return await _ask(request, desk, token, Form(), 200)


async def _ask(request: Request, desk: Desk, token: str, form: Form, status: int) -> Response:
    try:
        member: Member = await erasing.whose(desk, token)
    except (LinkUnknown, LinkUsed, LinkExpired) as refusal:
        return await refused_page(request, refusal, action=Action(_("Ask for another link"), urls.KEPT), path=urls.FRONT)
    response: HTMLResponse = await show(request, ErasePage(member.name, token, form), status=status, path=urls.FRONT)
    response.headers.update(SECRET_ADDRESS)
    return response


@router.post(urls.ERASE)
async def erase(request: Request, desk: TheDesk) -> Response:
    """Erase her: by the link's secret, or for one without an address by her session."""
    await guard(request)
    form, home = await sent(request), request.app.state.settings.home
    token = form.value("token")[:_TOKEN]
    try:
        if token:
            done = await erasing.erase_by_link(desk, home, token, form.value("words"))
        else:
            done = await erasing.erase_without_address(desk, home, (await writer(request)).member, form.value("words"))
    except WordsDiffer as refusal:
        wrong = Form({"words": form.value("words")[:100]}, {"words": str(refusal)})
        if token:
            return await _ask(request, desk, token, wrong, refusal.status)
        return await _kept(request, desk, (await writer(request)).member, wrong, refusal.status)
    except (LinkUnknown, LinkUsed, LinkExpired) as refusal:
        return await refused_page(request, refusal, action=Action(_("Ask for another link"), urls.KEPT), path=urls.FRONT)
    response = see_other(urls.FRONT)
    sessions.clear_cookie(request, response)
    note_position(response, done.position)
    leave_notice(request, response, _("You are erased. Thank you for what you gave; it counts, without your name."))
    return response
