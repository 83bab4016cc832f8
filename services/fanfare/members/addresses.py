"""Changing one's address: confirmed from the new one, told to the old one, which can put everything back for seven days."""

import secrets
from datetime import timedelta
from urllib.parse import urlencode

from psycopg import AsyncConnection, Rollback, errors

from fanfare.members import links, mail, passkeys, telling, vault
from fanfare.members.address import normalised
from fanfare.members.links import LASTS, Link
from fanfare.members.refusals import AddressHeld, AddressSame, AddressTaken, LinkUnknown, MemberNotFound, OtherMember
from fanfare.platform.desk import Desk
from fanfare.platform.language import gettext as _

CONFIRM, UNDO = "/me/address/confirm", "/me/address/undo"
"""Where the links in the mails lead."""
_BEFORE = timedelta(days=1)
"""An undo takes away passkeys that were added up to that long before the change: a thief may have begun with one."""

# What was sent to an address that is hers no longer opens nothing any more.
RETIRE = """
    update vault.links set used_at = now()
     where used_at is null and (member = %(member)s and purpose = any(%(own)s)
                                or email = %(email)s and purpose in ('sign-in', 'erase'))
"""
END = "update vault.sessions set expires_at = now() where member = %s and expires_at > now()"


async def ask(desk: Desk, site: str, member: str, email: str, key: str = "") -> None:
    """
    Send a link to *email* that makes it the address of *member*. The caller sees the same whether or not somebody else has it.

    Args:
        site: what the link begins with, see :func:`fanfare.members.links.site_address`.
        key: the request's Idempotency-Key: one sends one mail.

    Raises:
        AddressRefused: no mail can be sent there.
        AddressSame: it is hers already.
        MemberNotFound: she was erased in this very moment.
    """
    email = normalised(email)
    brand, token = await telling.brand(desk), secrets.token_urlsafe(32)
    unique_key = f"address:{vault.derived(desk.vault_key, 'address-mail', member, email, key or token)}:{member}"
    async with desk.pool.connection() as connection, connection.transaction() as transaction:
        known = await _held(connection, member)
        if known.email == email:
            raise AddressSame
        link = f"{site}{CONFIRM}?{urlencode({'token': token})}"
        subject, body = _("Your new address at %(brand)s", brand=brand), _asking(brand, known.name, link)
        is_free = await _is_free(connection, email, member)
        if not is_free:
            # Of hers there is nothing in this one, so it is not found by her id: neither she nor her export may learn of it.
            unique_key = unique_key.removesuffix(member)
            subject, body = _("This address is known at %(brand)s", brand=brand), _known_already(brand)
        queued = await mail.queue(connection, email, subject, body, unique_key)
        if not queued or (is_free and not await links.leave(connection, token, email, "address", CONFIRM, member)):
            raise Rollback(transaction)


def _asking(brand: str, name: str, link: str) -> str:
    return mail.paragraphs(
        _("Open this link to make this the address of “%(name)s” at %(brand)s:", name=name, brand=brand),
        link,
        _("It works once, for one hour, in the browser in which it was asked for. Is that not your name? Then do nothing."),
    )


def _known_already(brand: str) -> str:
    return mail.paragraphs(
        _(
            "Somebody asked to make this their address at %(brand)s. A member has it already, so nothing was changed.",
            brand=brand,
        ),
        _("Was that you? Sign in with this address. Was it not? Then there is nothing to do."),
    )


async def whose(desk: Desk, token: str, purpose: links.Purpose) -> tuple[Link, vault.Member]:
    """
    Return a link of *purpose* and the member whom it is about, without using it up.

    Raises:
        LinkUnknown, LinkUsed, LinkExpired.
    """
    async with desk.pool.connection() as connection:
        link = links.still_good(await links.look(connection, token, (purpose,)))
        known = await vault.by_id(connection, link.member or "")
    if known is None:
        raise LinkUnknown
    return link, known


async def confirm(desk: Desk, site: str, token: str, member: str) -> str:
    """
    Make the address that the link was sent to the address of *member*, who is signed in, and return it.

    All or nothing: a crash leaves the old address and a link that still works.

    Raises:
        LinkUnknown, LinkUsed, LinkExpired, OtherMember, AddressTaken, AddressHeld, MemberNotFound.
    """
    link, known = await whose(desk, token, "address")
    if known.id != member:
        raise OtherMember
    brand = await telling.brand(desk)
    async with desk.pool.connection() as connection:
        known = await _held(connection, member)
        await links.use(connection, token)
        if await links.is_held(connection, link.email, member):
            raise AddressHeld
        await _give(connection, member, link.email)
        await connection.execute(RETIRE, {"member": member, "email": known.email, "own": ["address"]})
        if known.email is not None:
            await _tell_old(connection, site, brand, known.email, member)
        body = mail.paragraphs(
            _("This is your address at %(brand)s from now on. Links that sign you in are sent here.", brand=brand)
        )
        await telling.tell(connection, member, link.email, _("Your address at %(brand)s", brand=brand), body)
    return link.email


async def _tell_old(connection: AsyncConnection, site: str, brand: str, old: str, member: str) -> None:
    token = secrets.token_urlsafe(32)
    link = f"{site}{UNDO}?{urlencode({'token': token})}"
    body = mail.paragraphs(
        _("Your address at %(brand)s was changed; this one signs you in no longer.", brand=brand),
        _("Was that not you? Open this link within %(days)s days:", days=LASTS["address-undo"].days),
        link,
        _("It asks you once more. Then this address is yours again, and everybody who is signed in as you is signed out."),
    )
    await links.leave(connection, token, old, "address-undo", UNDO, member)
    await telling.tell(connection, member, old, _("Your address at %(brand)s was changed", brand=brand), body)


async def undo(desk: Desk, token: str) -> str:
    """
    Put an address back, end every session and token, take away passkeys that came with the change; return the address.

    It needs no session: whoever reads the old mailbox is believed, for seven days.

    Raises:
        LinkUnknown, LinkUsed, LinkExpired, AddressTaken, MemberNotFound.
    """
    link, known = await whose(desk, token, "address-undo")
    brand = await telling.brand(desk)
    async with desk.pool.connection() as connection:
        known = await _held(connection, known.id)
        await links.use(connection, token)
        await _give(connection, known.id, link.email)
        own = ["address", "address-undo"]
        await connection.execute(RETIRE, {"member": known.id, "email": known.email, "own": own})
        await connection.execute(END, (known.id,))
        await passkeys.remove_since(connection, known.id, link.expires_at - LASTS["address-undo"], _BEFORE)
        body = mail.paragraphs(
            _(
                "This is your address at %(brand)s again. Everybody was signed out. Sign in, and look at your passkeys.",
                brand=brand,
            )
        )
        await telling.tell(connection, known.id, link.email, _("Your address at %(brand)s is back", brand=brand), body)
    return link.email


async def _is_free(connection: AsyncConnection, email: str, member: str) -> bool:
    return await vault.by_email(connection, email) is None and not await links.is_held(connection, email, member)


async def _give(connection: AsyncConnection, member: str, email: str) -> None:
    try:
        await connection.execute("update vault.members set email = %s where id = %s", (email, member))
    except errors.UniqueViolation as error:
        message = _("Somebody joined with it meanwhile. If that was you, sign in with it, or choose another address.")
        raise AddressTaken(message) from error


async def _held(connection: AsyncConnection, member: str) -> vault.Member:
    """Return a member and hold her row. Raises: MemberNotFound."""
    known = await vault.hold(connection, member)
    if known is None:
        raise MemberNotFound
    return known
