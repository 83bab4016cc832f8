"""Sessions of browsers and tokens of scripts, on the real thing."""

import pytest

from fanfare.members import sessions
from fanfare.platform.desk import Desk
from tests.integration.members_room import API, FOREIGN, OURS, Browse, change, code, link_for, one, sign_in

pytestmark = pytest.mark.postgres


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
