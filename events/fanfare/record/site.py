"""The site: its founding, what admins changed since, and who holds which role. One contested stream, named ``site``."""

from typing import Annotated, ClassVar, Literal

import msgspec

from fanfare.record.kinds import Event, MemberId, PictureHash, TextHash, Zone

STREAM = "site"
Role = Literal["host", "moderator", "auditor", "admin"]
"""What a member may do beyond being a fan."""


Colour = Annotated[str, msgspec.Meta(pattern=r"^#[0-9a-f]{6}(?!\n)$")]


class SiteFounded(Event, frozen=True):
    """The first event of a record."""

    wire: ClassVar[str] = "fanfare.site.founded.v1"
    name: Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,200}(?!\n)$")]
    """The public URL at the founding: the record's name for ever, wherever the site moves."""
    brand: TextHash
    colour: Colour
    zone: Zone
    partitions: Annotated[int, msgspec.Meta(ge=1, le=64)]
    simulation: bool
    """Simulated fans exist only where this is true; it cannot be set later."""


class SiteChanged(Event, frozen=True):
    """An admin changed how the site presents itself. It says all of it anew, so the last change stands."""

    wire: ClassVar[str] = "fanfare.site.changed.v1"
    brand: TextHash
    colour: Colour
    zone: Zone
    """Of what is said from now on; a round keeps the zone of its terms."""
    by: MemberId
    logo: PictureHash | None = None
    privacy: TextHash | None = None
    """The privacy notice, Markdown."""
    imprint: TextHash | None = None
    """Who answers for the site, Markdown."""
    reason: TextHash | None = None


class PartitionsAdded(Event, frozen=True):
    """The record has so many partitions from here on; rounds that open later list the new ones, and nobody is moved."""

    wire: ClassVar[str] = "fanfare.site.partitions-added.v1"
    partitions: Annotated[int, msgspec.Meta(ge=2, le=64)]
    """All of them; fewer than there are changes nothing."""


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


SiteEvent = SiteFounded | SiteChanged | PartitionsAdded | RoleGranted | RoleRevoked


class Site(msgspec.Struct, frozen=True):
    """What the site's decisions add up to."""

    founded: SiteFounded | None = None
    roles: frozenset[tuple[str, Role]] = frozenset()
    """Pairs of member and role."""
    changed: SiteChanged | None = None
    """The last change; none while everything is as it was founded."""
    partitions: int = 1
    """Of the record; one before the founding, which is what everybody can rely on."""

    @property
    def present(self) -> SiteFounded | SiteChanged | None:
        """What says the brand, the colour and the zone of today; none before the founding."""
        return self.changed or self.founded

    @property
    def zone(self) -> str:
        """The zone in which times are said."""
        return self.present.zone if self.present else "UTC"


def evolve(state: Site, event: Event) -> Site:
    """Return *state* with *event* taken in; what makes no sense there changes nothing."""
    match event:
        case SiteFounded():
            return state if state.founded else msgspec.structs.replace(state, founded=event, partitions=event.partitions)
        case SiteChanged():
            return msgspec.structs.replace(state, changed=event)
        case PartitionsAdded(partitions=partitions):
            return msgspec.structs.replace(state, partitions=max(state.partitions, partitions))
        case RoleGranted(member=member, role=role):
            return msgspec.structs.replace(state, roles=state.roles | {(member, role)})
        case RoleRevoked(member=member, role=role):
            return msgspec.structs.replace(state, roles=state.roles - {(member, role)})
        case _:
            return state
