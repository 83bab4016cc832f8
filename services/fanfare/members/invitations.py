"""Invitations: a link in a mail that makes somebody new a member with a role. It works once, for a week."""

import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from urllib.parse import urlencode

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row

from fanfare.members import links, mail, roles, sessions, vault
from fanfare.members.address import normalised
from fanfare.members.joining import checked_name, record_joined
from fanfare.members.refusals import AddressTaken, LinkUsed, RoleHeld
from fanfare.platform.desk import Acknowledged, Asked, Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.refusals import Invalid, Refusal
from fanfare.record.site import Role

PAGE = "/invitation"
LASTS = timedelta(days=7)
MOST = 100
"""Invitations that may be under way at a time."""
LEAVE = """
    insert into vault.invitations (hash, email, role, by_member, expires_at)
    select %(hash)s, %(email)s, %(role)s, %(by)s, now() + %(lasts)s
     where (select count(*) from vault.invitations where expires_at > now()) < %(most)s
"""
_COLUMNS = "encode(substr(hash, 1, 16), 'hex') as id, email, role, by_member, created_at, expires_at"

_INVITES: Mapping[Role, str] = {
    "host": marked("%(who)s invites you to be host at %(brand)s. Open this link to come in:"),
    "moderator": marked("%(who)s invites you to be moderator at %(brand)s. Open this link to come in:"),
    "auditor": marked("%(who)s invites you to be auditor at %(brand)s. Open this link to come in:"),
    "admin": marked("%(who)s invites you to be admin at %(brand)s. Open this link to come in:"),
}
_SUBJECTS: Mapping[Role, str] = {
    "host": marked("Be host at %(brand)s"),
    "moderator": marked("Be moderator at %(brand)s"),
    "auditor": marked("Be auditor at %(brand)s"),
    "admin": marked("Be admin at %(brand)s"),
}


class InvitationGone(Refusal):
    """This invitation does not work any more."""

    code, status, advice = "invitation-gone", 410, "It was used or taken back, or a week has passed. Ask for another one."


class TooManyInvitations(Refusal):
    """Too many invitations are under way."""

    code, advice = "too-many-invitations", "Take some back, or wait until they were used or a week has passed."


class Invitation(msgspec.Struct, frozen=True):
    """An invitation that is under way."""

    id: str
    """Names it to admins, and opens nothing."""
    email: str
    role: Role
    by_member: str
    created_at: datetime
    expires_at: datetime


class Accepted(msgspec.Struct, frozen=True):
    """Somebody came in by an invitation."""

    member: str
    token: str
    """Of her new session, for the cookie."""
    done: Acknowledged | None
    """None where she held the role already."""


async def invite(desk: Desk, address: str, asked: Asked, email: str, role: Role) -> None:
    """
    Send somebody new the link of an invitation.

    Args:
        address: what the link begins with, see :func:`fanfare.members.links.site_address`.

    Raises:
        AddressRefused, AddressTaken: a member has that address; she is granted the role without an invitation.
        RoleNeeded: whoever asks is no admin.
        TooManyInvitations.
    """
    email, token = normalised(email), secrets.token_urlsafe(32)
    await desk.catch_up()
    roles.admins_only(asked.actor, desk.streams.site)
    brand = await links.brand_of(desk)
    unique_key = f"invitation:{vault.derived(desk.vault_key, 'invitation', email, role, asked.key)}"
    async with desk.pool.connection() as connection, connection.transaction():
        known, by = await vault.by_email(connection, email), await vault.by_id(connection, asked.actor)
        if known is not None and known.recorded:
            raise AddressTaken(_("A member has this address. Look for it here, and give her the role."))
        body = mail.paragraphs(
            _(_INVITES[role], who=by.name if by else _("An admin"), brand=brand),
            f"{address}{PAGE}?{urlencode({'token': token})}",
            _("It works once, for a week. If this is a mistake, do nothing: your address is then deleted."),
        )
        if not await mail.queue(connection, email, _(_SUBJECTS[role], brand=brand), body, unique_key):
            return  # the same button again
        await connection.execute("delete from vault.invitations where email = %s and role = %s", (email, role))
        row = {"hash": sessions.hashed(token), "email": email, "role": role, "by": asked.actor, "lasts": LASTS, "most": MOST}
        if not (await connection.execute(LEAVE, row)).rowcount:
            raise TooManyInvitations


async def under_way(connection: AsyncConnection) -> list[Invitation]:
    """Return the invitations that can still be used, the latest first."""
    query = f"select {_COLUMNS} from vault.invitations where expires_at > now() order by created_at desc, id"
    async with connection.cursor(row_factory=class_row(Invitation)) as cursor:
        return await (await cursor.execute(query)).fetchall()


async def withdraw(connection: AsyncConnection, invitation: str) -> bool:
    """Take an invitation back and tell whether it was there."""
    query = "delete from vault.invitations where encode(substr(hash, 1, 16), 'hex') = %s"
    return (await connection.execute(query, (invitation,))).rowcount == 1


async def look(connection: AsyncConnection, token: str) -> Invitation:
    """Return the invitation of a link, which is not used up by that. Raises: InvitationGone."""
    query = f"select {_COLUMNS} from vault.invitations where hash = %s and expires_at > now()"
    async with connection.cursor(row_factory=class_row(Invitation)) as cursor:
        found = await (await cursor.execute(query, (sessions.hashed(token),))).fetchone()
    if found is None:
        raise InvitationGone
    return found


async def accept(desk: Desk, token: str, name: str, label: str = "") -> Accepted:
    """
    Make whoever has the link a member with the role she was invited to, and sign her in.

    Who invited her must still be an admin. A crash in between leaves a link that still works.

    Raises:
        TextRefused, InvitationGone, RoleNeeded, Overtaken, Busy.
    """
    name = checked_name(name)
    async with desk.pool.connection() as connection:
        found = await look(connection, token)
        await vault.add(connection, [vault.new_member(name, found.email)])
        member = await vault.by_email(connection, found.email)
    if member is None:
        raise InvitationGone
    if not member.recorded:
        await record_joined(desk, [member.id])
    asked = Asked(actor=found.by_member, command="invite", target=f"{member.id}/{found.role}", key=found.id)
    done: Acknowledged | None = None
    with suppress(RoleHeld):
        done = await roles.grant_invited(desk, asked, member.id, found.role)
    async with desk.pool.connection() as connection:
        used = await connection.execute("delete from vault.invitations where hash = %s", (sessions.hashed(token),))
        if used.rowcount != 1:
            raise LinkUsed
        session = await sessions.open_session(connection, member.id, "browser", label)
    return Accepted(member.id, session, done)


def checked_role(role: str) -> Role:
    """Return *role* if it is one. Raises: Invalid."""
    match role:
        case "host" | "moderator" | "auditor" | "admin":
            return role
        case _:
            message = _("Choose a role: host, moderator, auditor or admin.")
            raise Invalid(message, field="role")
