"""Roles: granted and revoked by admins, as contested decisions of the site, so two admins cannot revoke each other unseen."""

from collections.abc import Sequence
from contextlib import suppress
from typing import assert_never, get_args

import msgspec

from fanfare.members import vault
from fanfare.members.refusals import AdminExists, LastAdmin, MemberNotFound, RoleHeld, RoleNotHeld
from fanfare.platform import texts
from fanfare.platform.desk import Acknowledged, Asked, Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.refusals import RoleNeeded
from fanfare.record.kinds import Event
from fanfare.record.site import STREAM, Role, RoleGranted, RoleRevoked, Site

_LEFT = "Had herself erased."


class GrantRole(msgspec.Struct, frozen=True):
    """Give a member a role."""

    member: str
    role: Role
    by: str


class RevokeRole(msgspec.Struct, frozen=True):
    """Take a role from a member."""

    member: str
    role: Role
    by: str
    reason: str
    """The hash of its text."""


class GrantFirstAdmin(msgspec.Struct, frozen=True):
    """Make a member the first admin, by the link on the console."""

    member: str


class LeaveRoles(msgspec.Struct, frozen=True):
    """Give up all one's roles, because one has oneself erased."""

    member: str
    reason: str
    """The hash of its text."""
    even_last: bool = False
    """Also where she is the only admin: an erasure that a restored backup had not heard of is done again, whatever it finds."""


RoleCommand = GrantRole | RevokeRole | GrantFirstAdmin | LeaveRoles


def admins(state: Site) -> frozenset[str]:
    """Return the members who are admins."""
    return frozenset(member for member, role in state.roles if role == "admin")


def decide(command: RoleCommand, state: Site) -> list[Event]:
    """
    Answer a command with the facts it makes true, or refuse it.

    Raises:
        RoleNeeded: whoever asks is no admin.
        RoleHeld, RoleNotHeld: there is nothing to do.
        LastAdmin: the site would be left without one.
        AdminExists: the first admin's link came too late.
    """
    match command:
        case GrantFirstAdmin(member=member):
            if admins(state):
                raise AdminExists
            return [RoleGranted(member=member, role="admin")]
        case GrantRole(member=member, role=role, by=by):
            admins_only(by, state)
            if (member, role) in state.roles:
                raise RoleHeld
            return [RoleGranted(member=member, role=role, by=by)]
        case RevokeRole(member=member, role=role, by=by, reason=reason):
            admins_only(by, state)
            if (member, role) not in state.roles:
                raise RoleNotHeld
            if role == "admin" and admins(state) == {member}:
                raise LastAdmin
            return [RoleRevoked(member=member, role=role, by=by, reason=reason)]
        case LeaveRoles(member=member, reason=reason, even_last=even_last):
            held: list[Role] = [role for role in get_args(Role) if (member, role) in state.roles]
            if not held:
                raise RoleNotHeld
            if admins(state) == {member} and not even_last:
                raise LastAdmin
            return [RoleRevoked(member=member, role=role, by=member, reason=reason) for role in held]
        case _:
            assert_never(command)


def admins_only(by: str, state: Site) -> None:
    """Let only admins on. Raises: RoleNeeded."""
    if by not in admins(state):
        message = _("Only admins grant and revoke roles.")
        raise RoleNeeded(message)


async def grant(desk: Desk, asked: Asked, member: str, role: Role) -> Acknowledged:
    """
    Give a member a role; it holds for her next request.

    Raises:
        MemberNotFound, RoleNeeded, RoleHeld, Overtaken, Busy.
    """
    await _known(desk, member)
    return await _decide(desk, asked, GrantRole(member, role, asked.actor))


async def grant_invited(desk: Desk, asked: Asked, member: str, role: Role) -> Acknowledged:
    """
    Give a member the role that she was invited to.

    Raises:
        RoleNeeded: who invited her is no admin any more.
        RoleHeld, Overtaken, Busy.
    """
    await desk.catch_up()
    if done := desk.taken(asked):
        return done
    return await _decide(desk, asked, GrantRole(member, role, asked.actor))


async def revoke(desk: Desk, asked: Asked, member: str, role: Role, reason: str) -> Acknowledged:
    """
    Take a role from a member, for a reason that stands in the record as its hash; from her next request on.

    Raises:
        TextRefused: the reason is empty or too long.
        MemberNotFound, RoleNeeded, RoleNotHeld, LastAdmin, Overtaken, Busy.
    """
    if not any(holder == member for holder, __ in desk.streams.site.roles):  # who has one may be missing from an older vault
        await _known(desk, member)
    reason = texts.checked(reason, marked("reason"), texts.LINE)
    async with desk.pool.connection() as connection:
        kept: Sequence[str] = list((await texts.keep(connection, [reason], asked.actor)).values())
    return await _decide(desk, asked, RevokeRole(member, role, asked.actor, kept[0]))


async def _known(desk: Desk, member: str) -> None:
    async with desk.pool.connection() as connection:
        if await vault.by_id(connection, member) is None:
            raise MemberNotFound


async def leave(desk: Desk, member: str, *, even_last: bool = False) -> None:
    """
    End all roles of a member who has herself erased; one without a role is left alone.

    Raises:
        LastAdmin, Overtaken, Busy.
    """
    await desk.catch_up()
    if not any(holder == member for holder, __ in desk.streams.site.roles):
        return
    async with desk.pool.connection() as connection:
        reason = (await texts.keep(connection, [_LEFT], None))[_LEFT]
    asked = Asked(actor=member, command="leave-roles", target=STREAM, key=reason)
    with suppress(RoleNotHeld):  # somebody else took them in this very moment
        await _decide(desk, asked, LeaveRoles(member, reason, even_last))


async def grant_first_admin(desk: Desk, member: str) -> Acknowledged:
    """Make a member the first admin. Raises: AdminExists, Overtaken, Busy."""
    return await _decide(desk, Asked(actor=member, command="first-admin", target=STREAM, key=""), GrantFirstAdmin(member))


async def _decide(desk: Desk, asked: Asked, command: RoleCommand) -> Acknowledged:
    return await desk.decide(STREAM, asked, lambda streams: decide(command, streams.site))
