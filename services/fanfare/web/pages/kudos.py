"""Kudos on pages: below a fan's page, on a form of their own, and taken back."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from psycopg import AsyncConnection

from fanfare.community import service
from fanfare.community.refusals import KudosNotFound, NotYourKudos
from fanfare.integrity.removing import may_moderate
from fanfare.members import vault
from fanfare.members.refusals import MemberNotFound
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Desk
from fanfare.platform.edge import TheDesk, asked, note_position
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import ForeignOrigin, NotFound, Refusal
from fanfare.views import kudos as view
from fanfare.web import urls, words
from fanfare.web.contexts.community import KudosLine, KudosPage, Praise
from fanfare.web.contexts.shell import Action, Form
from fanfare.web.pages.forms import again, fresh_key, known, sent, writer
from fanfare.web.pages.recognised import honours
from fanfare.web.refused import refused_page
from fanfare.web.shells import leave_notice, see_other, show, to_sign_in, visitor_of

router = APIRouter()


async def praise_of(connection: AsyncConnection, desk: Desk, visitor: Caller | None, member: str, name: str) -> Praise:
    """Return the kudos of a fan as *visitor* sees them, with the form that gives some."""
    found = await view.to(connection, member)
    held = await honours(connection, [each.by for each in found if each.by_name])
    may_remove = visitor is not None and may_moderate(visitor)
    return Praise(
        member=member,
        name=name,
        given=[
            KudosLine(
                id=each.kudos,
                by_id=each.by if each.by_name else "",
                by=each.by_name or _(words.GONE),
                words=each.words,
                at=each.at,
                idea_id=each.idea,
                idea_title=each.idea_title or _(words.UNNAMED),
                about_comment=each.about_comment,
                is_mine=visitor is not None and visitor.member == each.by,
                hashes=each.words_hash if may_remove else "",
                honours=held.get(each.by),
            )
            for each in found
        ],
        may_give=visitor is not None and visitor.member != member,
        is_hers=visitor is not None and visitor.member == member,
        left=await service.left(connection, desk, visitor.member) if visitor else 0,
        key=fresh_key(),
        may_thank=visitor is not None and visitor.member != member and visitor.may("host"),
    )


@router.get("/fans/{member_id}/kudos")
async def kudos_form(
    member_id: str, request: Request, desk: TheDesk, about: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """Show the form that praises a fan."""
    visitor = await visitor_of(request)
    if visitor is None:
        return to_sign_in(request.url.path)
    if visitor.member == member_id:
        return see_other(urls.fan(member_id))
    return await _shown(request, desk, visitor, known(member_id), Form({"about": about}))


@router.post("/fans/{member_id}/kudos")
async def give(member_id: str, request: Request, desk: TheDesk) -> Response:
    """Praise a fan; on a refusal the form comes back with everything that was typed."""
    form, visitor = await sent(request), await visitor_of(request)
    try:
        fan = await writer(request)
        asking = asked(fan, "kudos", known(member_id), form.key, form.digest("words", "about"))
        _kudos, done = await service.give(desk, asking, member_id, form.value("words"), form.value("about")[:64])
    except (ForeignOrigin, MemberNotFound, NotFound):
        raise
    except Refusal as refusal:
        if visitor is None or visitor.member == member_id:
            return await refused_page(request, refusal, action=_back(member_id), path=urls.fan(member_id))
        return await _shown(request, desk, visitor, member_id, again(form, refusal, {"words": "words"}), refusal.status)
    response = see_other(urls.fan(member_id))
    note_position(response, done.position)
    leave_notice(request, response, _("Your kudos are public, and in the record."))
    return response


@router.post("/kudos/{kudos_id}/back")
async def take_back(kudos_id: str, request: Request, desk: TheDesk) -> Response:
    """Take kudos back, and lead on to the fan's page."""
    form = await sent(request)
    back = urls.fan(known(form.value("fan")))
    try:
        fan = await writer(request)
        done = await service.take_back(desk, asked(fan, "kudos-back", known(kudos_id), form.key), kudos_id)
    except (KudosNotFound, NotYourKudos) as refusal:
        return await refused_page(request, refusal, action=_back(form.value("fan")), path=back)
    response = see_other(back)
    note_position(response, done.position)
    leave_notice(request, response, _("Your kudos are taken back. That you gave them stays in the record."))
    return response


def _back(member: str) -> Action:
    return Action(_("Back to her page"), urls.fan(member))


async def _shown(request: Request, desk: Desk, visitor: Caller, member_id: str, form: Form, status: int = 200) -> Response:
    async with desk.pool.connection() as connection:
        member = await vault.by_id(connection, member_id)
        if member is None:
            raise MemberNotFound
        left = await service.left(connection, desk, visitor.member)
    page = KudosPage(member.id, member.name, form, left, fresh_key())
    return await show(request, page, status=status, path=urls.kudos(member.id))
