"""Recognition by hosts and what fans see of it: rules, titles, why an award was given, and who is in the standings."""

import asyncio
import json
import zipfile
from io import BytesIO
from typing import Any

import httpx2
import pytest

from fanfare.record.kinds import digest
from fanfare.record.members import MemberErased
from fanfare.record.recognition import AwardGranted, AwardRevoked
from fanfare.views import awards
from tests.integration.api.ground import Person, person, posted
from tests.page_reader import all_read, an_open_round
from tests.site_fixture import SiteUnderTest

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

RULES = "/api/v1/recognition/rules"
SPARK: dict[str, Any] = {
    "rule": "first-idea",
    "title": "Spark",
    "words": "An idea is where everything begins.",
    "deeds": ["idea-raised"],
    "earns": {"kind": "points", "points": 5, "per_day": 3},
}
STANDING: dict[str, Any] = {
    "rule": "standing",
    "title": "How far you are",
    "words": "All points count.",
    "deeds": [],
    "earns": {"kind": "tier", "levels": [10, 100], "names": ["Taster", "Blender"]},
}


async def award(site: SiteUnderTest, member: str, n: int = 1, *, turn: int = 1, **given: Any) -> str:  # noqa: ANN401 - of an event
    """Let a rule award points to a member, or take them, as the recogniser does, and return the award's id."""
    award_id = digest(f"{member} {n}".encode())[:32]
    cause: dict[str, Any] = {"cause": "cause-1", "offset": 0}
    if turn % 2:
        told = {"kind": "points", "points": 5, "rule": "first-idea", "version": 1, **cause, **given}
        event: AwardGranted | AwardRevoked = AwardGranted(award=award_id, turn=turn, member=member, **told)
    else:
        event = AwardRevoked(award=award_id, turn=turn, member=member, **cause)
    await site.parts.desk.emit([digest(f"{award_id} {turn}".encode())[:32]], [event], member)
    return award_id


async def got(client: httpx2.AsyncClient, path: str) -> dict[str, Any]:
    """Return what the API answers once every projection is level."""
    return dict((await client.get(path)).raise_for_status().json())


def refused(answer: httpx2.Response) -> tuple[int, str]:
    """Return the status and the code of a refusal."""
    return answer.status_code, answer.json()["code"]


async def idea_of(site: SiteUnderTest, fan: Person) -> tuple[str, str]:
    """Let a fan raise an idea, and return its campaign's id and its own."""
    campaign, round_id = await an_open_round(site, method="support.v1", options_from="ideas", options=[])
    idea = {"title": "Sour Cherry Cola", "body": "With the stone left in.", "tags": ""}
    raised = await posted(fan.client, f"/api/v1/rounds/{round_id}/ideas", idea)
    await all_read(site)
    return campaign, str(raised["id"])


async def test_a_rule_is_public_in_words_and_a_next_version_takes_its_place(site: SiteUnderTest) -> None:
    await posted(site.host, RULES, SPARK | {"version": 0})
    await posted(site.host, RULES, STANDING)
    again = await site.host.post(RULES, json=SPARK | {"version": 0})
    await posted(site.host, RULES, SPARK | {"title": "First spark", "version": 1})
    await all_read(site)

    assert refused(again) == (409, "earning-rule-changed")
    spark, standing = (await got(site.stranger, RULES))["rules"]
    assert (spark["version"], spark["title"], spark["by_name"], spark["in_force"]) == (2, "First spark", "Dora Lindqvist", True)
    assert spark["earns"] | SPARK["earns"] == spark["earns"]
    assert standing["earns"]["names"] == ["Taster", "Blender"]
    assert [each["version"] for each in (await got(site.stranger, f"{RULES}/first-idea"))["rules"]] == [2, 1]
    assert refused(await site.stranger.get(f"{RULES}/nothing")) == (404, "earning-rule-not-found")


async def test_of_two_hosts_who_publish_a_rule_at_once_one_is_told(site: SiteUnderTest) -> None:
    other = await person(site, "Ife", "host")

    answers = await asyncio.gather(*(each.post(RULES, json=SPARK | {"version": 0}) for each in (site.host, other.client)))

    assert sorted(each.status_code for each in answers) == [201, 409]
    await all_read(site)
    assert [each["version"] for each in (await got(site.stranger, f"{RULES}/first-idea"))["rules"]] == [1]


async def test_the_same_request_again_publishes_once_and_another_body_is_refused(site: SiteUnderTest) -> None:
    key = {"Idempotency-Key": "once"}
    first, second = [await site.host.post(RULES, json=SPARK, headers=key) for _ in range(2)]
    other = await site.host.post(RULES, json=SPARK | {"title": "Other"}, headers=key)

    assert first.json() == second.json()
    assert refused(other) == (422, "idempotency-key-reused")


async def test_a_retired_rule_says_who_ended_it_and_why(site: SiteUnderTest) -> None:
    await posted(site.host, RULES, SPARK)
    await posted(site.host, f"{RULES}/first-idea/retire", {"reason": "It rewarded numbers, not care."})
    again = await site.host.post(f"{RULES}/first-idea/retire", json={"reason": "Once more."})
    await all_read(site)

    (rule,) = (await got(site.stranger, RULES))["rules"]
    assert (rule["in_force"], rule["retired_because"]) == (False, "It rewarded numbers, not care.")
    assert refused(again) == (409, "earning-rule-retired")
    await posted(site.host, RULES, SPARK)
    await all_read(site)
    assert (await got(site.stranger, RULES))["rules"][0]["in_force"]


async def test_a_site_can_be_for_people_alone_and_says_how_much_comes_from_them(site: SiteUnderTest) -> None:
    fan = await person(site, "Noor A.")
    for n in range(3):
        await award(site, fan.member, n)
    await posted(site.host, "/api/v1/recognition/titles", {"member": fan.member, "words": "Namer", "reason": "It won."})
    await posted(site.host, "/api/v1/recognition/automation", {"allowed": False, "reason": "For a week."})
    same = await site.host.post("/api/v1/recognition/automation", json={"allowed": False, "reason": "Again."})
    await all_read(site)

    told = await got(site.stranger, "/api/v1/recognition")
    assert (told["human"], told["all"], told["percent"]) == (1, 4, 25)
    assert (told["automation"]["allowed"], told["automation"]["reason"]) == (False, "For a week.")
    assert refused(same) == (409, "automation-stands-so")


async def test_a_fan_earns_by_a_rule_from_its_own_place_on_and_sees_why(site: SiteUnderTest) -> None:
    early, noor = await person(site, "Jonah"), await person(site, "Noor A.")
    await idea_of(site, early)
    await posted(site.host, RULES, SPARK)
    campaign, idea = await idea_of(site, noor)

    async with asyncio.timeout(20):
        while True:
            if fans := (await got(site.stranger, f"/api/v1/campaigns/{campaign}/fans"))["fans"]:
                break
            await asyncio.sleep(0.1)

    assert fans == [{"rank": 1, "member": noor.member, "name": "Noor A.", "points": 5}]
    (earned,) = (await got(site.stranger, f"/api/v1/members/{noor.member}/awards"))["awards"]
    assert (earned["rule"], earned["version"], earned["human"], earned["cause"]["idea"]) == ("first-idea", 1, False, idea)
    assert (await got(site.stranger, f"/api/v1/members/{early.member}/awards"))["awards"] == []


async def test_a_rule_is_tried_on_the_history_and_nothing_is_written(site: SiteUnderTest) -> None:
    fan = await person(site, "Noor A.")
    await idea_of(site, fan)
    heads = await site.parts.log.heads()

    tried = await posted(site.host, "/api/v1/recognition/preview", SPARK)

    assert (tried["members"], tried["points"]) == (1, 5)
    assert tried["most"] == [{"member": fan.member, "points": 5, "level": 0}]
    assert (await site.parts.log.heads())[0] == heads[0]


async def test_a_title_is_explained_and_taken_back_in_public(site: SiteUnderTest) -> None:
    fan = await person(site, "Noor A.")
    campaign, idea = await idea_of(site, fan)
    form = {"member": fan.member, "words": "Namer of the Eighth", "reason": "Her name for it won.", "because": [idea]}
    given = await posted(site.host, "/api/v1/recognition/titles", form)
    await all_read(site)

    told = await got(site.stranger, f"/api/v1/awards/{given['award']}")
    assert (told["title"], told["reason"], told["by_name"], told["human"]) == (
        "Namer of the Eighth",
        "Her name for it won.",
        "Dora Lindqvist",
        True,
    )
    assert (told["because"], told["campaign"], told["name"], told["stands"]) == ([idea], campaign, "Noor A.", True)
    held = await got(site.stranger, f"/api/v1/members/{fan.member}/recognition")
    assert [each["words"] for each in held["titles"]] == ["Namer of the Eighth"]
    async with site.parts.pool.connection() as connection:
        assert (await awards.honours(connection, [fan.member]))[fan.member].titles == ("Namer of the Eighth",)
    back = f"/api/v1/recognition/titles/{given['award']}/revoke"
    await posted(site.host, back, {"reason": "It was Tansy’s idea."})
    await all_read(site)
    again = await site.host.post(back, json={"reason": "Once more."})

    assert refused(again) == (409, "award-has-fallen")
    told = await got(site.stranger, f"/api/v1/awards/{given['award']}")
    assert [(each["grants"], each["reason"]) for each in told["steps"]] == [
        (True, "Her name for it won."),
        (False, "It was Tansy’s idea."),
    ]
    assert not told["stands"]
    assert (await got(site.stranger, f"/api/v1/members/{fan.member}/recognition"))["titles"] == []


async def test_the_timeline_tells_what_hosts_decided_and_not_what_rules_award(site: SiteUnderTest) -> None:
    fan = await person(site, "Noor A.")
    campaign, idea = await idea_of(site, fan)
    await posted(site.host, RULES, SPARK | {"campaign": campaign})
    await posted(site.host, RULES, STANDING)
    form = {"member": fan.member, "words": "Namer", "reason": "It won.", "because": [idea]}
    given = await posted(site.host, "/api/v1/recognition/titles", form)
    await award(site, fan.member, campaign=campaign)
    await all_read(site)
    back = f"/api/v1/recognition/titles/{given['award']}/revoke"
    await posted(site.host, back, {"reason": "It was Tansy’s."})
    await posted(site.host, f"{RULES}/first-idea/retire", {"reason": "It rewarded numbers."})
    await all_read(site)

    lines = (await got(site.stranger, f"/api/v1/campaigns/{campaign}/timeline?kind=decision&limit=4"))["lines"]
    assert [(each["type"], each["text"]) for each in lines] == [
        ("fanfare.rule.retired.v1", "It rewarded numbers."),
        ("fanfare.award.revoked.v1", "It was Tansy’s."),
        ("fanfare.award.granted.v1", "It won."),
        ("fanfare.rule.published.v1", ""),
    ]
    page = (await site.stranger.get(f"/campaigns/{campaign}/timeline?kind=decision")).text
    assert "published the rule first-idea" in page
    assert "retired the rule first-idea" in page
    assert "gave a fan a title" in page
    assert f"/awards/{given['award']}" in page


async def test_a_moderator_removes_the_words_of_a_title_and_it_stands_without_them(site: SiteUnderTest) -> None:
    fan, moderator = await person(site, "Noor A."), await person(site, "Ife", "moderator")
    title = {"member": fan.member, "words": "Namer", "reason": "She lives in 7 Mill Lane."}
    given = await posted(site.host, "/api/v1/recognition/titles", title)
    await all_read(site)
    told = await got(site.stranger, f"/api/v1/awards/{given['award']}")

    assert (await fan.client.post(f"/api/v1/texts/{told['reason_hash']}/removal", json={"reason": "Mine."})).status_code == 403
    await posted(moderator.client, f"/api/v1/texts/{told['reason_hash']}/removal", {"reason": "An address."})
    await all_read(site)

    told = await got(site.stranger, f"/api/v1/awards/{given['award']}")
    assert (told["title"], told["reason"], told["steps"][0]["reason"], told["stands"]) == ("Namer", "", "", True)


async def test_titles_that_nothing_justifies_are_refused(site: SiteUnderTest) -> None:
    fan, other = await person(site, "Noor A."), await person(site, "Tansy", "host")
    _, idea = await idea_of(site, fan)
    points = await award(site, fan.member)
    await all_read(site)

    async def asked(client: httpx2.AsyncClient, **form: object) -> tuple[int, str]:
        body = {"member": fan.member, "words": "Namer", "reason": "It won.", **form}
        return refused(await client.post("/api/v1/recognition/titles", json=body))

    assert await asked(site.host, member="0" * 16) == (404, "member-not-found")
    assert await asked(site.host, words=" ") == (422, "text-refused")
    assert await asked(site.host, until="2020-01-01T00:00:00Z") == (422, "title-refused")
    assert await asked(site.host, member=other.member, because=[idea]) == (422, "title-refused")
    assert await asked(other.client, member=other.member) == (403, "title-for-yourself")
    assert await asked(fan.client) == (403, "role-needed")
    revoked = await site.host.post(f"/api/v1/recognition/titles/{points}/revoke", json={"reason": "I do not like it."})
    assert refused(revoked) == (409, "award-by-rule")


async def test_an_award_shows_the_event_and_the_version_of_the_rule_behind_it(site: SiteUnderTest) -> None:
    fan = await person(site, "Noor A.")
    campaign, idea = await idea_of(site, fan)
    await posted(site.host, RULES, SPARK)
    async with site.parts.pool.connection() as connection:
        row = await (
            await connection.execute(
                'select event_id, "offset" from timeline.acts where idea = %s and wire like %s', (idea, "%raised%")
            )
        ).fetchone()
    assert row is not None
    given = await award(site, fan.member, cause=row[0], offset=row[1], campaign=campaign)
    await award(site, fan.member, turn=2)
    await award(site, fan.member, turn=3, cause=row[0], offset=row[1], campaign=campaign)
    await all_read(site)

    told = await got(site.stranger, f"/api/v1/awards/{given}")
    assert (told["rule_title"], told["rule_words"], told["version"]) == ("Spark", SPARK["words"], 1)
    assert (told["cause"]["idea"], told["cause"]["idea_title"], told["cause"]["by_name"]) == (idea, "Sour Cherry Cola", "Noor A.")
    assert [each["grants"] for each in told["steps"]] == [True, False, True]
    assert (told["stands"], told["human"]) == (True, False)
    listed = await got(site.stranger, f"/api/v1/members/{fan.member}/awards?kind=points&limit=1")
    assert [each["award"] for each in listed["awards"]] == [given]
    assert refused(await site.stranger.get("/api/v1/awards/" + "0" * 32)) == (404, "award-not-found")


async def test_standings_share_ranks_and_come_in_pages(site: SiteUnderTest) -> None:
    fans = [await person(site, name) for name in ("Noor A.", "Jonah", "Tansy", "Ife")]
    campaign, _ = await idea_of(site, fans[0])
    for each, points in zip(fans, (9, 5, 5, 1), strict=True):
        await award(site, each.member, points=points, campaign=campaign)
        await award(site, each.member, 2, kind="badge", points=0, level=1)
    await all_read(site)

    first = await got(site.stranger, f"/api/v1/campaigns/{campaign}/fans?limit=2")
    second = await got(site.stranger, f"/api/v1/campaigns/{campaign}/fans?limit=2&cursor={first['next']}")

    found = [(each["rank"], each["points"]) for each in (*first["fans"], *second["fans"])]
    assert found == [(1, 9), (2, 5), (2, 5), (4, 1)]
    assert second["next"] is None
    season = (await got(site.stranger, f"/api/v1/members/{fans[0].member}/awards"))["awards"][0]["season"]
    assert len((await got(site.stranger, f"/api/v1/seasons/{season}/fans"))["fans"]) == 4
    assert (await got(site.stranger, "/api/v1/seasons/2020-q1/fans"))["fans"] == []
    assert refused(await site.stranger.get(f"/api/v1/seasons/{season}/fans?cursor=nothing")) == (422, "invalid")
    assert refused(await site.stranger.get("/api/v1/campaigns/nowhere/fans")) == (404, "campaign-not-found")


async def test_whoever_leaves_the_standings_is_in_none_at_once_and_counted_in_no_rank(site: SiteUnderTest) -> None:
    noor, jonah = await person(site, "Noor A."), await person(site, "Jonah")
    campaign, _ = await idea_of(site, noor)
    for each, points in ((noor, 9), (jonah, 5)):
        await award(site, each.member, points=points, campaign=campaign)
    await all_read(site)
    fans = f"/api/v1/campaigns/{campaign}/fans"

    async def seen_after(answer: httpx2.Response) -> list[tuple[int, str]]:
        waited = await site.stranger.get(fans, headers={"Fanfare-Wait": answer.raise_for_status().headers["Fanfare-Position"]})
        return [(each["rank"], each["name"]) for each in waited.json()["fans"]]

    left = await noor.client.delete("/api/v1/me/standings")
    assert await seen_after(left) == [(1, "Jonah")]
    assert not (await got(noor.client, "/api/v1/me/standings"))["listed"]
    held = await got(noor.client, f"/api/v1/members/{noor.member}/recognition")
    assert (held["points"], held["rank"], held["in_standings"]) == (9, None, False)
    joined, again = [await getattr(noor.client, each)("/api/v1/me/standings") for each in ("put", "delete")]
    assert joined.is_success
    assert await seen_after(again) == [(1, "Jonah")]
    assert await seen_after(await noor.client.put("/api/v1/me/standings")) == [(1, "Noor A."), (2, "Jonah")]


async def test_an_erased_fan_is_in_no_standing_and_on_no_page_and_every_total_stays(site: SiteUnderTest) -> None:
    noor, jonah = await person(site, "Noor A."), await person(site, "Jonah")
    campaign, _ = await idea_of(site, noor)
    given = await award(site, noor.member, points=9, campaign=campaign)
    await award(site, jonah.member, points=5, campaign=campaign)
    title = {"member": noor.member, "words": "Namer of the Eighth", "reason": "Noor’s name for it won."}
    await posted(site.host, "/api/v1/recognition/titles", title)
    await all_read(site)
    before = await got(site.stranger, "/api/v1/recognition")

    await site.parts.desk.emit([digest(b"erased")[:32]], [MemberErased(member=noor.member)], noor.member)
    await all_read(site)

    fans = (await got(site.stranger, f"/api/v1/campaigns/{campaign}/fans"))["fans"]
    assert [(each["rank"], each["name"]) for each in fans] == [(1, "Jonah")]
    assert refused(await site.stranger.get(f"/api/v1/awards/{given}")) == (404, "award-not-found")
    assert await got(site.stranger, "/api/v1/recognition") == before
    async with site.parts.pool.connection() as connection:
        assert await awards.profile(connection, noor.member) == awards.Profile(noor.member)
        assert await awards.awards_of(connection, noor.member) == []
    async with asyncio.timeout(20):
        while True:
            if not await _says(site, "Noor’s name"):
                break
            await asyncio.sleep(0.05)


async def _says(site: SiteUnderTest, words: str) -> bool:
    async with site.parts.pool.connection() as connection:
        query = "select from record.texts where strpos(text, %s) > 0"
        return bool((await connection.execute(query, (words,))).rowcount)


async def test_a_fan_takes_her_awards_with_her(site: SiteUnderTest) -> None:
    noor = await person(site, "Noor A.")
    given = await award(site, noor.member, points=9)
    await posted(site.host, "/api/v1/recognition/titles", {"member": noor.member, "words": "Namer", "reason": "It won."})
    await all_read(site)

    archive = zipfile.ZipFile(BytesIO((await noor.client.get("/api/v1/me/export")).raise_for_status().content))

    told = json.loads(archive.read("awards.json"))
    assert [(each["award"] == given, each["kind"], each["title"], each["stands"]) for each in told] == [
        (True, "points", None, True),
        (False, "title", "Namer", True),
    ]
