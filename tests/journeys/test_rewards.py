"""A host ships a thing, in a real browser: from the shelf over the reserve list to the fan's door; and a guardian consents."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import DESKTOP, PHONE, BrowserPages
from tests.journeys.test_recognition import fits
from tests.journeys.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.postgres]


def puts_on_the_shelf(page: Page, title: str, **numbers: str) -> None:
    """Put one thing on the shelf that goes by post, within Austria."""
    page.goto("/host")
    page.get_by_role("link", name="Fans", exact=True).click()
    page.get_by_role("link", name="Rewards", exact=True).click()
    page.get_by_role("link", name="Put something on the shelf").click()
    page.get_by_label("What it is").fill(title)
    page.get_by_label("In a few words").fill("Numbered by hand, before any shop has one.")
    page.get_by_label("How it reaches her").select_option("yes")
    page.get_by_label("Countries").fill("at")
    for label, number in numbers.items():
        page.get_by_label(label.replace("_", " ")).fill(number)
    fits(page)
    page.get_by_role("button", name="Put it on the shelf").click()
    expect(page.get_by_role("heading", level=1, name="One is left to give")).to_be_visible()


def left(town: Town, title: str) -> int:
    """Return how many of a reward the API says are left to give."""
    rewards = town.api("host").get("/api/v1/rewards").raise_for_status().json()["rewards"]
    return next(int(each["left"]) for each in rewards if each["title"] == title)


def offers(page: Page, name: str, button: str) -> None:
    """Offer the reward whose desk is open to somebody, with a reason."""
    desk = page.url
    page.get_by_role("link", name="Offer it to somebody" if button == "Offer it" else "Put somebody on the reserve list").click()
    page.get_by_label("Name of the fan").fill(name)
    page.get_by_role("button", name="Look").click()
    page.get_by_role("link", name=f"Choose {name}").click()
    page.get_by_label("Why, as everybody can read it").fill(f"{name} kept the stone in.")
    fits(page)
    page.get_by_role("button", name=button).click()
    expect(page).to_have_url(desk)


def takes(page: Page, title: str, birth: str) -> None:
    """Open the offer from her own page and fill in what it asks."""
    page.goto("/me")
    page.get_by_role("link", name=title).click()
    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
    fits(page)
    page.get_by_label("Your date of birth").fill(birth)
    page.get_by_label("Name on the parcel").fill("Noor Al-Amin")
    page.get_by_label("Street, number").fill("Am Ring 4\n8010 Graz")
    page.get_by_label("Country").select_option(label="Austria")
    page.locator("form#take").get_by_role("button", name="Take it").click()


def ships(host: Page, desk: str) -> None:
    """Look at the address, pack it and send it."""
    host.goto(desk)
    host.get_by_role("link", name="List to pack by").click()
    expect(host.get_by_text("8010 Graz")).to_be_visible()
    expect(host.get_by_text("is noted")).to_be_visible()
    fits(host)
    host.goto(desk)
    host.get_by_role("button", name="It is packed").click()
    host.get_by_role("button", name="It is sent").click()
    expect(host.get_by_role("heading", level=1, name="One is on its way")).to_be_visible()
    fits(host)


@pytest.mark.parametrize(("width", "javascript"), [(DESKTOP, True), (PHONE, False)])
def test_a_host_ships_a_thing_which_the_first_declines_and_the_reserve_takes(
    town: Town,
    browser_page: BrowserPages,
    width: int,
    javascript: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    title, first, second = "A numbered crate", town.join("Ravenna O."), town.join("Perpetua L.")
    if not javascript:
        title, first, second = "The first bottle", town.join("Cosima B."), town.join("Aurelia N.")
    host = browser_page("host", width=width, javascript=javascript)
    puts_on_the_shelf(host, title, From_what_age="16")
    assert left(town, title) == 1
    offers(host, first.name, "Offer it")
    expect(host.get_by_role("heading", level=1, name="One is asked, and has not answered")).to_be_visible()
    offers(host, second.name, "Put her on the reserve list")
    desk = host.url

    declines = browser_page(first.id, width=width, javascript=javascript)
    declines.goto("/rewards")
    expect(declines.get_by_role("heading", name="One is offered to you")).to_be_visible()
    declines.get_by_role("link", name="Answer").click()
    declines.get_by_role("button", name="Decline").click()
    expect(declines.get_by_role("heading", level=1, name="You declined")).to_be_visible()
    hers = browser_page(second.id, width=width, javascript=javascript)
    takes(hers, title, "2000-02-29")
    expect(hers.get_by_role("heading", level=1, name="It is yours")).to_be_visible()
    fits(hers)

    ships(host, desk)
    hers.reload()
    hers.get_by_role("button", name="It arrived").click()
    expect(hers.get_by_role("heading", level=1, name="You have it")).to_be_visible()
    stranger = browser_page(width=width, javascript=javascript)
    stranger.goto("/rewards")
    stranger.get_by_role("link", name=second.name).click()
    expect(stranger.get_by_role("heading", name=title)).to_be_visible()
    expect(stranger.get_by_text("kept the stone in")).to_be_visible()
    assert left(town, title) == 0


def test_who_is_young_takes_it_once_her_guardian_has_consented(town: Town, browser_page: BrowserPages) -> None:
    fan, title = town.join("Clementine A."), "A day at the press"
    host = browser_page("host", width=PHONE)
    puts_on_the_shelf(host, title, A_guardian_consents_below="16")
    offers(host, fan.name, "Offer it")
    browser_page.forgive(r"was answered 422 by .*/me/offers/")
    page = browser_page(fan.id, width=PHONE)

    takes(page, title, f"{datetime.now(UTC).year - 14}-01-01")
    expect(page.get_by_role("group", name="Somebody who decides for you")).to_be_visible()
    page.get_by_label("Their name").fill("Maeve A.")
    page.get_by_label("Their e-mail address").fill("maeve@example.org")
    page.locator("form#take").get_by_role("button", name="Take it").click()
    expect(page.get_by_role("heading", level=1, name="We wait for Maeve A.")).to_be_visible()
    fits(page)

    guardian = browser_page(width=PHONE)
    guardian.goto(town.mails("maeve@example.org")[0]["link"])
    expect(guardian.get_by_role("heading", level=1, name=f"May {fan.name} have “{title}”?")).to_be_visible()
    fits(guardian)
    guardian.get_by_role("button", name="I consent").click()
    expect(guardian.get_by_role("heading", level=1, name="You consented")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", level=1, name="It is yours")).to_be_visible()
    (offer,) = town.api(fan.id).get("/api/v1/me/offers").raise_for_status().json()["offers"]
    assert offer["state"] == "accepted"
