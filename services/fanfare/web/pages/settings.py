"""How the site presents itself: admins change it here, and everybody reads the notices that they wrote."""

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from starlette.datastructures import UploadFile

from fanfare.campaigns import presenting
from fanfare.campaigns.presenting import Presentation
from fanfare.pictures.service import Pictures
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Desk
from fanfare.platform.edge import Admin, TheDesk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.refusals import NotFound, Overtaken, Refusal
from fanfare.record.site import STREAM, SiteChanged
from fanfare.views import site as site_view
from fanfare.web import colours, tints, urls, words
from fanfare.web.contexts.settings import NoticePage, SettingsPage
from fanfare.web.contexts.shell import Form
from fanfare.web.pages import local_times
from fanfare.web.pages.forms import fresh_key
from fanfare.web.pages.host import desk_router, led_to
from fanfare.web.pages.overtaken import rows_tell
from fanfare.web.pages.site_acts import sentence, who
from fanfare.web.pages.typed import Fields, decision_asked, posted, whole
from fanfare.web.shells import show

router = desk_router()
SAVED = marked("It is in the record, and on every page from now on.")
_FIELDS = {"brand": "brand", "privacy notice": "privacy", "imprint": "imprint", "reason": "reason"}
_NOTICES = {urls.PRIVACY: marked("Privacy notice"), urls.IMPRINT: marked("Imprint")}


@router.get(urls.SETTINGS)
async def settings(request: Request, admin: Admin, desk: TheDesk) -> HTMLResponse:
    """Show how the site presents itself, as a form."""
    del admin
    await desk.catch_up()
    return await _shown(request, desk, _fields(await _now(desk)))


@router.post(urls.SETTINGS)
async def change(request: Request, admin: Admin, desk: TheDesk) -> Response:
    """Write how the site presents itself from now on; another admin who was first is told, and nothing typed is lost."""
    fields = await posted(request)
    try:
        logo = await _logo(request, admin, (await _now(desk)).logo, fields)
    except Refusal as refusal:
        return await _shown(request, desk, fields, {"logo": f"{refusal.title} {refusal}"}, refusal.status)
    if "show" in fields:
        return await _shown(request, desk, fields)
    wanted = Presentation(**{name: fields.get(name, "") for name in ("brand", "colour", "zone", "privacy", "imprint")}, logo=logo)
    asking = decision_asked(admin, "present", STREAM, fields)
    try:
        wanted = presenting.checked(wanted)
        done = await presenting.change(desk, asking, wanted, fields.get("reason", ""))
    except Overtaken as refusal:
        await rows_tell(request, desk)
        meanwhile = await _meanwhile(desk, whole(fields.get("after", "")) or 0)
        fresh = {**fields, "after": str(desk.streams.decisions(STREAM))}
        return await _shown(request, desk, fresh, status=refusal.status, meanwhile=meanwhile)
    except Refusal as refusal:
        field = str(refusal.extra.get("field", ""))
        at = _FIELDS.get(field, field)
        said = str(refusal) if at else f"{refusal.title} {refusal}"
        return await _shown(request, desk, fields, {at: said}, refusal.status)
    return led_to(request, urls.SETTINGS, _(SAVED), done.position)


async def _logo(request: Request, admin: Caller, present: str | None, fields: Fields) -> str | None:
    """Return the logo that was sent, or the one in force; none where it was taken away. Raises: Refusal."""
    async with request.form() as form:  # it closes the files that came with it
        sent = form.get("logo")
        body = await sent.read() if isinstance(sent, UploadFile) else b""
    if body:
        pictures: Pictures = request.app.state.pictures
        return (await pictures.take_in(body, admin.member)).hash
    return None if "no-logo" in fields else present


async def _now(desk: Desk) -> Presentation:
    async with desk.pool.connection() as connection:
        return await presenting.present(connection, desk.streams.site)


def _fields(now: Presentation) -> Fields:
    return {"brand": now.brand, "colour": now.colour, "zone": now.zone, "privacy": now.privacy, "imprint": now.imprint}


async def _meanwhile(desk: Desk, seen: int) -> str:
    """Say what was decided about the site since *seen* decisions were."""
    missed = max(1, desk.streams.decisions(STREAM) - seen)
    async with desk.pool.connection() as connection:
        lately = (await site_view.decisions(connection, limit=20, with_others=False))[:missed]
    return words.listed([_("%(who)s %(did)s", who=who(each), did=sentence(each)) for each in reversed(lately)]) or _(
        "something about this site"
    )


async def _shown(
    request: Request,
    desk: Desk,
    fields: Fields,
    errors: dict[str, str] | None = None,
    status: int = 200,
    *,
    meanwhile: str = "",
) -> HTMLResponse:
    try:
        preview = tints.parse_colour(fields.get("colour", ""))
    except tints.ColourUnreadable:
        preview = ""
    after = whole(fields.get("after", ""))
    changed = desk.streams.site.changed
    page = SettingsPage(
        form=Form(fields, errors or {}),
        zones=local_times.with_zone(fields.get("zone") or "UTC"),
        idempotency_key=fresh_key(),
        after=desk.streams.decisions(STREAM) if after is None else after,
        preview=preview,
        remarks=colours.remarks(preview) if preview else (),
        logo=(changed.logo or "") if changed else "",
        meanwhile=meanwhile,
    )
    return await show(request, page, section="settings", status=status)


@router.get(urls.PRIVACY)
async def privacy(request: Request, desk: TheDesk) -> HTMLResponse:
    """Show the privacy notice. Raises: NotFound."""
    return await _notice(request, desk, (await _now(desk)).privacy)


@router.get(urls.IMPRINT)
async def imprint(request: Request, desk: TheDesk) -> HTMLResponse:
    """Show who answers for the site. Raises: NotFound."""
    return await _notice(request, desk, (await _now(desk)).imprint)


async def _notice(request: Request, desk: Desk, text: str) -> HTMLResponse:
    if not text:
        raise NotFound(_("Nobody has written it yet."))
    async with desk.pool.connection() as connection:
        changes = await site_view.decisions(connection, with_others=False)
    since = next((each.at for each in changes if each.wire == SiteChanged.wire), None)
    return await show(request, NoticePage(_(_NOTICES[request.url.path]), text, since))
