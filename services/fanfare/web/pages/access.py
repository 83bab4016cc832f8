"""Who can act as a member: her name, how she signs in, the browsers she is signed in with, the tokens of her scripts."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from fanfare.members import fresh, joining, passkeys, sessions, tokens, vault
from fanfare.members.refusals import SessionNotFound
from fanfare.members.relying_party import where_else
from fanfare.members.sessions import LASTS, Session
from fanfare.platform.desk import Desk
from fanfare.platform.edge import TheDesk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import ngettext
from fanfare.platform.refusals import TextRefused
from fanfare.web import urls, words
from fanfare.web.contexts.members import Access, AccessPage, PasskeyLine, WaysIn
from fanfare.web.contexts.shell import Form
from fanfare.web.pages.forms import fresh_key, sent, writer
from fanfare.web.shells import leave_notice, see_other, show, to_sign_in, visitor_of

router = APIRouter()


@router.get(urls.ACCESS)
async def access(request: Request, desk: TheDesk) -> Response:
    """Show who can act as her."""
    fan = await visitor_of(request)
    return to_sign_in(urls.ACCESS) if fan is None else await access_page(request, desk, fan.member)


async def access_page(request: Request, desk: Desk, member: str, form: Form | None = None, made: str = "") -> Response:
    """Return the page, with what was typed where *form* says what is wrong with it, and *made*, a token that is new."""
    here = request.cookies.get(sessions.cookie_name(request), "")
    this = sessions.shown_id(here) if here else ""
    async with desk.pool.connection() as connection:
        browsers = await sessions.listed(connection, member, "browser")
        scripts = await sessions.listed(connection, member, "token")
        keys, is_fresh = await passkeys.of_member(connection, member), await fresh.is_fresh(connection, request, member)
        known = await vault.by_id(connection, member)
    ways = WaysIn(
        email=(known.email or "") if known else "",
        passkeys=[PasskeyLine(each.id, each.name, each.created_at, each.used_at) for each in keys],
        is_fresh=is_fresh,
        elsewhere=where_else(request, desk),
        device=sessions.described(request.headers.get("user-agent", "")),
    )
    page = AccessPage(
        browsers=[_access(each, this) for each in browsers],
        tokens=[_access(each, this) for each in scripts],
        idempotency_key=fresh_key(),
        ways=ways,
        shown=known.shown if known else True,
        form=form or Form(),
        made=made,
    )
    return await show(request, page, section="mine", status=422 if form else 200)


def _access(found: Session, this: str) -> Access:
    return Access(found.id, found.label, found.created_at, found.expires_at, found.id == this)


@router.post(urls.ACCESS + "/name")
async def rename(request: Request, desk: TheDesk) -> Response:
    """Change what she is called."""
    fan, form = await writer(request), await sent(request)
    try:
        name = joining.checked_name(form.value("name"))
    except TextRefused as refusal:
        return await access_page(request, desk, fan.member, Form({"name": form.value("name")[:300]}, {"name": str(refusal)}))
    async with desk.pool.connection() as connection:
        await vault.rename(connection, fan.member, name)
    return _done(request, _("We call you %(name)s from now on.", name=name))


@router.post(urls.ACCESS + "/tokens")
async def make_token(request: Request, desk: TheDesk) -> Response:
    """Make a token and show it, this once."""
    fan, form = await writer(request), await sent(request)
    try:
        token, __ = await tokens.make(desk, fan.member, form.value("label"), LASTS["token"], form.key)
    except TextRefused as refusal:
        return await access_page(request, desk, fan.member, Form({"label": form.value("label")[:300]}, {"label": str(refusal)}))
    return await access_page(request, desk, fan.member, made=token)


@router.post(urls.ACCESS + "/end")
async def end(request: Request, desk: TheDesk) -> Response:
    """End a browser's session or a token, at once."""
    fan, form = await writer(request), await sent(request)
    async with desk.pool.connection() as connection:
        kind: sessions.Kind = "token" if form.value("kind") == "token" else "browser"
        if form.value("end") == "others":
            count = await sessions.end_others(connection, request, fan.member)
            said = ngettext("%(count)s browser signed out.", "%(count)s browsers signed out.", count, count=words.number(count))
            return _done(request, said if count else _("There was no other one."))
        if not await sessions.end(connection, fan.member, form.value("end"), kind):
            raise SessionNotFound
    return _done(request, _("It is ended."))


@router.post(urls.ACCESS + "/shown")
async def show_me(request: Request, desk: TheDesk) -> Response:
    """Let others read her page, or no longer."""
    fan, form = await writer(request), await sent(request)
    is_shown = form.value("shown") == "yes"
    async with desk.pool.connection() as connection:
        await vault.show(connection, fan.member, shown=is_shown)
    return _done(request, _("Others can read your page.") if is_shown else _("Nobody but you can read your page from now on."))


def _done(request: Request, said: str) -> Response:
    response = see_other(urls.ACCESS)
    leave_notice(request, response, said)
    return response
