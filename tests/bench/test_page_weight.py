"""What each page weighs on a first visit, and how quickly it answers a press on a slowed processor."""

from statistics import median

import pytest
from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.table import Table

from tests.journeys import town as towns
from tests.journeys.addresses import PAGES
from tests.journeys.conftest import PHONE
from tests.journeys.launching import launched
from tests.journeys.town import Town
from tests.journeys.weighing import PAGE_BYTES, PRESS_MS, SCRIPT_BYTES, SLOWER, pressed_ms, weighed
from tests.postgres_fixture import TEMPLATE, made

pytestmark = [pytest.mark.browser, pytest.mark.postgres]


def test_page_weights(capsys: pytest.CaptureFixture[str], postgres: str) -> None:
    # Both end with the test: a Playwright that waits keeps its loop, and what is measured next wants the processor for itself.
    with made(postgres, TEMPLATE) as database, towns.living(database) as town, sync_playwright() as play:
        _weigh(capsys, launched(play), town)


def _weigh(capsys: pytest.CaptureFixture[str], browser: Browser, town: Town) -> None:
    context = browser.new_context(base_url=town.url, viewport={"width": PHONE, "height": 740})
    context.add_cookies([{"name": "fanfare", "value": town.people["admin"].session, "url": town.url}])
    page = context.new_page()
    table = Table("page", "whole, kB", "page", "styles", "fonts", "scripts", "press, ms", title="on a first visit, over the wire")
    heaviest, scripts, presses = 0, 0, [0.0]
    for route, address in PAGES.items():
        weight, took = weighed(page, address(town)), pressed_ms(page)
        heaviest, scripts = max(heaviest, weight.whole), max(scripts, weight.scripts)
        presses += took
        kinds = (weight.kinds[kind] for kind in ("Document", "Stylesheet", "Font", "Script"))
        table.add_row(route, *(f"{each / 1000:.1f}" for each in (weight.whole, *kinds)), f"{median(took):.0f}" if took else "")
    context.close()
    with capsys.disabled():
        console = Console(width=130)
        console.print()
        console.print(table)
        console.print(
            f"heaviest {heaviest / 1000:.1f} kB of {PAGE_BYTES // 1000}; scripts {scripts / 1000:.1f} of {SCRIPT_BYTES // 1000}; "
            f"longest press {max(presses):.0f} ms of {PRESS_MS}, on a processor {SLOWER} times slower",
            highlight=False,
        )

    assert heaviest < PAGE_BYTES
    assert scripts < SCRIPT_BYTES
