"""The JSON API of what a member may take along, and of erasing oneself."""

from collections.abc import Mapping
from functools import partial
from typing import IO, Annotated

from fastapi import APIRouter, Header, Request, Response, status
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from fanfare.members import erasing, exporting, links, models, sessions, vault
from fanfare.members.refusals import ErasureUnconfirmed
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Desk
from fanfare.platform.documents import Answers
from fanfare.platform.edge import Fan, TheDesk, Visitor, acknowledge
from fanfare.platform.limits.edge import Limits
from fanfare.platform.limits.rules import LINKS_TO_A_MAILBOX
from fanfare.platform.refusals import SignInNeeded

router = APIRouter()
_SENT = "A link is on its way to your address. It works once, for 15 minutes; nothing happens before you open it."
_ZIP: Answers = {200: {"description": "A ZIP archive; its README says what is in it.", "content": {"application/zip": {}}}}
_STALE: Answers = {404: {"description": "No such link."}, 410: {"description": "The link was used, or has gone stale."}}
_CHUNK = 64 * 1024
OptionalKey = Annotated[str, Header(alias="Idempotency-Key", max_length=200, description="The same key sends one mail.")]


@router.get("/me/export", summary="All that is mine", responses=_ZIP, response_class=Response)
async def export(request: Request, desk: TheDesk, fan: Fan) -> Response:
    """Download all that the site keeps of you, as JSON in a ZIP archive; nothing of others is in it."""
    made = await exporting.export(desk, request.app.state.objects, fan.member)
    return _Download(made, exporting.headers(fan.member))


class _Download(StreamingResponse):
    """A file on its way out. It is closed however much of it is taken."""

    def __init__(self, file: IO[bytes], headers: Mapping[str, str]) -> None:
        super().__init__(iter(partial(file.read, _CHUNK), b""), headers=headers)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._file:
            await super().__call__(scope, receive, send)


@router.post("/me/erasure/link", status_code=status.HTTP_202_ACCEPTED, summary="Send me the link that erases me")
async def send_link(request: Request, desk: TheDesk, fan: Fan, key: OptionalKey = "") -> models.LinkSent:
    """Send a link to your address. It is what a thief of your session does not get."""
    await ask_for_link(request, desk, fan, key)
    return models.LinkSent(detail=_SENT)


async def ask_for_link(request: Request, desk: Desk, fan: Caller, key: str = "") -> None:
    """
    Send the link, unless too many went to that mailbox today.

    Raises:
        TooManyRequests, and what :func:`fanfare.members.erasing.send_link` raises.
    """
    async with desk.pool.connection() as connection:
        known = await vault.by_id(connection, fan.member)
    limits: Limits = request.app.state.limits
    if known is not None and known.email is not None:
        await limits.claim(request, LINKS_TO_A_MAILBOX, known.email.lower())
    await erasing.send_link(desk, links.site_address(request, desk), fan.member, key)


@router.post("/me/erasure", summary="Erase me", responses=_STALE)
async def erase(request: Request, response: Response, desk: TheDesk, visitor: Visitor, form: models.EraseMe) -> models.Erased:
    """Erase yourself, for good: your name, address, texts and whatever links your votes to you. Figures stay as they are."""
    home, token = request.app.state.settings.home, form.token.get_secret_value()
    if token:
        done = await erasing.erase_by_link(desk, home, token, form.words)
    elif visitor is None:
        raise SignInNeeded
    elif visitor.by_token:
        raise ErasureUnconfirmed
    else:
        done = await erasing.erase_without_address(desk, home, visitor.member, form.words)
    sessions.clear_cookie(request, response)
    acknowledge(response, done)
    return models.Erased(event=done.event_id, position=str(done.position))
