"""Signing in and out, and the development mailbox."""

from typing import Annotated
from urllib.parse import quote, unquote

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response

from fanfare.members import arriving, links, mail, sessions, vault
from fanfare.members.address import on_this_site
from fanfare.members.csrf import guard, guard_origin
from fanfare.members.refusals import (
    AddressHeld,
    AddressRefused,
    AddressTaken,
    ChallengeStale,
    LinkExpired,
    LinkUnknown,
    LinkUsed,
    PasskeyCopied,
    PasskeyRefused,
    PasskeysElsewhere,
    PasskeyUnknown,
    WorkNeeded,
)
from fanfare.members.relying_party import where_else
from fanfare.members.signing_in import ask_for_link, sign_in_by_passkey, sign_in_with
from fanfare.platform.edge import TheDesk, note_position
from fanfare.platform.language import gettext as _
from fanfare.platform.limits.refusals import TooManyRequests
from fanfare.platform.refusals import NotFound, TextRefused
from fanfare.web import urls
from fanfare.web.contexts.members import ConfirmPage, EffortPage, LinkSentPage, Mail, MailboxPage, SignInPage
from fanfare.web.contexts.shell import Action, Form
from fanfare.web.pages.forms import sent
from fanfare.web.policy import SECRET_ADDRESS
from fanfare.web.refused import refused_page
from fanfare.web.shells import leave_notice, see_other, show, visitor_of

router = APIRouter()
_SENT_COOKIE, _SENT = "fanfare_sent", "/sign-in/sent"
_TOKEN = 200


@router.get(urls.SIGN_IN)
async def sign_in_form(
    request: Request,
    desk: TheDesk,
    after: Annotated[str, Query(alias="next", max_length=2000)] = "",
    again: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """Show the field for an address; whoever is signed in already is led on, unless she wants to sign in again."""
    back = on_this_site(after) if after else ""
    visitor = await visitor_of(request)
    if visitor is not None and not again:
        return see_other(back or urls.FRONT)
    email = ""
    if visitor is not None:
        async with desk.pool.connection() as connection:
            known = await vault.by_id(connection, visitor.member)
        email = (known.email or "") if known else ""
    page = SignInPage(Form({"email": email}), back, is_again=visitor is not None, elsewhere=where_else(request, desk))
    response = await show(request, page, path=back or urls.FRONT)
    if visitor is not None:
        response.headers["Cache-Control"] = "no-store"
    return response


@router.post(urls.SIGN_IN, dependencies=[Depends(guard_origin)])
async def send_link(request: Request, desk: TheDesk) -> Response:
    """Send a link; the answer is the same whether or not the address is known."""
    form = await sent(request)
    after = on_this_site(form.value("next"))
    work, waited = form.value("work"), form.value("waited")
    async with desk.pool.connection() as connection:
        by = await arriving.whose(connection, form.value("from"))
    came_by, name, code = (by.id, by.name, form.value("from")) if by else ("", "", "")
    try:
        await ask_for_link(request, desk, form.value("email"), after, work=work, waited=waited, brought_by=came_by)
    except WorkNeeded as refusal:
        is_early = bool(waited) and not work
        return await _effort(request, refusal, form.value("email"), after, code, is_early=is_early)
    except (AddressRefused, TooManyRequests) as refusal:
        typed = Form({"email": form.value("email")[:300]}, {"email": f"{refusal.title} {refusal}"})
        page = SignInPage(typed, after, elsewhere=where_else(request, desk), by=name, code=code)
        return await show(request, page, status=refusal.status, path=after)
    response = see_other(_SENT)
    # In a cookie, not in the address: addresses of pages stand in logs. The page of the link asks whether it was this browser.
    written = quote(form.value("email").strip())
    response.set_cookie(_SENT_COOKIE, written, max_age=900, path=urls.SIGN_IN, httponly=True, samesite="lax")
    return response


async def _effort(request: Request, refusal: WorkNeeded, email: str, after: str, code: str, *, is_early: bool) -> Response:
    challenge = msgspec.json.encode(refusal.extra["challenge"]).decode()
    waited, wait_s = str(refusal.extra["waited"]), int(str(refusal.extra["wait_s"]))
    page = EffortPage(email.strip()[:300], challenge, waited, wait_s, after, is_early, code)
    response = await show(request, page, status=refusal.status, path=after)
    response.headers["Cache-Control"] = "no-store"
    return response


@router.post(urls.SIGN_IN_PASSKEY, dependencies=[Depends(guard_origin)])
async def sign_in_by_key(request: Request, desk: TheDesk) -> Response:
    """Sign in with what the browser's passkey answered."""
    form = await sent(request)
    after = on_this_site(form.value("next"))
    try:
        __, token = await sign_in_by_passkey(request, desk, form.value("credential"))
    except (PasskeysElsewhere, PasskeyUnknown, PasskeyRefused, PasskeyCopied, ChallengeStale) as refusal:
        return await refused_page(request, refusal, action=Action(_("Back to signing in"), urls.sign_in(after)), path=after)
    response = see_other(after)
    sessions.set_cookie(request, response, token)
    leave_notice(request, response, _("You are signed in."))
    return response


@router.get(_SENT)
async def link_sent(request: Request, desk: TheDesk) -> Response:
    """Say that the link is on its way."""
    email = unquote(request.cookies.get(_SENT_COOKIE, ""))
    if not email:
        return see_other(urls.SIGN_IN)
    response = await show(
        request, LinkSentPage(email, mailbox=await mail.has_mailbox(desk, request.app.state.settings)), path=urls.FRONT
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@router.get(urls.SIGN_IN_CONFIRM)
async def confirm_form(request: Request, desk: TheDesk, token: Annotated[str, Query(max_length=_TOKEN)] = "") -> Response:
    """Show the button that uses a link up. Looking at it uses nothing up."""
    try:
        return await _confirm(request, desk, token, Form(), 200)
    except (LinkUnknown, LinkUsed, LinkExpired) as refusal:
        return await refused_page(request, refusal, action=Action(_("Ask for another link"), urls.SIGN_IN), path=urls.FRONT)


async def _confirm(request: Request, desk: TheDesk, token: str, form: Form, status: int) -> HTMLResponse:
    async with desk.pool.connection() as connection:
        link = links.still_good(await links.look(connection, token))
        by = await vault.by_id(connection, link.brought_by) if link.brought_by and link.newcomer else None
    is_first = link.purpose == "first-admin"
    is_known = is_first and await visitor_of(request) is not None
    page = ConfirmPage(
        token,
        link.email,
        link.next,
        asks_name=link.newcomer and not is_known,
        asks_email=is_first and not is_known,
        asked_here=is_first or unquote(request.cookies.get(_SENT_COOKIE, "")).lower() == link.email.lower(),
        browser=sessions.described(request.headers.get("user-agent", "")),
        by=by.name if by else "",
        form=form,
    )
    response = await show(request, page, status=status, path=link.next)
    response.headers.update(SECRET_ADDRESS)
    return response


@router.post(urls.SIGN_IN_CONFIRM, dependencies=[Depends(guard_origin)])
async def confirm(request: Request, desk: TheDesk) -> Response:
    """Use a link up, sign the browser in and lead on to where she was."""
    form = await sent(request)
    token, visitor = form.value("token")[:_TOKEN], await visitor_of(request)
    typed = {name: form.value(name) for name in ("name", "email", "credit")}
    name, email, credit = typed["name"], typed["email"], typed["credit"] == "yes"
    try:
        done = await sign_in_with(request, desk, token, name=name, email=email, visitor=visitor, credit=credit)
    except (LinkUnknown, LinkUsed, LinkExpired, AddressHeld) as refusal:
        return await refused_page(request, refusal, action=Action(_("Ask for another link"), urls.SIGN_IN), path=urls.FRONT)
    except (TextRefused, AddressRefused, AddressTaken) as refusal:
        field = "name" if isinstance(refusal, TextRefused) else "email"
        shown = Form(typed, {field: str(refusal)})
        return await _confirm(request, desk, token, shown, refusal.status)
    response = see_other(done.next)
    sessions.set_cookie(request, response, done.token)
    response.delete_cookie(_SENT_COOKIE, path=urls.SIGN_IN)
    if done.position:
        note_position(response, done.position)
    leave_notice(request, response, _("You are signed in.") if not done.newcomer else _("You are in. Welcome."))
    return response


@router.post(urls.SIGN_OUT, dependencies=[Depends(guard)])
async def sign_out(request: Request, desk: TheDesk) -> Response:
    """End the session, on the server too."""
    async with desk.pool.connection() as connection:
        await sessions.end_this(connection, request)
    response = see_other(urls.FRONT)
    sessions.clear_cookie(request, response)
    leave_notice(request, response, _("You are signed out on this device."))
    return response


@router.get(urls.MAILBOX)
async def mailbox(request: Request, desk: TheDesk) -> HTMLResponse:
    """Show what the outbox holds, where no mail leaves this machine. Raises: NotFound."""
    if not await mail.has_mailbox(desk, request.app.state.settings):
        raise NotFound
    async with desk.pool.connection() as connection:
        found = await mail.mailbox(connection)
    mails = [Mail(each.recipient, each.subject, each.created_at, each.body, each.link) for each in found]
    response = await show(request, MailboxPage(mails))
    response.headers["Cache-Control"] = "no-store, no-transform"
    return response
