"""The first run: the link on the console opens it, a few answers found the site, and whoever gave them is its first admin."""

from collections.abc import Callable, Mapping

from fastapi import APIRouter, Depends, Request, Response

from fanfare.campaigns import founding
from fanfare.members import links, mail_settings, roles, sessions
from fanfare.members.address import is_loopback, normalised
from fanfare.members.csrf import guard
from fanfare.members.joining import checked_name
from fanfare.members.mail_settings import MailSettings
from fanfare.members.refusals import LinkExpired, LinkUnknown, LinkUsed, SiteNotFounded
from fanfare.members.signing_in import sign_in_with
from fanfare.platform import texts
from fanfare.platform.desk import Desk
from fanfare.platform.edge import TheDesk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.refusals import Refusal
from fanfare.platform.settings import Settings
from fanfare.web import colours, tints, urls
from fanfare.web.contexts.members import SetupPage
from fanfare.web.contexts.shell import Form
from fanfare.web.pages import local_times
from fanfare.web.pages.forms import spoken
from fanfare.web.pages.host import led_to
from fanfare.web.pages.mail_settings import ENCRYPTIONS
from fanfare.web.pages.typed import Fields, posted
from fanfare.web.shells import see_other, show

router = APIRouter(dependencies=[Depends(guard)])
BRAND = ("/brand.css", "/brand.txt")
_CONSOLE = marked("Open the link that stands on its console. Only whoever started the site can see that.")
_FRESH = marked("Stop the site and start it again: it prints a fresh link, which voids all earlier ones.")
_BEGUN = marked("The record has begun, and you are the admin of this site. Now your first campaign.")
_FIELDS = ("public_url", "brand", "zone", "colour", "name", "email")


async def founded(request: Request) -> None:
    """
    Let nobody see a page before the site is founded, but for the set-up and its colours.

    Raises:
        SiteNotFounded: what there is to do stands on the console.
    """
    desk: Desk = request.app.state.desk
    if desk.streams.site.founded or request.url.path in (urls.SETUP, *BRAND):
        return
    await desk.catch_up()
    if not desk.streams.site.founded:
        raise SiteNotFounded(_(_CONSOLE))


@router.get(urls.SETUP)
async def setup(request: Request, desk: TheDesk, token: str = "") -> Response:
    """Show the questions to whoever has the link. Raises: SiteIsFounded, SiteNotFounded, LinkUnknown, LinkExpired."""
    if (elsewhere := await _closed(desk, token)) is not None:
        return elsewhere
    fields = {"public_url": _own_address(request), "zone": local_times.guess(), "colour": tints.HOUSE_COLOUR}
    return await _shown(request, fields, token, guesses_zone=True)


@router.post(urls.SETUP)
async def found(request: Request, desk: TheDesk) -> Response:
    """Found the site, make the founder its admin, and lead her to her desk. What cannot be taken is said beside its field."""
    fields = await posted(request)
    token = fields.get("token", "")
    if (elsewhere := await _closed(desk, token)) is not None:
        return elsewhere
    if "colour-pick" in fields or "show" in fields:
        return await _shown(request, {**fields, "colour": fields.get("colour-pick") or fields.get("colour", "")}, token)
    errors = _wrong(fields)
    mail = _mail(fields, errors)
    if errors:
        return await _shown(request, fields, token, errors, 422)
    try:
        await founding.found(desk, _answers(fields))
        await request.app.state.parts.desk.catch_up()
        done = await sign_in_with(request, desk, token, name=fields["name"], email=fields["email"])
    except founding.SiteIsFounded:
        raise
    except Refusal as refusal:
        return await _shown(request, fields, token, {"": f"{refusal.title} {refusal}"}, refusal.status)
    if mail is not None:
        async with desk.pool.connection() as connection:
            await mail_settings.keep(connection, mail)
    answer = led_to(request, urls.NEW_CAMPAIGN, _(_BEGUN), done.position)
    sessions.set_cookie(request, answer, done.token)
    return answer


def _mail(fields: Fields, errors: dict[str, str]) -> MailSettings | None:
    """Return where mail goes; none where that was left for later. What is wrong with it joins *errors*."""
    given = {name: fields.get(name, "") for name in ("host", "port", "encryption", "username", "password", "sender")}
    if not any(given[name].strip() for name in ("host", "username", "password", "sender")):
        return None
    try:
        return mail_settings.checked(**given)
    except Refusal as refusal:
        errors[str(refusal.extra.get("field", "sender"))] = str(refusal)
        return None


def _answers(fields: Fields) -> founding.Founding:
    return founding.Founding(
        url=fields["public_url"], brand=fields["brand"], colour=tints.parse_colour(fields["colour"]), zone=fields["zone"]
    )


async def _closed(desk: Desk, token: str) -> Response | None:
    """
    Let only the link on the console in, and only before the founding; none where it may go on.

    A founding that was cut short before there was an admin leads on to where the same link makes her one.
    """
    await desk.catch_up()
    is_founded = desk.streams.site.founded is not None
    if is_founded and (not token or roles.admins(desk.streams.site)):
        raise founding.SiteIsFounded
    if not token:
        raise SiteNotFounded(_(_CONSOLE))
    try:
        async with desk.pool.connection() as connection:
            links.still_good(await links.look(connection, token, ("first-admin",)))
    except (LinkUnknown, LinkUsed, LinkExpired) as refusal:
        raise (founding.SiteIsFounded() if is_founded else type(refusal)(_(_FRESH))) from refusal
    return see_other(f"{urls.SIGN_IN_CONFIRM}?token={token}") if is_founded else None


def _own_address(request: Request) -> str:
    """Return the address that the browser came by; beyond this machine with https, where a proxy speaks that."""
    own = request.base_url
    scheme = "http" if is_loopback(own.hostname or "") and own.scheme == "http" else "https"
    return str(own.replace(scheme=scheme)).rstrip("/")


def _wrong(fields: Fields) -> dict[str, str]:
    """Return what is wrong with the answers, by field."""
    checks: Mapping[str, Callable[[str], object]] = {
        "public_url": founding.checked_url,
        "brand": lambda text: texts.checked(text, "brand", texts.TITLE),
        "zone": _checked_zone,
        "colour": tints.parse_colour,
        "name": checked_name,
        "email": normalised,
    }
    errors: dict[str, str] = {}
    for name in _FIELDS:
        try:
            checks[name](fields.get(name, ""))
        except Refusal as refusal:
            errors[name] = str(refusal)
        except ValueError:
            errors[name] = _("Choose a time zone.") if name == "zone" else _("Choose a colour, such as #12805c.")
    return errors


def _checked_zone(zone: str) -> None:
    if not local_times.known(zone):
        raise ValueError(zone)


async def _shown(
    request: Request,
    fields: Fields,
    token: str,
    errors: dict[str, str] | None = None,
    status: int = 200,
    *,
    guesses_zone: bool = False,
) -> Response:
    settings: Settings = request.app.state.settings
    try:
        preview = tints.parse_colour(fields.get("colour", ""))
    except ValueError:
        preview = ""
    page = SetupPage(
        form=Form(values={name: text for name, text in fields.items() if name != "password"}, errors=errors or {}),
        zones=local_times.with_zone(fields.get("zone") or "UTC"),
        preview=preview,
        remarks=colours.remarks(preview) if preview else (),
        encryptions=spoken(ENCRYPTIONS),
        has_environment_mail=bool(settings.smtp_url),
        token=token,
        guesses_zone=guesses_zone,
    )
    answer = await show(request, page, status=status)
    answer.headers["Cache-Control"] = "no-store, no-transform"
    return answer
