"""The link of an invitation: whoever has it says what she is called, and comes in with the role."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse

from fanfare.members import invitations, sessions, vault
from fanfare.members.csrf import guard
from fanfare.members.invitations import InvitationGone
from fanfare.platform.desk import Desk
from fanfare.platform.edge import TheDesk, note_position
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import TextRefused
from fanfare.web import urls, words
from fanfare.web.contexts.settings import InvitationPage
from fanfare.web.contexts.shell import Action, Form
from fanfare.web.pages.typed import posted
from fanfare.web.refused import refused_page
from fanfare.web.shells import leave_notice, see_other, show

router = APIRouter()
_TOKEN = 200


@router.get(urls.INVITATION)
async def invitation(request: Request, desk: TheDesk, token: Annotated[str, Query(max_length=_TOKEN)] = "") -> Response:
    """Show the invitation. Looking at it uses nothing up."""
    try:
        return await _shown(request, desk, token, Form(), 200)
    except InvitationGone as refusal:
        return await refused_page(request, refusal, action=Action(_("Go to the front page"), urls.FRONT), path=urls.FRONT)


@router.post(urls.INVITATION, dependencies=[Depends(guard)])
async def accept(request: Request, desk: TheDesk) -> Response:
    """Make her a member with the role, sign her in, and lead on to the desk."""
    fields = await posted(request)
    token = fields.get("token", "")[:_TOKEN]
    label = sessions.described(request.headers.get("user-agent", ""))
    try:
        done = await invitations.accept(desk, token, fields.get("name", ""), label)
    except InvitationGone as refusal:
        return await refused_page(request, refusal, action=Action(_("Go to the front page"), urls.FRONT), path=urls.FRONT)
    except TextRefused as refusal:
        return await _shown(request, desk, token, Form(fields, {"name": str(refusal)}), refusal.status)
    response = see_other(urls.DESK if (done.member, "host") in desk.streams.site.roles else urls.FRONT)
    sessions.set_cookie(request, response, done.token)
    if done.done:
        note_position(response, done.done.position)
    leave_notice(request, response, _("You are in. Welcome."))
    return response


async def _shown(request: Request, desk: Desk, token: str, form: Form, status: int) -> HTMLResponse:
    async with desk.pool.connection() as connection:
        found = await invitations.look(connection, token)
        by = await vault.by_id(connection, found.by_member)
    page = InvitationPage(token, found.role, by.name if by else _(words.GONE), found.email, found.expires_at, form)
    answer = await show(request, page, status=status, path=urls.FRONT)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "strict-origin"  # the address holds the link's secret
    return answer
