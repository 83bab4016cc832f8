"""What the pages' policy refuses, in a real browser, and that htmx lives under it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from fanfare.web.layout import render, static_url
from tests.journeys import preview
from tests.journeys.page_samples import SAMPLES

pytestmark = pytest.mark.browser

INJECTED = "<script>window.ran = 'inline'</script><img src='/nothing' onerror=\"window.ran = 'handler'\">"
WITH_HTMX = f"""<!doctype html><html lang="en"><head><title>htmx</title>
<meta name="htmx-config" content='{{"includeIndicatorCSS": false}}'>
<script defer src="{static_url("vendor/htmx.min.js")}"></script>
<script type="module" src="{static_url("js/htmx-start.js")}"></script></head><body><main>
<form action="/elsewhere" method="post"><input type="hidden" name="csrf" value="token-7"></form>
<button id="get" hx-get="/fragment" hx-target="#place">Get</button>
<button id="post" hx-post="/fragment" hx-target="#place">Post</button>
<button id="run" hx-on:click="window.ran = 'attribute'">Run</button>
<p id="place">nothing yet</p></main></body></html>"""


class Site(preview.Preview):
    """The samples, one of them with something injected, and a page that uses htmx."""

    tokens: list[str]

    def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
        """Answer with a page."""
        if self.path == "/injected":
            self._send(render(*SAMPLES["campaign"]).replace("</main>", f"{INJECTED}</main>").encode(), "text/html; charset=utf-8")
        elif self.path == "/htmx":
            self._send(WITH_HTMX.encode(), "text/html; charset=utf-8")
        elif self.path == "/fragment":
            self._send(b"<b>swapped in</b>", "text/html; charset=utf-8")
        else:
            super().do_GET()

    def do_POST(self) -> None:  # noqa: N802 - the same
        """Note the token that came along."""
        type(self).tokens.append(self.headers.get("X-CSRF-Token", ""))
        self._send(b"<b>taken</b>", "text/html; charset=utf-8")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Yield the address of the site."""
    Site.tokens = []
    with preview.served(Site) as found:
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Yield a tab."""
    opened = browser.new_page()
    yield opened
    opened.close()


ATTEMPTS = (
    "document.querySelector('main').innerHTML = '<b>x</b>'",
    "document.querySelector('main').insertAdjacentHTML('beforeend', '<b>x</b>')",
    "new DOMParser().parseFromString('<b>x</b>', 'text/html')",
    "document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.ran = 1' }))",
    "document.createElement('script').src = '/static/js/page.js'",
    "trustedTypes.createPolicy('another', { createHTML: (text) => text })",
    "trustedTypes.createPolicy('fanfare', { createHTML: (text) => text })",
)


def test_text_becomes_markup_or_code_only_where_we_let_it(address: str, page: Page) -> None:
    page.goto(f"{address}/campaign")

    refused = [
        page.evaluate(f"() => {{ try {{ {attempt}; return 'let through' }} catch (error) {{ return error.name }} }}")
        for attempt in ATTEMPTS
    ]

    assert refused == ["TypeError"] * len(ATTEMPTS)
    assert page.evaluate("window.ran") is None


def test_what_is_injected_into_a_page_does_not_run(address: str, page: Page) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))

    page.goto(f"{address}/injected", wait_until="networkidle")

    assert page.evaluate("window.ran") is None
    assert sum("Content Security Policy" in each for each in said) == 2


def test_htmx_swaps_under_the_policy_sends_our_token_and_runs_no_attribute(address: str, page: Page) -> None:
    page.goto(f"{address}/htmx", wait_until="networkidle")

    page.click("#get")
    expect(page.locator("#place b")).to_have_text("swapped in")
    page.click("#post")
    expect(page.locator("#place b")).to_have_text("taken")
    page.click("#run")

    assert Site.tokens == ["token-7"]
    assert page.evaluate("window.ran") is None
