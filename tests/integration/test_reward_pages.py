"""The pages of rewards without a browser: what is refused and keeps what was typed, the winners of a draw, who is shown."""

import re
from datetime import date

import pytest

from tests.integration.browsing import follow, form, send, signed_in
from tests.integration.test_draw_pages import announced, until_done
from tests.integration.test_settings_pages import SETTINGS, an_admin
from tests.page_reader import all_read
from tests.site_fixture import SiteUnderTest, running_site

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


async def shelved(site: SiteUnderTest, **changes: object) -> str:
    """Put a reward on the shelf and return its id."""
    body = {"kind": "thing", "title": "A numbered crate", "words": "Twelve bottles.", "stock": 1, **changes}
    return str((await site.host.post("/api/v1/rewards", json=body)).raise_for_status().json()["id"])


async def offered(site: SiteUnderTest, reward: str, member: str, **changes: object) -> str:
    body = {"member": member, "reason": "Her cherry won.", **changes}
    return str((await site.host.post(f"/api/v1/rewards/{reward}/offers", json=body)).raise_for_status().json()["id"])


async def test_a_form_that_is_refused_keeps_what_was_typed(site: SiteUnderTest) -> None:
    host = await signed_in(site, "Dora Lindqvist", "host")
    page = await host.get("/host/rewards/new")

    wrong = await send(host, page, "/host/rewards/new", title="A crate", words="Twelve.", countries="AT, XX", stock="many")
    assert wrong.status_code == 422
    assert "Write a number in digits." in wrong.text
    wrong = await send(host, wrong, "/host/rewards/new", stock="2")
    assert "These are no countries’ codes: XX." in wrong.text
    assert 'value="A crate"' in wrong.text
    made = await follow(host, await send(host, wrong, "/host/rewards/new", countries="AT; ch"))

    assert "It is on the shelf, and in the record." in made.text
    assert "In Austria and Switzerland." in made.text
    assert "Two are left to give" in (await site.stranger.get("/rewards")).text


async def test_whoever_comes_second_to_the_last_one_is_told_and_may_put_her_on_the_reserve_list(site: SiteUnderTest) -> None:
    reward, host = await shelved(site), await signed_in(site, "Dora Lindqvist", "host")
    first, second = await site.fan("Ravenna O."), await site.fan("Perpetua L.")
    ids = [(await each.get("/api/v1/me")).json()["id"] for each in (first, second)]
    where = f"/host/rewards/{reward}/offer"
    page = await host.get(where, params={"to": ids[1]})
    assert "One is left." in page.text
    await offered(site, reward, ids[0])

    late = await send(host, page, where, reason="She kept the stone in.")
    assert late.status_code == 409
    assert "There is none left" in late.text
    assert form(late.text, where).fields["reason"] == "She kept the stone in."
    done = await follow(host, await send(host, late, where, waits="yes"))

    assert "On the reserve list." in done.text
    desk = await host.get(f"/host/rewards/{reward}")
    assert desk.text.index("Ravenna O.") < desk.text.index("Reserve list") < desk.text.index("Perpetua L.")
    again = await send(host, await host.get(where, params={"to": ids[1]}), where, reason="Once more.", waits="yes")
    assert "A fan gets one of each reward." in again.text


async def test_who_is_too_young_or_elsewhere_reads_why_and_nobody_else_sees_an_offer(site: SiteUnderTest) -> None:
    reward = await shelved(site, min_age=18, countries=["AT", "DE"], sent=True, stock=2)
    fan = await signed_in(site, "Ravenna O.")
    me = (await fan.get("/api/v1/me")).json()["id"]
    offer = await offered(site, reward, me)
    where = f"/me/offers/{offer}"
    other = await signed_in(site, "Perpetua L.")
    assert (await other.get(where)).status_code == 404
    page = await fan.get(where)
    assert "From the age of 18. In Austria and Germany." in page.text
    assert "Poland" not in page.text
    typed = {"birth": "31.12.2001", "name": "R. Orsini", "lines": "Am Ring 4", "country": "AT"}

    wrong = await send(fan, page, f"{where}/accept", **typed)
    assert "Write the day as 2009-01-31." in wrong.text
    assert form(wrong.text, f"{where}/accept").fields["lines"] == "Am Ring 4"
    elsewhere = await send(fan, wrong, f"{where}/accept", birth="2001-12-31", country="PL")
    assert (elsewhere.status_code, "The reward’s page names the countries" in elsewhere.text) == (403, True)
    young = await send(fan, elsewhere, f"{where}/accept", birth="2020-01-01", country="AT")

    assert young.status_code == 403
    assert "This is for people who are older." in young.text
    assert "Answer" in (await fan.get("/rewards")).text


async def test_a_guardian_without_a_name_is_asked_for_beside_her_own_field(site: SiteUnderTest) -> None:
    reward, fan = await shelved(site, guardian_below=16), await signed_in(site, "Ravenna O.")
    where = f"/me/offers/{await offered(site, reward, (await fan.get('/api/v1/me')).json()['id'])}"
    young = f"{date.today().year - 12}-01-01"  # noqa: DTZ011 - years are enough

    asked = await send(fan, await fan.get(where), f"{where}/accept", birth=young)
    assert "Somebody who decides for you" in asked.text
    wrong = await send(fan, asked, f"{where}/accept", guardian_email="maeve@example.org", guardian_name=" ")

    assert wrong.status_code == 422
    assert 'id="guardian_name-wrong"' in wrong.text
    sent = await follow(fan, await send(fan, wrong, f"{where}/accept", guardian_name="Maeve O."))
    assert "We wait for Maeve O." in sent.text
    assert "Write to somebody else, or once more" in sent.text


async def test_a_guardian_reads_who_answers_for_the_site_and_how_to_reach_them(site: SiteUnderTest) -> None:
    reward, fan, admin = await shelved(site, guardian_below=16), await signed_in(site, "Ravenna O."), await an_admin(site)
    where = f"/me/offers/{await offered(site, reward, (await fan.get('/api/v1/me')).json()['id'])}"
    young = f"{date.today().year - 12}-01-01"  # noqa: DTZ011 - years are enough
    asked = await send(fan, await fan.get(where), f"{where}/accept", birth=young)
    guardian = {"guardian_email": "maeve@example.org", "guardian_name": "Maeve O."}
    await follow(fan, await send(fan, asked, f"{where}/accept", **guardian))
    async with site.parts.pool.connection() as connection:
        row = await (await connection.execute("select body from vault.outbox where recipient = 'maeve@example.org'")).fetchone()
    assert row
    link = "/consent?token=" + re.findall(r"/consent\?token=([0-9a-f]+)", row[0])[0]

    before = await site.stranger.get(link)
    imprint = {"imprint": "Fassbinderstraße 3, Vienna. Write to hello@pomfret.example.", "reason": "The law asks for it."}
    await follow(admin, await send(admin, await admin.get(SETTINGS), SETTINGS, **imprint))
    await all_read(site)
    after = await site.stranger.get(link)

    assert "Who asks you: Pomfret Soda" in before.text
    assert "Nobody has written here yet who answers for this site" in before.text
    assert "Fassbinderstraße 3, Vienna." in after.text
    assert "Nobody has written here yet" not in after.text


async def test_what_reached_a_fan_stands_on_her_page_while_she_shows_it(site: SiteUnderTest) -> None:
    reward, fan = await shelved(site, kind="experience", title="An evening in Graz"), await signed_in(site, "Ravenna O.")
    host = await signed_in(site, "Dora Lindqvist", "host")
    me = (await fan.get("/api/v1/me")).json()["id"]
    where = f"/me/offers/{await offered(site, reward, me)}"
    taken = await follow(fan, await send(fan, await fan.get(where), f"{where}/accept"))
    assert "It is yours" in taken.text
    assert "One reward waits to be handed over" in (await host.get("/host")).text
    desk = f"/host/rewards/{reward}"
    ready = await follow(host, await send(host, await host.get(desk), f"{desk}/prepared"))
    assert "One to hand over" in ready.text
    assert "It is ready for you" in (await fan.get(where)).text
    there = await follow(fan, await send(fan, await fan.get(where), f"{where}/arrived"))
    assert "You were there" in there.text

    for address in (f"/fans/{me}", "/rewards"):
        assert "An evening in Graz" in (await site.stranger.get(address)).text
    assert "It was for" in (await site.stranger.get("/rewards")).text
    await send(fan, await fan.get("/me/access"), "/me/access/shown", shown="no")
    assert "It was for" not in (await site.stranger.get("/rewards")).text
    assert "Something for you" in (await fan.get("/me")).text


async def test_those_whom_a_draw_drew_are_offered_it_in_one_go_and_the_rest_wait_in_their_order(database: str) -> None:
    async with running_site(database, simulation=True) as site:
        host, reward = await signed_in(site, "Dora Lindqvist", "host"), await shelved(site)
        draw = await announced(site, seats=2)
        for name in ("Ravenna O.", "Perpetua L."):
            (await (await site.fan(name)).put(f"/api/v1/draws/{draw}/entry")).raise_for_status()
        drawn = [each["name"] for each in (await until_done(site, draw))["drawn"]]
        await all_read(site)
        choose = await host.get("/host/rewards", params={"draw": draw})
        assert "those who were drawn in “Two seats in the kitchen”" in choose.text
        assert f"/host/rewards?draw={draw}" in (await host.get("/host/draws")).text
        where = f"/host/rewards/{reward}/offer"
        page = await host.get(where, params={"draw": draw})
        assert "Who comes after that goes on the reserve list" in page.text

        await follow(host, await send(host, page, where))

        offers = (await site.host.get("/api/v1/host/offers", params={"reward": reward})).json()["offers"]
        assert [(each["name"], each["state"], each["draw"]) for each in offers] == [
            (drawn[0], "offered", draw),
            (drawn[1], "waiting", draw),
        ]
        again = await send(host, page, where, key="another")
        assert "All who were drawn have an offer of it already." in again.text
