"""Kudos over the real site: five a week, taken back, removed by a moderator, gone with whoever gave them."""

import asyncio

import httpx2
import pytest

from fanfare.record.recognition import MOST_KUDOS
from tests.integration.browsing import browser, follow, form, send, signed_in
from tests.page_reader import all_read
from tests.site_fixture import SiteUnderTest, round_of

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
WORDS = "Your bay leaf made the orange sing."


async def me(fan: httpx2.AsyncClient) -> str:
    return str((await fan.get("/api/v1/me")).json()["id"])


async def praise(fan: httpx2.AsyncClient, to: str, words: str = WORDS, key: str = "", **more: str) -> httpx2.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await fan.post(f"/api/v1/members/{to}/kudos", json={"words": words, **more}, headers=headers)


async def said_of(site: SiteUnderTest, member: str) -> list[str]:
    await all_read(site)
    found = (await site.stranger.get(f"/api/v1/members/{member}/kudos")).raise_for_status().json()["kudos"]
    return [each["words"] for each in found]


async def test_five_a_week_are_given_however_many_are_sent_at_once_and_the_sixth_is_told_why(site: SiteUnderTest) -> None:
    anna, noor = await site.fan("Anna"), await me(await site.fan("Noor A."))

    answers = await asyncio.gather(*(praise(anna, noor, f"Number {n}.") for n in range(MOST_KUDOS + 3)))
    late = await praise(anna, noor, "One more.")

    assert sorted(each.status_code for each in answers) == [201] * MOST_KUDOS + [409] * 3
    assert (late.status_code, late.json()["code"]) == (409, "kudos-spent")
    assert len(await said_of(site, noor)) == MOST_KUDOS


async def test_the_same_request_twice_praises_once_and_costs_one(site: SiteUnderTest) -> None:
    anna, noor = await site.fan("Anna"), await me(await site.fan("Noor A."))

    first, again = await praise(anna, noor, key="k1"), await praise(anna, noor, key="k1")
    other = await praise(anna, noor, "Other words.", key="k1")
    rest = [await praise(anna, noor, f"Number {n}.") for n in range(MOST_KUDOS - 1)]

    assert first.json() == again.json()
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert {each.status_code for each in rest} == {201}
    assert len(await said_of(site, noor)) == MOST_KUDOS


async def test_what_is_taken_back_is_shown_to_nobody_and_still_counts_towards_the_week(site: SiteUnderTest) -> None:
    anna, noor = await site.fan("Anna"), await me(await site.fan("Noor A."))
    given = [(await praise(anna, noor, f"Number {n}.")).json()["kudos"] for n in range(MOST_KUDOS)]
    await all_read(site)
    stranger = await site.fan("Jonah P.")

    foreign = await stranger.delete(f"/api/v1/kudos/{given[0]}")
    done = await anna.delete(f"/api/v1/kudos/{given[0]}")
    await all_read(site)
    again = await anna.delete(f"/api/v1/kudos/{given[0]}")

    assert (foreign.status_code, foreign.json()["code"]) == (403, "not-your-kudos")
    assert (done.status_code, again.status_code) == (200, 200)
    assert "Number 0." not in await said_of(site, noor)
    assert (await praise(anna, noor, "One more.")).json()["code"] == "kudos-spent"


@pytest.mark.parametrize(("words", "status"), [("", 422), ("x" * 280, 201), ("x" * 281, 422), ("\u202eevil", 422)])
async def test_the_words_have_one_to_280_characters_that_can_be_seen(site: SiteUnderTest, words: str, status: int) -> None:
    anna, noor = await site.fan("Anna"), await me(await site.fan("Noor A."))

    assert (await praise(anna, noor, words)).status_code == status


async def test_kudos_are_about_an_idea_of_hers_and_lead_there(site: SiteUnderTest) -> None:
    anna, noor = await site.fan("Anna"), await site.fan("Noor A.")
    campaign = await site.publish(round_of(method="support.v1", options_from="ideas", options=[]))
    round_id = campaign["rounds"][0]["id"]
    await site.until(round_id, "open")
    hers, mine = [
        (await fan.post(f"/api/v1/rounds/{round_id}/ideas", json={"title": "Pine", "body": "Like tea.", "tags": ""})).json()["id"]
        for fan in (noor, anna)
    ]
    await all_read(site)

    wrong = await praise(anna, await me(noor), about=mine)
    given = await praise(anna, await me(noor), about=hers)
    await all_read(site)
    (found,) = (await site.stranger.get(f"/api/v1/members/{await me(noor)}/kudos")).json()["kudos"]

    assert (wrong.status_code, wrong.json()["code"]) == (422, "not-hers")
    assert given.status_code == 201
    assert (found["idea"], found["by_name"]) == (hers, "Anna")


async def test_the_form_keeps_what_was_typed_and_leads_to_her_page(site: SiteUnderTest) -> None:
    anna, noor = await signed_in(site, "Anna"), await me(await site.fan("Noor A."))
    address = f"/fans/{noor}/kudos"
    page = await anna.get(address)
    refused = await send(anna, page, address, words="y" * 281)
    shown = await follow(anna, await send(anna, refused, address, words=WORDS))
    for n in range(MOST_KUDOS - 1):
        await send(anna, await anna.get(address), address, words=f"Number {n}.")
    spent = await anna.post(address, data={**form(page.text, address).fields, "words": "One more.", "key": "another"})

    assert refused.status_code == 422
    assert "y" * 281 in refused.text
    assert "Your kudos are public" in shown.text
    assert spent.status_code == 409
    assert "One more." in spent.text
    assert (await browser(site).get(address)).headers["location"].startswith("/sign-in")
    assert "Noor A." in page.text


async def test_a_moderator_removes_the_words_for_a_reason_and_they_are_gone_for_good(site: SiteUnderTest) -> None:
    anna, noor = await site.fan("Anna"), await me(await site.fan("Noor A."))
    await praise(anna, noor)
    await all_read(site)
    async with site.parts.pool.connection() as connection:
        row = await (await connection.execute("select hash from record.texts where text = %s", (WORDS,))).fetchone()
    assert row

    fan = await anna.post(f"/api/v1/texts/{row[0]}/removal", json={"reason": "Mine."})
    done = await site.host.post(f"/api/v1/texts/{row[0]}/removal", json={"reason": "It names her street."})

    assert fan.status_code == 403
    assert done.status_code == 200, done.text
    assert await said_of(site, noor) == []


async def test_somebody_who_left_praises_nobody_any_more_and_is_praised_by_nobody(site: SiteUnderTest) -> None:
    anna, noor = await site.fan("Anna"), await site.fan("Noor A.")
    member = await me(noor)
    await praise(anna, member)
    session = await signed_in(site, "Jonah P.")
    await praise(session, member, "Always kind.")
    assert sorted(await said_of(site, member)) == ["Always kind.", WORDS]

    (await session.post("/api/v1/me/erasure", json={"words": "erase me"})).raise_for_status()

    assert await said_of(site, member) == [WORDS]
    leaving = await signed_in(site, "Leaving")
    gone = await me(leaving)
    (await leaving.post("/api/v1/me/erasure", json={"words": "erase me"})).raise_for_status()
    assert (await praise(anna, gone)).json()["code"] == "member-not-found"


async def test_a_hidden_page_tells_nobody_of_kudos(site: SiteUnderTest) -> None:
    anna, noor = await site.fan("Anna"), await signed_in(site, "Noor A.")
    member = await me(noor)
    await praise(anna, member)
    await all_read(site)
    await send(noor, await noor.get("/me/access"), "/me/access/shown", shown="no")

    hers = await noor.get(f"/api/v1/members/{member}/kudos")
    theirs = await anna.get(f"/api/v1/members/{member}/kudos")

    assert len(hers.json()["kudos"]) == 1
    assert theirs.status_code == 404
