"""Passkeys on the real thing, with a device in software: added, used, removed, and refused where they have to be."""

import json

import pytest
from httpx2 import AsyncClient, Response

from fanfare.platform.desk import Desk
from tests.authenticator import Device
from tests.integration.members_room import FOREIGN, SITE, Browse, change, code, link_for, one, sign_in

pytestmark = pytest.mark.postgres
MAIL = "dora@example.org"


async def dora(desk: Desk, browse: Browse) -> AsyncClient:
    """Return the browser of somebody who has just signed in by mail."""
    client = browse()
    (await sign_in(desk, client, MAIL, "Dora")).raise_for_status()
    return client


async def added(client: AsyncClient, device: Device, name: str = "My phone") -> Response:
    """Add a passkey of *device*."""
    options = (await client.post("/me/passkeys/options")).raise_for_status().json()
    return await client.post("/me/passkeys", json={"name": name, "credential": device.create(options)})


async def signed_in_by(client: AsyncClient, device: Device) -> Response:
    """Sign *client* in with a passkey of *device*."""
    options = (await client.post("/sign-in/passkey/options")).raise_for_status().json()
    return await client.post("/sign-in/passkey", json={"credential": device.get(options), "next": "/me"})


async def mailed(desk: Desk, recipient: str = MAIL) -> list[str]:
    """Return the subjects of what was mailed to somebody, the earliest first."""
    return list(await one(desk, "select array_agg(subject order by id) from vault.outbox where recipient = %s", recipient) or [])


async def test_a_fan_adds_a_passkey_signs_in_with_it_and_removes_it(desk: Desk, browse: Browse) -> None:
    here, there, device = await dora(desk, browse), browse(), Device(SITE)
    made = await added(here, device)

    entered = await signed_in_by(there, device)
    listed = (await here.get("/me/passkeys")).json()
    gone = await here.delete(f"/me/passkeys/{made.json()['id']}")
    after = await signed_in_by(browse(), device)

    assert made.status_code == 201
    assert entered.json() == {"member": (await here.get("/me")).json()["id"], "next": "/me", "newcomer": False}
    assert (await there.get("/me")).json()["name"] == "Dora"
    assert [(each["name"], each["used_at"] is not None) for each in listed] == [("My phone", True)]
    assert gone.status_code == 204
    assert code(after) == (404, "passkey-unknown")
    assert (await mailed(desk))[-2:] == ["A passkey was added at Pomfret Soda", "A passkey was removed at Pomfret Soda"]


async def test_what_devices_are_told_of_a_member_leads_to_nobody(desk: Desk, browse: Browse) -> None:
    here = await dora(desk, browse)
    options = (await here.post("/me/passkeys/options")).json()
    asking = (await browse().post("/sign-in/passkey/options")).json()

    assert options["rp"] == {"name": "Pomfret Soda", "id": "fans.example"}
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == asking["userVerification"] == "preferred"
    assert (await here.get("/me")).json()["id"] not in options["user"]["id"]
    assert asking["allowCredentials"] == []


async def test_a_challenge_works_once_and_for_five_minutes(desk: Desk, browse: Browse) -> None:
    here, device = await dora(desk, browse), Device(SITE, counts=False)
    options = (await here.post("/me/passkeys/options")).json()
    credential = device.create(options)
    first = await here.post("/me/passkeys", json={"name": "One", "credential": credential})
    again = await here.post("/me/passkeys", json={"name": "Two", "credential": credential})
    asking = (await browse().post("/sign-in/passkey/options")).json()
    answer = device.get(asking)
    entered = await browse().post("/sign-in/passkey", json={"credential": answer})
    replayed = await browse().post("/sign-in/passkey", json={"credential": answer})
    stale = device.get({**asking, "challenge": _older(asking["challenge"])})

    late = await browse().post("/sign-in/passkey", json={"credential": stale})

    assert [first.status_code, entered.status_code] == [201, 200]
    assert [code(each) for each in (again, replayed, late)] == [(410, "challenge-stale")] * 3


def _older(challenge: str) -> str:
    """Return a challenge that says it is good for longer, without the seal for it."""
    from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

    made, ends, *rest = base64url_to_bytes(challenge).decode().split(".")
    return bytes_to_base64url(".".join((made, f"{int(ends, 16) + 9:x}", *rest)).encode())


async def test_an_answer_for_another_site_another_member_or_another_key_is_refused(desk: Desk, browse: Browse) -> None:
    here, device = await dora(desk, browse), Device(SITE)
    (await added(here, device)).raise_for_status()
    thief, emil = Device("https://fans.example.evil.example"), browse()
    thief.keys = device.keys
    await sign_in(desk, emil, "emil@example.org")
    options = (await here.post("/me/passkeys/options")).json()
    forged = json.loads(device.get((await browse().post("/sign-in/passkey/options")).json()))
    forged["response"]["signature"] = forged["response"]["signature"][:-4] + "AAAA"

    answers = [
        await signed_in_by(browse(), thief),
        await browse().post("/sign-in/passkey", json={"credential": json.dumps(forged)}),
        await browse().post("/sign-in/passkey", json={"credential": "{}"}),
        await browse().post("/sign-in/passkey", json={"credential": '{"rawId": "!", "response": {"clientDataJSON": 7}}'}),
    ]
    of_another = await emil.post("/me/passkeys", json={"name": "Hers", "credential": Device(SITE).create(options)})

    assert [code(each) for each in answers] == [(422, "passkey-refused")] * 4
    assert code(of_another) == (410, "challenge-stale")


async def test_a_device_that_counts_backwards_has_been_copied(desk: Desk, browse: Browse) -> None:
    here, device = await dora(desk, browse), Device(SITE)
    (await added(here, device)).raise_for_status()
    (await signed_in_by(browse(), device)).raise_for_status()
    device.count -= 1

    assert code(await signed_in_by(browse(), device)) == (403, "passkey-copied")


async def test_an_old_sign_in_an_api_token_and_another_site_change_no_way_in(desk: Desk, browse: Browse) -> None:
    here, device = await dora(desk, browse), Device(SITE)
    made = (await added(here, device)).json()
    token = (await here.post("/tokens", json={"label": "Export"})).json()["token"]
    script = browse(authorization=f"Bearer {token}")
    by_token = [await script.post("/me/passkeys/options"), await script.post("/me/address", json={"email": "evil@example.org"})]
    await change(desk, "update vault.sessions set created_at = now() - interval '16 minutes' where kind = 'browser'")

    old = [
        await here.post("/me/passkeys/options"),
        await here.post("/me/passkeys", json={"name": "Evil", "credential": "{}"}),
        await here.delete(f"/me/passkeys/{made['id']}"),
        await here.post("/me/address", json={"email": "evil@example.org"}),
    ]
    here.headers.update(FOREIGN)
    foreign = [await here.post("/me/passkeys/options"), await here.post("/sign-in/passkey", json={"credential": "{}"})]

    assert [code(each) for each in by_token] == [(403, "browser-needed")] * 2
    assert [code(each) for each in old] == [(403, "sign-in-again")] * 4
    assert [code(each) for each in foreign] == [(403, "foreign-origin")] * 2


async def test_signing_in_with_a_passkey_is_recent_enough_to_change_the_others(desk: Desk, browse: Browse) -> None:
    here, there, device = await dora(desk, browse), browse(), Device(SITE)
    (await added(here, device)).raise_for_status()
    await change(desk, "update vault.sessions set created_at = now() - interval '1 day'")

    await signed_in_by(there, device)

    assert (await added(there, Device(SITE), "Second")).status_code == 201


async def test_the_last_way_in_stays_and_nobody_without_one_is_locked_out(desk: Desk, browse: Browse) -> None:
    here, device = await dora(desk, browse), Device(SITE)
    await change(desk, "update vault.members set email = null")
    await change(desk, "update vault.sessions set created_at = now() - interval '9 days'")
    made = await added(here, device)
    await change(desk, "update vault.sessions set created_at = now()")

    last = await here.delete(f"/me/passkeys/{made.json()['id']}")
    other = await added(here, Device(SITE), "Second")
    gone = await here.delete(f"/me/passkeys/{made.json()['id']}")

    assert made.status_code == other.status_code == 201, "her session is all she has, and it is enough for a first way in"
    assert code(last) == (409, "last-way-in")
    assert gone.status_code == 204


async def test_nobody_removes_the_passkey_of_another(desk: Desk, browse: Browse) -> None:
    here, emil = await dora(desk, browse), browse()
    made = (await added(here, Device(SITE))).json()
    await sign_in(desk, emil, "emil@example.org")

    assert code(await emil.delete(f"/me/passkeys/{made['id']}")) == (404, "passkey-not-found")
    assert len((await here.get("/me/passkeys")).json()) == 1


async def test_a_lost_passkey_is_replaced_by_the_link(desk: Desk, browse: Browse) -> None:
    here, lost, new = await dora(desk, browse), Device(SITE), Device(SITE)
    made = (await added(here, lost)).json()
    elsewhere = browse()
    await elsewhere.post("/sign-in/confirm", json={"token": await link_for(desk, MAIL)})

    gone = await elsewhere.delete(f"/me/passkeys/{made['id']}")
    added_again = await added(elsewhere, new)

    assert [gone.status_code, added_again.status_code] == [204, 201]
    assert (await signed_in_by(browse(), new)).status_code == 200
