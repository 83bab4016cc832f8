"""Erasing oneself: confirmed by two typed words and, where she has an address, by a link in a mail. It cannot be undone."""

import asyncio
import secrets
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from psycopg import Rollback

from fanfare.members import erasures, forgetting, links, mail, powers, roles, vault
from fanfare.members.erasures import ErasedMember
from fanfare.members.joining import founding
from fanfare.members.refusals import ErasureUnconfirmed, LastAdmin, LinkUnknown, MemberNotFound, WordsDiffer
from fanfare.platform.desk import Acknowledged, Asked, Desk
from fanfare.platform.language import gettext as _
from fanfare.record.members import MemberErased
from fanfare.record.site import Site

PAGE = "/me/erase"
"""Where the link in the mail leads."""
WORDS = "erase me"


def is_last_admin(state: Site, member: str) -> bool:
    """Tell whether the site would be left without an admin."""
    return roles.admins(state) == {member}


async def send_link(desk: Desk, address: str, member: str, key: str = "") -> None:
    """
    Send a member the link that lets her erase herself; whoever stole her session does not get it.

    Args:
        address: what the link begins with, see :func:`fanfare.members.links.site_address`.
        key: the request's Idempotency-Key: one sends one mail.

    Raises:
        LastAdmin: she has to hand over first.
        ErasureUnconfirmed: she has no address; she confirms on the page.
        MemberNotFound: she was erased already.
    """
    token = secrets.token_urlsafe(32)
    await founding(desk)
    brand = await links.brand_of(desk)
    async with desk.pool.connection() as connection:
        known = await vault.by_id(connection, member)
    if known is None:
        raise MemberNotFound
    if known.email is None:
        message = _("There is no address that a link could be sent to. Confirm in a browser, on the page itself.")
        raise ErasureUnconfirmed(message)
    await _refuse_last_admin(desk, member)
    body = mail.paragraphs(
        _("Open this link to erase yourself from %(brand)s:", brand=brand),
        f"{address}{PAGE}?{urlencode({'token': token})}",
        _("It works once, for 15 minutes, and asks you once more. Nothing happens before that."),
        _("Did you not ask for it? Then somebody else is signed in as you: end the sessions you do not know on your page."),
    )
    unique_key = f"erase:{vault.derived(desk.vault_key, 'erase-mail', member, key or token)}:{member}"
    async with desk.pool.connection() as connection, connection.transaction() as transaction:
        queued = await mail.queue(connection, known.email, _("Erase yourself from %(brand)s?", brand=brand), body, unique_key)
        if not queued or not await links.leave(connection, token, known.email, "erase", PAGE):
            raise Rollback(transaction)


async def whose(desk: Desk, token: str) -> vault.Member:
    """
    Return the member whom a mailed link would erase, without using it up.

    Raises:
        LinkUnknown, LinkUsed, LinkExpired.
    """
    async with desk.pool.connection() as connection:
        link = links.still_good(await links.look(connection, token, ("erase",)))
        known = await vault.by_email(connection, link.email)
    if known is None:
        raise LinkUnknown
    return known


async def erase_by_link(desk: Desk, home: Path, token: str, words: str) -> Acknowledged:
    """
    Erase the member who got the link; it needs no session.

    Raises:
        WordsDiffer, LinkUnknown, LinkUsed, LinkExpired, LastAdmin, Overtaken, Busy.
    """
    _check(words)
    member = (await whose(desk, token)).id
    await _refuse_last_admin(desk, member)
    async with desk.pool.connection() as connection:
        await links.use(connection, token)
    return await erase(desk, home, member)


async def erase_without_address(desk: Desk, home: Path, member: str, words: str) -> Acknowledged:
    """
    Erase a member who has no address, by her session in a browser alone: she has nothing else.

    Raises:
        WordsDiffer, LastAdmin, Overtaken, Busy.
        ErasureUnconfirmed: she has an address, so the link is needed.
    """
    _check(words)
    async with desk.pool.connection() as connection:
        known = await vault.by_id(connection, member)
    if known is not None and known.email is not None:
        raise ErasureUnconfirmed
    return await erase(desk, home, member)


async def erase(desk: Desk, home: Path, member: str) -> Acknowledged:
    """
    Erase a member: end her roles and powers, tell the record, delete, and note it beside the database.

    A crash before the event leaves a member without roles, who asks again; one after it is finished by the sweeper.

    Raises:
        LastAdmin, Overtaken, Busy.
    """
    await roles.leave(desk, member)
    await powers.leave(desk, member)
    done = await desk.publish(asked_erasure(member), [MemberErased(member=member)], member)
    await forgetting.forget_members(desk.pool, [member])
    await in_thread(lambda: erasures.add(home, [ErasedMember(member)]))
    return done


def asked_erasure(member: str) -> Asked:
    """Return the request whose event is always the same, so that erasing twice is erasing once."""
    return Asked(actor=member, command="erase", target=member, key="")


async def in_thread(work: Callable[[], int]) -> int:
    """Do what waits for the disk without holding up everybody else."""
    return await asyncio.to_thread(work)


def _check(words: str) -> None:
    if " ".join(words.lower().split()) != WORDS:
        raise WordsDiffer


async def _refuse_last_admin(desk: Desk, member: str) -> None:
    await desk.catch_up()
    if is_last_admin(desk.streams.site, member):
        raise LastAdmin
