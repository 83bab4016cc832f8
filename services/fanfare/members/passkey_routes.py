"""The JSON API of passkeys and of one's address."""

from typing import Any

from fastapi import APIRouter, Depends, Request, Response, status

from fanfare.members import addresses, fresh, links, models, passkey_rites, passkeys, sessions
from fanfare.members.address import normalised, on_this_site
from fanfare.members.csrf import guard, guard_origin
from fanfare.members.refusals import PasskeyNotFound
from fanfare.members.relying_party import relying_party
from fanfare.members.signing_in import sign_in_by_passkey
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Desk
from fanfare.platform.documents import Answers
from fanfare.platform.edge import Fan, TheDesk
from fanfare.platform.limits.edge import Limits
from fanfare.platform.limits.rules import LINKS_TO_A_MAILBOX

signing_in = APIRouter(dependencies=[Depends(guard_origin)])
signed_in = APIRouter(dependencies=[Depends(guard)])
_STALE: Answers = {404: {"description": "No such link."}, 410: {"description": "The link was used, or has gone stale."}}
_OLD: Answers = {403: {"description": "The sign-in is older than fifteen minutes, or this is an API token."}}
_ELSEWHERE: Answers = {409: {"description": "Passkeys do not work at this address of the site."}}
_UNKNOWN: Answers = {404: {"description": "This passkey is not known."}, 410: {"description": "The challenge is stale."}}
_SENT = "A link is on its way to that address. It works once, for one hour, in this browser."


@signing_in.post("/sign-in/passkey/options", summary="Ask for a passkey", responses=_ELSEWHERE)
async def ask_to_sign_in(request: Request, desk: TheDesk) -> dict[str, Any]:
    """Return what `navigator.credentials.get()` takes, as JSON. Its challenge works once, for five minutes."""
    return await passkey_rites.ask_to_sign_in(desk, relying_party(request, desk))


@signing_in.post("/sign-in/passkey", summary="Sign in with a passkey", responses={**_ELSEWHERE, **_UNKNOWN})
async def sign_in(request: Request, response: Response, desk: TheDesk, form: models.SignInByPasskey) -> models.SignedIn:
    """Sign in: the answer sets the session's cookie."""
    member, token = await sign_in_by_passkey(request, desk, form.credential)
    sessions.set_cookie(request, response, token)
    return models.SignedIn(member=member, next=on_this_site(form.next), newcomer=False)


@signed_in.get("/me/passkeys", summary="My passkeys")
async def listed(desk: TheDesk, fan: Fan) -> list[models.PasskeyOut]:
    """List the passkeys that sign you in, the oldest first."""
    async with desk.pool.connection() as connection:
        found = await passkeys.of_member(connection, fan.member)
    return [models.PasskeyOut(id=each.id, name=each.name, created_at=each.created_at, used_at=each.used_at) for each in found]


@signed_in.post("/me/passkeys/options", summary="Begin to add a passkey", responses={**_OLD, **_ELSEWHERE})
async def ask_to_add(request: Request, desk: TheDesk, fan: Fan) -> dict[str, Any]:
    """Return what `navigator.credentials.create()` takes, as JSON. It needs a sign-in of the last fifteen minutes."""
    await sure(request, desk, fan)
    return await passkey_rites.ask_to_add(desk, relying_party(request, desk), fan.member)


@signed_in.post(
    "/me/passkeys",
    status_code=status.HTTP_201_CREATED,
    summary="Add a passkey",
    responses={**_OLD, **_ELSEWHERE, 410: _UNKNOWN[410]},
)
async def add(request: Request, response: Response, desk: TheDesk, fan: Fan, form: models.AddPasskey) -> models.PasskeyOut:
    """Add the passkey that your browser made. You are told by mail."""
    await sure(request, desk, fan)
    made = await passkey_rites.add(desk, relying_party(request, desk), fan.member, form.name, form.credential)
    response.headers["Location"] = f"/api/v1/me/passkeys/{made}"
    async with desk.pool.connection() as connection:
        found = next((each for each in await passkeys.of_member(connection, fan.member) if each.id == made), None)
    if found is None:  # removed in this very moment
        raise PasskeyNotFound
    return models.PasskeyOut(id=found.id, name=found.name, created_at=found.created_at, used_at=found.used_at)


@signed_in.delete("/me/passkeys/{passkey_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Remove a passkey", responses=_OLD)
async def remove(request: Request, passkey_id: str, desk: TheDesk, fan: Fan) -> None:
    """Remove a passkey; the last way in is kept. You are told by mail."""
    await sure(request, desk, fan)
    await passkey_rites.remove(desk, fan.member, passkey_id)


@signed_in.post("/me/address", status_code=status.HTTP_202_ACCEPTED, summary="Change my address", responses=_OLD)
async def change_address(request: Request, desk: TheDesk, fan: Fan, form: models.ChangeAddress) -> models.LinkSent:
    """Send a link to your new address. The answer is the same whether or not another member has it."""
    await ask_for_address(request, desk, fan, form.email)
    return models.LinkSent(detail=_SENT)


@signed_in.post("/me/address/confirm", summary="Make it my address", responses=_STALE)
async def confirm_address(request: Request, desk: TheDesk, fan: Fan, form: models.UseLink) -> models.Address:
    """Use the link in the mail to your new address. The old one is told, and can undo it for seven days."""
    token = form.token.get_secret_value()
    return models.Address(email=await addresses.confirm(desk, links.site_address(request, desk), token, fan.member))


@signing_in.post("/me/address/undo", summary="Put my address back", responses=_STALE)
async def undo_address(request: Request, response: Response, desk: TheDesk, form: models.UseLink) -> models.Address:
    """Use the link in the mail to your old address. It needs no sign-in, and ends all there are."""
    email = await addresses.undo(desk, form.token.get_secret_value())
    sessions.clear_cookie(request, response)
    return models.Address(email=email)


async def sure(request: Request, desk: Desk, fan: Caller) -> None:
    """Let only somebody pass who signed in lately, in a browser. Raises: BrowserNeeded, SignInAgain."""
    async with desk.pool.connection() as connection:
        await fresh.require(connection, request, fan)


async def ask_for_address(request: Request, desk: Desk, fan: Caller, email: str, key: str = "") -> None:
    """
    Send the link that changes her address, unless too many went to that mailbox today.

    Raises:
        BrowserNeeded, SignInAgain, TooManyRequests, and what :func:`fanfare.members.addresses.ask` raises.
    """
    await sure(request, desk, fan)
    limits: Limits = request.app.state.limits
    await limits.claim(request, LINKS_TO_A_MAILBOX, normalised(email).lower())
    await addresses.ask(desk, links.site_address(request, desk), fan.member, email, key)
