"""Who may grant and revoke roles."""

import pytest

from fanfare.members.refusals import AdminExists, LastAdmin, RoleHeld, RoleNotHeld
from fanfare.members.roles import GrantFirstAdmin, GrantRole, LeaveRoles, RevokeRole, RoleCommand, decide
from fanfare.platform.refusals import Refusal, RoleNeeded
from fanfare.record.site import Role, RoleGranted, RoleRevoked, Site, evolve

ANNA, BERT, CLEO = "m1anna", "m2bert", "m3cleo"
REASON = "ab" * 32


def a_site(*, admin: str = "", host: str = "") -> Site:
    held: dict[Role, str] = {"admin": admin, "host": host}
    return Site(roles=frozenset((member, role) for role, members in held.items() for member in members.split()))


def test_an_admin_grants_a_role_under_her_name() -> None:
    assert decide(GrantRole(BERT, "host", ANNA), a_site(admin=ANNA)) == [RoleGranted(member=BERT, role="host", by=ANNA)]


def test_an_admin_revokes_a_role_with_a_reason() -> None:
    site = a_site(admin=ANNA, host=BERT)

    events = decide(RevokeRole(BERT, "host", ANNA, REASON), site)

    assert events == [RoleRevoked(member=BERT, role="host", by=ANNA, reason=REASON)]
    assert evolve(site, events[0]) == a_site(admin=ANNA)


def test_one_of_two_admins_may_revoke_herself() -> None:
    assert decide(RevokeRole(ANNA, "admin", ANNA, REASON), a_site(admin=f"{ANNA} {BERT}"))


def test_who_leaves_gives_up_all_her_roles_in_one_decision() -> None:
    events = decide(LeaveRoles(BERT, REASON), a_site(admin=f"{ANNA} {BERT}", host=BERT))

    assert events == [RoleRevoked(member=BERT, role=role, by=BERT, reason=REASON) for role in ("host", "admin")]


def test_an_erasure_that_is_done_again_spares_no_last_admin() -> None:
    assert decide(LeaveRoles(ANNA, REASON, even_last=True), a_site(admin=ANNA))


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
        (LeaveRoles(ANNA, REASON), LastAdmin),
        (LeaveRoles(CLEO, REASON), RoleNotHeld),
    ],
)
def test_what_the_site_as_it_stands_forbids_is_refused(command: RoleCommand, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        decide(command, a_site(admin=ANNA, host=BERT))
