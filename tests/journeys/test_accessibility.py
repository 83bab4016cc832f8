"""
Every page of the route table, as everybody who may see it: axe finds nothing, and nothing breaks when it is read in another way.

A phone and a desk, light and dark; 320 px and 200 per cent; wider text, longer words, right to left; less motion, other colours;
by keyboard alone. A route without an example address fails.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from fastapi.routing import iter_route_contexts
from playwright.sync_api import Browser, Page

from fanfare.platform.settings import Settings
from fanfare.web.app import create_app
from tests.journeys.addresses import NO_PAGES, PAGES
from tests.journeys.conftest import PHONE, BrowserPages
from tests.journeys.judging import SCRIPTS, judged
from tests.journeys.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.postgres]

VISITORS = ("", "noor", "host", "moderator", "admin")
ROUTES = sorted(
    each.path
    for each in iter_route_contexts(create_app(Settings()).routes)
    if "GET" in (each.methods or ()) and each.path and not each.path.startswith("/api/")
)


@dataclass
class Readers:
    """One page for each visitor, kept for all routes, and what is known of the pages that they saw."""

    pages: dict[str, Page]
    complaints: BrowserPages
    seen: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def readers(browser: Browser, town: Town) -> Iterator[Readers]:
    """Yield the pages of all visitors, with axe and our probes in each."""
    opened = BrowserPages(browser, town)
    opened.forgive(r"was answered 40[134]")  # who may see what is another test's matter
    pages = {}
    for who in VISITORS:
        pages[who] = opened(who)
        for script in SCRIPTS:
            pages[who].add_init_script(path=script)
    yield Readers(pages, opened)
    for context in opened.contexts:
        context.close()


def test_every_route_of_a_page_has_an_example() -> None:
    assert [path for path in ROUTES if path not in PAGES and path not in NO_PAGES] == []
    assert [path for path in (*PAGES, *NO_PAGES) if path not in ROUTES] == []


@pytest.mark.parametrize("route", PAGES)
def test_a_page_can_be_used_by_everybody_who_may_see_it(readers: Readers, town: Town, route: str) -> None:
    address, wrong, saw = PAGES[route](town), [], []
    for who, page in readers.pages.items():
        answer = page.goto(address)
        if answer is None or answer.status != 200 or page.url.partition("?")[0] != town.url + address.partition("?")[0]:
            continue
        outline = page.evaluate("probes.outline()")
        if outline not in saw:
            saw.append(outline)
            wrong += [f"{who or 'stranger'}: {each}" for each in judged(page, is_first=len(saw) == 1)]

    assert saw, f"nobody sees {address}"
    assert wrong + readers.complaints.unforgiven() == []


def test_the_first_stop_of_the_keyboard_leads_past_the_navigation(readers: Readers, town: Town) -> None:
    page = readers.pages["noor"]
    page.goto(f"/campaigns/{town.vote_campaign}")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") == "main"


def test_a_page_does_not_move_when_its_fonts_come_late_or_its_reader_lives_in_another_zone(browser: Browser, town: Town) -> None:
    page = browser.new_page(viewport={"width": PHONE, "height": 740}, timezone_id="America/New_York")
    page.add_init_script(path=SCRIPTS[0])
    page.route("**/*.woff2", lambda route: (page.wait_for_timeout(700), route.continue_())[1])  # type: ignore[func-returns-value]

    page.goto(f"{town.url}/campaigns/{town.vote_campaign}")
    page.wait_for_timeout(1500)

    assert page.evaluate("probes.shift()") == 0
    page.close()
