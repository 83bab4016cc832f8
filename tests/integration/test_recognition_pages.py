"""The pages of recognition over the real site: a host writes a rule, fans earn by it and see why, who leaves is in no list."""

import re
from html import unescape

import httpx2
import pytest

from fanfare.audit.archives.offering import NAME
from fanfare.recognition.recogniser import Recogniser
from tests.integration.browsing import Forms, browser, follow, form, send, signed_in
from tests.page_reader import all_read, an_ideas_round
from tests.site_fixture import SiteUnderTest

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
DESK, RULE, TITLE = "/host/recognition", "/host/recognition/rule", "/host/recognition/title"
POINTS = {
    "title": "An idea raised",
    "words": "Somebody has to begin.",
    "points": "5",
    "per_day": "3",
    "deed__idea__raised": "on",
}


async def raised(fan: httpx2.AsyncClient, campaign: str, title: str = "Pine & Lime") -> str:
    """Raise an idea and return its id."""
    page = await fan.get(f"/campaigns/{campaign}/ideas/new")
    done = await send(fan, page, f"/campaigns/{campaign}/ideas", title=title, text="Tips steeped like tea.", tags="citrus")
    assert done.status_code == 303, done.text[:2000]
    return str(done.headers["location"]).rpartition("/")[2]


async def published(host: httpx2.AsyncClient, earns: str = "points", **fields: str) -> httpx2.Response:
    """Publish a rule by its form and return the desk."""
    form = await host.get(RULE, params={"earns": earns})
    return await follow(host, await send(host, form, RULE, act="publish", **(fields or POINTS)))


async def recognised(site: SiteUnderTest) -> None:
    """Let the recogniser write what is due, and the pages read it."""
    await all_read(site)
    await Recogniser(site.parts.desk).run()
    await all_read(site)


def member_of(page: httpx2.Response) -> str:
    """Return the member to whose page `/me` leads."""
    found = re.search(r'href="/fans/([0-9a-z]+)"', page.text)
    assert found, page.text[:500]
    return found[1]


async def test_a_host_writes_a_rule_tries_it_on_what_was_done_and_publishes_it(site: SiteUnderTest) -> None:
    campaign, _ = await an_ideas_round(site)
    noor, host = await signed_in(site, "Noor A."), await signed_in(site, "Emeka Obi", "host")
    await raised(noor, campaign)

    form = await host.get(RULE, params={"earns": "points"})
    tried = await send(host, form, RULE, act="try", **POINTS)
    untold = await host.get("/recognition")
    desk = await follow(host, await send(host, tried, RULE, act="publish"))
    told = await host.get("/recognition")

    assert "One fan would have earned by it" in tried.text
    assert re.search(r"Noor A\.</th><td>5 points", tried.text)
    assert "Nothing is earned by rules here" in untold.text
    assert "One rule is in force" in desk.text
    for said in ("An idea raised", "Somebody has to begin.", "5 points: raising an idea", "At most 3 times a day"):
        assert said in told.text


async def test_what_is_wrong_in_a_rule_stands_beside_its_field_and_nothing_typed_is_lost(site: SiteUnderTest) -> None:
    host = await signed_in(site, "Emeka Obi", "host")
    points = await host.get(RULE, params={"earns": "points"})
    badge = await host.get(RULE, params={"earns": "badge"})
    tier = await host.get(RULE, params={"earns": "tier"})

    no_deed = await send(host, points, RULE, act="publish", title="Kept", words="Kept too", points="5")
    no_number = await send(host, points, RULE, act="publish", **{**POINTS, "points": "many"})
    no_rise = await send(host, badge, RULE, act="publish", **{**POINTS, "levels": "5, 1", "emblem": "leaf"})
    no_name = await send(host, tier, RULE, act="publish", title="Ways up", words="All points.", tiers="Taster 20")

    assert [each.status_code for each in (no_deed, no_number, no_rise, no_name)] == [422] * 4
    assert "Choose at least one deed" in no_deed.text
    assert 'value="Kept"' in no_deed.text
    assert "Write a whole number" in no_number.text
    assert 'value="many"' in no_number.text
    assert "each higher than the one before" in no_rise.text
    assert re.search(r'value="leaf" checked', no_rise.text)
    assert "its points first" in no_name.text
    assert "Taster 20</textarea>" in no_name.text


async def test_a_fan_earns_sees_why_and_what_she_takes_back_falls(site: SiteUnderTest) -> None:
    campaign, _ = await an_ideas_round(site)
    noor, host = await signed_in(site, "Noor A."), await signed_in(site, "Emeka Obi", "host")
    await published(host)
    await published(host, "badge", **{**POINTS, "title": "First spark", "levels": "1, 5", "emblem": "spark"})
    await published(host, "tier", title="Ways up", words="All points.", tiers="5 Taster")
    idea = await raised(noor, campaign)
    await recognised(site)
    me = member_of(await noor.get("/me"))

    page = await site.stranger.get(f"/fans/{me}")
    award = next(each for each in re.findall(r'href="/awards/([0-9a-f]{32})">5 points', page.text))
    why = await site.stranger.get(f"/awards/{award}")
    timeline = await site.stranger.get(unescape(re.findall(r'href="(/campaigns/[^"]*/timeline[?][^"]*)"', why.text)[0]))
    await follow(noor, await send(noor, await noor.get(f"/ideas/{idea}"), f"/ideas/{idea}/withdraw"))
    await recognised(site)
    fallen = await noor.get(f"/awards/{award}")
    emptied = await site.stranger.get(f"/fans/{me}")

    for said in (
        "5 points",
        "Taster",
        "First spark",
        "Level 1 of 2",
        'content="Noor A.: Taster, one idea, 5 points and one badge."',
    ):
        assert said in page.text
    for said in (
        "Noor A. raised Pine &amp; Lime",
        "It stands",
        "The rule gave it",
        "Somebody has to begin.",
        f"fanfare explain {NAME} {award}",
    ):
        assert said in why.text
    assert "raised Pine &amp; Lime" in timeline.text.partition('class="tl ruled"')[2].partition("</li>")[0]
    assert "It was taken back" in fallen.text
    assert "Noor A. withdrew Pine &amp; Lime" in fallen.text
    assert "Level 1 of 2" not in emptied.text
    assert "taken back" in emptied.text


async def test_fans_with_equal_points_share_a_rank_and_whoever_leaves_is_gone_at_once(site: SiteUnderTest) -> None:
    campaign, _ = await an_ideas_round(site)
    host = await signed_in(site, "Emeka Obi", "host")
    await published(host)
    names = ("Noor A.", "Tomasz W.", "Ewa D.")
    noor, tomasz, ewa = [await signed_in(site, each) for each in names]
    for fan, titles in ((noor, ("One", "Two")), (tomasz, ("Three",)), (ewa, ("Four",))):
        for title in titles:
            await raised(fan, campaign, title)
    await recognised(site)
    where = f"/campaigns/{campaign}/fans"

    before = await noor.get(where)
    after = await follow(noor, await send(noor, before, "/me/standings"))
    await all_read(site)
    others = await site.stranger.get(where)
    season = await site.stranger.get(re.findall(r'href="(/seasons/[0-9]{4}-q[1-4])"', others.text)[0])
    again = await follow(noor, await send(noor, after, "/me/standings"))

    assert ranks(before) == [("1", "Noor A."), ("2", "Ewa D."), ("2", "Tomasz W.")]
    assert "Place 1" in before.text
    assert "You left the standings." in after.text
    for page in (after, others, season):
        assert ranks(page) == [("1", "Ewa D."), ("1", "Tomasz W.")]
    assert re.search("(Tomasz W. and Ewa D.|Ewa D. and Tomasz W.) share the first place with 5", others.text)
    assert ranks(again) == ranks(before)


async def test_whoever_hides_her_page_keeps_her_place_and_is_named_to_herself_alone(site: SiteUnderTest) -> None:
    campaign, _ = await an_ideas_round(site)
    await published(await signed_in(site, "Emeka Obi", "host"))
    noor, ewa = await signed_in(site, "Noor A."), await signed_in(site, "Ewa D.")
    for fan, title in ((noor, "One"), (noor, "Two"), (ewa, "Three")):
        await raised(fan, campaign, title)
    await recognised(site)
    me, where = member_of(await noor.get("/me")), f"/campaigns/{campaign}/fans"

    access = await noor.get("/me/access")
    await follow(noor, await send(noor, access, "/me/access/shown", shown="no"))
    page, own = await site.stranger.get(where), await noor.get(where)
    season = re.findall(r'href="/seasons/([0-9]{4}-q[1-4])"', page.text)[0]
    quarter = await site.stranger.get(f"/seasons/{season}")
    fans = [(await site.stranger.get(f"/api/v1{path}")).json()["fans"] for path in (where, f"/seasons/{season}/fans")]

    for told in (page, quarter):
        assert "Somebody who hides her page leads with 10" in told.text
        assert ranks(told) == [("1", "Somebody who hides her page"), ("2", "Ewa D.")]
        assert "Noor A." not in told.text
        assert f"/fans/{me}" not in told.text
    assert "Noor A. leads with 10" in own.text
    assert [[each["name"] for each in listed] for listed in fans] == [["", "Ewa D."]] * 2


def ranks(page: httpx2.Response) -> list[tuple[str, str]]:
    """Return who stands where; the order of equals says nothing."""
    return sorted(re.findall(r'class="rank">(\d+)</span><div class="nm"><(?:a|span) class="name"[^>]*>([^<]+)<', page.text))


async def test_a_host_gives_a_title_for_what_a_fan_wrote_and_takes_it_back(site: SiteUnderTest) -> None:
    campaign, _ = await an_ideas_round(site)
    noor, host = await signed_in(site, "Noor A."), await signed_in(site, "Emeka Obi", "host")
    idea = await raised(noor, campaign)
    await all_read(site)
    me = member_of(await noor.get("/me"))

    found = await host.get(TITLE, params={"q": "noor"})
    form = await host.get(TITLE, params={"member": me})
    refused = await send(host, form, TITLE, words="Keeper of the Pine", reason=" ", **{f"because__{idea}": "on"})
    given = await follow(host, await send(host, refused, TITLE, reason="She steeped it first.", **{f"because__{idea}": "on"}))
    await all_read(site)
    hers, beside = await site.stranger.get(f"/fans/{me}"), await site.stranger.get(f"/ideas/{idea}")
    desk = await host.get(DESK)
    award = str(given.url.path).rpartition("/")[2]
    ended = await follow(host, await send_ending(host, desk, award, "It was somebody else."))
    await all_read(site)
    after, gone = await site.stranger.get(f"/awards/{award}"), await site.stranger.get(f"/ideas/{idea}")

    assert f"/host/recognition/title?member={me}" in found.text
    assert refused.status_code == 422
    assert 'value="Keeper of the Pine"' in refused.text
    assert "by a person" in given.text
    for said in ("Keeper of the Pine", "She steeped it first.", f'href="/ideas/{idea}"'):
        assert said in hers.text
    assert "Keeper of the Pine" in beside.text
    assert "Nobody holds a title yet" in ended.text
    assert "It was somebody else." in after.text
    assert "Keeper of the Pine" not in gone.text


async def test_a_fan_lays_her_title_down_with_a_reason_and_nobody_elses(site: SiteUnderTest) -> None:
    campaign, _ = await an_ideas_round(site)
    noor, host, other = [await signed_in(site, *each) for each in (("Noor A.",), ("Emeka Obi", "host"), ("Ewa D.",))]
    idea = await raised(noor, campaign)
    await all_read(site)
    form = await host.get(TITLE, params={"member": member_of(await noor.get("/me"))})
    words = {"words": "Keeper of the Pine", "reason": "She steeped it first.", f"because__{idea}": "on"}
    where = str((await follow(host, await send(host, form, TITLE, **words))).url.path)
    await all_read(site)

    seen, foreign = await noor.get(where), await other.get(where)
    button = next(each for each in Forms(seen.text).found if each.action == f"{where}/decline")
    refused = await other.post(f"{where}/decline", data={**Forms(foreign.text).found[0].fields, "reason": "It annoys me."})
    done = await follow(noor, await noor.post(button.action, data={**button.fields, "reason": "My aunt found it."}))
    await all_read(site)
    after, beside = await site.stranger.get(where), await site.stranger.get(f"/ideas/{idea}")
    timeline = await site.stranger.get(f"/campaigns/{campaign}/timeline?kind=decision")

    assert "Lay it down" not in foreign.text
    assert refused.status_code == 403
    assert "You laid the title down." in done.text
    for said in ("She laid it down", "Noor A. laid it down", "My aunt found it."):
        assert said in after.text
    assert "Keeper of the Pine" not in beside.text
    assert "laid a title down" in timeline.text
    assert "Lay it down" not in (await noor.get(where)).text


async def send_ending(host: httpx2.AsyncClient, desk: httpx2.Response, award: str, reason: str) -> httpx2.Response:
    """Take a title back by its form on the desk."""
    shown = next(each for each in Forms(desk.text).found if each.fields.get("award") == award)
    return await host.post(shown.action, data={**shown.fields, "reason": reason})


async def test_a_rule_is_retired_with_a_reason_and_automation_is_switched_off_for_all(site: SiteUnderTest) -> None:
    host = await signed_in(site, "Emeka Obi", "host")
    await published(host)

    unreasoned = await send(host, await host.get(DESK), f"{DESK}/retire", reason=" ")
    retired = await follow(host, await send(host, await host.get(DESK), f"{DESK}/retire", reason="The month is over."))
    off = await follow(host, await send(host, retired, f"{DESK}/automation", reason="People first."))
    told = await site.stranger.get("/recognition")

    assert unreasoned.status_code == 422
    assert "<details open" in unreasoned.text
    assert "No rule is in force yet" in retired.text
    assert "All recognition comes from people" in off.text
    assert "No rule awards anything now" in told.text
    assert "The month is over." in told.text


async def test_the_next_version_of_a_rule_begins_with_what_holds_now(site: SiteUnderTest) -> None:
    host = await signed_in(site, "Emeka Obi", "host")
    await published(host)

    form, older = [await host.get(RULE, params={"rule": "an-idea-raised"}) for _ in range(2)]
    desk = await follow(host, await send(host, form, RULE, act="publish", points="7"))
    stale = await send(host, older, RULE, act="publish", points="9")

    assert "An idea raised, version 2" in form.text
    assert 'value="5"' in form.text
    assert "Version 2" in desk.text
    assert "7 points: raising an idea" in desk.text
    assert stale.status_code == 409
    assert 'value="9"' in stale.text


async def test_strangers_read_everything_and_the_desk_is_for_hosts(site: SiteUnderTest) -> None:
    fan, stranger = await signed_in(site, "Noor A."), browser(site)

    for path in (DESK, RULE, TITLE):
        assert (await fan.get(path)).status_code == 403
        assert (await stranger.get(path)).status_code in (303, 401)
    for path in ("/awards/" + "0" * 32, "/awards/%00", "/awards/x", "/seasons/2026-q5", "/seasons/soon", "/campaigns/none/fans"):
        assert (await stranger.get(path)).status_code == 404
    assert (await stranger.post("/me/standings", data={"stand": "no"})).status_code == 303
    assert "The first place is free" in (await stranger.get("/seasons/2020-q1")).text


async def test_what_no_form_of_ours_sends_is_answered_and_breaks_nothing(site: SiteUnderTest) -> None:
    host = await signed_in(site, "Emeka Obi", "host")
    noor = member_of(await (await signed_in(site, "Noor A.")).get("/me"))
    rule, title = await host.get(RULE), await host.get(TITLE, params={"member": noor})

    answers = [
        await host.get(RULE, params={"rule": "\0"}),
        await host.get(RULE, params={"rule": "none"}),
        await host.get(TITLE, params={"member": "\0"}),
        await host.get(TITLE, params={"q": "\0"}),
        await send(host, rule, RULE, act="publish", rule="\0", **{**POINTS, "campaign": "\0"}),
        await send(host, rule, RULE, earns="gold", act="publish", title="\0", words="\0"),
        await send(host, title, TITLE, words="Keeper", reason="So.", member="\0"),
        await send(host, title, TITLE, words="Keeper", reason="So.", **{"because__\0": "on"}),
        await send(host, title, TITLE, words="Keeper", reason="So.", until="9999-12-31"),
        await host.post(f"{DESK}/revoke", data={**form(title.text, TITLE).fields, "award": "\0", "reason": "So."}),
        await host.post(f"{DESK}/retire", data={**form(title.text, TITLE).fields, "rule": "\0", "reason": "So."}),
    ]

    assert [each.status_code for each in answers] == [404, 404, 404, 200, 422, 422, 404, 404, 422, 404, 404]
