"""Voting as fans live it: read, mark, cast, change, lose the line, and see what came of it."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.journeys.conftest import BrowserPages
from tests.journeys.town import Town, Townsman
from tests.site_fixture import round_of

pytestmark = [pytest.mark.browser, pytest.mark.postgres]

TITLES = ["Sour Cherry Cola", "Pine & Lime", "Rhubarb Gate"]
LOST_LINE = "ERR_INTERNET_DISCONNECTED|ERR_FAILED|net::ERR"


@dataclass
class Vote:
    """An open round in a campaign of its own."""

    town: Town
    campaign: str
    round: str

    def paper(self) -> str:
        """Return where its ballot is."""
        return f"/rounds/{self.round}/ballot"

    def cast(self, who: Townsman, option: str) -> None:
        """Let somebody vote elsewhere, by the API."""
        api = self.town.api(who.id)
        number = api.get(f"/api/v1/rounds/{self.round}/paper").raise_for_status().json()["number"]
        body = {"number": number, "options": [option]}
        api.put(f"/api/v1/rounds/{self.round}/ballot", json=body).raise_for_status()

    def ballots_of(self, who: Townsman) -> list[dict[str, Any]]:
        """Return the ballots that somebody has in the record."""
        self.town.caught_up()
        answer = self.town.api(who.id).get(f"/api/v1/rounds/{self.round}/my-ballots").raise_for_status().json()
        return list(answer["ballots"])

    def votes(self) -> dict[str, int]:
        """Return how many each option has, as the API tells it."""
        board = self.town.api().get(f"/api/v1/rounds/{self.round}/leaderboard").raise_for_status().json()
        return {each["label"]: each["votes"] for each in board["places"]}

    def close(self) -> None:
        """Close it, and wait until it is sealed."""
        self.town.api("host").post(f"/api/v1/rounds/{self.round}/close").raise_for_status()
        self.town.run(self.town.site.until(self.round, "sealed"))
        self.town.caught_up()


@pytest.fixture
def vote(town: Town) -> Iterator[Vote]:
    """Yield an open round, and close it afterwards, so that the town is asked nothing that it was not asked before."""
    campaign = town.run(town.site.publish(round_of(options=TITLES), title="The Ninth Flavour"))
    found = Vote(town, campaign["id"], campaign["rounds"][0]["id"])
    town.run(town.site.until(found.round, "open"))
    yield found
    if town.api().get(f"/api/v1/rounds/{found.round}").json()["status"] == "open":
        found.close()


def fits(page: Page) -> bool:
    """Tell whether nothing sticks out sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_a_stranger_reads_what_is_open_what_it_is_for_and_how_it_is_counted(vote: Vote, browser_page: BrowserPages) -> None:
    stranger = browser_page(width=360)

    stranger.goto("/")
    expect(stranger.get_by_role("heading", name="If you have a minute")).to_be_visible()
    expect(stranger.locator("#last")).to_be_visible()  # what came of the town's sealed round
    assert fits(stranger)
    stranger.goto(f"/campaigns/{vote.campaign}")
    expect(stranger.locator(".promise")).to_contain_text("The winner is cooked and tasted in public.")
    expect(stranger.locator(".steps [aria-current=step]")).to_contain_text("we are here")
    expect(stranger.get_by_text("The kitchen has room for one.")).to_be_visible()
    expect(stranger.get_by_text("Berlin time").first).to_be_visible()
    assert fits(stranger)
    stranger.get_by_role("link", name="Sign in to vote").click()

    expect(stranger).to_have_url(re.compile("/sign-in"))


def test_a_fan_votes_by_keyboard_changes_her_mind_and_sees_her_receipt_and_the_result(
    town: Town, vote: Vote, browser_page: BrowserPages
) -> None:
    fan = town.join("Keyboard K.")
    page = browser_page(fan.id)
    page.goto(vote.paper())

    page.locator("input[name=option]").first.focus()
    page.keyboard.press("Space")
    first = str(page.locator("input[name=option]:checked").get_attribute("data-title"))
    expect(page.locator("[data-reads]")).to_contain_text(first)
    page.locator("[data-cast]").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your ballot is in the record")).to_be_visible()
    expect(page.locator("main")).not_to_contain_text(first)
    page.get_by_role("link", name="Change my ballot").focus()
    page.keyboard.press("Enter")
    page.locator("input[name=option]:checked").focus()
    page.keyboard.press("ArrowDown")
    second = str(page.locator("input[name=option]:checked").get_attribute("data-title"))
    page.locator("[data-cast]").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("number 2")).to_be_visible()
    vote.close()

    page.goto(f"/rounds/{vote.round}/report")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{second} wins")
    expect(page.locator("svg.seal")).to_be_visible()
    page.get_by_role("link", name="Look up your receipt").click()
    expect(page.get_by_text("It was counted").first).to_be_visible()
    assert [each["number"] for each in vote.ballots_of(fan)] in ([1, 2], [2, 1])


def test_without_javascript_on_a_phone_a_ballot_is_cast_and_changed(town: Town, vote: Vote, browser_page: BrowserPages) -> None:
    fan = town.join("Plain P.")
    page = browser_page(fan.id, width=360, theme="dark", javascript=False)

    for label in ("Cast this ballot", "Replace my ballot"):
        page.goto(vote.paper())
        assert fits(page)
        page.locator("input[name=option]").nth(len(vote.ballots_of(fan))).check()
        page.get_by_role("button", name=label).click()
        expect(page.get_by_role("heading", name="Your ballot is in the record")).to_be_visible()
        assert fits(page)

    assert len(vote.ballots_of(fan)) == 2


def test_a_ballot_that_was_cast_without_a_network_is_handed_in_once_even_after_the_tab_was_closed(
    town: Town, vote: Vote, browser_page: BrowserPages
) -> None:
    browser_page.forgive(LOST_LINE)
    fan = town.join("Offline O.")
    page = browser_page(fan.id, width=360)
    page.goto(vote.paper())
    page.locator("input[name=option]").nth(1).check()
    title = str(page.locator("input[name=option]").nth(1).get_attribute("data-title"))
    page.context.set_offline(offline=True)
    page.locator("[data-cast]").click()
    expect(page.locator("[data-offline]")).to_be_visible()
    assert vote.ballots_of(fan) == []
    context = page.context
    page.close()

    context.set_offline(offline=False)
    again = context.new_page()
    again.goto(vote.paper())

    expect(again.get_by_role("heading", name="Your ballot is in the record")).to_be_visible()
    assert [each["number"] for each in vote.ballots_of(fan)] == [1]
    assert vote.votes()[title] == 1
    assert again.evaluate("Object.keys(localStorage)") == []


def test_a_ballot_whose_answer_was_lost_is_in_the_record_once(town: Town, vote: Vote, browser_page: BrowserPages) -> None:
    browser_page.forgive(LOST_LINE)
    fan = town.join("Answerless A.")
    page = browser_page(fan.id)
    page.goto(vote.paper())
    page.locator("input[name=option]").first.check()
    lost: list[int] = []

    def lose(route: Route) -> None:
        """Let the ballot arrive, and its answer never."""
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch(max_redirects=0).status)
            route.abort()
        else:
            route.continue_()

    page.route("**/ballot", lose)
    page.locator("[data-cast]").click()

    expect(page.get_by_role("heading", name="Your ballot is in the record")).to_be_visible()
    assert lost == [303]
    assert [each["number"] for each in vote.ballots_of(fan)] == [1]


def test_after_a_lost_line_the_board_is_right_again_and_nobody_is_left_listening(
    town: Town, vote: Vote, browser_page: BrowserPages
) -> None:
    browser_page.forgive(LOST_LINE)
    fans = [town.join(f"Watched {n}") for n in range(4)]
    page = browser_page()
    page.goto(f"/campaigns/{vote.campaign}")
    expect(page.locator("[data-live]")).to_have_text("it moves by itself")
    vote.cast(fans[0], "o1")
    expect(page.locator("#board-news")).to_have_text("Sour Cherry Cola is ahead by 1")

    page.context.set_offline(offline=True)
    expect(page.locator("[data-live]")).to_contain_text(re.compile(r"these numbers are \d+ s old"), timeout=15_000)
    for fan in fans[1:]:
        vote.cast(fan, "o2")
    town.caught_up()
    page.context.set_offline(offline=False)

    expect(page.locator("#board-news")).to_have_text("Pine & Lime is ahead by 2")
    expect(page.locator("[data-live]")).to_have_text("it moves by itself")
    shown = {
        row.locator(".name").inner_text(): int(row.locator(".n").inner_text().split()[0])
        for row in page.locator("#board li").all()
    }
    assert shown == vote.votes()
    page.goto("about:blank")
    expect_idle(town, vote.campaign)


def expect_idle(town: Town, campaign: str) -> None:
    """Hold that the site soon reads nothing for a page that nobody watches any more."""

    async def idle() -> None:
        async with asyncio.timeout(10):
            while not town.site.app.state.live[campaign, "en"].is_idle:  # noqa: ASYNC110 - uvicorn tells nobody
                await asyncio.sleep(0.05)

    town.run(idle())
