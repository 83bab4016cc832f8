"""How a member signs in: adding and removing passkeys, changing her address, putting it back."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from fanfare.members import addresses, links, passkey_rites, sessions
from fanfare.members.csrf import guard_origin
from fanfare.members.passkey_routes import ask_for_address, sure
from fanfare.members.refusals import (
    AddressHeld,
    AddressRefused,
    AddressSame,
    AddressTaken,
    ChallengeStale,
    LinkExpired,
    LinkUnknown,
    LinkUsed,
    OtherMember,
    PasskeyAdded,
    PasskeyRefused,
    SignInAgain,
)
from fanfare.members.relying_party import relying_party
from fanfare.platform.desk import Desk
from fanfare.platform.edge import TheDesk
from fanfare.platform.language import gettext as _
from fanfare.platform.limits.refusals import TooManyRequests
from fanfare.platform.refusals import Refusal, TextRefused
from fanfare.web import urls
from fanfare.web.contexts.members import NewAddressPage, OldAddressPage
from fanfare.web.contexts.shell import Action, Form
from fanfare.web.pages.access import access_page
from fanfare.web.pages.forms import Sent, sent, writer
from fanfare.web.policy import SECRET_ADDRESS
from fanfare.web.refused import refused_page
from fanfare.web.shells import leave_notice, see_other, show, visitor_of

router = APIRouter()
_TOKEN = 200
_BAD_LINKS = (LinkUnknown, LinkUsed, LinkExpired)
Token = Annotated[str, Query(max_length=_TOKEN)]


@router.post(urls.ACCESS + "/passkeys")
async def add_passkey(request: Request, desk: TheDesk) -> Response:
    """Add the passkey that her browser made."""
    fan, form = await writer(request), await sent(request)
    try:
        await sure(request, desk, fan)
        party = relying_party(request, desk)
        await passkey_rites.add(desk, party, fan.member, form.value("passkey"), form.value("credential"))
    except SignInAgain as refusal:
        return await _again(request, refusal)
    except (TextRefused, PasskeyRefused, PasskeyAdded, ChallengeStale) as refusal:
        return await _wrong(request, desk, fan.member, form, "passkey", refusal)
    return _done(request, _("This passkey signs you in from now on."))


@router.post(urls.ACCESS + "/passkeys/remove")
async def remove_passkey(request: Request, desk: TheDesk) -> Response:
    """Remove one of her passkeys."""
    fan, form = await writer(request), await sent(request)
    try:
        await sure(request, desk, fan)
    except SignInAgain as refusal:
        return await _again(request, refusal)
    name = await passkey_rites.remove(desk, fan.member, form.value("remove"))
    return _done(request, _("%(name)s signs nobody in any more.", name=name))


@router.post(urls.ACCESS + "/address")
async def change_address(request: Request, desk: TheDesk) -> Response:
    """Send the link that makes an address hers; the answer is the same whether or not another member has it."""
    fan, form = await writer(request), await sent(request)
    try:
        await ask_for_address(request, desk, fan, form.value("email"))
    except SignInAgain as refusal:
        return await _again(request, refusal)
    except (AddressRefused, AddressSame, TooManyRequests) as refusal:
        return await _wrong(request, desk, fan.member, form, "email", refusal)
    said = _("A link is on its way to %(email)s. Open it in this browser, within an hour.", email=form.value("email").strip())
    return _done(request, said)


async def _wrong(request: Request, desk: Desk, member: str, form: Sent, field: str, refusal: Refusal) -> Response:
    said = str(refusal) if isinstance(refusal, TextRefused) else f"{refusal.title} {refusal}"
    typed = Form({field: form.value(field)[:300]}, {field: said})
    return await access_page(request, desk, member, typed)


async def _again(request: Request, refusal: SignInAgain) -> Response:
    action = Action(_("Sign in once more"), urls.sign_in_again(urls.ACCESS))
    return await refused_page(request, refusal, action=action, path=urls.ACCESS)


def _done(request: Request, said: str) -> Response:
    response = see_other(urls.ACCESS)
    leave_notice(request, response, said)
    return response


@router.get(urls.ADDRESS_CONFIRM)
async def confirm_form(request: Request, desk: TheDesk, token: Token = "") -> Response:
    """Show the button that makes an address hers. Looking at it uses nothing up."""
    try:
        link, known = await addresses.whose(desk, token, "address")
    except _BAD_LINKS as refusal:
        return await _refused(request, refusal)
    visitor = await visitor_of(request)
    is_here = visitor is not None and visitor.member == known.id
    page = NewAddressPage(token, known.name, link.email, is_here)
    return _private(await show(request, page, section="mine", path=urls.FRONT))


@router.post(urls.ADDRESS_CONFIRM)
async def confirm(request: Request, desk: TheDesk) -> Response:
    """Make the address hers."""
    fan, form = await writer(request), await sent(request)
    try:
        email = await addresses.confirm(desk, links.site_address(request, desk), form.value("token")[:_TOKEN], fan.member)
    except (*_BAD_LINKS, OtherMember, AddressTaken, AddressHeld) as refusal:
        return await _refused(request, refusal)
    return _done(request, _("%(email)s is your address from now on.", email=email))


@router.get(urls.ADDRESS_UNDO)
async def undo_form(request: Request, desk: TheDesk, token: Token = "") -> Response:
    """Show the button that puts an address back. Looking at it uses nothing up."""
    try:
        link, known = await addresses.whose(desk, token, "address-undo")
    except _BAD_LINKS as refusal:
        return await _refused(request, refusal)
    page = OldAddressPage(token, known.name, link.email, link.expires_at)
    return _private(await show(request, page, path=urls.FRONT))


@router.post(urls.ADDRESS_UNDO, dependencies=[Depends(guard_origin)])
async def undo(request: Request, desk: TheDesk) -> Response:
    """Put the address back and sign everybody out."""
    form = await sent(request)
    try:
        await addresses.undo(desk, form.value("token")[:_TOKEN])
    except (*_BAD_LINKS, AddressTaken) as refusal:
        return await _refused(request, refusal)
    response = see_other(urls.sign_in(urls.ACCESS))
    sessions.clear_cookie(request, response)
    leave_notice(
        request, response, _("Your address is back, and everybody was signed out. Sign in, and look who can act as you.")
    )
    return response


async def _refused(request: Request, refusal: Refusal) -> Response:
    return await refused_page(request, refusal, action=Action(_("Who can act as you"), urls.ACCESS), path=urls.FRONT)


def _private(response: Response) -> Response:
    response.headers.update(SECRET_ADDRESS)
    return response
