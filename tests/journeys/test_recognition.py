"""Credit that explains itself, in a real browser: a host's rule and title, and a fan who earns, understands, shares and hides."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from fanfare.recognition.recogniser import Recogniser
from fanfare.views.fan_standings import season_of
from tests.journeys.conftest import DESKTOP, PHONE, BrowserPages
from tests.journeys.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.postgres]


def recognised(town: Town) -> None:
    """Let the recogniser write what is due, and every page read it."""
    town.caught_up()
    town.run(Recogniser(town.site.parts.desk).run())
    town.caught_up()


def raises(page: Page, town: Town, title: str) -> None:
    """Raise an idea."""
    page.goto(f"/campaigns/{town.ideas_campaign}/ideas/new")
    page.get_by_label("Title").fill(title)
    page.get_by_label("Your idea").fill("Medlars, left on the tree until the first frost.")
    page.get_by_role("button", name="Raise this idea").last.click()
    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()


def fits(page: Page) -> None:
    """Nothing is wider than the screen."""
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def publishes_a_badge(page: Page, name: str) -> None:
    """Write a rule for a badge, try it on what was done, and publish it."""
    page.goto("/host/recognition")
    page.get_by_role("link", name="A badge").click()
    page.get_by_label("Raising an idea").check()
    page.get_by_label("Deeds for each level").fill("3, 1")
    page.get_by_label("Leaf").check()
    page.get_by_label("Name").fill(name)
    page.get_by_label("What it rewards, and why").fill("Somebody has to begin.")
    page.get_by_role("button", name="Try it on the whole history").click()
    expect(page.get_by_text("each higher than the one before")).to_be_visible()
    expect(page.get_by_label("Leaf")).to_be_checked()
    page.get_by_label("Deeds for each level").fill("1, 3")
    page.get_by_role("button", name="Try it on the whole history").click()
    expect(page.get_by_role("heading", name="would have earned by it")).to_be_visible()
    expect(page.get_by_role("rowheader", name="Noor A.")).to_be_visible()
    fits(page)
    page.get_by_role("button", name="Publish the rule").click()
    expect(page.get_by_text("The rule holds from now on.")).to_be_visible()


@pytest.mark.parametrize(("width", "javascript"), [(DESKTOP, True), (PHONE, False)])
def test_a_host_publishes_a_rule_and_a_fan_earns_by_it_understands_shares_and_hides(
    town: Town,
    browser_page: BrowserPages,
    width: int,
    javascript: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    name, badge, idea = ("Wilhelmina R.", "Beginner", "Medlar in Sherry")
    if not javascript:
        name, badge, idea = ("Theodora V.", "Pioneer", "Hawthorn Tonic")
    browser_page.forgive(r"was answered 422 by .*/host/recognition/rule")
    publishes_a_badge(browser_page("host", width=width, javascript=javascript), badge)
    fan = town.join(name)
    page = browser_page(fan.id, width=width, javascript=javascript)

    raises(page, town, idea)
    recognised(town)

    page.goto("/me")
    page.get_by_role("link", name="What you earned, and why").click()
    expect(page.get_by_role("heading", name="5 points")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text=badge).first).to_contain_text("Level 1 of 2")
    fits(page)
    page.get_by_role("link", name=re.compile(r"^5 points")).click()
    expect(page.get_by_role("heading", name="Why you got this")).to_be_visible()
    expect(page.get_by_role("heading", name=f"{name} raised {idea}")).to_be_visible()
    expect(page.get_by_text("fanfare explain")).to_be_visible()
    fits(page)
    shared(browser_page, fan.id, name, width)
    leaves(page, browser_page, town, name)


def shared(browser_page: BrowserPages, member: str, name: str, width: int) -> None:
    """A stranger opens the page that was handed on."""
    stranger = browser_page(width=width)
    stranger.goto(f"/fans/{member}")
    expect(stranger.get_by_role("heading", level=1, name=name)).to_be_visible()
    expect(stranger.get_by_text("5 points: An idea raised")).to_be_visible()
    assert "5 points" in str(stranger.locator('meta[property="og:description"]').get_attribute("content"))
    expect(stranger.get_by_role("button", name="Leave the standings")).to_have_count(0)


def leaves(page: Page, browser_page: BrowserPages, town: Town, name: str) -> None:
    """She leaves the standings with one press, and no list has her."""
    where = f"/campaigns/{town.ideas_campaign}/fans"
    page.goto(where)
    expect(page.get_by_role("listitem").filter(has_text=name)).to_contain_text("(you)")
    fits(page)
    page.get_by_role("button", name="Leave the standings").click()
    expect(page.get_by_text("You left the standings. What you earned stays yours.")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text=name)).to_have_count(0)
    town.caught_up()
    stranger = browser_page()
    for address in (where, f"/seasons/{season_of(datetime.now(UTC))}"):
        stranger.goto(address)
        expect(stranger.get_by_role("link", name="Noor A.")).to_be_visible()
        expect(stranger.get_by_text(name)).to_have_count(0)
    page.get_by_role("button", name="Be in the standings again").click()
    expect(page.get_by_role("listitem").filter(has_text=name)).to_contain_text("(you)")


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_a_host_names_a_fan_for_what_she_wrote_and_the_title_stands_beside_her_words(
    town: Town, browser_page: BrowserPages, width: int
) -> None:
    name, title, named = ("Ottilie F.", "Keeper of the Frost", "Sloe and Snow")
    if width == PHONE:
        name, title, named = ("Ludmila G.", "Reader of Labels", "Bramble in March")
    fan = town.join(name)
    hers = browser_page(fan.id, width=width)
    raises(hers, town, named)
    where = hers.url
    town.caught_up()
    page = browser_page("host", width=width)

    page.goto("/host/recognition")
    page.get_by_role("link", name="Give a title").click()
    page.get_by_label("Name of the fan, or a part of it").fill(fan.name[:5])
    page.get_by_role("button", name="Look").click()
    page.get_by_role("link", name=f"Choose {fan.name}").click()
    page.get_by_label("The title").fill(title)
    page.get_by_label("Why, as everybody can read it").fill("She waited for the first frost.")
    page.get_by_label(named).check()
    fits(page)
    page.get_by_role("button", name="Give the title").click()
    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
    town.caught_up()

    hers.goto(where)
    expect(hers.locator(".by").first).to_contain_text(title)
    hers.goto(f"/fans/{fan.id}")
    expect(hers.get_by_text("She waited for the first frost.")).to_be_visible()
    expect(hers.get_by_role("link", name=named).last).to_be_visible()
    fits(hers)
