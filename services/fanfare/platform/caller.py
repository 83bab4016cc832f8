"""Who calls, as every route knows her. Nothing here loads the web framework, which takes longer than all the rest."""

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request

from fanfare.platform.desk import Desk
from fanfare.record.site import Role


class Secret(bytes):
    """Bytes that no log and no page ever spells out."""

    def __repr__(self) -> str:
        """Say nothing."""
        return "Secret()"


class Caller(msgspec.Struct, frozen=True):
    """A signed-in member, as this request knows her."""

    member: str
    name: str
    roles: frozenset[Role]
    """host, moderator, auditor, admin; a fan has none. An admin may do whatever a host may."""
    by_token: bool
    """She called with an API token; cross-site requests cannot forge that, so no Origin is asked for."""
    secret: Secret
    """What her voter tokens are made from; read anew for each request, since an erasure destroys it."""

    def may(self, role: Role) -> bool:
        """Tell whether she holds *role*, or is an admin."""
        return role in self.roles or "admin" in self.roles


Authenticate = Callable[[Request], Awaitable[Caller | None]]
"""Finds who calls, by cookie or bearer token; none for a stranger. Set as ``app.state.authenticate``."""


def roles_of(desk: Desk, member: str) -> frozenset[Role]:
    """Return the roles that a member holds, as far as this process has read the record."""
    return frozenset(role for holder, role in desk.streams.site.roles if holder == member)
