"""A circle, in a real browser: a host opens it for a tier, invites a fan by name and shares a brief; who is in votes."""

import pytest
from playwright.sync_api import Page, expect

from fanfare.circles import inviting
from tests.journeys.conftest import DESKTOP, PHONE, BrowserPages
from tests.journeys.town import Town
from tests.page_reader import all_read
from tests.site_fixture import round_of

pytestmark = [pytest.mark.browser, pytest.mark.postgres]

TIERS = {
    "rule": "circle-tiers",
    "title": "Tiers",
    "words": "Who does much is let in first.",
    "deeds": [],
    "earns": {"kind": "tier", "levels": [4000], "names": ["Taster"]},
}
BRIEF, NOTE = "Bottle B has a longer neck than bottle A.", "The long neck feels colder."


def fits(page: Page) -> None:
    """Nothing is wider than the screen."""
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def opens(page: Page, title: str) -> str:
    """Open a circle for a tier, and return its id."""
    page.goto("/host/circles")
    page.get_by_label("What it is called").fill(title)
    page.get_by_label("What it is for").fill("You taste before anybody else.")
    page.get_by_label("Who is let in by a tier").select_option(label="“Taster”, from 4,000 points on")
    page.get_by_role("button", name="Open it").click()
    expect(page.get_by_text("The circle is open.")).to_be_visible()
    fits(page)
    return page.url.rsplit("/", 1)[1]


def invites(page: Page, name: str) -> None:
    """Find a fan by her name, and invite her."""
    page.get_by_label("One fan, by name").fill(name)
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name=f"Invite {name}").click()
    page.get_by_label("Why, as they will read it").fill("She asks the best questions.")
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_text("One invitation is on its way.").first).to_be_visible()


def shares(page: Page) -> None:
    """Share a brief."""
    page.get_by_label("Title").first.fill("Two bottles")
    page.get_by_label("What you show them, and what you ask").fill(BRIEF)
    page.get_by_role("button", name="Share it").click()
    expect(page.get_by_text("The brief is shared.")).to_be_visible()
    expect(page.get_by_role("link", name="Two bottles")).to_be_visible()


@pytest.mark.parametrize(("width", "javascript"), [(DESKTOP, True), (PHONE, False)])
def test_who_was_invited_to_a_circle_reads_writes_and_votes_in_it_and_nobody_else(
    town: Town,
    browser_page: BrowserPages,
    width: int,
    javascript: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    name, title = ("Zenobia Q.", "The long table") if javascript else ("Ottoline V.", "The short table")
    town.api("host").post("/api/v1/recognition/rules", json=TIERS)
    fan, other = town.join(name), town.join("Somebody Else")
    host = browser_page("host", width=width, javascript=javascript)
    circle = opens(host, title)
    invites(host, name)
    shares(host)
    town.run(_delivered(town))

    page = browser_page(fan.id, width=width, javascript=javascript)
    page.goto("/me")
    page.get_by_role("link", name=title).click()
    page.get_by_role("button", name="Come in").click()
    expect(page.get_by_text("You are in.")).to_be_visible()
    town.caught_up()
    page.goto(f"/circles/{circle}")
    fits(page)
    page.get_by_role("link", name="Two bottles").click()
    expect(page.get_by_text(BRIEF)).to_be_visible()
    page.get_by_label("Your note").fill(NOTE)
    page.get_by_role("button", name="Leave this note").click()
    expect(page.get_by_text(NOTE)).to_be_visible()
    fits(page)
    brief = page.url.split("#")[0]

    for who in ("", other.id):
        answers = [town.api(who).get(path).text for path in (f"/circles/{circle}", "/circles", brief, "/api/v1/circles")]
        assert not any(words in answer for answer in answers for words in (BRIEF, NOTE))
    votes(town, browser_page, circle, fan.id, other.id)


async def _delivered(town: Town) -> None:
    await inviting.deliver(town.site.parts.desk)
    await all_read(town.site)


def votes(town: Town, browser_page: BrowserPages, circle: str, fan: str, other: str) -> None:
    """Open a round for the circle: it takes the ballot of who is in, and tells another how one gets in."""
    campaign = town.run(town.site.publish(round_of(electorate=f"circle:{circle}"), title="For a few"))
    round_id = campaign["rounds"][0]["id"]
    town.run(town.site.until(round_id, "open"))
    town.caught_up()
    browser_page.forgive(r"was answered 403 by .*/rounds/.*/ballot")

    page = browser_page(fan)
    page.goto(f"/rounds/{round_id}/ballot")
    page.get_by_label("Pine & Lime").check()
    page.get_by_role("button", name="Cast this ballot").click()
    expect(page.get_by_text("Your ballot is in the record").first).to_be_visible()
    stranger = browser_page(other)
    stranger.goto(f"/campaigns/{campaign['id']}")
    expect(stranger.get_by_text("You cannot vote in this round")).to_be_visible()
    stranger.get_by_role("link", name="To the circle").click()
    expect(stranger.get_by_text("“Taster” takes 4,000 points.")).to_be_visible()
    stranger.goto(f"/rounds/{round_id}/ballot")
    expect(stranger.get_by_text("Only who belongs to this round’s circle may take part in it.")).to_be_visible()
