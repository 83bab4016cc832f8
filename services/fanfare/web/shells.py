"""The shell of a page: who reads it, in which campaign, when; and the answers that carry pages."""

import base64
import binascii
import hmac
from datetime import UTC, datetime
from typing import Literal

import msgspec
from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from psycopg import AsyncConnection

from fanfare.campaigns.reading import CampaignRead, RoundRead, read_campaign
from fanfare.members import mail, vault
from fanfare.members.address import on_this_site
from fanfare.members.csrf import csrf_token, masked
from fanfare.platform import warrants
from fanfare.platform.caller import Authenticate, Caller
from fanfare.platform.desk import Desk
from fanfare.platform.edge import WAIT_COOKIE
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import SignInNeeded
from fanfare.platform.settings import Settings
from fanfare.platform.texts import read
from fanfare.record.campaigns import Campaign, RoundClosing, RoundOpened
from fanfare.record.position import Position
from fanfare.views import figures
from fanfare.web import tints, urls, words
from fanfare.web.contexts.shell import CampaignChrome, Notice, Page, Section, Shell, Simulation, Viewer
from fanfare.web.layout import render
from fanfare.web.policy import HEADERS

NOTICE_COOKIE = "fanfare_notice"
THEME_COOKIE, THEMES = "fanfare_theme", ("light", "dark")
_KINDS = ("info", "ok", "warn", "bad")
_VISITOR = "page_visitor"


async def visitor_of(request: Request) -> Caller | None:
    """Return who reads the page; none for a stranger, also where her session has ended."""
    if hasattr(request.state, _VISITOR):
        known: Caller | None = getattr(request.state, _VISITOR)
        return known
    authenticate: Authenticate = request.app.state.authenticate
    try:
        found = await authenticate(request)
    except SignInNeeded:
        found = None
    setattr(request.state, _VISITOR, found)
    return found


async def shell_of(
    request: Request,
    *,
    section: Section = "",
    campaign: CampaignChrome | None = None,
    notice: Notice | None = None,
    path: str = "",
) -> Shell:
    """
    Return what ``base.html`` needs for this request.

    Args:
        notice: said at the head of the page; else what the last act left, see :func:`leave_notice`.
        path: where signing in leads back to; the address of the request unless given.
    """
    desk: Desk = request.app.state.desk
    settings: Settings = request.app.state.settings
    changed, visitor = desk.streams.site.changed, await visitor_of(request)
    return Shell(
        site_name=await brand_of(desk) or "Fanfare",
        now=datetime.now(UTC),
        zone=desk.streams.site.zone,
        csrf=masked(csrf_token(request)),
        path=on_this_site(path or request.url.path),
        section=section,
        viewer=_viewer(desk, visitor) if visitor else None,
        campaign=campaign,
        simulation=await _simulation(desk, visitor),
        notice=notice or _notice(request),
        colour=colour_of(desk),
        theme=_theme(request),
        logo=(changed.logo or "") if changed else "",
        has_privacy=bool(changed and changed.privacy),
        has_imprint=bool(changed and changed.imprint),
        development=await mail.has_mailbox(desk, settings),
    )


async def _simulation(desk: Desk, visitor: Caller | None) -> Simulation | None:
    founded = desk.streams.site.founded
    if founded is None or not founded.simulation:
        return None
    async with desk.pool.connection() as connection:
        return Simulation(joined_as=_joined_as(visitor), programs=await figures.simulated(connection))


def _theme(request: Request) -> Literal["", "light", "dark"]:
    match request.cookies.get(THEME_COOKIE):
        case "light" | "dark" as chosen:
            return chosen
        case _:
            return ""


def _viewer(desk: Desk, visitor: Caller) -> Viewer:
    return Viewer(
        visitor.member,
        visitor.name,
        is_host=visitor.may("host"),
        is_admin=visitor.may("admin"),
        may_moderate=visitor.may("moderator") or warrants.warrant(desk.streams, visitor.member, "moderate", desk.now).somewhere,
        has_rights=bool(warrants.powers_now(desk.streams, visitor.member, desk.now)),
    )


def _joined_as(visitor: Caller | None) -> Literal["", "fan", "host"]:
    if visitor is None:
        return ""
    return "host" if visitor.may("host") else "fan"


async def brand_of(desk: Desk) -> str:
    """Return the brand of the site; empty before the founding."""
    present = desk.streams.site.present
    if present is None:
        return ""
    async with desk.pool.connection() as connection:
        return (await read(connection, [present.brand])).get(present.brand, "")


def colour_of(desk: Desk) -> str:
    """Return the colour of the site, `#rrggbb`; the house's before the founding."""
    present = desk.streams.site.present
    return present.colour if present else tints.HOUSE_COLOUR


async def campaign_in_words(request: Request, campaign: Campaign) -> CampaignRead:
    """Return a campaign in words, as :func:`in_words` does."""
    desk: Desk = request.app.state.desk
    async with desk.pool.connection() as connection:
        return await in_words(connection, campaign)


async def in_words(connection: AsyncConnection, campaign: Campaign) -> CampaignRead:
    """
    Return a campaign in words, for pages; what was erased or removed is named so.

    A round that opened or closed before its time says when it did.
    """
    read = await read_campaign(connection, campaign)
    moments = await figures.moments(connection, campaign.id)
    rounds = [_named(_as_it_was(each, moments)) for each in read.rounds]
    return read.model_copy(update={"title": read.title or _(words.UNNAMED), "rounds": rounds})


def _named(each: RoundRead) -> RoundRead:
    name, question = each.name or _("Round %(number)s", number=each.number), each.question or _(words.UNNAMED)
    return each.model_copy(update={"name": name, "question": question, "asked_by": each.asked_by or _(words.GONE)})


def _as_it_was(each: RoundRead, moments: dict[tuple[str, str], datetime]) -> RoundRead:
    if each.status == "planned":
        return each
    opened, closed = moments.get((each.id, RoundOpened.wire)), moments.get((each.id, RoundClosing.wire))
    return each.model_copy(update={"opens_at": opened or each.opens_at, "closes_at": closed or each.closes_at})


def chrome(read: CampaignRead, colour: str) -> CampaignChrome:
    """Return what the pages of a campaign have in common: its colour, and where `Vote` and `Results` lead."""
    votes = [each.id for each in read.rounds if each.status == "open" and not each.paused and each.method != "support.v1"]
    ended = [each.id for each in read.rounds if each.status in ("closed", "sealed")]
    opened = [each.id for each in read.rounds if each.status in ("open", "closing")]
    is_over = len(read.rounds) > 1 and all(each.status in ("sealed", "void") for each in read.rounds)
    result = "" if is_over else next(reversed(ended), next(iter(opened), ""))
    return CampaignChrome(read.id, read.title, colour, open_round_id=next(reversed(votes), ""), result_round_id=result)


async def show(
    request: Request,
    page: Page,
    *,
    section: Section = "",
    campaign: CampaignRead | None = None,
    status: int = 200,
    path: str = "",
) -> HTMLResponse:
    """Answer with a page in its shell, under the headers that all pages carry."""
    around = chrome(campaign, colour_of(request.app.state.desk)) if campaign else None
    return answered(request, await shell_of(request, section=section, campaign=around, path=path), page, status)


def answered(request: Request, shell: Shell, page: Page, status: int = 200) -> HTMLResponse:
    """Answer with *page* in a shell that is known already."""
    response = HTMLResponse(render(shell, page), status, HEADERS)
    response.headers["Cache-Control"] = "no-store" if shell.viewer or shell.notice else "no-cache"
    if NOTICE_COOKIE in request.cookies:
        response.delete_cookie(NOTICE_COOKIE)
    return response


def see_other(where: str) -> RedirectResponse:
    """Lead a browser on to a page of this site after what it sent was taken."""
    return RedirectResponse(where, 303, {"Cache-Control": "no-store", "Referrer-Policy": "same-origin"})


def to_sign_in(after: str) -> RedirectResponse:
    """Lead a stranger to the sign-in page and from there to *after*."""
    return see_other(urls.sign_in(after))


def leave_notice(request: Request, response: Response, text: str, kind: str = "ok") -> None:
    """Leave a sentence for the head of the next page. It is signed, so that nobody else puts words into our pages."""
    written = base64.urlsafe_b64encode(f"{kind} {text}".encode()).decode()
    response.set_cookie(NOTICE_COOKIE, f"{written}.{_seal(request, written)}", max_age=60, httponly=True, samesite="lax")


def _notice(request: Request) -> Notice | None:
    written, __, seal = request.cookies.get(NOTICE_COOKIE, "").partition(".")
    if not written or not hmac.compare_digest(seal.encode(), _seal(request, written).encode()):
        return None
    try:
        kind, __, text = base64.urlsafe_b64decode(written).decode().partition(" ")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return msgspec.convert({"text": text, "kind": kind if kind in _KINDS else "info"}, Notice)


def _seal(request: Request, written: str) -> str:
    desk: Desk = request.app.state.desk
    return vault.derived(desk.vault_key, "notice", written)[:32]


def written_last(request: Request) -> Position | None:
    """Return where this browser's latest write stands, as its cookie tells."""
    try:
        return Position.parse(request.cookies.get(WAIT_COOKIE, "").replace(".", ":"))
    except ValueError:
        return None
