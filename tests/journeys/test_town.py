"""The ground of all journeys holds: the town is there, its people are let in, and a browser that complains is heard."""

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import BrowserPages
from tests.journeys.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.postgres]


def test_the_people_of_the_town_are_signed_in_and_see_what_is_open(town: Town, browser_page: BrowserPages) -> None:
    fan = browser_page("noor", width=360)
    fan.goto(f"/campaigns/{town.ideas_campaign}/ideas")
    expect(fan.get_by_role("link", name="Noor A.").first).to_be_visible()
    expect(fan.get_by_role("link", name="Sour Cherry Cola").first).to_be_visible()

    host = browser_page("host")
    host.goto("/host")

    expect(host.get_by_role("link", name="Dora Lindqvist").first).to_be_visible()
    assert town.api().get(f"/api/v1/rounds/{town.vote_round}").json()["status"] == "open"
    assert town.api("noor").get("/api/v1/me").json()["name"] == "Noor A."


def test_what_a_browser_complains_of_is_heard(browser_page: BrowserPages) -> None:
    page = browser_page()
    page.goto("/nowhere")
    page.evaluate("document.querySelector('h1').setAttribute('style', 'color: red')")

    said = "\n".join(browser_page.unforgiven())
    browser_page.forgive("")

    assert "was answered 404" in said
    assert "Content Security Policy" in said
