"""Members on the real thing: joining, signing in by link, sessions, tokens and roles, and those who try to break in."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from httpx2 import ASGITransport, AsyncClient, Response
from psycopg_pool import AsyncConnectionPool

from fanfare.members import first_admin, joining, links, sessions, vault
from fanfare.members.first_admin import first_admin_link
from fanfare.members.refusals import LinkUsed, NotASimulation, SiteNotFounded
from fanfare.members.routes import router
from fanfare.platform import texts
from fanfare.platform.desk import Asked, Desk
from fanfare.platform.edge import problem_response
from fanfare.platform.logs.postgres import PostgresLog
from fanfare.platform.refusals import Refusal
from fanfare.record.entry import unpack
from fanfare.record.envelope import Recorded
from fanfare.record.members import MemberJoined
from fanfare.record.site import RoleGranted, SiteFounded

pytestmark = pytest.mark.postgres

SITE = "https://fans.example"
API = "/api/v1"
OURS = {"origin": SITE, "sec-fetch-site": "same-origin"}
FOREIGN = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
Browse = Callable[..., AsyncClient]


async def a_desk(pool: AsyncConnectionPool, *, simulation: bool = False) -> Desk:
    desk = Desk(pool, PostgresLog(pool, 4), b"v" * 32, SITE)
    async with pool.connection() as connection:
        brand = (await texts.keep(connection, ["Pomfret Soda"], None))["Pomfret Soda"]
    founded = SiteFounded(name=SITE, brand=brand, colour="#ff5c7c", zone="Europe/Berlin", partitions=4, simulation=simulation)
    await desk.decide("site", Asked("console", "found", "site", "1"), lambda _: [founded])
    return desk


@pytest.fixture
async def desk(pool: AsyncConnectionPool) -> Desk:
    return await a_desk(pool)


@pytest.fixture
async def browse(desk: Desk) -> AsyncIterator[Browse]:
    app = FastAPI()
    app.state.desk, app.state.authenticate = desk, sessions.authenticator(desk)
    app.include_router(router)

    @app.exception_handler(Refusal)
    async def refuse(request: Request, refusal: Refusal) -> JSONResponse:
        return problem_response(refusal, request.url.path)

    opened: list[AsyncClient] = []

    def client(**headers: str) -> AsyncClient:
        opened.append(AsyncClient(transport=ASGITransport(app), base_url=SITE + API, headers=headers or OURS))
        return opened[-1]

    yield client
    for each in opened:
        await each.aclose()


async def one(desk: Desk, query: str, *given: object) -> Any:  # noqa: ANN401 - whatever the database answers
    async with desk.pool.connection() as connection:
        row = await (await connection.execute(query.encode(), given)).fetchone()
    return row[0] if row else None


async def change(desk: Desk, query: str, *given: object) -> None:
    async with desk.pool.connection() as connection:
        await connection.execute(query.encode(), given)


async def joined(desk: Desk) -> list[str]:
    """Return the members of the record, each once: an event that was appended twice is one."""
    found: dict[str, str] = {}
    for stored in await desk.log.read(0, 0, 1000):
        for each in unpack(0, stored.offset, stored.body).events:
            if isinstance(each, Recorded) and isinstance(each.event, MemberJoined):
                found[each.id] = each.event.member
    return list(found.values())


async def link_for(desk: Desk, email: str, after: str = "/", key: str = "") -> str:
    await links.send_link(desk, SITE, email, after, key)
    body = await one(desk, "select body from vault.outbox where recipient = %s order by id desc limit 1", email)
    return str(re.findall(r"token=(\S+)", body)[0])


async def sign_in(desk: Desk, client: AsyncClient, email: str, name: str = "") -> Response:
    return await client.post("/sign-in/confirm", json={"token": await link_for(desk, email), "name": name})


async def an_admin(desk: Desk, client: AsyncClient) -> str:
    link = await first_admin_link(desk, SITE)
    assert link is not None
    answer = await client.post("/sign-in/confirm", json={"token": link.partition("token=")[2], "name": "Ada"})
    return str(answer.json()["member"])


def code(answer: Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


async def test_a_fan_signs_in_by_mail_and_the_record_hears_of_a_random_id_only(desk: Desk, browse: Browse) -> None:
    client = browse()
    sent = await client.post("/sign-in", json={"email": " Dora@EXAMPLE.org ", "next": "/rounds/final/ballot"})
    body = await one(desk, "select body from vault.outbox where recipient = 'Dora@example.org'")
    token = re.findall(rf"{SITE}/sign-in/confirm\?token=(\S+)", body)[0]

    answer = await client.post("/sign-in/confirm", json={"token": token, "name": "Dora M."})
    me = (await client.get("/me")).json()

    assert sent.status_code == 202
    assert answer.json() == {"member": me["id"], "next": "/rounds/final/ballot", "newcomer": True}
    assert (me["name"], me["email"], me["roles"]) == ("Dora M.", "Dora@example.org", [])
    assert await joined(desk) == [me["id"]]
    record = b"".join(stored.body for stored in await desk.log.read(0, 0, 1000))
    assert b"Dora" not in record
    assert b"example.org" not in record.replace(SITE.encode(), b"")


async def test_the_cookie_is_guarded_and_the_database_holds_no_token(desk: Desk, browse: Browse) -> None:
    token = await link_for(desk, "dora@example.org")
    answer = await browse().post("/sign-in/confirm", json={"token": token})

    cookie = answer.headers["set-cookie"]
    session = answer.cookies["__Host-fanfare"]
    kept = await one(
        desk,
        "select (select string_agg(s::text, '') from vault.sessions s) || (select string_agg(l::text, '') from vault.links l)",
    )

    assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax", "Max-Age=2592000"} <= set(cookie.split(", ")[0].split("; "))
    assert "Domain" not in cookie
    assert session not in kept
    assert token not in kept
    assert sessions.hashed(session).hex() in kept


async def test_a_newcomer_without_a_name_is_called_by_her_id_and_never_by_her_address(desk: Desk, browse: Browse) -> None:
    client = browse()
    await sign_in(desk, client, "dora@example.org")

    me = (await client.get("/me")).json()

    assert me["name"] == f"Fan {me['id'][:4]}"


async def test_a_member_who_comes_back_is_the_same_member_under_the_same_name(desk: Desk, browse: Browse) -> None:
    first = (await sign_in(desk, browse(), "dora@example.org", "Dora")).json()
    client = browse()

    again = (await sign_in(desk, client, "dora@EXAMPLE.org".lower(), "Somebody else")).json()

    assert (again["member"], again["newcomer"]) == (first["member"], False)
    assert (await client.get("/me")).json()["name"] == "Dora"
    assert await joined(desk) == [first["member"]]


async def test_the_answer_is_the_same_whether_or_not_the_address_is_known(desk: Desk, browse: Browse) -> None:
    await sign_in(desk, browse(), "dora@example.org")

    known = await browse().post("/sign-in", json={"email": "dora@example.org"})
    unknown = await browse().post("/sign-in", json={"email": "nobody@example.org"})

    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)


async def test_opening_the_link_again_and_again_does_not_use_it_up(desk: Desk, browse: Browse) -> None:
    token = await link_for(desk, "dora@example.org")
    async with desk.pool.connection() as connection:
        seen = [await links.look(connection, token) for _ in range(3)]

    answer = await browse().post("/sign-in/confirm", json={"token": token})

    assert [(each.used, each.newcomer, each.email) for each in seen] == [(False, True, "dora@example.org")] * 3
    assert answer.status_code == 200


async def test_a_link_that_is_used_stale_guessed_or_of_another_purpose_signs_nobody_in(desk: Desk, browse: Browse) -> None:
    used, stale, other = [await link_for(desk, email) for email in ("a@example.org", "b@example.org", "c@example.org")]
    await browse().post("/sign-in/confirm", json={"token": used})
    await change(desk, "update vault.links set expires_at = now() where hash = %s", sessions.hashed(stale))
    await change(desk, "update vault.links set purpose = 'change-address' where hash = %s", sessions.hashed(other))
    before = await joined(desk)

    answers = [await browse().post("/sign-in/confirm", json={"token": each}) for each in (used, stale, other, "guessed", "")]

    assert [code(each) for each in answers] == [
        (410, "link-used"),
        (410, "link-expired"),
        (404, "link-unknown"),
        (404, "link-unknown"),
        (404, "link-unknown"),
    ]
    assert all("set-cookie" not in each.headers for each in answers)
    assert await joined(desk) == before


async def test_one_link_confirmed_many_times_at_once_opens_one_session(desk: Desk, browse: Browse) -> None:
    token = await link_for(desk, "dora@example.org")

    answers = await asyncio.gather(*(browse().post("/sign-in/confirm", json={"token": token}) for _ in range(6)))

    assert sorted(each.status_code for each in answers) == [200, 410, 410, 410, 410, 410]
    assert await one(desk, "select count(*) from vault.sessions") == 1
    assert len(await joined(desk)) == 1


async def test_two_links_of_a_newcomer_confirmed_at_once_make_one_member(desk: Desk, browse: Browse) -> None:
    older, newer = await link_for(desk, "dora@example.org"), await link_for(desk, "dora@example.org")

    answers = await asyncio.gather(*(browse().post("/sign-in/confirm", json={"token": each}) for each in (older, newer)))

    assert answers[1].status_code == 200
    # The older one goes stale when the newer one is used; whether it came first is chance.
    assert answers[0].status_code in {200, 410}
    opened = [each for each in answers if each.status_code == 200]
    assert {each.json()["member"] for each in opened} == set(await joined(desk))
    assert await one(desk, "select count(*) from vault.members") == 1
    assert await one(desk, "select count(*) from vault.sessions") == len(opened)


async def test_the_older_link_stops_working_once_the_newer_one_is_used(desk: Desk, browse: Browse) -> None:
    older, newer = await link_for(desk, "dora@example.org"), await link_for(desk, "dora@example.org")
    await browse().post("/sign-in/confirm", json={"token": newer})

    assert code(await browse().post("/sign-in/confirm", json={"token": older})) == (410, "link-used")


async def test_a_confirmation_sent_again_after_a_lost_answer_gets_the_same_session(desk: Desk, browse: Browse) -> None:
    token = await link_for(desk, "dora@example.org")
    key = {"Idempotency-Key": "k1"}

    first = await browse().post("/sign-in/confirm", json={"token": token}, headers=key)
    again = await browse().post("/sign-in/confirm", json={"token": token}, headers=key)
    other = await browse().post("/sign-in/confirm", json={"token": token}, headers={"Idempotency-Key": "k2"})

    assert again.cookies["__Host-fanfare"] == first.cookies["__Host-fanfare"]
    assert code(other) == (410, "link-used")
    assert await one(desk, "select count(*) from vault.sessions") == 1


async def test_a_join_that_is_appended_twice_is_one_event(desk: Desk) -> None:
    member = await joining.join(desk, "Dora")
    before = (await desk.log.heads())[0]

    await joining.record_joined(desk, [member])

    assert (await desk.log.heads())[0] == before + 1
    assert await joined(desk) == [member]


async def test_a_join_that_a_crash_cut_short_is_finished_by_the_next_sign_in_or_the_next_start(
    desk: Desk, browse: Browse
) -> None:
    async with desk.pool.connection() as connection:
        cut = [vault.new_member("Dora", "dora@example.org"), vault.new_member("Emil", "emil@example.org")]
        await vault.add(connection, cut)

    back = (await sign_in(desk, browse(), "dora@example.org")).json()
    finished = await joining.finish_joins(desk)

    assert (back["member"], finished) == (cut[0].id, 1)
    assert await joined(desk) == [each.id for each in cut]
    assert await joining.finish_joins(desk) == 0


async def test_a_name_that_cannot_be_shown_leaves_the_link_good_and_nobody_joined(desk: Desk, browse: Browse) -> None:
    token = await link_for(desk, "dora@example.org")

    refused = [
        await browse().post("/sign-in/confirm", json={"token": token, "name": name})
        for name in ("D\u202eora", "a" * 61, "\u200b")
    ]

    assert [code(each) for each in refused] == [(422, "text-refused")] * 3
    assert await joined(desk) == []
    assert (await browse().post("/sign-in/confirm", json={"token": token})).status_code == 200


async def test_one_address_gets_five_links_at_a_time_and_one_key_sends_one_mail(desk: Desk, browse: Browse) -> None:
    for _ in range(3):
        await browse().post("/sign-in", json={"email": "key@example.org"}, headers={"Idempotency-Key": "k"})
    answers = [await browse().post("/sign-in", json={"email": "dora@example.org"}) for _ in range(8)]

    assert {each.status_code for each in answers} == {202}
    assert await one(desk, "select count(*) from vault.outbox where recipient = 'dora@example.org'") == 5
    assert await one(desk, "select count(*) from vault.outbox where recipient = 'key@example.org'") == 1
    assert await one(desk, "select count(*) from vault.links where email = 'key@example.org'") == 1


@pytest.mark.parametrize("after", ["//evil.example/x", "https://evil.example", "/\\evil.example", "/\t/evil.example"])
async def test_a_sign_in_never_leads_off_the_site(desk: Desk, browse: Browse, after: str) -> None:
    await browse().post("/sign-in", json={"email": "dora@example.org", "next": after})
    token = re.findall(r"token=(\S+)", await one(desk, "select body from vault.outbox"))[0]

    answer = await browse().post("/sign-in/confirm", json={"token": token})

    assert answer.json()["next"] == "/"


async def test_a_link_names_the_site_whatever_host_the_request_claims(desk: Desk, browse: Browse) -> None:
    headers = {"host": "evil.example", "x-forwarded-host": "evil.example", "origin": "https://evil.example"}
    await browse(**headers).post("/sign-in", json={"email": "dora@example.org"})

    body = await one(desk, "select body from vault.outbox")

    assert f"{SITE}/sign-in/confirm" in body
    assert "evil" not in body


async def test_requests_that_another_site_sends_change_nothing(desk: Desk, browse: Browse) -> None:
    client = browse()
    await sign_in(desk, client, "dora@example.org", "Dora")
    client.headers.update(FOREIGN)
    link = await link_for(desk, "evil@example.org")

    answers = [
        await client.patch("/me", json={"name": "Evil"}),
        await client.post("/tokens", json={"label": "Evil"}),
        await client.post("/sign-out"),
        await client.post("/sign-in", json={"email": "evil@example.org"}),
        await client.post("/sign-in/confirm", json={"token": link}),
    ]

    assert [code(each) for each in answers] == [(403, "foreign-origin")] * 5
    client.headers.update(OURS)
    assert (await client.get("/me")).json()["name"] == "Dora"


async def test_an_ended_session_is_told_apart_from_none(desk: Desk, browse: Browse) -> None:
    client, unknown = browse(), browse(cookie="__Host-fanfare=guessed")
    await sign_in(desk, client, "dora@example.org")
    await change(desk, "update vault.sessions set expires_at = now()")

    answers = [
        await client.get("/me"),
        await client.patch("/me", json={"name": "D"}),
        await unknown.get("/me"),
        await browse().get("/me"),
    ]

    assert [code(each) for each in answers] == [
        (401, "session-expired"),
        (401, "session-expired"),
        (401, "sign-in-needed"),
        (401, "sign-in-needed"),
    ]
    assert (await sign_in(desk, client, "dora@example.org")).status_code == 200


async def test_a_fan_sees_where_she_is_signed_in_and_ends_one_of_them_but_nobody_elses(desk: Desk, browse: Browse) -> None:
    here, there, stranger = browse(), browse(), browse()
    await sign_in(desk, here, "dora@example.org")
    await sign_in(desk, there, "dora@example.org")
    await sign_in(desk, stranger, "emil@example.org")
    listed = (await here.get("/me/sessions")).json()
    other = next(each["id"] for each in listed if not each["current"])

    foreign = await stranger.delete(f"/me/sessions/{other}")
    ended = await here.delete(f"/me/sessions/{other}")

    assert len(listed) == 2
    assert code(foreign) == (404, "session-not-found")
    assert ended.status_code == 204
    assert code(await there.get("/me")) == (401, "session-expired")
    assert [each["current"] for each in (await here.get("/me/sessions")).json()] == [True]


async def test_signing_out_ends_the_session_on_the_server_too(desk: Desk, browse: Browse) -> None:
    client = browse()
    session = (await sign_in(desk, client, "dora@example.org")).cookies["__Host-fanfare"]

    out = await client.post("/sign-out")
    stolen = await browse(cookie=f"__Host-fanfare={session}").get("/me")

    assert out.status_code == 204
    assert client.cookies.get("__Host-fanfare") is None
    assert code(stolen) == (401, "session-expired")


async def test_signing_in_anew_ends_the_session_that_the_browser_had(desk: Desk, browse: Browse) -> None:
    client = browse()
    before = (await sign_in(desk, client, "dora@example.org")).cookies["__Host-fanfare"]
    await sign_in(desk, client, "emil@example.org")

    assert code(await browse(cookie=f"__Host-fanfare={before}").get("/me")) == (401, "session-expired")
    assert (await client.get("/me")).json()["email"] == "emil@example.org"


async def test_a_script_uses_a_token_that_is_shown_once_and_ended_at_once(desk: Desk, browse: Browse) -> None:
    client = browse()
    member = (await sign_in(desk, client, "dora@example.org")).json()["member"]
    made = await client.post("/tokens", json={"label": "Nightly export", "days": 30})
    token = made.json()["token"]
    script = browse(authorization=f"Bearer {token}")

    me, listed = await script.get("/me"), (await script.get("/tokens")).json()
    renamed = await script.patch("/me", json={"name": "Script"})
    ended = await client.delete(made.headers["location"].removeprefix(API))

    assert made.status_code == 201
    assert me.json()["id"] == member
    assert [(each["label"], each["current"]) for each in listed] == [("Nightly export", True)]
    assert token not in str(listed)
    assert renamed.status_code == 200
    assert ended.status_code == 204
    assert code(await script.get("/me")) == (401, "session-expired")


async def test_one_key_makes_one_token_and_never_another_ones(desk: Desk, browse: Browse) -> None:
    dora, emil = browse(), browse()
    await sign_in(desk, dora, "dora@example.org")
    await sign_in(desk, emil, "emil@example.org")
    key = {"Idempotency-Key": "1"}

    first, again = [await dora.post("/tokens", json={"label": "Export"}, headers=key) for _ in range(2)]
    other = await dora.post("/tokens", json={"label": "Import"}, headers=key)
    of_emil = await emil.post("/tokens", json={"label": "Export"}, headers=key)

    assert again.json() == first.json()
    assert code(other) == (422, "idempotency-key-reused")
    assert of_emil.json()["token"] != first.json()["token"]
    await dora.delete(f"/tokens/{first.json()['id']}")
    assert code(await dora.post("/tokens", json={"label": "Export"}, headers=key)) == (422, "idempotency-key-reused")


async def test_a_token_is_no_cookie_a_cookie_no_token_and_a_wrong_token_no_stranger(desk: Desk, browse: Browse) -> None:
    client = browse()
    session = (await sign_in(desk, client, "dora@example.org")).cookies["__Host-fanfare"]
    token = (await client.post("/tokens", json={"label": "Export"})).json()["token"]

    as_bearer = await browse(authorization=f"Bearer {session}").get("/me")
    as_cookie = await browse(cookie=f"__Host-fanfare={token}").get("/me")
    wrong = await browse(authorization="Bearer x", cookie=f"__Host-fanfare={session}").get("/me")
    further = await browse(authorization=f"Bearer {token}").post("/tokens", json={"label": "More"})

    assert [code(each) for each in (as_bearer, as_cookie, wrong, further)] == [
        (401, "token-unknown"),
        (401, "sign-in-needed"),
        (401, "token-unknown"),
        (403, "browser-needed"),
    ]


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
        await fan.post(f"/members/{dora}/roles", json={"role": "admin"}),
        await browse().post(f"/members/{dora}/roles", json={"role": "admin"}),
    ]

    assert [code(each) for each in answers] == [
        (409, "last-admin"),
        (409, "role-not-held"),
        (422, "text-refused"),
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


async def test_hundreds_of_simulated_fans_join_in_a_few_entries_and_call_with_their_tokens(pool: AsyncConnectionPool) -> None:
    desk = await a_desk(pool, simulation=True)
    before = (await desk.log.heads())[0]

    fans = await joining.join_many(desk, [f"Fan {number}" for number in range(500)])

    assert len({member for member, _ in fans}) == 500
    assert sorted(await joined(desk)) == sorted(member for member, _ in fans)
    assert (await desk.log.heads())[0] - before <= 5
    assert await one(desk, "select member from vault.sessions where hash = %s", sessions.hashed(fans[7][1])) == fans[7][0]
    assert await one(desk, "select name from vault.members where id = %s and simulated", fans[7][0]) == "Fan 7"


async def test_an_ordinary_site_has_no_simulated_fans(desk: Desk) -> None:
    with pytest.raises(NotASimulation):
        await joining.join_many(desk, ["Fan"])
    with pytest.raises(NotASimulation):
        await joining.join(desk, "Fan", simulated=True)

    assert await one(desk, "select count(*) from vault.members") == 0


async def test_joining_with_a_known_address_is_the_same_member(desk: Desk) -> None:
    first, again = (
        await joining.join(desk, "Dora", email="dora@example.org"),
        await joining.join(desk, "D", email="dora@example.org"),
    )

    assert first == again
    assert await joined(desk) == [first]


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


async def test_a_used_link_is_refused_by_the_service_as_by_the_route(desk: Desk) -> None:
    token = await link_for(desk, "dora@example.org")
    await links.confirm(desk, token)

    with pytest.raises(LinkUsed):
        await links.confirm(desk, token)


async def test_the_first_admin_is_granted_by_nobody_in_the_record(desk: Desk, browse: Browse) -> None:
    ada = await an_admin(desk, browse())

    found = [each for stored in await desk.log.read(0, 0) for each in unpack(0, stored.offset, stored.body).events]

    granted = [each for each in found if isinstance(each, Recorded) and isinstance(each.event, RoleGranted)]
    assert [(each.event, each.decision and each.decision.stream) for each in granted] == [
        (RoleGranted(member=ada, role="admin", by=None), "site")
    ]
