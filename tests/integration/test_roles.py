"""The first admin and roles, on the real thing."""

import asyncio

import pytest
from psycopg_pool import AsyncConnectionPool

from fanfare.members import first_admin, joining, links
from fanfare.members.first_admin import first_admin_link
from fanfare.members.refusals import SiteNotFounded
from fanfare.platform.desk import Desk
from fanfare.platform.logs.postgres import PostgresLog
from fanfare.record.entry import unpack
from fanfare.record.envelope import Recorded
from fanfare.record.site import RoleGranted
from tests.integration.members_room import SITE, Browse, an_admin, code, one, sign_in

pytestmark = pytest.mark.postgres


async def test_the_link_on_the_console_makes_the_first_admin_and_closes_for_good(desk: Desk, browse: Browse) -> None:
    voided = await first_admin_link(desk, SITE)
    link = await first_admin_link(desk, SITE)
    assert voided
    assert link
    tokens = [each.partition("token=")[2] for each in (voided, link)]

    stale = await browse().post("/sign-in/confirm", json={"token": tokens[0]})
    client = browse()
    taken = await client.post("/sign-in/confirm", json={"token": tokens[1], "name": "Ada", "email": "ada@example.org"})
    again = await browse().post("/sign-in/confirm", json={"token": tokens[1]})

    assert link.startswith(f"{SITE}/sign-in/confirm?token=")
    assert code(stale) == (404, "link-unknown")
    assert code(again) == (409, "admin-exists")
    assert (await client.get("/me")).json()["roles"] == ["admin"]
    assert await first_admin_link(desk, SITE) is None
    assert (await sign_in(desk, browse(), "ada@example.org")).json()["member"] == taken.json()["member"]


async def test_the_console_link_used_by_many_at_once_makes_one_admin(desk: Desk, browse: Browse) -> None:
    link = await first_admin_link(desk, SITE)
    assert link
    token = link.partition("token=")[2]

    answers = await asyncio.gather(*(browse().post("/sign-in/confirm", json={"token": token}) for _ in range(5)))

    assert sum(each.status_code == 200 for each in answers) == 1
    assert len(desk.streams.site.roles) == 1
    assert await one(desk, "select count(*) from vault.members") == 1


async def test_the_console_link_does_not_open_the_account_of_somebody_whose_address_is_given(desk: Desk, browse: Browse) -> None:
    dora = browse()
    member = (await sign_in(desk, dora, "dora@example.org")).json()["member"]
    link = await first_admin_link(desk, SITE)
    assert link
    token = link.partition("token=")[2]

    taken = await browse().post("/sign-in/confirm", json={"token": token, "email": "dora@example.org"})
    own = await dora.post("/sign-in/confirm", json={"token": token})

    assert code(taken) == (409, "address-taken")
    assert own.json()["member"] == member
    assert (await dora.get("/me")).json()["roles"] == ["admin"]


async def test_a_sign_in_link_does_not_make_an_admin(desk: Desk, browse: Browse) -> None:
    client = browse()
    await sign_in(desk, client, "dora@example.org")

    assert (await client.get("/me")).json()["roles"] == []
    assert code(await client.get("/members")) == (403, "role-needed")


async def test_a_role_holds_and_ends_at_the_next_request_of_who_is_signed_in(desk: Desk, browse: Browse) -> None:
    admin, fan = browse(), browse()
    ada = await an_admin(desk, admin)
    dora = (await sign_in(desk, fan, "dora@example.org", "Dora")).json()["member"]

    granted = await admin.post(f"/members/{dora}/roles", json={"role": "admin"}, headers={"Idempotency-Key": "1"})
    again = await admin.post(f"/members/{dora}/roles", json={"role": "admin"}, headers={"Idempotency-Key": "1"})
    as_admin = await fan.get("/members", params={"role": "admin"})
    revoked = await admin.request("DELETE", f"/members/{dora}/roles/admin", json={"reason": "Left the team."})
    as_fan = await fan.get("/members")

    assert granted.json()["roles"] == again.json()["roles"] == ["admin"]
    assert again.headers["fanfare-position"] == granted.headers["fanfare-position"]
    assert sorted(each["id"] for each in as_admin.json()["members"]) == sorted([ada, dora])
    assert revoked.json()["roles"] == []
    assert code(as_fan) == (403, "role-needed")


async def test_roles_refuse_what_the_site_as_it_stands_forbids(desk: Desk, browse: Browse) -> None:
    admin, fan = browse(), browse()
    ada = await an_admin(desk, admin)
    dora = (await sign_in(desk, fan, "dora@example.org")).json()["member"]

    answers = [
        await admin.request("DELETE", f"/members/{ada}/roles/admin", json={"reason": "Tired."}),
        await admin.request("DELETE", f"/members/{dora}/roles/host", json={"reason": "Never was."}),
        await admin.request("DELETE", f"/members/{ada}/roles/admin", json={"reason": " "}),
        await admin.post("/members/nobody/roles", json={"role": "host"}),
        await admin.request("DELETE", "/members/nobody/roles/host", json={"reason": "Never was here."}),
        await fan.post(f"/members/{dora}/roles", json={"role": "admin"}),
        await browse().post(f"/members/{dora}/roles", json={"role": "admin"}),
    ]

    assert [code(each) for each in answers] == [
        (409, "last-admin"),
        (409, "role-not-held"),
        (422, "text-refused"),
        (404, "member-not-found"),
        (404, "member-not-found"),
        (403, "role-needed"),
        (401, "sign-in-needed"),
    ]
    assert desk.streams.site.roles == {(ada, "admin")}


async def test_two_admins_who_revoke_each_other_at_once_leave_one(desk: Desk, browse: Browse) -> None:
    first, second = browse(), browse()
    ada = await an_admin(desk, first)
    dora = (await sign_in(desk, second, "dora@example.org")).json()["member"]
    await first.post(f"/members/{dora}/roles", json={"role": "admin"})

    answers = await asyncio.gather(
        first.request("DELETE", f"/members/{dora}/roles/admin", json={"reason": "Mine."}),
        second.request("DELETE", f"/members/{ada}/roles/admin", json={"reason": "Mine."}),
    )

    assert sorted(each.status_code for each in answers) in ([200, 403], [200, 409])
    await desk.catch_up()
    assert len(desk.streams.site.roles) == 1


async def test_members_are_listed_page_by_page_and_by_name(desk: Desk, browse: Browse) -> None:
    admin = browse()
    await an_admin(desk, admin)
    for name in ("Bert", "Berta", "Cleo"):
        await joining.join(desk, name)

    first = (await admin.get("/members", params={"limit": 3})).json()
    rest = (await admin.get("/members", params={"limit": 3, "after": first["after"]})).json()
    named = (await admin.get("/members", params={"name": "bert"})).json()

    assert [len(first["members"]), len(rest["members"]), rest["after"]] == [3, 1, None]
    assert sorted(each["name"] for each in named["members"]) == ["Bert", "Berta"]
    assert "email" not in named["members"][0]


async def test_nobody_joins_a_site_that_is_not_founded_and_its_console_link_stays_good(pool: AsyncConnectionPool) -> None:
    desk = Desk(pool, PostgresLog(pool, 4), b"v" * 32)
    link = await first_admin_link(desk, "http://localhost:8000")
    assert link
    token = link.partition("token=")[2]

    for attempt in (joining.join(desk, "Dora"), links.send_link(desk, SITE, "d@example.org"), first_admin.confirm(desk, token)):
        with pytest.raises(SiteNotFounded):
            await attempt

    assert link.startswith("http://localhost:8000/setup?token=")
    assert await desk.log.heads() == (0, 0, 0, 0)
    async with pool.connection() as connection:
        assert links.still_good(await links.look(connection, token)).purpose == "first-admin"


async def test_the_first_admin_is_granted_by_nobody_in_the_record(desk: Desk, browse: Browse) -> None:
    ada = await an_admin(desk, browse())

    found = [each for stored in await desk.log.read(0, 0) for each in unpack(0, stored.offset, stored.body).events]

    granted = [each for each in found if isinstance(each, Recorded) and isinstance(each.event, RoleGranted)]
    assert [(each.event, each.decision and each.decision.stream) for each in granted] == [
        (RoleGranted(member=ada, role="admin", by=None), "site")
    ]
