"""Newcomers on pages: the link that brings them, who came by it, and the queue of those who wait for a welcome."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from psycopg import AsyncConnection

from fanfare.community import bringing, welcoming
from fanfare.integrity.removing import may_moderate
from fanfare.members import arriving
from fanfare.members.links import site_address
from fanfare.members.refusals import MemberNotFound
from fanfare.members.relying_party import where_else
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Desk
from fanfare.platform.edge import Fan, TheDesk, asked
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.refusals import ForeignOrigin, Refusal, RoleNeeded
from fanfare.record import ideas, members
from fanfare.views import newcomers as view
from fanfare.web import urls, words
from fanfare.web.contexts.members import SignInPage
from fanfare.web.contexts.newcomers import (
    Arrival,
    BroughtLine,
    InvitePage,
    NewcomerLine,
    WelcomedLine,
    WelcomeLine,
    WelcomePage,
)
from fanfare.web.contexts.shell import Form
from fanfare.web.pages.forms import again, fresh_key, known, sent, writer
from fanfare.web.pages.host import led_to
from fanfare.web.shells import leave_notice, see_other, show, to_sign_in, visitor_of

router = APIRouter()
_DID = {
    # Translators: after the name of a newcomer: "Noor raised Pine & Lime".
    ideas.IdeaRaised.wire: marked("raised %(idea)s"),
    ideas.IdeaSupported.wire: marked("supports %(idea)s"),
    ideas.CommentMade.wire: marked("commented on %(idea)s"),
}


@router.get(urls.COME)
async def come(request: Request, desk: TheDesk, code: Annotated[str, Query(alias="from", max_length=100)] = "") -> Response:
    """Show whose link it is, and the field that makes a stranger a member; whoever is one is led on."""
    if await visitor_of(request) is not None:
        response = see_other(urls.FRONT)
        leave_notice(request, response, _("You are a member already. Such a link is for somebody who is not."), "info")
        return response
    async with desk.pool.connection() as connection:
        by = await arriving.whose(connection, code)
    page = SignInPage(elsewhere=where_else(request, desk), by=by.name if by else "", code=code if by else "", is_stale=not by)
    return await show(request, page, path=urls.FRONT)


@router.get(urls.INVITE)
async def my_link(request: Request, desk: TheDesk) -> Response:
    """Show a fan her own link, and who came by it."""
    fan = await visitor_of(request)
    if fan is None:
        return to_sign_in(urls.INVITE)
    async with desk.pool.connection() as connection:
        found = await bringing.my_link(connection, fan.member)
    page = InvitePage("")
    if found is not None:
        brought = [BroughtLine(each.id if each.name else "", each.name or _(words.GONE), each.at) for each in found.brought]
        address = site_address(request, desk) + urls.come(found.code)
        page = InvitePage(address, found.came, found.waiting, found.credited, brought)
    return await show(request, page, section="mine")


@router.post(urls.INVITE)
async def renew(request: Request, desk: TheDesk) -> Response:
    """Give her a link, or another one."""
    fan = await writer(request)
    async with desk.pool.connection() as connection:
        had = await arriving.link_of(connection, fan.member)
        await arriving.renew(connection, fan.member)
    said = _("This is your new link. The old one brings nobody any more.") if had else _("This is your link. Hand it on.")
    return led_to(request, urls.INVITE, said)


@router.get(urls.WELCOME)
async def queue(request: Request, desk: TheDesk, fan: Fan) -> Response:
    """Show the newcomers whom nobody welcomed yet. Raises: RoleNeeded."""
    await welcoming.demand(desk, fan)
    return await _queue(request, desk, fan, Form())


@router.post(urls.WELCOME)
async def welcome(request: Request, desk: TheDesk) -> Response:
    """Welcome a newcomer; on a refusal the form comes back with everything that was typed."""
    form, fan = await sent(request), await writer(request)
    newcomer = known(form.value("newcomer"))
    try:
        asking = asked(fan, "welcome", newcomer, form.key, form.digest("newcomer", "words"))
        done = await welcoming.welcome(desk, asking, fan, newcomer, form.value("words"))
    except (ForeignOrigin, MemberNotFound, RoleNeeded):
        raise
    except Refusal as refusal:
        return await _queue(request, desk, fan, again(form, refusal, {"words": "words"}), refusal.status)
    return led_to(request, urls.WELCOME, _("Your welcome is on the newcomer’s page, and in the record."), done.position)


async def _queue(request: Request, desk: Desk, fan: Caller, form: Form, status: int = 200) -> Response:
    async with desk.pool.connection() as connection:
        found = await welcoming.queue(connection, desk, fan.member)
        lately = await view.welcomed_lately(connection)
    page = WelcomePage(
        newcomers=[_line(each) for each in found],
        lately=[WelcomedLine(each.by_name or _(words.GONE), each.newcomer, each.newcomer_name, each.at) for each in lately],
        key=fresh_key(),
        form=form,
        is_full=len(found) == welcoming.A_PAGE,
    )
    return await show(request, page, section="welcome" if fan.may("host") else "mine", status=status, path=urls.WELCOME)


def _line(each: welcoming.Waiting) -> NewcomerLine:
    voted = each.wire == members.TookPart.wire
    did = _("voted in a round") if voted else _(_DID[each.wire], idea=each.idea_title or _(words.UNNAMED))
    return NewcomerLine(
        id=each.id,
        name=each.name,
        did=did,
        href=urls.idea(each.idea) if each.idea else "",
        at=each.at,
        joined_at=each.joined_at,
        answered=each.answered,
        brought_by=each.brought_by,
    )


async def arrival(connection: AsyncConnection, visitor: Caller | None, member: str) -> Arrival:
    """Return who brought a fan in, how she was welcomed and how many she brought in, as *visitor* sees it."""
    by = await view.bringer_of(connection, member)
    may_remove = visitor is not None and may_moderate(visitor)
    return Arrival(
        by_id=by.id if by and by.name else "",
        by=(by.name or _(words.GONE)) if by else "",
        brought=await view.how_many(connection, member),
        welcomes=[
            WelcomeLine(
                each.by if each.by_name else "",
                each.by_name or _(words.GONE),
                each.words,
                each.at,
                each.words_hash if may_remove else "",
            )
            for each in await view.welcomes(connection, member)
        ],
        member=member,
        key=fresh_key(),
    )
