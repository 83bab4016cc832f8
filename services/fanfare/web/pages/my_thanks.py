"""Thank-yous as whoever got them reads them, what she answers, and the link of a mail that ends mail of this kind."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from psycopg import AsyncConnection

from fanfare.community import thanking, unsubscribing
from fanfare.community.refusals import AlreadyAnswered, NothingAsked, UnsubscribeUnknown
from fanfare.community.thanking import Thanks
from fanfare.platform.desk import Desk
from fanfare.platform.edge import TheDesk
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import TextRefused
from fanfare.web import urls
from fanfare.web.contexts.community import MyThanksPage, ThanksLine, UnsubscribePage
from fanfare.web.contexts.shell import Action, Form
from fanfare.web.pages.forms import again, known, sent, writer
from fanfare.web.policy import SECRET_ADDRESS
from fanfare.web.refused import refused_page
from fanfare.web.shells import leave_notice, see_other, show, to_sign_in, visitor_of

router = APIRouter()
_TOKEN = 200


async def lines(connection: AsyncConnection, member: str) -> Sequence[ThanksLine]:
    """Return the thank-yous that came to a member, as her own page lists them."""
    return [
        ThanksLine(
            id=each.id,
            by=each.by_name,
            at=each.delivered_at,
            is_new=each.opened_at is None,
            waits=bool(each.question) and each.answered_at is None,
        )
        for each in await thanking.of_member(connection, member)
    ]


def letter(found: Thanks, form: Form) -> MyThanksPage:
    """Return a thank-you as its page shows it."""
    return MyThanksPage(
        id=found.id,
        by=found.by_name,
        words=found.words,
        question=found.question,
        at=found.delivered_at,
        answer=found.answer,
        answered_at=found.answered_at,
        form=form,
    )


@router.get(urls.MINE + "/thanks/{thanks_id}")
async def my_thanks(thanks_id: str, request: Request, desk: TheDesk) -> Response:
    """Show a thank-you to whoever got it, and note that she opened it."""
    fan = await visitor_of(request)
    if fan is None:
        return to_sign_in(request.url.path)
    return await _shown(request, desk, fan.member, known(thanks_id), Form())


async def _shown(request: Request, desk: Desk, member: str, thanks_id: str, form: Form, status: int = 200) -> Response:
    async with desk.pool.connection() as connection:
        found = await thanking.read(connection, member, thanks_id)
    return await show(request, letter(found, form), section="mine", status=status, path=urls.my_thanks(thanks_id))


@router.post(urls.MINE + "/thanks/{thanks_id}")
async def answer(thanks_id: str, request: Request, desk: TheDesk) -> Response:
    """Answer whoever wrote it; on a refusal the form comes back with everything that was typed."""
    form, fan = await sent(request), await writer(request)
    try:
        await thanking.answer(desk, fan.member, known(thanks_id), form.value("answer"))
    except (TextRefused, AlreadyAnswered, NothingAsked) as refusal:
        return await _shown(request, desk, fan.member, thanks_id, again(form, refusal, {"answer": "answer"}), refusal.status)
    response = see_other(urls.my_thanks(thanks_id))
    leave_notice(request, response, _("Your answer is on its way. Nobody else reads it."))
    return response


@router.post(urls.KEPT + "/thanks")
async def choose(request: Request, desk: TheDesk) -> Response:
    """Have thank-yous and kudos come by mail again, or no longer."""
    form, fan = await sent(request), await writer(request)
    by_mail = form.value("mail") == "yes"
    async with desk.pool.connection() as connection:
        await unsubscribing.choose(connection, fan.member, by_mail=by_mail)
    response = see_other(urls.KEPT)
    said = _("Thank-yous and kudos come to you by mail.") if by_mail else _("Thank-yous and kudos stay on your page alone.")
    leave_notice(request, response, said)
    return response


@router.get(urls.UNSUBSCRIBE)
async def unsubscribe_form(request: Request, desk: TheDesk, token: Annotated[str, Query(max_length=_TOKEN)] = "") -> Response:
    """Ask once more, since mail scanners open links. Looking at it changes nothing."""
    try:
        unsubscribing.whose(desk.vault_key, token)
    except UnsubscribeUnknown as refusal:
        return await _unknown(request, refusal)
    return await _unsubscribing(request, token, done=False)


@router.post(urls.UNSUBSCRIBE)
async def unsubscribe(request: Request, desk: TheDesk, token: Annotated[str, Query(max_length=_TOKEN)] = "") -> Response:
    """
    End mail of this kind. The token in the address is all it needs: a mail program posts it without a session or a form of ours.

    Source: RFC 8058, section 3.2.
    """
    try:
        member = unsubscribing.whose(desk.vault_key, token)
    except UnsubscribeUnknown as refusal:
        return await _unknown(request, refusal)
    async with desk.pool.connection() as connection:
        await unsubscribing.choose(connection, member, by_mail=False)
    return await _unsubscribing(request, token, done=True)


async def _unsubscribing(request: Request, token: str, *, done: bool) -> Response:
    response = await show(request, UnsubscribePage(token, done), path=urls.FRONT)
    response.headers.update(SECRET_ADDRESS)
    return response


async def _unknown(request: Request, refusal: UnsubscribeUnknown) -> Response:
    return await refused_page(request, refusal, action=Action(_("What we keep of you"), urls.KEPT), path=urls.FRONT)
