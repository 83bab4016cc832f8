"""Sign-in by a link in a mail: it works once, for fifteen minutes, and by a button, so that no mail scanner uses it up."""

import secrets
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlencode

import msgspec
from psycopg import AsyncConnection, Rollback
from psycopg.rows import class_row
from starlette.requests import Request

from fanfare.members import arriving, mail, sessions, vault
from fanfare.members.address import is_loopback, normalised, on_this_site
from fanfare.members.joining import checked_name, founding, record_joined
from fanfare.members.refusals import AddressHeld, LinkExpired, LinkUnknown, LinkUsed
from fanfare.platform import texts
from fanfare.platform.desk import Desk
from fanfare.platform.language import gettext as _
from fanfare.record.position import Position

Purpose = Literal["sign-in", "first-admin", "erase", "address", "address-undo"]
CONFIRM = "/sign-in/confirm"
LASTS: dict[Purpose, timedelta] = {
    "sign-in": timedelta(minutes=15),
    "first-admin": timedelta(days=1),
    "erase": timedelta(minutes=15),
    "address": timedelta(hours=1),
    "address-undo": timedelta(days=7),
}
_MOST_ALIVE = 5
"""Links of one address at a time: more requests send no more mail, so nobody's mailbox is filled from here."""

LEAVE = """
    insert into vault.links (hash, email, purpose, next, expires_at, member, brought_by)
    select %(hash)s, %(email)s, %(purpose)s, %(next)s, now() + %(lasts)s, %(member)s,
           (select id from vault.members where id = %(brought_by)s)
     where %(purpose)s = 'address-undo' or %(most)s >
           (select count(*) from vault.links where email = %(email)s and purpose = %(purpose)s and expires_at > now())
"""
LOOK = """
    select links.email, purpose, next, links.expires_at, used_at is not null as used, links.expires_at <= now() as expired,
           member, not exists (select from vault.members where members.email = links.email and recorded) as newcomer, brought_by
      from vault.links where hash = %s and purpose = any(%s)
"""
USE = "update vault.links set used_at = now() where hash = %s and used_at is null and expires_at > now()"
HELD = """
    select from vault.links where email = %s and purpose = 'address-undo' and used_at is null and expires_at > now()
       and member <> %s limit 1
"""
RETIRE = "update vault.links set used_at = now() where email = %s and purpose = 'sign-in' and used_at is null and expires_at < %s"


class Link(msgspec.Struct, frozen=True):
    """A link as its page shows it before the button is pressed."""

    email: str
    """Empty for the first admin's."""
    purpose: Purpose
    next: str
    expires_at: datetime
    used: bool
    expired: bool
    newcomer: bool
    """Nobody joined under this address yet: the page asks for a name."""
    member: str | None = None
    """Whose address it changes or puts back; none where the address itself says who it is."""
    brought_by: str | None = None
    """By whose link a newcomer came who asked for this one, and did not say no."""


class Confirmed(msgspec.Struct, frozen=True):
    """Somebody is signed in."""

    member: str
    token: str
    """Of her new session, for the cookie."""
    next: str
    newcomer: bool
    position: Position | None = None
    """Where the record says that she joined or became admin; a read can wait for it."""


def site_address(request: Request, desk: Desk) -> str:
    """Return what links in mails begin with: the site's own name, never the request's Host header, which a stranger chooses."""
    own = request.base_url
    if is_loopback(own.hostname or "") and desk.source.startswith("http:"):
        return str(own).rstrip("/")
    return desk.source.rstrip("/")


async def send_link(desk: Desk, address: str, email: str, after: str = "/", key: str = "", *, brought_by: str = "") -> None:
    """
    Send a sign-in link to *email*. What the caller sees is the same whether or not the address is known.

    Args:
        address: what the link begins with, see :func:`site_address`.
        after: where signing in leads to; anything but a path of this site becomes the front page.
        key: the request's Idempotency-Key: one sends one mail.
        brought_by: by whose link she came, where it is to be credited.

    Raises:
        AddressRefused: no mail can be sent there.
        SiteNotFounded: nobody can sign in before.
    """
    email = normalised(email)
    await founding(desk)
    token = secrets.token_urlsafe(32)
    brand = await brand_of(desk)
    body = mail.paragraphs(
        _("Open this link to sign in to %(brand)s:", brand=brand),
        f"{address}{CONFIRM}?{urlencode({'token': token})}",
        _("It works once, for 15 minutes. Did you not ask for it? Then do nothing: without the link nobody gets in."),
    )
    unique_key = f"sign-in:{vault.derived(desk.vault_key, 'sign-in-mail', email, key or token)}"
    async with desk.pool.connection() as connection, connection.transaction() as transaction:
        queued = await mail.queue(connection, email, _("Sign in to %(brand)s", brand=brand), body, unique_key)
        if not queued or not await leave(connection, token, email, "sign-in", after, brought_by=brought_by):
            raise Rollback(transaction)


async def leave(
    connection: AsyncConnection,
    token: str,
    email: str,
    purpose: Purpose,
    after: str = "/",
    member: str | None = None,
    brought_by: str = "",
) -> bool:
    """Keep a link's hash and tell whether that was done; an address with five that are alive gets no more."""
    link = {
        "hash": sessions.hashed(token),
        "email": email,
        "purpose": purpose,
        "next": on_this_site(after),
        "lasts": LASTS[purpose],
        "most": _MOST_ALIVE,
        "member": member,
        "brought_by": brought_by,
    }
    return (await connection.execute(LEAVE, link)).rowcount == 1


async def look(connection: AsyncConnection, token: str, purposes: tuple[Purpose, ...] = ("sign-in", "first-admin")) -> Link:
    """
    Return a link without using it up, used and stale ones too.

    Raises:
        LinkUnknown: there is none of these purposes.
    """
    async with connection.cursor(row_factory=class_row(Link)) as cursor:
        found = await (await cursor.execute(LOOK, (sessions.hashed(token), list(purposes)))).fetchone()
    if found is None:
        raise LinkUnknown
    return found


def still_good(link: Link) -> Link:
    """Return *link* if it can be used. Raises: LinkUsed, LinkExpired."""
    if link.used:
        raise LinkUsed
    if link.expired:
        raise LinkExpired
    return link


async def use(connection: AsyncConnection, token: str) -> None:
    """Use a link up, once among all who try at the same time. Raises: LinkUsed."""
    if (await connection.execute(USE, (sessions.hashed(token),))).rowcount != 1:
        raise LinkUsed


async def confirm(desk: Desk, token: str, *, name: str = "", label: str = "", key: str = "", credit: bool = True) -> Confirmed:
    """
    Sign in with a link, and join with it if nobody did under its address.

    The vault's row comes first, then the record, then the link is used up and the session opened, together. A crash in between
    leaves a link that still works and a member who joins once, however often it is tried.

    Args:
        name: what a newcomer wants to be called; empty gives her a name that says nothing.
        label: what the session is recognised by.
        key: the request's Idempotency-Key; the same request again gets the same session.
        credit: whether a newcomer lets whoever's link she came by be credited.

    Raises:
        TextRefused, LinkUnknown, LinkUsed, LinkExpired, AddressHeld, Busy.
    """
    name = checked_name(name) if name else ""
    session = vault.derived(desk.vault_key, "session", token, key) if key else ""
    async with desk.pool.connection() as connection:
        link = await look(connection, token, ("sign-in",))
        if link.used and session and (opened := await sessions.find(connection, session)) and opened.expires_at > desk.now:
            known = await vault.by_email(connection, link.email)
            if known is not None:
                return Confirmed(known.id, session, link.next, newcomer=False)
        still_good(link)
        member = await _member(connection, link.email, name)
        if link.brought_by and not member.recorded:
            await arriving.arrived(connection, member.id, link.brought_by if credit else "")
    position = None if member.recorded else (await record_joined(desk, [member.id]))[0]
    async with desk.pool.connection() as connection:
        # One sign-in after another; and none of a member who was erased in between.
        if not (await connection.execute("select from vault.members where id = %s for update", (member.id,))).rowcount:
            raise LinkUnknown
        await use(connection, token)
        await connection.execute(RETIRE, (link.email, link.expires_at))
        session = await sessions.open_session(connection, member.id, "browser", label, token=session)
    return Confirmed(member.id, session, link.next, newcomer=link.newcomer, position=position)


async def is_held(connection: AsyncConnection, email: str, member: str = "") -> bool:
    """Tell whether *email* was another member's than *member* until lately, who can still take it back."""
    return (await (await connection.execute(HELD, (email, member))).fetchone()) is not None


async def _member(connection: AsyncConnection, email: str, name: str) -> vault.Member:
    if await is_held(connection, email) and await vault.by_email(connection, email) is None:
        raise AddressHeld
    await vault.add(connection, [vault.new_member(name, email)])
    member = await vault.by_email(connection, email)
    if member is None:  # erased in this very moment
        raise LinkUnknown
    if name and not member.recorded:
        await vault.rename(connection, member.id, name)
    return member


async def brand_of(desk: Desk) -> str:
    """Return what the brand is called today; Fanfare where that text is gone."""
    present = desk.streams.site.present
    if present is None:
        return "Fanfare"
    async with desk.pool.connection() as connection:
        return (await texts.read(connection, [present.brand])).get(present.brand, "Fanfare")
