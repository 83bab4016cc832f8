"""The form that gives a fan a title: first who she is, then what for, with the contributions that justify it."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Query, Request, Response
from fastapi.responses import HTMLResponse
from psycopg import AsyncConnection

from fanfare.members import vault
from fanfare.members.refusals import MemberNotFound
from fanfare.members.vault import Member
from fanfare.platform.desk import Desk
from fanfare.platform.edge import Host, TheDesk
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import NotFound, Refusal
from fanfare.recognition import titles
from fanfare.recognition.refusals import TitleRefused
from fanfare.recognition.titles import TitleDraft
from fanfare.views import contributions, moderation
from fanfare.web import urls
from fanfare.web.contexts.host import Choice
from fanfare.web.contexts.recognition_desk import FoundFan, TitleFormPage
from fanfare.web.contexts.shell import Form
from fanfare.web.pages.forms import fresh_key, known
from fanfare.web.pages.host import desk_router, led_to
from fanfare.web.pages.recognised import spoken
from fanfare.web.pages.typed import Fields, decision_asked, posted
from fanfare.web.shells import show

router = desk_router()
_MOST = 20
_FIELDS = {"title": "words", "reason": "reason", "because": "because", "until": "until"}


@router.get(urls.RECOGNITION_DESK + "/title")
async def title_form(
    request: Request,
    host: Host,
    desk: TheDesk,
    member: Annotated[str, Query(max_length=40)] = "",
    q: Annotated[str, Query(max_length=80)] = "",
) -> HTMLResponse:
    """Show the form: with nobody chosen a search by name, else what the title is for."""
    del host
    if not member:
        return await show(request, await _whom(desk, q.strip()), section="recognition")
    return await _shown(request, desk, member, {})


@router.post(urls.RECOGNITION_DESK + "/title")
async def give(request: Request, host: Host, desk: TheDesk) -> Response:
    """Give the title; on a refusal the form comes back with everything that was typed."""
    fields = await posted(request)
    member = known(fields.get("member", ""))
    try:
        because = tuple(known(name.removeprefix("because-")) for name, text in fields.items() if _is_ticked(name, text))
        draft = TitleDraft(member, fields.get("words", ""), fields.get("reason", ""), because, _until(desk, fields))
        award, done = await titles.grant(desk, decision_asked(host, "grant-title", member, fields), draft)
    except NotFound:
        raise
    except Refusal as refusal:
        at = _FIELDS.get(str(refusal.extra.get("field", "")), "")
        said = {at: str(refusal) if at else f"{refusal.title} {refusal}"}
        return await _shown(request, desk, member, fields, said, refusal.status)
    done_so = _("The title is hers. It stands on her page and beside what she writes.")
    return led_to(request, urls.award(award), done_so, done.position)


def _is_ticked(name: str, text: str) -> bool:
    return name.startswith("because-") and bool(text)


def _until(desk: Desk, fields: Fields) -> datetime | None:
    """Return the end of the last day, in the site's zone; none where there is no last day."""
    text = fields.get("until", "").strip()
    if not text:
        return None
    try:
        day = date.fromisoformat(text) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise TitleRefused(_("Write the day as 2027-01-31."), field="until") from None
    return datetime.combine(day, time(), ZoneInfo(desk.streams.site.zone)).astimezone(UTC)


async def _whom(desk: Desk, q: str) -> TitleFormPage:
    found: list[FoundFan] | None = None
    if q and "\0" not in q:
        async with desk.pool.connection() as connection:
            members = await vault.listed(connection, named=q, limit=_MOST)
        found = [FoundFan(each.id, each.name, each.joined_at) for each in members if each.recorded]
    return TitleFormPage(Form(), fresh_key(), asked=q, found=found)


async def _shown(
    request: Request, desk: Desk, member: str, fields: Fields, errors: dict[str, str] | None = None, status: int = 200
) -> HTMLResponse:
    await desk.catch_up()
    async with desk.pool.connection() as connection:
        found = await vault.by_id(connection, known(member))
        if found is None or not found.recorded:
            raise MemberNotFound
        page = await _for(connection, found, fields, errors or {})
    return await show(request, page, section="recognition", status=status)


async def _for(connection: AsyncConnection, member: Member, fields: Fields, errors: dict[str, str]) -> TitleFormPage:
    latest = await contributions.latest(connection, member.id, _MOST)
    told = await moderation.in_words(connection, latest)
    return TitleFormPage(
        form=Form(fields, errors),
        idempotency_key=fresh_key(),
        member=member.id,
        name=member.name,
        contributions=[Choice(each, spoken(told[each])) for each in latest if each in told],
    )
