"""One text is removed: its reason stands in its place, everywhere and at once, and nothing else changes."""

from typing import Any

import httpx2
import pytest

from fanfare.members import erasures, joining
from fanfare.members.erasures import RemovedText
from fanfare.members.sessions import open_session
from tests.integration.browsing import form
from tests.integration.traces import in_database
from tests.page_reader import all_read, an_ideas_round, browser
from tests.site_fixture import SiteUnderTest

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

DOXED, REASON = "She lives at Jubjub Lane 7", "It gives away where somebody lives."


async def a_reader(site: SiteUnderTest, name: str, role: str = "") -> httpx2.AsyncClient:
    """Return the browser of a new member, who holds *role* if one is given."""
    member = await joining.join(site.parts.desk, name)
    if role:
        (await site.host.post(f"/api/v1/members/{member}/roles", json={"role": role})).raise_for_status()
    async with site.parts.pool.connection() as connection:
        return browser(site, await open_session(connection, member, "browser", "test"))


async def a_comment(site: SiteUnderTest) -> tuple[str, str, httpx2.AsyncClient]:
    """Raise an idea with a comment that should not be there; return the campaign, the idea and the comment's author."""
    campaign, round_id = await an_ideas_round(site)
    author, bully = await a_reader(site, "Saoirse K."), await a_reader(site, "Jonah P.")
    words = {"title": "Pine & Lime", "body": "Steep the tips.", "tags": "citrus"}
    made = (await author.post(f"/api/v1/rounds/{round_id}/ideas", json=words)).raise_for_status()
    await all_read(site)
    (await bully.post(f"/api/v1/ideas/{made.json()['id']}/comments", json={"text": DOXED})).raise_for_status()
    await all_read(site)
    return campaign, made.json()["id"], bully


async def read(site: SiteUnderTest, idea: str) -> dict[str, Any]:
    """Return an idea as the API tells it to strangers, once everything is read."""
    await all_read(site)
    return dict((await site.stranger.get(f"/api/v1/ideas/{idea}")).raise_for_status().json())


async def press(client: httpx2.AsyncClient, idea: str, number: int = 0, **typed: str) -> httpx2.Response:
    """Send the form number *number* of an idea's page that removes a text."""
    page = await client.get(f"/ideas/{idea}")
    forms = [part for part in page.text.split("<form")[1:] if 'action="/texts/removal"' in part]
    shown = form(f"<form{forms[number]}", "/texts/removal")
    return await client.post("/texts/removal", data={**shown.fields, **typed})


async def test_a_moderator_removes_a_comment_and_everybody_reads_why(site: SiteUnderTest) -> None:
    campaign, idea, bully = await a_comment(site)
    moderator = await a_reader(site, "Ife Okoye", "moderator")

    done = await press(moderator, idea, reason=REASON)

    assert (done.status_code, done.headers["location"]) == (303, f"/ideas/{idea}")
    assert in_database(site.database, [DOXED]) == {}
    found = await read(site, idea)
    comment = found["discussion"][0]
    assert (comment["text"], comment["gone"], found["comments"]) == ("", f"Removed by a moderator: {REASON}", 1)
    for path in (f"/ideas/{idea}", "/me", f"/campaigns/{campaign}/timeline"):
        page = (await bully.get(path)).text
        assert DOXED not in page
        assert REASON in page, path
    timeline = (await bully.get(f"/campaigns/{campaign}/timeline")).text
    assert "removed a text on Pine &amp; Lime" in timeline
    listed = erasures.read(site.app.state.settings.home)
    assert [type(each) for each in listed] == [RemovedText]


async def test_a_moderator_removes_the_words_of_an_idea_and_the_idea_stays(site: SiteUnderTest) -> None:
    campaign, idea, _ = await a_comment(site)
    moderator = await a_reader(site, "Ife Okoye", "moderator")

    done = await press(moderator, idea, number=1, reason=REASON)

    assert done.status_code == 303, done.text
    found = await read(site, idea)
    assert (found["title"], found["body"], found["tags"]) == ("", "", [])
    assert found["gone"] == f"Removed by a moderator: {REASON}"
    page = (await site.stranger.get(f"/ideas/{idea}", headers={"accept": "text/html"})).text
    assert REASON in page
    listed = (await site.stranger.get(f"/campaigns/{campaign}/ideas", headers={"accept": "text/html"})).text
    assert "Words that were deleted" in listed


async def test_an_author_takes_her_comment_back_without_a_reason(site: SiteUnderTest) -> None:
    campaign, idea, bully = await a_comment(site)

    done = await press(bully, idea)

    assert done.status_code == 303, done.text
    assert in_database(site.database, [DOXED]) == {}
    assert (await read(site, idea))["discussion"][0]["gone"] == "Its author took this back."
    timeline = await bully.get(f"/campaigns/{campaign}/timeline")
    assert "took back a comment on Pine &amp; Lime" in timeline.text


async def test_who_may_not_remove_a_text_is_told_so_and_sees_no_button(site: SiteUnderTest) -> None:
    _, idea, _ = await a_comment(site)
    fan, moderator = await a_reader(site, "Noor A."), await a_reader(site, "Ife Okoye", "moderator")
    shown = await read(site, idea)
    comment = f"/api/v1/texts/{shown['discussion'][0]['text_hash']}/removal"

    async def refused(client: httpx2.AsyncClient, path: str, reason: str) -> tuple[int, str]:
        answer = await client.post(path, json={"reason": reason})
        return answer.status_code, answer.json().get("code", "")

    assert await refused(site.stranger, comment, REASON) == (401, "sign-in-needed")
    assert await refused(fan, comment, REASON) == (403, "role-needed")
    assert await refused(moderator, comment, " ") == (422, "reason-needed")
    assert await refused(moderator, comment, "x" * 301) == (422, "text-refused")
    assert await refused(moderator, f"/api/v1/texts/{'0' * 64}/removal", REASON) == (404, "text-not-found")
    assert await refused(moderator, "/api/v1/texts/none/removal", REASON) == (422, "invalid")
    assert "/texts/removal" not in (await fan.get(f"/ideas/{idea}")).text
    assert await read(site, idea) == shown


async def test_an_author_cannot_remove_the_words_that_others_vote_on(site: SiteUnderTest) -> None:
    _, round_id = await an_ideas_round(site)
    author = await a_reader(site, "Saoirse K.")
    made = await author.post(f"/api/v1/rounds/{round_id}/ideas", json={"title": "Pine & Lime", "body": "Steep.", "tags": ""})
    title = (await read(site, made.json()["id"]))["title_hash"]

    answer = await author.post(f"/api/v1/texts/{title}/removal", json={})

    assert (answer.status_code, answer.json()["code"]) == (403, "role-needed")


async def test_the_same_removal_twice_is_one_and_a_later_one_finds_nothing(site: SiteUnderTest) -> None:
    _, idea, _ = await a_comment(site)
    path = f"/api/v1/texts/{(await read(site, idea))['discussion'][0]['text_hash']}/removal"

    answers = [await site.host.post(path, headers={"Idempotency-Key": "once"}, json={"reason": REASON}) for _ in range(2)]
    later = await site.host.post(path, json={"reason": REASON})

    assert [each.status_code for each in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert (later.status_code, later.json()["code"]) == (404, "text-not-found")


async def test_a_moderator_who_leaves_takes_her_reasons_along_and_the_removal_stays(site: SiteUnderTest) -> None:
    _, idea, _ = await a_comment(site)
    moderator = await a_reader(site, "Ife Okoye", "moderator")
    await press(moderator, idea, reason=REASON)

    (await moderator.post("/api/v1/me/erasure", json={"words": "erase me"})).raise_for_status()

    assert in_database(site.database, [REASON, DOXED, "Ife Okoye"]) == {}
    assert (await read(site, idea))["discussion"][0]["gone"] == "Removed by a moderator."


async def test_a_removal_without_a_reason_leads_back_with_what_to_do(site: SiteUnderTest) -> None:
    _, idea, _ = await a_comment(site)

    answer = await press(await a_reader(site, "Ife Okoye", "moderator"), idea, reason="")

    assert answer.status_code == 422
    assert "Say in a sentence why" in answer.text
    assert f'href="/ideas/{idea}"' in answer.text
