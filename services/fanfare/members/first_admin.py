"""The first admin: whoever opens the one-time link that stands on the console of a site without an admin."""

import secrets
from urllib.parse import urlencode

from psycopg import AsyncConnection

from fanfare.members import links, roles, sessions, vault
from fanfare.members.address import normalised
from fanfare.members.joining import checked_name, founding, record_joined
from fanfare.members.links import Confirmed
from fanfare.members.refusals import AddressTaken, AdminExists
from fanfare.platform.desk import Desk

SETUP = "/setup"
NO_ADDRESS = ""
"""What stands in the vault's links, where others have an e-mail address."""


async def first_admin_link(desk: Desk, address: str) -> str | None:
    """
    Return a link for the console, good once and for a day; it voids earlier ones. None where there is an admin.

    Args:
        address: where this process answers. A site that is not founded yet has no other; the link leads to its set-up.
    """
    await desk.catch_up()
    if roles.admins(desk.streams.site):
        return None
    token = secrets.token_urlsafe(32)
    async with desk.pool.connection() as connection:
        await connection.execute("delete from vault.links where purpose = 'first-admin'")
        await links.leave(connection, token, NO_ADDRESS, "first-admin")
    path = links.CONFIRM if desk.streams.site.founded else SETUP
    return f"{(desk.source or address).rstrip('/')}{path}?{urlencode({'token': token})}"


async def confirm(
    desk: Desk, token: str, *, member: str | None = None, name: str = "", email: str = "", label: str = ""
) -> Confirmed:
    """
    Make somebody the first admin, as a new member or as the *member* who is signed in, and sign her in.

    The link is used up first, together with her session: a crash in between leaves no admin, and the next start a new link.

    Args:
        email: where later sign-in links go. Without it she cannot come back once her session has ended.

    Raises:
        TextRefused, AddressRefused, AddressTaken, LinkUnknown, LinkUsed, LinkExpired, AdminExists, SiteNotFounded, Busy.
    """
    name = checked_name(name) if name else ""
    address = normalised(email) if email.strip() else None
    await founding(desk)
    await desk.catch_up()
    if roles.admins(desk.streams.site):
        raise AdminExists
    async with desk.pool.connection() as connection:
        link = links.still_good(await links.look(connection, token, ("first-admin",)))
        await links.use(connection, token)
        member = member or await _new(connection, name, address)
        session = await sessions.open_session(connection, member, "browser", label)
        known = await vault.by_id(connection, member)
        newcomer = known is not None and not known.recorded
    if newcomer:
        await record_joined(desk, [member])
    done = await roles.grant_first_admin(desk, member)
    return Confirmed(member, session, link.next, newcomer=newcomer, position=done.position)


async def _new(connection: AsyncConnection, name: str, address: str | None) -> str:
    new = vault.new_member(name, address)
    await vault.add(connection, [new])
    if address is not None and (known := await vault.by_email(connection, address)) and known.id != new.id:
        raise AddressTaken
    return new.id
