"""Who may grant and revoke roles."""

import pytest

from fanfare.members.refusals import AdminExists, LastAdmin, RoleHeld, RoleNotHeld
from fanfare.members.roles import GrantFirstAdmin, GrantRole, RevokeRole, RoleCommand, decide
from fanfare.platform.refusals import Refusal, RoleNeeded
from fanfare.record.site import RoleGranted, RoleRevoked, Site, evolve

ANNA, BERT, CLEO = "m1anna", "m2bert", "m3cleo"
REASON = "ab" * 32


def a_site(**holders: str) -> Site:
    roles = frozenset((member, role) for role, members in holders.items() for member in members.split())
    return Site(roles=roles)


def test_an_admin_grants_a_role_under_her_name() -> None:
    assert decide(GrantRole(BERT, "host", ANNA), a_site(admin=ANNA)) == [RoleGranted(member=BERT, role="host", by=ANNA)]


def test_an_admin_revokes_a_role_with_a_reason() -> None:
    site = a_site(admin=ANNA, host=BERT)

    events = decide(RevokeRole(BERT, "host", ANNA, REASON), site)

    assert events == [RoleRevoked(member=BERT, role="host", by=ANNA, reason=REASON)]
    assert evolve(site, events[0]) == a_site(admin=ANNA)


def test_one_of_two_admins_may_revoke_herself() -> None:
    assert decide(RevokeRole(ANNA, "admin", ANNA, REASON), a_site(admin=f"{ANNA} {BERT}"))


def test_the_first_admin_is_granted_by_nobody() -> None:
    assert decide(GrantFirstAdmin(ANNA), a_site(host=BERT)) == [RoleGranted(member=ANNA, role="admin", by=None)]


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (GrantRole(CLEO, "host", BERT), RoleNeeded),
        (RevokeRole(ANNA, "admin", BERT, REASON), RoleNeeded),
        (GrantRole(CLEO, "admin", CLEO), RoleNeeded),
        (GrantRole(BERT, "host", ANNA), RoleHeld),
        (RevokeRole(CLEO, "host", ANNA, REASON), RoleNotHeld),
        (RevokeRole(ANNA, "admin", ANNA, REASON), LastAdmin),
        (GrantFirstAdmin(CLEO), AdminExists),
    ],
)
def test_what_the_site_as_it_stands_forbids_is_refused(command: RoleCommand, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        decide(command, a_site(admin=ANNA, host=BERT))
