"""What hosts and moderators do about what stands in a circle: reported notes wait for them alone, and a brief can be removed."""

from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from fanfare.community import thanking
from tests.integration.browsing import follow, form, send, signed_in
from tests.integration.test_circles import BRIEF, NOTE, let_in, me, open_circle, put, record, refused
from tests.integration.test_thanks import delivered
from tests.page_reader import all_read
from tests.site_fixture import SiteUnderTest, round_of

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


async def may_moderate(site: SiteUnderTest, fan: httpx2.AsyncClient, campaign: str) -> None:
    """Give a fan the right to moderate in a campaign."""
    until = (datetime.now(UTC) + timedelta(days=9)).isoformat()
    power = {"may": "moderate", "campaign": campaign, "until": until, "reason": "She is fair."}
    await put(site.host, f"/members/{await me(fan)}/powers", power)


async def waiting(client: httpx2.AsyncClient) -> tuple[list[str], bool]:
    """Return the notes of the queue, as the API lists them, and whether its page has a link to one."""
    listed = (await client.get("/api/v1/moderation/queue")).raise_for_status().json()["notes"]
    page = (await client.get("/host/moderation")).raise_for_status().text
    return [each["note"] for each in listed], "Reported in circles" in page and "A note below" in page


async def test_a_reported_note_waits_in_the_queue_of_who_moderates_there_and_of_nobody_else(site: SiteUnderTest) -> None:
    noor, mei = await site.fan("Noor"), await site.fan("Mei")
    here, elsewhere, everywhere = await site.fan("Ines"), await site.fan("Wren"), await site.fan("Ash")
    campaign, other = [(await site.publish(round_of()))["id"] for _ in range(2)]
    circle = await open_circle(site, campaign=campaign)
    await may_moderate(site, here, campaign)
    await may_moderate(site, elsewhere, other)
    await put(site.host, f"/members/{await me(everywhere)}/roles", {"role": "moderator"})
    for fan in (noor, mei):
        await let_in(site, circle, fan)
    brief = (await put(site.host, f"/circles/{circle}/briefs", BRIEF))["id"]
    note = (await put(noor, f"/briefs/{brief}/notes", {"words": NOTE}))["id"]

    before = [await waiting(each) for each in (here, everywhere)]
    await put(mei, f"/notes/{note}/report", method="PUT")

    assert before == [([], False)] * 2
    for moderator in (here, everywhere, site.host):
        assert await waiting(moderator) == ([note], True)
    assert await waiting(elsewhere) == ([], False)
    assert await refused(elsewhere, "GET", f"/briefs/{brief}") == "not-in-circle"
    assert await refused(elsewhere, "POST", f"/notes/{note}/hide", {"reason": "I say so."}) == "not-in-circle"
    assert await refused(mei, "POST", f"/notes/{note}/show") == "role-needed"
    await put(here, f"/notes/{note}/hide", {"reason": "It names a child."})
    assert await waiting(here) == ([], False)
    assert (await mei.get(f"/api/v1/briefs/{brief}")).json()["notes"][0]["words"] == ""


async def test_a_note_in_a_circle_of_no_campaign_waits_for_no_moderator_of_a_campaign(site: SiteUnderTest) -> None:
    noor, here = await site.fan("Noor"), await site.fan("Ines")
    await may_moderate(site, here, (await site.publish(round_of()))["id"])
    circle = await open_circle(site)
    await let_in(site, circle, noor)
    brief = (await put(site.host, f"/circles/{circle}/briefs", BRIEF))["id"]
    note = (await put(noor, f"/briefs/{brief}/notes", {"words": NOTE}))["id"]

    await put(noor, f"/notes/{note}/report", method="PUT")

    assert await waiting(site.host) == ([note], True)
    assert await waiting(here) == ([], False)


async def test_a_host_removes_a_brief_with_its_notes_and_what_was_shared_stays_in_the_record(site: SiteUnderTest) -> None:
    noor, dora = await site.fan("Noor"), await signed_in(site, "Dora Lindqvist", "host")
    circle, other = await open_circle(site), await open_circle(site, title="The labs")
    await let_in(site, circle, noor)
    first, second = [(await put(site.host, f"/circles/{circle}/briefs", BRIEF))["id"] for _ in range(2)]
    await put(noor, f"/briefs/{first}/notes", {"words": NOTE})

    page = await dora.get(f"/briefs/{first}")
    astray = await dora.post(f"/host/circles/{other}/remove", data=form(page.text, f"/host/circles/{circle}/remove").fields)
    done = await follow(dora, await send(dora, page, f"/host/circles/{circle}/remove"))

    assert "with the note below it" in page.text
    assert astray.status_code == 404
    assert "The brief is gone, with its notes." in done.text
    assert await refused(noor, "GET", f"/briefs/{first}") == "brief-not-found"
    assert "Remove this brief" not in (await noor.get(f"/briefs/{second}")).text
    assert await refused(noor, "DELETE", f"/briefs/{second}") == "role-needed"
    await put(site.host, f"/briefs/{second}", method="DELETE")
    assert (await noor.get(f"/api/v1/circles/{circle}/briefs")).json()["briefs"] == []
    async with site.parts.pool.connection() as connection:
        left = await (await connection.execute("select count(*) from vault.notes")).fetchone()
    assert left == (0,)
    assert (await record(site)).count(b"fanfare.circle.brief-shared.v1") == 2


async def test_a_title_stands_beside_its_holder_below_a_brief_with_kudos_and_where_she_answers_a_thank_you(
    site: SiteUnderTest,
) -> None:
    noor, mei = await site.fan("Noor"), await site.fan("Mei")
    title = {"member": await me(noor), "words": "Keeper of the Cherry", "reason": "She kept it.", "because": []}
    await put(site.host, "/recognition/titles", title)
    circle = await open_circle(site)
    await let_in(site, circle, noor)
    brief = (await put(site.host, f"/circles/{circle}/briefs", BRIEF))["id"]

    await put(noor, f"/briefs/{brief}/notes", {"words": NOTE})
    await put(noor, f"/members/{await me(mei)}/kudos", {"words": "You asked first."})
    thanks = await put(site.host, "/thanks", {"members": [await me(noor)], "words": "Thank you.", "question": "Again?"})
    await thanking.deliver(site.parts.desk)
    await delivered(site)
    await put(noor, f"/me/thanks/{thanks['thanks']}", {"words": "Gladly."})
    await all_read(site)

    for path in (f"/briefs/{brief}", f"/fans/{await me(mei)}", "/host/thanks"):
        assert '<span class="honour">Keeper of the Cherry</span>' in (await site.host.get(path)).text, path
