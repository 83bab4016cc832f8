"""Joining and signing in by mail on the real thing, and those who try to break in."""

import asyncio
import re

import pytest
from psycopg_pool import AsyncConnectionPool

from fanfare.members import joining, links, sessions, vault
from fanfare.members.refusals import LinkUsed, NotASimulation
from fanfare.platform.desk import Desk
from tests.integration.members_room import SITE, Browse, a_desk, change, code, joined, link_for, one, sign_in

pytestmark = pytest.mark.postgres


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


async def test_a_used_link_is_refused_by_the_service_as_by_the_route(desk: Desk) -> None:
    token = await link_for(desk, "dora@example.org")
    await links.confirm(desk, token)

    with pytest.raises(LinkUsed):
        await links.confirm(desk, token)
