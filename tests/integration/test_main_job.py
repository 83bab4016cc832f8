"""The main job over the API: from an idea to a sealed result."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from fanfare.record.kinds import digest
from tests.site_fixture import SiteUnderTest, round_of

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


def in_seconds(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


IDEAS = ("Sour Cherry Cola", "Pine & Lime", "Rhubarb Gate")


async def test_an_idea_is_raised_supported_advanced_voted_for_and_sealed(site: SiteUnderTest) -> None:
    campaign = await site.publish(
        round_of(name="Ideas", method="support.v1", options_from="ideas", options=[], advance=2),
        round_of(name="Final", options_from="round", from_round=1, options=[], opens_at=in_seconds(1)),
    )
    ideas_round, final = (each["id"] for each in campaign["rounds"])
    fans = [await site.fan(f"Fan {n}") for n in range(6)]

    ideas = await ideas_raised_and_supported(site, ideas_round, fans)
    (await site.host.post(f"/api/v1/rounds/{ideas_round}/close")).raise_for_status()
    opened = await site.until(final, "open")
    assert [option["id"] for option in opened["options"]] == ideas[:2]
    for fan, choice in zip(fans, (0, 1, 1, 1, 0, 1), strict=True):
        paper = (await fan.get(f"/api/v1/rounds/{final}/paper")).json()
        cast = await fan.put(f"/api/v1/rounds/{final}/ballot", json={"number": paper["number"], "options": [ideas[choice]]})
        assert (cast.status_code, cast.json()["state"]) == (200, "taken")
    (await site.host.post(f"/api/v1/rounds/{final}/close")).raise_for_status()
    sealed = await site.until(final, "sealed")

    report = await site.stranger.get(f"/api/v1/rounds/{final}/report")
    assert digest(report.content) == sealed["report"]
    assert [(each["option"], each["votes"], each["rank"], each["advanced"]) for each in report.json()["ranking"]] == [
        (ideas[1], 4, 1, True),
        (ideas[0], 2, 2, False),
    ]
    assert report.json()["ballots"] == {"received": 6, "counted": 6, "replaced": 0, "late": 0, "void": 0, "unreadable": 0}


async def ideas_raised_and_supported(site: SiteUnderTest, round_id: str, fans: list[httpx2.AsyncClient]) -> list[str]:
    """Raise three ideas, give them three, two and one supporters, and return their ids."""
    await site.until(round_id, "open")
    ideas, position = [], ""
    for fan, title in zip(fans, IDEAS, strict=False):
        words = {"title": title, "body": "**Tart**, a little almond.", "tags": "Tart, cola"}
        made = await fan.post(f"/api/v1/rounds/{round_id}/ideas", json=words)
        assert made.status_code == 201, made.text
        ideas.append(made.json()["id"])
        position = made.headers["Fanfare-Position"]
    for fan, liked in zip(fans, (0, 0, 0, 1, 1, 2), strict=True):
        done = await fan.put(f"/api/v1/ideas/{ideas[liked]}/support", headers={"Fanfare-Wait": position})
        assert done.status_code == 200, done.text
        position = done.headers["Fanfare-Position"]
    board = await site.stranger.get(f"/api/v1/rounds/{round_id}/leaderboard", headers={"Fanfare-Wait": position})
    assert [(each["option"], each["votes"], each["advances"]) for each in board.json()["places"]] == [
        (ideas[0], 3, True),
        (ideas[1], 2, True),
        (ideas[2], 1, False),
    ]
    return ideas


async def test_what_she_chose_last_counts_however_often_and_fast_she_changes_it(site: SiteUnderTest) -> None:
    campaign = await site.publish(round_of())
    round_id = campaign["rounds"][0]["id"]
    await site.until(round_id, "open")
    fan = await site.fan()
    number, position = (await fan.get(f"/api/v1/rounds/{round_id}/paper")).json()["number"], ""

    for option in ("o1", "o2", "o1"):
        cast = await fan.put(f"/api/v1/rounds/{round_id}/ballot", json={"number": number, "options": [option]})
        number, position = cast.json()["next_number"], cast.headers["Fanfare-Position"]

    board = await fan.get(f"/api/v1/rounds/{round_id}/leaderboard", headers={"Fanfare-Wait": position})
    assert {each["option"]: each["votes"] for each in board.json()["places"]} == {"o1": 1, "o2": 0, "o3": 0}
    assert board.json()["counted"] == 1


async def test_the_same_request_twice_is_one_ballot_and_an_older_paper_is_refused_with_the_present_one(
    site: SiteUnderTest,
) -> None:
    campaign = await site.publish(round_of())
    url = f"/api/v1/rounds/{campaign['rounds'][0]['id']}/ballot"
    await site.until(campaign["rounds"][0]["id"], "open")
    fan = await site.fan()
    first = {"number": 1, "options": ["o1"]}

    answers = await asyncio.gather(*(fan.put(url, json=first, headers={"Idempotency-Key": "k1"}) for _ in range(4)))
    other_body = await fan.put(url, json={"number": 2, "options": ["o2"]}, headers={"Idempotency-Key": "k1"})
    older_tab = await fan.put(url, json={"number": 1, "options": ["o2"]}, headers={"Idempotency-Key": "k2"})
    skipping = await fan.put(url, json={"number": 7, "options": ["o2"]})

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["event_id"] for answer in answers}) == 1
    assert (other_body.status_code, other_body.json()["code"]) == (422, "idempotency-key-reused")
    assert (older_tab.status_code, older_tab.json()["code"]) == (409, "paper-out-of-date")
    assert older_tab.json()["paper"]["number"] == 2
    assert (skipping.status_code, skipping.json()["code"]) == (409, "paper-out-of-date")


async def test_two_hosts_deciding_at_once_one_is_told(site: SiteUnderTest) -> None:
    campaign = await site.publish(round_of())
    round_id = campaign["rounds"][0]["id"]
    await site.until(round_id, "open")

    answers = await asyncio.gather(
        site.host.post(f"/api/v1/rounds/{round_id}/pause", json={"reason": "We look into a burst."}),
        site.host.post(f"/api/v1/rounds/{round_id}/pause", json={"reason": "The mail came late."}),
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert next(a for a in answers if a.status_code == 409).json()["code"] in ("overtaken", "round-paused")


async def test_a_ballot_after_the_close_is_refused_and_one_behind_the_marker_is_told_that_it_is_late(site: SiteUnderTest) -> None:
    campaign = await site.publish(round_of(closes_at=in_seconds(3)))
    round_id = campaign["rounds"][0]["id"]
    await site.until(round_id, "open")
    fan = await site.fan()
    await site.until(round_id, "closed", "sealed")

    refused = await fan.put(f"/api/v1/rounds/{round_id}/ballot", json={"number": 1, "options": ["o1"]})

    assert (refused.status_code, refused.json()["code"]) == (409, "round-not-open")


async def test_bad_input_gets_a_problem_with_a_code_and_leaves_nothing(site: SiteUnderTest) -> None:
    campaign = await site.publish(round_of(), round_of(method="approval.v1", most=2))
    one, two = (each["id"] for each in campaign["rounds"])
    await site.until(one, "open")
    await site.until(two, "open")
    fan = await site.fan()
    heads = (await site.stranger.get("/readyz")).json()["heads"]

    async def code(request: object) -> tuple[int, str]:
        answer = await request  # type: ignore[misc]
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]
        return answer.status_code, answer.json()["code"]

    ballot = f"/api/v1/rounds/{one}/ballot"
    assert await code(fan.put("/api/v1/rounds/nope/ballot", json={"number": 1, "options": ["o1"]})) == (404, "round-not-found")
    assert await code(fan.put(ballot, json={"number": 1, "options": ["zz"]})) == (422, "choice-not-offered")
    assert await code(fan.put(ballot, json={"number": 1, "options": ["o1", "o2"]})) == (422, "too-many-options")
    assert await code(fan.put(ballot, json={"number": 1, "options": []})) == (422, "nothing-chosen")
    assert await code(fan.put(ballot, content=b'{"number": 1, "options": [')) == (422, "invalid")
    assert await code(fan.put(ballot, content=b"\xff\xfe" * 9)) == (422, "invalid")
    assert await code(fan.put(ballot, content=b"[" * 200_000)) == (422, "invalid")
    assert await code(fan.put(ballot, content=b"x" * 300_000)) == (413, "too-large")
    assert await code(fan.put(ballot, json={"number": 0, "options": ["o1"]})) == (422, "invalid")
    assert await code(site.stranger.put(ballot, json={"number": 1, "options": ["o1"]})) == (401, "sign-in-needed")
    for asked in ("limit=0", "limit=201", "limit=all", "cursor=-1", f"cursor={2**63}"):
        assert await code(fan.get(f"/api/v1/me/contributions?{asked}")) == (422, "invalid"), asked
    assert await code(fan.post("/api/v1/drafts", json={})) == (403, "role-needed")
    assert await code(fan.post(f"/api/v1/rounds/{one}/close")) == (403, "role-needed")
    assert await code(fan.post(f"/api/v1/rounds/{one}/ideas", json={"title": "x", "body": "y"})) == (409, "no-ideas-now")
    assert (await site.stranger.get("/readyz")).json()["heads"] == heads


@pytest.mark.parametrize(
    "text", ["a\u0000b", "a\u202eb", "\u200b\u200b", "x" * 1_000_000], ids=["nul", "bidi", "zero width", "a million"]
)
async def test_a_text_that_cannot_be_taken_is_refused_by_every_door(site: SiteUnderTest, text: str) -> None:
    campaign = await site.publish(round_of(method="support.v1", options_from="ideas", options=[]))
    round_id = campaign["rounds"][0]["id"]
    await site.until(round_id, "open")
    fan = await site.fan()
    idea = (await fan.post(f"/api/v1/rounds/{round_id}/ideas", json={"title": "Tea", "body": "Cold."})).json()["id"]
    made = (await site.host.post("/api/v1/drafts", json={})).json()

    answers = [
        await fan.post(f"/api/v1/rounds/{round_id}/ideas", json={"title": text, "body": "Cold."}),
        await fan.put(f"/api/v1/ideas/{idea}", json={"title": "Tea", "body": text, "version": 1}),
        await fan.post(f"/api/v1/ideas/{idea}/comments", json={"text": text}),
        await site.host.post(f"/api/v1/rounds/{round_id}/pause", json={"reason": text}),
        await fan.patch("/api/v1/me", json={"name": text}),
    ]
    draft = {"title": text, "story": "s", "rounds": []}
    saved = await site.host.put(f"/api/v1/drafts/{made['id']}", json={"version": 1, "draft": draft})

    assert {answer.status_code for answer in answers} <= {413, 422}, [answer.text[:200] for answer in answers]
    assert all(answer.json()["code"] for answer in answers)
    assert saved.status_code in (200, 413, 422), saved.text  # a draft may be kept as it is typed; it is checked when published


@pytest.mark.parametrize(
    "path", ["/rounds/%00", "/ideas/%00", "/receipts/%00", "/campaigns/%F0%9F%8E%BA/timeline?cursor=-1", "/ideas/%ED%A0%80"]
)
async def test_an_address_of_rubbish_is_a_problem_and_no_fault(site: SiteUnderTest, path: str) -> None:
    answer = await site.stranger.get(f"/api/v1{path}")

    assert answer.status_code in (404, 422), answer.text
    assert answer.json()["code"]


async def test_publishing_twice_at_once_publishes_once(site: SiteUnderTest) -> None:
    made = (await site.host.post("/api/v1/drafts", json={})).json()
    draft = {"title": "Two presses", "story": "One campaign.", "rounds": [round_of()]}
    (await site.host.put(f"/api/v1/drafts/{made['id']}", json={"version": 1, "draft": draft})).raise_for_status()
    url, key = f"/api/v1/drafts/{made['id']}/publish", {"Idempotency-Key": "press"}

    answers = await asyncio.gather(*(site.host.post(url, headers=key) for _ in range(3)))

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({answer.json()["position"] for answer in answers}) == 1


async def test_a_plan_that_is_too_large_for_one_entry_is_refused(site: SiteUnderTest) -> None:
    options = [f"Flavour number {n}" for n in range(200)]
    made = (await site.host.post("/api/v1/drafts", json={})).json()
    draft = {"title": "Much", "story": "Too much.", "rounds": [round_of(options=options) for _ in range(6)]}
    (await site.host.put(f"/api/v1/drafts/{made['id']}", json={"version": 1, "draft": draft})).raise_for_status()

    answer = await site.host.post(f"/api/v1/drafts/{made['id']}/publish")

    assert (answer.status_code, answer.json()["code"]) == (422, "too-much-at-once")


async def test_reports_come_as_tables_that_run_nothing_in_a_spreadsheet(site: SiteUnderTest) -> None:
    campaign = await site.publish(round_of(options=["=1+1", "Pine & Lime"]))
    round_id = campaign["rounds"][0]["id"]
    await site.until(round_id, "open")
    cast = await (await site.fan()).put(f"/api/v1/rounds/{round_id}/ballot", json={"number": 1, "options": ["o1"]})
    wait = {"Fanfare-Wait": cast.headers["Fanfare-Position"]}

    ranking = await site.stranger.get(f"/api/v1/rounds/{round_id}/report.csv", headers=wait)
    rounds = await site.stranger.get(f"/api/v1/campaigns/{campaign['id']}/report.csv", headers=wait)

    assert ranking.text.splitlines()[1] == "1,o1,'=1+1,1,yes"
    assert rounds.text.splitlines()[1] == f"{round_id},Flavour,open,1,1,0,0,0,0,"


async def test_an_ordinary_site_has_no_simulated_fans(site: SiteUnderTest) -> None:
    answers = [
        await site.host.post("/api/v1/simulation/fans", json={"names": ["Robot"]}),
        await site.stranger.post("/api/v1/simulation/fans", json={"names": ["Robot"]}),
        await site.stranger.post("/simulation/join", data={"role": "host"}),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert "/simulation" not in (await site.stranger.get("/api/v1/openapi.json")).text
