"""Naughty strings on the narrowest phone, in a real browser: nothing runs, and nothing sticks out of the screen."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Dialog

from fanfare.web.layout import render
from tests.journeys import preview
from tests.journeys.page_samples import SAMPLES
from tests.naughty import STRINGS
from tests.page_outline import filled

pytestmark = pytest.mark.browser

NARROW_PX = 360
PAGES = (
    "front",
    "campaign",
    "ideas",
    "idea",
    "idea-form",
    "ballot",
    "report",
    "campaign-report",
    "timeline",
    "mine",
    "host-desk",
    "host-round",
)
TEXTS = {
    "a word of 300 letters": "x" * 300,
    "wide letters": "W" * 120,
    "combining marks": STRINGS["combining"][0],
    "an emoji 60 times": "\U0001f600" * 60,
    "a script": "</title></textarea><script>alert(1)</script>",
    "a picture": "<img src=x onerror=alert(1)>",
    "an attribute": '" onfocus="alert(1)" autofocus="',
    "a link": "[press](javascript:alert(1)) <a href=javascript:alert(1)>press</a>",
}


class Filled(preview.Preview):
    """The samples with one text in all places: `/idea?text=a+link`."""

    def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
        """Answer with a page that is filled."""
        address = urlsplit(self.path)
        name, asked = address.path.removeprefix("/"), parse_qs(address.query).get("text")
        if name not in SAMPLES or not asked:
            super().do_GET()
            return
        shell, page = SAMPLES[name]
        text = TEXTS[asked[0]]
        self._send(render(filled(shell, text), filled(page, text)).encode(), "text/html; charset=utf-8")


@pytest.mark.parametrize("text", TEXTS)
def test_a_page_neither_runs_a_text_nor_grows_wider_than_the_phone(browser: Browser, text: str) -> None:
    wrong: list[str] = []
    with preview.served(Filled) as site:
        page = browser.new_page(viewport={"width": NARROW_PX, "height": 740})

        def ran(dialog: Dialog) -> None:
            wrong.append(f"{page.url} said {dialog.message}")
            dialog.dismiss()

        page.on("dialog", ran)
        page.on("console", lambda message: wrong.append(message.text) if "Content Security" in message.text else None)
        for name in PAGES:
            page.goto(f"{site}/{name}?text={text}")
            if (width := page.evaluate("document.documentElement.scrollWidth")) > NARROW_PX:
                wrong.append(f"{name} is {width} px wide")
            for link in page.locator("a:has-text('press')").all():
                assert not (link.get_attribute("href") or "").startswith("javascript")
        page.close()

    assert wrong == []
