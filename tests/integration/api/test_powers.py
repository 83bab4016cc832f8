"""Bounded powers of named fans: in their campaign, until their end, and nowhere and never else."""

import io
import json
import zipfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from fanfare.members import erasing, power_mail, powers
from fanfare.members.powers import Grant
from fanfare.members.refusals import PowerHeld
from fanfare.platform.desk import Asked
from tests.integration.api.ground import Person, Things, person, posted, things
from tests.page_reader import all_read
from tests.site_fixture import SiteUnderTest

pytestmark = pytest.mark.postgres

WHY = "She has answered newcomers since the first round."


def _until(**span: float) -> str:
    return (datetime.now(UTC) + timedelta(**span)).isoformat()


async def give(site: SiteUnderTest, fan: Person, may: str, campaign: str | None, **span: float) -> str:
    """Give a fan a power by the API, for ten days unless *span* says otherwise, and return its id."""
    wanted = {"may": may, "campaign": campaign, "until": _until(**(span or {"days": 10})), "reason": WHY}
    return str((await posted(site.host, f"/api/v1/members/{fan.member}/powers", wanted))["id"])


async def two_campaigns(site: SiteUnderTest) -> tuple[Things, Things, Person]:
    """Return the things of two campaigns, with one author, and a fan."""
    author, fan = await person(site, "Jonah"), await person(site, "Noor A.")
    here = await things(site, author, author)
    there = await things(site, author, author, title="The Ninth Colour")
    return here, there, fan


Ask = Callable[[httpx2.AsyncClient, Things], Awaitable[httpx2.Response]]


async def _hide(client: httpx2.AsyncClient, at: Things) -> httpx2.Response:
    body = {"contents": [at.idea], "rule": "insult", "reason": "It calls her names."}
    return await client.post("/api/v1/moderation/hide", json=body)


async def _leave(client: httpx2.AsyncClient, at: Things) -> httpx2.Response:
    return await client.post("/api/v1/moderation/leave", json={"contents": [at.idea]})


async def _answer(client: httpx2.AsyncClient, at: Things) -> httpx2.Response:
    return await client.put(f"/api/v1/ideas/{at.idea}/answer", json={"status": "planned", "reason": "The kitchen cooks it."})


async def _pause(client: httpx2.AsyncClient, at: Things) -> httpx2.Response:
    return await client.post(f"/api/v1/rounds/{at.ballot_round}/pause", json={"reason": "One moment."})


async def _open(client: httpx2.AsyncClient, at: Things) -> httpx2.Response:
    return await client.post(f"/api/v1/rounds/{at.planned_round}/open")


ACTS: dict[str, dict[str, Ask]] = {
    "host": {"pause": _pause, "open": _open, "answer": _answer},
    "curate": {"answer": _answer},
    "moderate": {"leave": _leave, "hide": _hide},
}
"""What each power opens."""
EVERY: dict[str, Ask] = {name: ask for acts in ACTS.values() for name, ask in acts.items()}


@pytest.mark.parametrize("may", ["host", "curate", "moderate"])
async def test_a_power_opens_what_it_is_for_in_its_campaign_until_its_end(busy_site: SiteUnderTest, may: str) -> None:
    here, there, fan = await two_campaigns(busy_site)
    for name, ask in EVERY.items():
        assert (await ask(fan.client, here)).status_code == 403, f"{name} without a power"

    power = await give(busy_site, fan, may, here.campaign)
    for name, ask in EVERY.items():
        assert (await ask(fan.client, there)).status_code == 403, f"{name} in another campaign"
        if name not in ACTS[may]:
            assert (await ask(fan.client, here)).status_code == 403, f"{name} is not {may}"
    for name, ask in ACTS[may].items():
        answer = await ask(fan.client, here)
        assert answer.is_success, f"{name}: {answer.text}"

    await posted(busy_site.host, f"/api/v1/powers/{power}/end", {"reason": "The campaign is over."})
    for name, ask in EVERY.items():
        assert (await ask(fan.client, here)).status_code == 403, f"{name} after the end"


async def test_a_power_ends_by_itself(busy_site: SiteUnderTest) -> None:
    here, _, fan = await two_campaigns(busy_site)
    power = await give(busy_site, fan, "moderate", here.campaign, seconds=3)
    assert (await _leave(fan.client, here)).is_success

    desk = busy_site.parts.desk
    while desk.streams.powers.granted[power].holds(desk.now):
        assert (await busy_site.stranger.get("/healthz")).is_success
    answer = await _hide(fan.client, here)
    assert (answer.status_code, answer.json()["code"]) == (403, "role-needed")
    assert (await fan.client.get("/api/v1/powers")).json() == {"powers": []}
    assert [each["holds"] for each in (await fan.client.get("/api/v1/me/powers")).json()["powers"]] == [False]


async def test_one_decision_on_cases_of_two_campaigns_needs_the_right_in_both(busy_site: SiteUnderTest) -> None:
    here, there, fan = await two_campaigns(busy_site)
    await give(busy_site, fan, "moderate", here.campaign)
    body = {"contents": [here.idea, there.idea], "rule": "insult", "reason": "Both shout."}

    assert (await fan.client.post("/api/v1/moderation/hide", json=body)).status_code == 403
    await give(busy_site, fan, "moderate", None)
    assert (await fan.client.post("/api/v1/moderation/hide", json=body)).is_success


async def test_the_queue_of_a_fan_shows_her_campaign_alone(busy_site: SiteUnderTest) -> None:
    here, there, fan = await two_campaigns(busy_site)
    for each in (here, there):
        await posted(fan.client, "/api/v1/flags", {"content": each.idea, "rule": "insult"})
    await give(busy_site, fan, "moderate", there.campaign)

    hers = (await fan.client.get("/api/v1/moderation/queue")).raise_for_status().json()
    everybodys = (await busy_site.host.get("/api/v1/moderation/queue")).raise_for_status().json()
    assert [each["content"] for each in hers["cases"]] == [there.idea]
    assert everybodys["length"] == 2


async def test_a_power_opens_no_setting_no_role_no_removal_and_no_other_power(busy_site: SiteUnderTest) -> None:
    here, _, fan = await two_campaigns(busy_site)
    for may, campaign in (("host", here.campaign), ("curate", None), ("moderate", None), ("welcome", None)):
        await give(busy_site, fan, may, campaign)

    wanted = {"may": "moderate", "campaign": None, "until": _until(days=1), "reason": WHY}
    for path, body in (
        (f"/api/v1/members/{fan.member}/powers", wanted),
        (f"/api/v1/members/{fan.member}/roles", {"role": "host"}),
        ("/api/v1/drafts", {"template": "idea-box"}),
        ("/api/v1/recognition/automation", {"allowed": False, "reason": "No."}),
        (f"/api/v1/texts/{here.comment_text}/removal", {"reason": "An address."}),
    ):
        assert (await fan.client.post(path, json=body)).status_code == 403, path
    for page in ("/host", "/host/settings", "/host/people", "/host/exports", "/host/recognition"):
        assert (await fan.client.get(page, headers={"accept": "text/html"})).status_code == 403, page


async def test_giving_is_for_admins_and_ending_for_them_and_for_herself(busy_site: SiteUnderTest) -> None:
    here, _, fan = await two_campaigns(busy_site)
    host = await person(busy_site, "Bert", "host")
    power = await give(busy_site, fan, "moderate", here.campaign)

    refused = await host.client.post(f"/api/v1/powers/{power}/end", json={"reason": "No."})
    assert (refused.status_code, refused.json()["code"]) == (403, "not-your-power")
    assert (await fan.client.post(f"/api/v1/powers/{power}/end", json={})).is_success
    again = await fan.client.post(f"/api/v1/powers/{power}/end", json={})
    assert (again.status_code, again.json()["code"]) == (409, "power-has-ended")


async def test_the_same_request_gives_one_power(busy_site: SiteUnderTest) -> None:
    here, _, fan = await two_campaigns(busy_site)
    wanted = {"may": "moderate", "campaign": here.campaign, "until": _until(days=1), "reason": WHY}
    sends = [
        await busy_site.host.post(f"/api/v1/members/{fan.member}/powers", json=wanted, headers={"Idempotency-Key": "once"})
        for _ in range(2)
    ]

    assert [each.status_code for each in sends] == [201, 201]
    assert sends[0].json() == sends[1].json()
    assert len((await busy_site.stranger.get("/api/v1/powers")).json()["powers"]) == 1


async def test_what_she_did_by_her_right_says_so_on_the_timeline_on_the_answer_and_where_it_is_hidden(
    busy_site: SiteUnderTest,
) -> None:
    here, _, fan = await two_campaigns(busy_site)
    for may in ("host", "moderate"):
        await give(busy_site, fan, may, here.campaign)
    for act in (_answer, _hide, _pause):
        assert (await act(fan.client, here)).is_success
    await all_read(busy_site)

    timeline = (await busy_site.stranger.get(f"/campaigns/{here.campaign}/timeline")).text
    assert timeline.count("fan with the right to moderate until") == 1
    assert timeline.count("fan with the right to host this campaign until") == 2
    assert "gave a fan the right to moderate here" in timeline
    hidden = (await busy_site.stranger.get(f"/ideas/{here.idea}")).text
    assert "fan with the right to moderate until" in hidden
    assert "fan with the right to host this campaign until" in hidden
    decisions = (await busy_site.stranger.get("/site/decisions")).text
    assert "gave Noor A. the right to moderate in “The Eighth Flavour” until" in decisions
    profile = (await busy_site.stranger.get(f"/fans/{fan.member}")).text
    assert "Moderates “The Eighth Flavour”" in profile


async def test_she_is_told_by_mail_when_it_is_given_a_week_before_its_end_and_when_it_is_ended(
    busy_site: SiteUnderTest,
) -> None:
    here, _, fan = await two_campaigns(busy_site)
    pool, desk = busy_site.parts.pool, busy_site.parts.desk
    async with pool.connection() as connection:
        await connection.execute("update vault.members set email = 'noor@example.org' where id = %s", (fan.member,))
    power = await give(busy_site, fan, "moderate", here.campaign, days=8)
    short = await give(busy_site, fan, "curate", here.campaign, days=2)
    await power_mail.remind(desk)
    now = datetime.now(UTC).replace(microsecond=0)
    for days in (2, 2):  # the second run tells nobody again
        await power_mail.remind(desk, now + timedelta(days=days))
    await posted(busy_site.host, f"/api/v1/powers/{short}/end", {"reason": "It is done."})

    async with pool.connection() as connection:
        rows = await (await connection.execute("select subject, body from vault.outbox order by id")).fetchall()
    assert [subject for subject, _ in rows] == [
        "You have a new right",
        "You have a new right",
        "A right of yours ends soon",
        "A right of yours has ended",
    ]
    assert (
        f"Dora Lindqvist gave you the right to moderate in “The Eighth Flavour”, until {now + timedelta(days=8):%Y-%m-%d}"
        in (rows[0][1])
    )
    assert WHY in rows[0][1]
    assert "It is done." in rows[3][1]
    assert power != short


async def test_a_member_who_has_herself_erased_leaves_no_power_behind(busy_site: SiteUnderTest) -> None:
    here, _, fan = await two_campaigns(busy_site)
    power, words = await give(busy_site, fan, "moderate", here.campaign), "I am off to the quince harvest."
    laid_down = await give(busy_site, fan, "curate", here.campaign)
    await posted(fan.client, f"/api/v1/powers/{laid_down}/end", {"reason": words})
    await all_read(busy_site)
    archive = zipfile.ZipFile(io.BytesIO((await fan.client.get("/api/v1/me/export")).content))
    assert [each["reason"] for each in json.loads(archive.read("rights.json"))] == [WHY, WHY, words]

    await erasing.erase(busy_site.parts.desk, busy_site.app.state.settings.home, fan.member)

    assert not busy_site.parts.desk.streams.powers.granted[power].holds(busy_site.parts.desk.now)
    assert (await busy_site.stranger.get("/api/v1/powers")).json() == {"powers": []}
    async with busy_site.parts.pool.connection() as connection:
        rows = await (await connection.execute("select text from record.texts where text = any(%s)", ([words, WHY],))).fetchall()
    assert {text for (text,) in rows} == {WHY}


async def test_a_power_that_two_admins_give_at_once_is_given_once(busy_site: SiteUnderTest) -> None:
    here, _, fan = await two_campaigns(busy_site)
    desk, admin = busy_site.parts.desk, await person(busy_site, "Anna", "admin")
    wanted = Grant(
        member=fan.member, may="moderate", campaign=here.campaign, until=datetime.now(UTC) + timedelta(days=5), reason=WHY
    )

    await powers.grant(desk, Asked(admin.member, "grant-power", fan.member, "one"), wanted)
    with pytest.raises(PowerHeld):
        await powers.grant(desk, Asked(admin.member, "grant-power", fan.member, "two"), wanted)
