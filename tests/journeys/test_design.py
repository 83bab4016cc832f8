"""The design system in a browser: light or dark as the reader wants it, and every component without script."""

import pytest
from playwright.sync_api import Page, expect

from fanfare.web import tints
from fanfare.web.shells import THEME_COOKIE
from tests.journeys.conftest import PHONE, BrowserPages
from tests.journeys.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.postgres]


def theme_kept(page: Page) -> list[str]:
    """Return the theme that this browser keeps, if it keeps one."""
    return [cookie["value"] for cookie in page.context.cookies() if cookie["name"] == THEME_COOKIE]


def test_a_reader_chooses_dark_without_script_and_it_stays_until_she_follows_her_device_again(
    town: Town, browser_page: BrowserPages
) -> None:
    page = browser_page(width=PHONE, javascript=False)
    page.goto(f"/campaigns/{town.vote_campaign}")
    page.get_by_role("button", name="Dark").click()

    expect(page).to_have_url(f"{town.url}/campaigns/{town.vote_campaign}")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert theme_kept(page) == ["dark"]
    page.goto("/limits")
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Device").click()
    expect(page.locator("html")).not_to_have_attribute("data-theme", "dark")
    assert theme_kept(page) == []


def test_the_design_page_shows_another_brand_and_opens_a_dialog_without_script(browser_page: BrowserPages) -> None:
    page = browser_page(javascript=False)
    page.goto("/design?c=ffe600")

    expect(page.locator("html")).to_have_attribute("data-brand", "ffe600")
    expect(page.locator(".tokens tbody tr").first).to_contain_text(tints.theme("#ffe600", dark=False)["stock"])
    dialog = page.get_by_role("dialog", name="Take this idea back?")
    expect(dialog).to_be_hidden()
    opener = page.get_by_role("button", name="Open a dialog")
    opener.click()
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Close").focus()
    assert not opener.evaluate("button => button === document.activeElement")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert opener.evaluate("button => button === document.activeElement")


def test_a_brand_that_is_no_colour_is_told_what_one_is(browser_page: BrowserPages) -> None:
    browser_page.forgive("was answered 422")
    page = browser_page()

    answer = page.goto("/design?c=pink")

    assert answer is not None
    assert answer.status == 422
    expect(page.get_by_text("six hexadecimal digits")).to_be_visible()
