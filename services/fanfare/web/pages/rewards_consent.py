"""The link that a guardian was sent: what it is about, and one press to consent or refuse. No account is needed."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from fanfare.campaigns import presenting
from fanfare.members.csrf import guard
from fanfare.platform.desk import Desk
from fanfare.platform.edge import TheDesk, note_position
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import Refusal
from fanfare.rewards import reading
from fanfare.rewards.routes import TheRewards
from fanfare.web import urls, words
from fanfare.web.contexts.rewards import ConsentPage
from fanfare.web.contexts.shell import Action
from fanfare.web.pages.forms import sent
from fanfare.web.policy import SECRET_ADDRESS
from fanfare.web.refused import refused_page
from fanfare.web.shells import show

router = APIRouter()
_TOKEN = 200


@router.get(urls.CONSENT)
async def asked(request: Request, desk: TheDesk, token: Annotated[str, Query(max_length=_TOKEN)] = "") -> Response:
    """Show what a guardian is asked. Looking at it uses nothing up."""
    try:
        page = await _page(desk, token)
    except Refusal as refusal:
        return await _refused(request, refusal)
    return await _secret(request, page)


@router.post(urls.CONSENT, dependencies=[Depends(guard)])
async def answered(request: Request, desk: TheDesk, rewards: TheRewards) -> Response:
    """Take the answer, and use the link up."""
    form = await sent(request)
    token, agrees = form.value("token")[:_TOKEN], form.value("agrees") == "yes"
    try:
        page = await _page(desk, token, "agreed" if agrees else "refused")
        done = await rewards.consent(token, agrees=agrees)
    except Refusal as refusal:
        return await _refused(request, refusal)
    response = await _secret(request, page)
    note_position(response, done.position)
    return response


async def _page(desk: Desk, token: str, done: Literal["", "agreed", "refused"] = "") -> ConsentPage:
    """Return what the link is about. Raises: ConsentUnknown."""
    await desk.catch_up()
    async with desk.pool.connection() as connection:
        found = await reading.consent(connection, desk.streams, token)
        present = await presenting.present(connection, desk.streams.site)
    return ConsentPage(
        token=token,
        title=found.reward.title or _(words.UNNAMED),
        words=found.reward.words,
        name=found.child,
        guardian=found.guardian,
        reason=found.reason,
        is_sent=found.by_post,
        until=found.until,
        imprint=present.imprint,
        done=done,
    )


async def _secret(request: Request, page: ConsentPage) -> Response:
    response = await show(request, page, path=urls.FRONT)
    response.headers.update(SECRET_ADDRESS)
    return response


async def _refused(request: Request, refusal: Refusal) -> Response:
    return await refused_page(request, refusal, action=Action(_("Go to the front page"), urls.FRONT), path=urls.FRONT)
