"""The pages of hosts and auditors over the real site: nothing typed is lost, nobody is overtaken unseen, strangers stay out."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest

from fanfare.record.campaigns import CampaignPublished, RoundExtended
from fanfare.record.decisions import Decided
from fanfare.record.entry import unpack
from fanfare.record.envelope import Recorded
from fanfare.record.kinds import Event
from tests.integration.browsing import browser, follow, form, send, signed_in
from tests.site_fixture import SiteUnderTest, round_of

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
BERLIN = ZoneInfo("Europe/Berlin")
WHOLE = {
    "title": "The Eighth Flavour",
    "summary": "Seven sodas in ninety years. The eighth is yours.",
    "rounds__0__name": "Flavour",
    "rounds__0__question": "Which flavour goes on to the kitchen?",
    "rounds__0__asked_by": "Dora Lindqvist, head of flavour",
    "rounds__0__why": "The kitchen has room for one.",
    "rounds__0__next": "The winner is cooked and tasted in public.",
    "rounds__0__options": "Sour Cherry Cola\r\nPine & Lime\r\n",
}


async def a_host(site: SiteUnderTest, name: str = "Emeka Obi") -> httpx2.AsyncClient:
    return await signed_in(site, name, "host")


async def a_draft(
    host: httpx2.AsyncClient, template: str = "single-vote", *steps: str, **changes: str
) -> tuple[httpx2.Response, str]:
    """Begin a draft, write *changes* into its story and its first round, and return its story's page and its address."""
    new = await host.get("/host/campaigns/new")
    page = await follow(host, await send(host, new, "/host/campaigns", template=template))
    address = str(page.url.path)
    for step in steps or ("story", "round-1"):
        mine = {name: text for name, text in changes.items() if name.startswith("rounds__") == step.startswith("round-")}
        if mine:
            page = await host.get(f"{address}?step={step}")
            await follow(host, await send(host, page, address, act="save", **mine))
    return await host.get(address), address


async def a_round(site: SiteUnderTest, host: httpx2.AsyncClient, **changes: object) -> tuple[httpx2.Response, str]:
    """Publish a round that opens at once and return its desk and its address."""
    campaign = await site.publish(round_of(**changes))
    await site.until(campaign["rounds"][0]["id"], "open")
    address = f"/host/rounds/{campaign['rounds'][0]['id']}"
    return await host.get(address), address


async def taken(site: SiteUnderTest, kind: type[Event]) -> list[Any]:
    """Return the decisions of a kind that were taken; one that was appended twice, or came too late, is passed over."""
    decided, found = Decided(), []
    for stored in await site.parts.log.read(0, 0, 1000):
        entry = unpack(0, stored.offset, stored.body)
        if decided.take(entry):
            found += [each.event for each in entry.events if isinstance(each, Recorded) and isinstance(each.event, kind)]
    return found


def local(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M")


async def test_a_stranger_is_led_to_sign_in_and_back_and_a_fan_is_told_that_it_is_for_hosts(site: SiteUnderTest) -> None:
    fan = await signed_in(site, "Noor A.")

    stranger = await browser(site).get("/host/campaigns/new?template=idea-box")
    refused = await fan.get("/host")
    posted = await browser(site).post("/host/campaigns", data={"title": "Mine"})

    assert stranger.status_code == 303
    assert stranger.headers["location"] == "/sign-in?next=%2Fhost%2Fcampaigns%2Fnew%3Ftemplate%3Didea-box"
    assert refused.status_code == 403
    assert "Only hosts may do this." in refused.text
    assert posted.status_code == 401


@pytest.mark.parametrize(("template", "rounds"), [("dewmocracy", 3), ("idea-box", 1), ("single-vote", 1), ("empty", 1)])
async def test_a_draft_that_goes_through_its_steps_untouched_stays_as_its_template_is(
    site: SiteUnderTest, template: str, rounds: int
) -> None:
    host = await a_host(site)
    page, address = await a_draft(host, template)
    api = f"/api/v1/drafts/{address.rpartition('/')[2]}"
    begun = (await site.host.get(api)).json()["draft"]

    for _ in range(rounds + 1):
        page = await follow(host, await send(host, page, address, act="next"))

    assert (await site.host.get(api)).json()["draft"] == begun
    assert page.url.params["step"] == "check"
    assert len(begun["rounds"]) == rounds


@pytest.mark.parametrize("template", ["dewmocracy", "idea-box"])
async def test_a_template_can_be_published_as_it_is_since_it_says_who_asks_why_and_what_happens(
    site: SiteUnderTest, template: str
) -> None:
    host = await a_host(site)
    _, address = await a_draft(host, template)

    check = await host.get(f"{address}?step=check")
    public = await follow(host, await send(host, check, address, act="publish"))

    assert "<h1>Ready to publish</h1>" in check.text
    assert "Emeka Obi, Pomfret Soda" in check.text
    assert "Open for 7 days: from " in check.text or "Open for 28 days: from " in check.text
    assert "(Europe/Berlin)." in check.text
    assert "The campaign is public" in public.text


async def test_a_draft_says_what_is_missing_and_is_not_published_without_it(site: SiteUnderTest) -> None:
    host = await a_host(site)
    page, address = await a_draft(host, **{**WHOLE, "rounds__0__why": "", "rounds__0__options": "Only one"})

    answer = await send(host, await host.get(f"{address}?step=check"), address, act="publish")

    assert answer.status_code == 422
    assert "<h1>Not ready to publish yet</h1>" in answer.text
    assert "Round 1 does not say why you ask." in answer.text
    assert "Round 1: A list needs 2 to 200 different options." in answer.text
    assert page.status_code == 200
    assert await taken(site, CampaignPublished) == []


async def test_a_whole_draft_is_published_once_however_often_the_button_is_pressed(site: SiteUnderTest) -> None:
    host = await a_host(site)
    _, address = await a_draft(host, **WHOLE)
    page = await host.get(f"{address}?step=check")

    answers = await asyncio.gather(*(send(host, page, address, act="publish") for _ in range(3)))
    again = await send(host, page, address, act="publish")

    assert {each.status_code for each in (*answers, again)} <= {303, 409}
    assert again.headers["location"].startswith("/host/rounds/")
    assert len(await taken(site, CampaignPublished)) == 1
    assert "Round 1 of 1 has not opened yet" in (await host.get("/host")).text


async def test_times_are_of_the_zone_that_was_chosen_and_an_hour_that_clocks_skip_is_refused(site: SiteUnderTest) -> None:
    host = await a_host(site)
    summer, skipped = "2027-07-01T09:00", "2027-03-28T02:30"

    times = {"rounds__0__opens_at": summer, "rounds__0__closes_at": "2027-07-02T09:00"}
    _, address = await a_draft(host, **WHOLE, zone="America/New_York", **times)
    page = await host.get(f"{address}?step=round-1")
    refused = await send(host, page, address, zone="Europe/Berlin", rounds__0__opens_at=skipped)

    draft = (await site.host.get(f"/api/v1/drafts/{address.rpartition('/')[2]}")).json()["draft"]
    assert draft["rounds"][0]["opens_at"] == "2027-07-01T13:00:00Z"
    assert form(page.text, address).fields["rounds-0-opens_at"] == summer
    assert refused.status_code == 422
    assert "The clocks go forward in that hour" in refused.text
    assert form(refused.text, address).fields["rounds-0-opens_at"] == skipped


async def test_rounds_are_added_and_removed_and_what_was_typed_stays(site: SiteUnderTest) -> None:
    host = await a_host(site)
    page, address = await a_draft(host, "dewmocracy", title="Typed")
    api = f"/api/v1/drafts/{address.rpartition('/')[2]}"

    added = await follow(host, await send(host, page, address, act="add-round", summary="Also typed"))
    more = (await site.host.get(api)).json()["draft"]
    await follow(host, await send(host, await host.get(f"{address}?step=round-1"), address, act="remove-round-0"))
    less = (await site.host.get(api)).json()["draft"]

    assert added.url.params["step"] == "round-4"
    assert (len(more["rounds"]), more["rounds"][3]["from_round"], more["title"]) == (4, 3, "Typed")
    assert more["story"].startswith("Also typed")
    assert [each["name"] for each in less["rounds"]] == ["Seven to three", "The final", ""]
    assert (less["rounds"][0]["options_from"], less["rounds"][1]["from_round"]) == ("list", 1)


async def test_what_the_chosen_method_hides_counts_for_nothing(site: SiteUnderTest) -> None:
    host = await a_host(site)
    _, address = await a_draft(host, **WHOLE)
    page = await host.get(f"{address}?step=round-1")

    await follow(host, await send(host, page, address, rounds__0__method="support.v1", rounds__0__most="3"))
    ideas = (await site.host.get(f"/api/v1/drafts/{address.rpartition('/')[2]}")).json()["draft"]["rounds"][0]
    page = await host.get(f"{address}?step=round-1")
    await follow(host, await send(host, page, address, rounds__0__method="plurality.v1"))
    vote = (await site.host.get(f"/api/v1/drafts/{address.rpartition('/')[2]}")).json()["draft"]["rounds"][0]

    assert (ideas["options_from"], ideas["most"]) == ("ideas", 1)
    assert (vote["options_from"], vote["options"]) == ("list", ["Sour Cherry Cola", "Pine & Lime"])


async def test_a_host_who_saves_over_another_one_is_told_what_and_by_whom_and_keeps_her_words(site: SiteUnderTest) -> None:
    host, other = await a_host(site), await a_host(site, "Dora")
    page, address = await a_draft(host)
    hers = await other.get(address)
    await follow(host, await send(host, page, address, act="save", title="Hers"))

    answer = await send(other, hers, address, act="save", title="His")
    forced = await follow(other, await send(other, answer, address, act="save"))

    assert answer.status_code == 409
    assert "Emeka Obi saved this draft while you were writing." in answer.text
    assert '<dd class="voice">Hers</dd>' in answer.text
    assert form(answer.text, address).fields["title"] == "His"
    assert form(forced.text, address).fields["title"] == "His"


async def test_two_hosts_who_write_in_different_steps_do_not_get_into_each_others_way(site: SiteUnderTest) -> None:
    host, other = await a_host(site), await a_host(site, "Dora")
    page, address = await a_draft(host)
    theirs = await other.get(f"{address}?step=round-1")
    await follow(host, await send(host, page, address, act="save", title="Hers"))

    await follow(other, await send(other, theirs, address, act="save", rounds__0__name="His"))

    draft = (await site.host.get(f"/api/v1/drafts/{address.rpartition('/')[2]}")).json()["draft"]
    assert (draft["title"], draft["rounds"][0]["name"]) == ("Hers", "His")


async def test_a_draft_that_is_begun_twice_by_one_button_is_one(site: SiteUnderTest) -> None:
    host = await a_host(site)
    new = await host.get("/host/campaigns/new")

    first, second = [await send(host, new, "/host/campaigns") for _ in range(2)]

    assert second.headers["location"] == first.headers["location"]


async def test_a_preview_is_the_public_page_with_the_real_options_and_nothing_in_it_can_be_pressed(site: SiteUnderTest) -> None:
    host = await a_host(site)
    _, address = await a_draft(host, **WHOLE)

    campaign, paper = await host.get(f"{address}/preview"), await host.get(f"{address}/preview/1")
    none, stranger = await host.get(f"{address}/preview/2"), await browser(site).get(f"{address}/preview")

    assert "The Eighth Flavour" in campaign.text
    assert "Seven sodas in ninety years." in campaign.text
    assert "The winner is cooked and tasted in public." in campaign.text
    assert all(each in paper.text for each in ("Which flavour goes on to the kitchen?", "Sour Cherry Cola", "Pine &amp; Lime"))
    assert all("<fieldset disabled>" in each.text for each in (campaign, paper))
    assert (none.status_code, stranger.status_code) == (404, 303)


async def test_a_draft_that_cannot_be_kept_comes_back_with_all_that_was_typed(site: SiteUnderTest) -> None:
    host = await a_host(site)
    _, address = await a_draft(host)
    page = await host.get(f"{address}?step=round-1")
    typed = {"rounds__0__keeps": "many", "rounds__0__method": "dice.v1", "rounds__0__opens_at": "", "zone": "Mars/Olympus"}

    answer = await send(host, page, address, act="next", rounds__0__name="Kept", rounds__0__why="a\0b", **typed)

    assert answer.status_code == 422
    assert "Write a number from 1 to 200." in answer.text
    assert "There is a character in it that cannot be kept." in answer.text
    assert form(answer.text, address).fields["rounds-0-name"] == "Kept"
    assert form(answer.text, address).fields["rounds-0-keeps"] == "many"


async def test_the_desk_of_a_round_offers_what_is_allowed_and_what_is_decided_there_is_in_the_record(site: SiteUnderTest) -> None:
    host = await a_host(site)
    page, address = await a_round(site, host)
    later = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(days=9)

    shorter = await send(host, page, f"{address}/extend", closes_at="2026-01-01T10:00", reason="The mail came late.")
    longer = {"closes_at": local(later.astimezone(BERLIN)), "reason": "The mail came late."}
    extended = await follow(host, await send(host, shorter, f"{address}/extend", **longer))
    paused = await follow(host, await send(host, extended, f"{address}/pause", reason="The list had a slip."))
    resumed = await follow(host, await send(host, paused, f"{address}/resume"))
    silent = await send(host, resumed, f"{address}/void", reason="  ")

    assert shorter.status_code == 422
    assert "Set a close that is later than the present one." in shorter.text
    assert form(shorter.text, f"{address}/extend").fields["reason"] == "The mail came late."
    assert [each.closes_at for each in await taken(site, RoundExtended)] == [later]
    assert "The list had a slip." in paused.text
    assert f'action="{address}/pause"' not in paused.text
    assert "Emeka Obi resumed round 1" in resumed.text
    assert (silent.status_code, "The reason is empty." in silent.text) == (422, True)


async def test_a_host_who_was_overtaken_learns_by_whom_and_keeps_her_reason(site: SiteUnderTest) -> None:
    emeka, dora = await a_host(site), await a_host(site, "Dora L.")
    page, address = await a_round(site, emeka)
    hers = await dora.get(address)
    await follow(emeka, await send(emeka, page, f"{address}/pause", reason="The list had a slip."))

    answer = await send(dora, hers, f"{address}/void", reason="Nobody came, so we stop.")

    assert answer.status_code == 409
    assert "Somebody decided first" in answer.text
    assert "You wanted to void the round. Emeka Obi paused round 1." in answer.text
    assert "Nobody came, so we stop." in answer.text
    assert (await site.stranger.get(f"/api/v1/rounds/{address.rpartition('/')[2]}")).json()["status"] == "open"


async def test_of_two_hosts_who_decide_in_the_same_moment_one_is_told(site: SiteUnderTest) -> None:
    emeka, dora = await a_host(site), await a_host(site, "Dora L.")
    page, address = await a_round(site, emeka)
    hers = await dora.get(address)

    answers = await asyncio.gather(
        send(emeka, page, f"{address}/pause", reason="The list had a slip."), send(dora, hers, f"{address}/close")
    )

    assert sorted(each.status_code for each in answers) == [303, 409]


async def test_a_decision_sent_twice_is_taken_once_and_is_no_overtaking(site: SiteUnderTest) -> None:
    host = await a_host(site)
    page, address = await a_round(site, host)

    first = await send(host, page, f"{address}/pause", reason="The list had a slip.")
    again = await send(host, page, f"{address}/pause", reason="The list had a slip.")

    assert (first.status_code, again.status_code) == (303, 303)
    assert again.headers["fanfare-position"] == first.headers["fanfare-position"]


async def test_the_plan_of_a_round_that_has_not_opened_may_be_changed_and_of_an_open_one_not(site: SiteUnderTest) -> None:
    host = await a_host(site)
    later = (datetime.now(UTC) + timedelta(days=2)).replace(second=0, microsecond=0)
    planned = round_of(opens_at=later.isoformat(), closes_at=(later + timedelta(days=1)).isoformat())
    campaign = await site.publish(round_of(), planned)
    first, second = (f"/host/rounds/{each['id']}" for each in campaign["rounds"])
    await site.until(campaign["rounds"][0]["id"], "open")

    page = await host.get(f"{second}/plan")
    done = await follow(
        host, await send(host, page, f"{second}/plan", rounds__0__question="Which of these?", rounds__0__input="round-1")
    )
    refused = await host.get(f"{first}/plan")

    told = (await site.stranger.get(f"/api/v1/rounds/{campaign['rounds'][1]['id']}")).json()
    assert "The new plan is in the record." in done.text
    assert (told["question"], told["from_round"], told["opens_at"]) == (
        *("Which of these?", campaign["rounds"][0]["id"]),
        later.isoformat().replace("+00:00", "Z"),
    )
    assert refused.status_code == 409


async def test_a_form_of_another_site_or_without_its_token_changes_nothing(site: SiteUnderTest) -> None:
    host = await a_host(site)
    page, address = await a_round(site, host)

    bare = await send(host, page, f"{address}/close", csrf="")
    host.headers["origin"], host.headers["sec-fetch-site"] = "https://evil.example", "cross-site"
    foreign = await send(host, page, f"{address}/close")

    assert (bare.status_code, foreign.status_code) == (403, 403)
    assert (await site.stranger.get(f"/api/v1/rounds/{address.rpartition('/')[2]}")).json()["status"] == "open"


async def test_an_auditor_finds_how_far_the_record_is_the_commands_and_every_refusal(site: SiteUnderTest) -> None:
    reader = browser(site)

    check, limits, problems = [await reader.get(path) for path in ("/check", "/limits", "/problems")]

    heads = await site.parts.log.heads()
    rows = re.findall(r"<b>Partition (\d)</b>.*?\b([\d,]+) (?:entry|entries)", check.text, re.DOTALL)
    assert [(partition, int(count.replace(",", ""))) for partition, count in rows] == [
        (str(n), head) for n, head in enumerate(heads)
    ]
    assert "fanfare audit record.fanfare" in check.text
    assert ">About secrecy</h2>" in limits.text
    refused = await site.stranger.get("/api/v1/rounds/none")
    kind = refused.json()["type"].partition("#")[2]
    assert f'id="{kind}"' in problems.text
    assert len(set(re.findall(r'class="stack gap-1" id="([^"]+)"', problems.text))) > 40
