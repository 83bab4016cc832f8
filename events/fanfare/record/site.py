"""The site: its founding and who holds which role. One contested stream, named ``site``."""

from typing import Annotated, ClassVar, Literal

import msgspec

from fanfare.record.kinds import Event, MemberId, TextHash, Zone

STREAM = "site"
Role = Literal["host", "moderator", "auditor", "admin"]
"""What a member may do beyond being a fan."""


class SiteFounded(Event, frozen=True):
    """The first event of a record."""

    wire: ClassVar[str] = "fanfare.site.founded.v1"
    name: Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,200}(?!\n)$")]
    """The public URL at the founding: the record's name for ever, wherever the site moves."""
    brand: TextHash
    colour: Annotated[str, msgspec.Meta(pattern=r"^#[0-9a-f]{6}(?!\n)$")]
    zone: Zone
    partitions: Annotated[int, msgspec.Meta(ge=1, le=64)]
    simulation: bool
    """Simulated fans exist only where this is true; it cannot be set later."""


class RoleGranted(Event, frozen=True):
    """A member got a role; by another, or (none) by the one-time link on the console."""

    wire: ClassVar[str] = "fanfare.role.granted.v1"
    member: MemberId
    role: Role
    by: MemberId | None = None


class RoleRevoked(Event, frozen=True):
    """A member lost a role, with a reason."""

    wire: ClassVar[str] = "fanfare.role.revoked.v1"
    member: MemberId
    role: Role
    by: MemberId
    reason: TextHash


SiteEvent = SiteFounded | RoleGranted | RoleRevoked


class Site(msgspec.Struct, frozen=True):
    """What the site's decisions add up to."""

    founded: SiteFounded | None = None
    roles: frozenset[tuple[str, Role]] = frozenset()
    """Pairs of member and role."""


def evolve(state: Site, event: Event) -> Site:
    """Return *state* with *event* taken in; what makes no sense there changes nothing."""
    match event:
        case SiteFounded():
            return state if state.founded else msgspec.structs.replace(state, founded=event)
        case RoleGranted(member=member, role=role):
            return msgspec.structs.replace(state, roles=state.roles | {(member, role)})
        case RoleRevoked(member=member, role=role):
            return msgspec.structs.replace(state, roles=state.roles - {(member, role)})
        case _:
            return state
