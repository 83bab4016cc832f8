"""Where mail goes: an admin sets it, tries it out with a real mail to herself, and reads what the server said."""

from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse

from fanfare.members import mail_settings, outbox, vault
from fanfare.members.mail_settings import MailSettings
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Desk
from fanfare.platform.edge import Admin, TheDesk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.refusals import Refusal
from fanfare.platform.settings import Settings
from fanfare.web import urls
from fanfare.web.contexts.host import Choice
from fanfare.web.contexts.settings import MailPage
from fanfare.web.contexts.shell import Form
from fanfare.web.pages.forms import spoken
from fanfare.web.pages.host import desk_router, led_to
from fanfare.web.pages.typed import Fields, posted
from fanfare.web.shells import brand_of, show

router = desk_router()
ENCRYPTIONS = (
    Choice("starttls", marked("TLS after the greeting (STARTTLS, mostly port 587)")),
    Choice("implicit", marked("TLS from the start (mostly port 465)")),
    Choice("none", marked("None: a relay in a network of your own")),
)
_SAVED = marked("Mail goes there from now on. What waits is sent by itself.")
_FORGOTTEN = marked("No mail server is set any more.")
_NO_ADDRESS = marked("You have no e-mail address here, so there is nowhere to send a test to. Add one on your own page first.")
_NOTHING_SET = marked("Write where mail goes first.")


@router.get(urls.MAIL)
async def mail(request: Request, admin: Admin, desk: TheDesk) -> HTMLResponse:
    """Show where mail goes; the password that is kept is never shown."""
    async with desk.pool.connection() as connection:
        kept = await mail_settings.kept(connection)
    return await _shown(request, desk, admin, _fields(kept))


@router.post(urls.MAIL)
async def change(request: Request, admin: Admin, desk: TheDesk) -> Response:
    """Set where mail goes, forget it, or try it out with what stands in the form."""
    settings: Settings = request.app.state.settings
    fields = await posted(request)
    act = fields.get("act", "save")
    if settings.smtp_url:
        return await _tried(request, desk, admin, fields, None)
    if act == "forget":
        async with desk.pool.connection() as connection:
            await mail_settings.forget(connection)
        return led_to(request, urls.MAIL, _(_FORGOTTEN))
    try:
        chosen = await typed(desk, fields)
    except Refusal as refusal:
        field = str(refusal.extra.get("field", "")) or "sender"
        return await _shown(request, desk, admin, fields, {field: str(refusal)}, refusal.status)
    if act == "test":
        async with desk.pool.connection() as connection:
            await mail_settings.keep(connection, chosen, "mail-tried")
        return await _tried(request, desk, admin, fields, chosen)
    async with desk.pool.connection() as connection:
        await mail_settings.keep(connection, chosen)
        await outbox.try_again(connection)
    return led_to(request, urls.MAIL, _(_SAVED))


async def typed(desk: Desk, fields: Fields) -> MailSettings:
    """Return what a form says; an empty password is the one that is kept, for the same server and user. Raises: Invalid."""
    given = {name: fields.get(name, "") for name in ("host", "port", "encryption", "username", "password", "sender")}
    chosen = mail_settings.checked(**given)
    if chosen.password or not chosen.username:
        return chosen
    async with desk.pool.connection() as connection:
        known = [await mail_settings.kept(connection, "mail-tried"), await mail_settings.kept(connection)]
    # Only for the same server: or whoever changes it could have the password sent to her own.
    same = (each.password for each in known if each and (each.host, each.username) == (chosen.host, chosen.username))
    return mail_settings.checked(**{**given, "password": next(same, "")})


async def _tried(request: Request, desk: Desk, admin: Caller, fields: Fields, chosen: MailSettings | None) -> HTMLResponse:
    from fanfare.members.mail_trial import route, try_out  # until a mail is tried, the library that speaks SMTP is not loaded

    way, address = route(request.app.state.settings, chosen), await _address(desk, admin)
    if way is None or not address:
        said = _(_NO_ADDRESS if way else _NOTHING_SET)
        return await _shown(request, desk, admin, fields, status=422, tried="bad", said=said)
    done = await try_out(way, address, await brand_of(desk) or "Fanfare")
    tried, status = ("ok", 200) if done.ok else ("bad", 422)
    return await _shown(request, desk, admin, fields, status=status, tried=tried, said=done.said, answer=done.answer)


async def _address(desk: Desk, admin: Caller) -> str:
    async with desk.pool.connection() as connection:
        known = await vault.by_id(connection, admin.member)
    return (known.email or "") if known else ""


def _fields(kept: MailSettings | None) -> Fields:
    if kept is None:
        return {"encryption": "starttls", "port": "587"}
    return {
        "host": kept.host,
        "port": str(kept.port),
        "encryption": kept.encryption,
        "username": kept.username,
        "sender": kept.sender,
    }


async def _shown(
    request: Request,
    desk: Desk,
    admin: Caller,
    fields: Fields,
    errors: dict[str, str] | None = None,
    status: int = 200,
    **outcome: Any,  # noqa: ANN401 - fields of the page
) -> HTMLResponse:
    settings: Settings = request.app.state.settings
    async with desk.pool.connection() as connection:
        kept, waits = await mail_settings.kept(connection), await outbox.state(connection)
    page = MailPage(
        form=Form({name: text for name, text in fields.items() if name != "password"}, errors or {}),
        encryptions=spoken(ENCRYPTIONS),
        is_set=bool(settings.smtp_url) or kept is not None,
        from_environment=_environment(settings),
        has_password=bool(kept and kept.password),
        address=await _address(desk, admin),
        waiting=waits.waiting + waits.failed + waits.given_up,
        **outcome,
    )
    answer = await show(request, page, section="settings", status=status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _environment(settings: Settings) -> str:
    """Return where mail goes by the environment, without what is secret in it."""
    if not settings.smtp_url:
        return ""
    from fanfare.members.smtp import parse_smtp_url  # as above

    server = parse_smtp_url(settings.smtp_url)
    return _("%(host)s, port %(port)s, as %(sender)s", host=server.host, port=server.port, sender=settings.mail_from)
