"""A brief with the notes below it, for who belongs to its circle; and what hosts and moderators do about a note."""

from collections.abc import Collection

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response

from fanfare.circles import access
from fanfare.circles import briefs as service
from fanfare.circles.access import Opened
from fanfare.circles.refusals import BriefNotFound, NoteNotFound
from fanfare.circles.routes import Id
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Desk
from fanfare.platform.edge import TheDesk, asked
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.refusals import ForeignOrigin, NotFound, Refusal, RoleNeeded, SignInNeeded, TextRefused
from fanfare.platform.texts import read
from fanfare.platform.warrants import ASK
from fanfare.web import urls, words
from fanfare.web.contexts.circles import BriefPage, NoteLine
from fanfare.web.contexts.shell import Action, Form
from fanfare.web.pages.forms import again, fresh_key, known, sent, writer
from fanfare.web.pages.host import led_to
from fanfare.web.pages.recognised import honours
from fanfare.web.refused import refused_page
from fanfare.web.shells import show, to_sign_in, visitor_of

router = APIRouter()
_SAID = {
    "back": marked("Your note is gone."),
    "report": marked("Hosts and moderators are told of it. Thank you."),
    "hide": marked("The note is hidden. Its author reads why."),
    "show": marked("The note is shown."),
}


@router.get("/briefs/{brief_id}")
async def brief_page(brief_id: Id, request: Request, desk: TheDesk) -> Response:
    """Show a brief to who belongs to its circle."""
    fan = await visitor_of(request)
    if fan is None:
        return to_sign_in(request.url.path)
    return await _shown(request, desk, await access.brief(desk, known(brief_id), fan), fan, Form())


async def _shown(request: Request, desk: Desk, opened: Opened, fan: Caller, form: Form, status: int = 200) -> Response:
    brief = opened.brief
    if brief is None:
        raise BriefNotFound
    async with desk.pool.connection() as connection:
        named = await read(connection, [opened.circle.title])
        notes = await service.notes(connection, brief.id, fan.member)
        held = await honours(connection, [each.member for each in notes])
    hosts = {member for member, role in desk.streams.site.roles if role in ("host", "admin")}
    page = BriefPage(
        id=brief.id,
        circle_id=brief.circle,
        circle=named.get(opened.circle.title) or _(words.UNNAMED),
        title=brief.title,
        words=brief.words,
        by=brief.by_name or _(words.GONE),
        at=brief.shared_at,
        notes=[
            msgspec.structs.replace(_line(each, fan.member, hosts, moderates=opened.moderates), honours=held.get(each.member))
            for each in notes
        ],
        key=fresh_key(),
        may_hide=opened.moderates,
        may_remove=fan.may("host"),
        form=form,
    )
    return await show(request, page, status=status, path=urls.brief(brief.id))


def _line(found: service.Note, member: str, hosts: Collection[str], *, moderates: bool) -> NoteLine:
    may_read = moderates or found.member == member
    return NoteLine(
        id=found.id,
        by=found.name,
        href=urls.fan(found.member) if found.shown else "",
        words=found.words if may_read or not found.hidden else "",
        at=found.written_at,
        is_mine=found.member == member,
        is_host=found.member in hosts,
        hidden=found.hidden,
        why=found.hidden_why if may_read else "",
        reports=found.reports if moderates else 0,
        reported=found.reported_by_me,
    )


@router.post("/briefs/{brief_id}/notes")
async def write(brief_id: Id, request: Request, desk: TheDesk) -> Response:
    """Write a note; on a refusal the form comes back with everything that was typed."""
    form, back = await sent(request), urls.brief(known(brief_id))
    try:
        fan = await writer(request)
        opened = await access.brief(desk, brief_id, fan)
        try:
            note = await service.write(
                desk, asked(fan, "note", brief_id, form.key, form.digest("words")), brief_id, form.value("words")
            )
        except TextRefused as refusal:
            return await _shown(request, desk, opened, fan, again(form, refusal, {"note": "words"}), refusal.status)
    except ForeignOrigin:
        raise
    except SignInNeeded:
        return to_sign_in(back)
    except Refusal as refusal:
        return await refused_page(request, refusal, action=Action(_("All circles"), urls.CIRCLES), path=back)
    return led_to(request, f"{back}#{note}", _("Your note stands below the brief."))


@router.post("/notes/{note_id}/report")  # apart: it has limits of its own
async def report(note_id: Id, request: Request, desk: TheDesk) -> Response:
    """Tell hosts and moderators of a note."""
    return await _done(request, desk, note_id, "report")


@router.post("/notes/{note_id}/{deed}")
async def act_on(note_id: Id, deed: str, request: Request, desk: TheDesk) -> Response:
    """Take a note back, hide it or show it again."""
    if deed not in _SAID:
        raise NotFound
    return await _done(request, desk, note_id, deed)


async def _done(request: Request, desk: Desk, note_id: str, deed: str) -> Response:
    form = await sent(request)
    try:
        fan = await writer(request)
        opened = await access.note(desk, known(note_id), fan)
        await _act(desk, opened, fan, deed, form.value("reason"))
    except ForeignOrigin:
        raise
    except SignInNeeded:
        return to_sign_in(urls.CIRCLES)
    except Refusal as refusal:
        return await refused_page(request, refusal, action=Action(_("All circles"), urls.CIRCLES), path=urls.CIRCLES)
    return led_to(request, urls.brief(opened.note.brief if opened.note else ""), _(_SAID[deed]))


async def _act(desk: Desk, opened: Opened, fan: Caller, act: str, reason: str) -> None:
    if opened.note is None:
        raise NoteNotFound
    if act in ("hide", "show") and not opened.moderates:
        raise RoleNeeded(_(ASK["moderate"]))
    async with desk.pool.connection() as connection:
        match act:
            case "back":
                await service.take_back(connection, opened.note, fan.member)
            case "report":
                await service.report(connection, opened.note, fan.member)
            case "hide":
                await service.hide(connection, opened.note, fan.member, reason)
            case _:
                await service.show(connection, opened.note)
