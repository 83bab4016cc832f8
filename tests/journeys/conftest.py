"""What journeys share: one Chromium, one town, and pages that fail their test when the browser complains."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, sync_playwright

from tests.journeys import town as towns
from tests.journeys.launching import launched
from tests.journeys.town import Town
from tests.postgres_fixture import TEMPLATE, made

PHONE, DESKTOP = 360, 1280
MOST_MS = 20_000


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Yield the one Chromium of all journeys: a second Playwright in the same thread would not start."""
    with sync_playwright() as play:
        found = launched(play)
        yield found
        found.close()


@pytest.fixture(scope="session")
def town(postgres: str) -> Iterator[Town]:
    """
    Yield the one town of all journeys, see :class:`Town`.

    A journey leaves it as it found it, or takes what nobody else looks at: people of its own (`town.join`), ideas of its own.
    """
    with made(postgres, TEMPLATE) as database, towns.living(database) as found:
        yield found


@dataclass
class BrowserPages:
    """Opens pages of the town, and keeps what their browsers complain of: console errors, policy violations, failed requests."""

    browser: Browser
    town: Town
    complaints: list[str] = field(default_factory=list)
    forgiven: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def __call__(
        self,
        who: str = "",
        *,
        width: int = DESKTOP,
        height: int = 900,
        theme: Literal["light", "dark"] = "light",
        javascript: bool = True,
        zone: str = "Europe/Berlin",
    ) -> Page:
        """
        Return a page in a fresh browser; addresses are the town's (`page.goto("/sign-in")`).

        Args:
            who: the key of somebody in `town.people`, who is signed in; empty for a stranger.
            width: 360 for a phone, 1280 for a desk.
        """
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,
            base_url=self.town.url,
            java_script_enabled=javascript,
            locale="en-GB",
            timezone_id=zone,
            has_touch=width < 600,
        )
        self.contexts.append(context)
        if who:
            context.add_cookies([{"name": "fanfare", "value": self.town.people[who].session, "url": self.town.url}])
        page = context.new_page()
        page.set_default_timeout(MOST_MS)
        self.watch(page)
        return page

    def forgive(self, pattern: str) -> None:
        """Let complaints pass that this regular expression finds: a journey that is refused on purpose, or loses its line."""
        self.forgiven.append(pattern)

    def watch(self, page: Page) -> None:
        """Take down what goes wrong in *page* from now on."""
        page.on("pageerror", lambda error: self._complain(page, f"threw {error}"))
        page.on("console", lambda message: self._heard(page, message))
        page.on("requestfailed", lambda request: self._failed(page, request))
        page.on("response", lambda response: self._answered(page, response))

    def _heard(self, page: Page, message: ConsoleMessage) -> None:
        # What fails to load is told by the response itself, with its status.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self._complain(page, f"said {message.text}")

    def _failed(self, page: Page, request: Request) -> None:
        if request.failure not in ("net::ERR_ABORTED", None):  # a page that is left gives up what it was loading
            self._complain(page, f"did not get {request.url}: {request.failure}")

    def _answered(self, page: Page, response: Response) -> None:
        if response.status >= 400:
            self._complain(page, f"was answered {response.status} by {response.url}")

    def _complain(self, page: Page, what: str) -> None:
        self.complaints.append(f"{page.url} {what}")

    def unforgiven(self) -> list[str]:
        """Return the complaints that nobody forgave."""
        return [each for each in self.complaints if not any(re.search(pattern, each) for pattern in self.forgiven)]


@pytest.fixture
def browser_page(browser: Browser, town: Town) -> Iterator[BrowserPages]:
    """Yield what opens pages of the town; the test fails at its end where a browser complained and nobody forgave it."""
    pages = BrowserPages(browser, town)
    yield pages
    for context in pages.contexts:
        context.close()
    assert pages.unforgiven() == []
