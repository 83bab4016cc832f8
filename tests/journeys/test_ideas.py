"""What a stranger and a fan do with ideas in a real browser: search, sign up, raise one with a picture, see what changed."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import DESKTOP, PHONE, BrowserPages
from tests.journeys.test_people import signs_in
from tests.journeys.town import Town
from tests.pictures import from_a_phone

pytestmark = [pytest.mark.browser, pytest.mark.postgres]


def raises(page: Page, town: Town, title: str) -> None:
    """Fill in the form with a picture and send it."""
    page.goto(f"/campaigns/{town.ideas_campaign}/ideas/new")
    page.get_by_label("Title").fill(title)
    page.get_by_label("Your idea").fill("Quinces from the yard, boiled for an hour.")
    page.get_by_label("Tags").fill("quince, autumn")
    page.get_by_label("A picture").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": from_a_phone()})
    page.get_by_label("What it shows").fill("Three quinces on a sill.")
    page.get_by_role("button", name="Raise this idea").last.click()


def changes(page: Page) -> None:
    """Write a second version and look at what changed."""
    page.get_by_role("link", name="Write a new version").click()
    page.get_by_label("Your idea").fill("Quinces from the yard, steeped overnight.")
    page.get_by_role("button", name="Save as a new version").last.click()
    expect(page.get_by_text("Your new version is public.")).to_be_visible()
    page.get_by_role("link", name="What changed in version 2").click()
    expect(page.locator("ins").filter(has_text="steeped overnight")).to_be_visible()
    expect(page.locator("del").filter(has_text="boiled for an hour")).to_be_visible()


def test_a_stranger_searches_with_a_mistake_reads_and_signs_up(town: Town, browser_page: BrowserPages) -> None:
    page = browser_page(width=PHONE)
    page.goto(f"/campaigns/{town.ideas_campaign}/ideas?look=grid")
    page.get_by_label("Search the ideas").fill("sower chery")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", level=2, name="Sour Cherry Cola")).to_be_visible()
    assert "look=grid" in page.url
    page.get_by_role("link", name="Sour Cherry Cola").click()
    page.get_by_role("link", name="Who they are").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("would like to see this made")
    page.go_back()

    signs_in(page, town, "sunniva@example.org", "Sunniva B.")

    page.goto(f"/campaigns/{town.ideas_campaign}/ideas")
    expect(page.get_by_role("link", name="Raise an idea")).to_be_visible()


@pytest.mark.parametrize(("width", "javascript"), [(DESKTOP, True), (PHONE, False)])
def test_a_fan_raises_an_idea_with_a_picture_changes_it_and_sees_the_differences(
    town: Town,
    browser_page: BrowserPages,
    width: int,
    javascript: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    fan = town.join("Quirina S.")
    page = browser_page(fan.id, width=width, javascript=javascript)
    title = "Quince and Juniper" if javascript else "Damson Thunder"

    raises(page, town, title)

    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
    expect(page.get_by_role("img", name="Three quinces on a sill.")).to_be_visible()
    changes(page)


def test_like_ideas_come_while_typing_and_what_was_typed_stays_on_the_device(town: Town, browser_page: BrowserPages) -> None:
    fan = town.join("Rosalind T.")
    page = browser_page(fan.id)
    page.goto(f"/campaigns/{town.ideas_campaign}/ideas/new")
    page.get_by_label("Title").press_sequentially("sour chery cola")
    expect(page.get_by_role("heading", name="Raised already, and alike")).to_be_visible()
    expect(page.locator("#similar").get_by_role("link", name="Sour Cherry Cola")).to_be_visible()
    expect(page.get_by_text("105 characters left.")).to_be_visible()
    expect(page.get_by_text("Kept on this device.")).to_be_visible()

    page.reload()
    expect(page.get_by_label("Title")).to_have_value("sour chery cola")
    page.get_by_label("Your idea").fill("The same, but mine.")
    page.get_by_role("button", name="Raise this idea").last.click()
    expect(page.get_by_text("Somebody may have raised it already.")).to_be_visible()
    page.locator("#similar").get_by_role("link", name="Sour Cherry Cola").click()
    page.get_by_role("button", name="Support this idea").click()

    expect(page.get_by_role("button", name="Take my support back")).to_be_visible()
    expect(page).to_have_url(re.compile(rf"/ideas/{town.ideas[0]}$"))
    page.get_by_role("button", name="Take my support back").click()
    expect(page.get_by_role("button", name="Support this idea")).to_be_visible()
