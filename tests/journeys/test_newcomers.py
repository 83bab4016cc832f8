"""A fan brings a friend in: her link, the friend's first idea, the welcome of a host, and what each of them reads of it."""

import re

import pytest
from playwright.sync_api import Page, expect

from fanfare.community import bringing
from tests.journeys.conftest import DESKTOP, PHONE, BrowserPages
from tests.journeys.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.postgres]
WORDS = "Rose hips with the seeds in. Good that you are here."


@pytest.mark.parametrize(("width", "javascript"), [(DESKTOP, True), (PHONE, False)])
def test_a_fan_brings_a_friend_in_who_contributes_and_is_welcomed(
    town: Town,
    browser_page: BrowserPages,
    width: int,
    javascript: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    bringer, friend, idea = (
        ("Gudrun H.", "Mirabel O.", "Rose Hip Rye") if javascript else ("Konrad Z.", "Petra V.", "Sorrel Soda")
    )
    fan = town.join(bringer)
    hers = browser_page(fan.id, width=width, javascript=javascript)

    link = makes_her_link(hers)
    stranger = browser_page(width=width, javascript=javascript)
    comes_in(stranger, town, link, bringer, friend)
    raises(stranger, town, idea)
    town.caught_up()
    town.run(bringing.bring(town.site.parts.desk))
    town.caught_up()
    welcomes(browser_page("host", width=width, javascript=javascript), friend, idea)

    hers.goto("/me/invite")
    expect(hers.get_by_role("heading", level=1, name="You brought somebody in")).to_be_visible()
    expect(hers.get_by_role("link", name=friend)).to_be_visible()
    fits(hers)
    stranger.goto("/me")
    expect(stranger.get_by_text(WORDS)).to_be_visible()
    expect(stranger.get_by_role("link", name=bringer)).to_be_visible()
    fits(stranger)


def makes_her_link(page: Page) -> str:
    """Make a link, and return where it leads."""
    page.goto("/me")
    page.get_by_role("link", name="Bring somebody in").click()
    page.get_by_role("button", name="Make my link").click()
    expect(page.get_by_text("Nobody joined by it yet.")).to_be_visible()
    fits(page)
    return str(page.locator("code").inner_text())


def comes_in(page: Page, town: Town, link: str, bringer: str, name: str) -> None:
    """Open the link of somebody, and join by mail."""
    mail = re.sub(r"[^a-z]", "", name.lower()) + "@example.org"
    page.goto(link)
    expect(page.get_by_role("heading", level=1, name=f"{bringer} brings you in")).to_be_visible()
    fits(page)
    page.get_by_label("E-mail address").fill(mail)
    page.get_by_role("button", name="Send me the link").click()
    expect(page.get_by_role("heading", name="The link is on its way")).to_be_visible()
    page.goto(town.mails(mail)[0]["link"])
    expect(page.get_by_label(f"{bringer} brought me in")).to_be_checked()
    fits(page)
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_text("You are in. Welcome.")).to_be_visible()


def raises(page: Page, town: Town, title: str) -> None:
    """Raise an idea."""
    page.goto(f"/campaigns/{town.ideas_campaign}/ideas/new")
    page.get_by_label("Title").fill(title)
    page.get_by_label("Your idea").fill("Picked after the first frost.")
    page.get_by_role("button", name="Raise this idea").last.click()
    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()


def welcomes(page: Page, friend: str, idea: str) -> None:
    """Welcome a newcomer from the queue."""
    page.goto("/welcome")
    line = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=friend))
    expect(line).to_contain_text(f"raised {idea}")
    fits(page)
    if not line.get_by_label(f"What do you say to {friend}").is_visible():
        line.get_by_text(f"Welcome {friend}", exact=True).first.click()
    line.get_by_label(f"What do you say to {friend}").fill(WORDS)
    line.get_by_role("button", name="Welcome").click()
    expect(page.get_by_text("Your welcome is on the newcomer’s page, and in the record.")).to_be_visible()
    expect(page.get_by_role("heading", level=2, name=friend)).to_have_count(0)


def fits(page: Page) -> None:
    """Nothing is wider than the screen."""
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
