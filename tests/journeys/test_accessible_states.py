"""Every page in each of its states, from the samples: axe finds nothing, and nothing breaks when it is read in another way."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys import preview
from tests.journeys.conftest import PHONE
from tests.journeys.judging import AXE, RULES, SCRIPTS, reshaped
from tests.journeys.page_samples import SAMPLES

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def sampled(browser: Browser) -> Iterator[tuple[str, Page]]:
    """Yield the address of all samples and a page to look at them."""
    with preview.served() as site:
        page = browser.new_page()
        for script in SCRIPTS:
            page.add_init_script(path=script)
        yield site, page
        page.close()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_page_in_each_of_its_states_can_be_used_by_everybody(sampled: tuple[str, Page], name: str) -> None:
    site, page = sampled
    page.set_viewport_size({"width": PHONE, "height": 800})
    page.emulate_media(color_scheme="dark" if len(name) % 2 else "light")
    page.goto(f"{site}/{name}")

    wrong = page.evaluate(AXE, RULES) + reshaped(page, is_quick=True)

    assert wrong == []
