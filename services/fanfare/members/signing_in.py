"""Signing in: what a page and the API do alike with the link that somebody opened."""

from fastapi import Request

from fanfare.members import effort, first_admin, links, passkey_rites, sessions
from fanfare.members.address import normalised
from fanfare.members.relying_party import relying_party
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Desk
from fanfare.platform.limits.edge import Limits
from fanfare.platform.limits.rules import JOINS, LINKS_TO_A_MAILBOX, LINKS_UNUSED


async def sign_in_with(
    request: Request,
    desk: Desk,
    token: str,
    *,
    name: str = "",
    email: str = "",
    visitor: Caller | None = None,
    key: str = "",
    credit: bool = True,
) -> links.Confirmed:
    """
    Use a link of either purpose up and end the session that this browser had before; the caller sets the cookie.

    Args:
        name, credit: what a newcomer wants to be called, and whether whoever's link she came by may be credited.
        email: of the first admin, see :func:`fanfare.members.first_admin.confirm`.
        visitor: who is signed in already: the first admin's link then grants the role to her.
        key: the request's Idempotency-Key.

    Raises:
        TextRefused, AddressRefused, AddressTaken, LinkUnknown, LinkUsed, LinkExpired, AdminExists, Busy.
    """
    label = sessions.described(request.headers.get("user-agent", ""))
    async with desk.pool.connection() as connection:
        link = await links.look(connection, token)
    if link.purpose == "first-admin":
        member = visitor.member if visitor else None
        done = await first_admin.confirm(desk, token, member=member, name=name, email=email, label=label)
    else:
        limits: Limits = request.app.state.limits
        if link.newcomer and not link.used:
            await limits.claim(request, JOINS)
        done = await links.confirm(desk, token, name=name, label=label, key=key, credit=credit)
        if not link.used:
            await limits.give_back(request, LINKS_UNUSED)  # whoever can use what was sent to her was no stranger
    if request.cookies.get(sessions.cookie_name(request)) != done.token:
        async with desk.pool.connection() as connection:
            await sessions.end_this(connection, request)
    return done


async def sign_in_by_passkey(request: Request, desk: Desk, credential: str) -> tuple[str, str]:
    """
    Sign somebody in by what her browser's passkey answered, and end the session that this browser had before.

    Returns:
        Her id, and the token of her session for the cookie.

    Raises:
        PasskeysElsewhere, PasskeyUnknown, PasskeyRefused, PasskeyCopied, ChallengeStale.
    """
    label = sessions.described(request.headers.get("user-agent", ""))
    party = relying_party(request, desk)
    member, token = await passkey_rites.sign_in(desk, party, credential, label)
    async with desk.pool.connection() as connection:
        await sessions.end_this(connection, request)
    return member, token


async def ask_for_link(
    request: Request,
    desk: Desk,
    email: str,
    after: str = "/",
    key: str = "",
    *,
    work: str = "",
    waited: str = "",
    brought_by: str = "",
) -> None:
    """
    Send a sign-in link, unless too many went to that mailbox today or too many of this network were never used.

    Args:
        work, waited: what is asked for while many links are, see :func:`fanfare.members.effort.admit`.
        brought_by: by whose link she came, where it is to be credited.

    Raises:
        AddressRefused, SiteNotFounded, TooManyRequests, WorkNeeded.
    """
    limits: Limits = request.app.state.limits
    mailbox = normalised(email).lower()
    await limits.claim(request, LINKS_TO_A_MAILBOX, mailbox)
    await limits.claim(request, LINKS_UNUSED)
    await effort.admit(request, desk, mailbox, work, waited)
    await links.send_link(desk, links.site_address(request, desk), email, after, key, brought_by=brought_by)
