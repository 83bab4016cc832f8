"""Pages are light: on a first visit, with fonts, styles and scripts; and what was fetched once is not fetched again."""

import gzip

import httpx2
import pytest
from playwright.sync_api import Browser

from fanfare.web.layout import STATIC, static_url
from tests.journeys.town import Town
from tests.journeys.weighing import PAGE_BYTES, SCRIPT_BYTES, weighed

pytestmark = [pytest.mark.browser, pytest.mark.postgres]


@pytest.mark.parametrize(
    "path", ["/", "/campaigns/{0.vote_campaign}", "/rounds/{0.vote_round}/ballot", "/rounds/{0.sealed_round}/report"]
)
def test_a_first_visit_stays_light(browser: Browser, town: Town, path: str) -> None:
    context = browser.new_context(base_url=town.url)
    context.add_cookies([{"name": "fanfare", "value": town.people["noor"].session, "url": town.url}])
    page = context.new_page()

    weight = weighed(page, path.format(town))
    context.close()

    assert weight.kinds["Font"] > 0
    assert weight.whole < PAGE_BYTES, weight.kinds
    assert weight.scripts < SCRIPT_BYTES, weight.kinds
    assert all(each <= 30_000 for each in weight.pictures)


def test_styles_and_fonts_are_kept_for_a_year_and_travel_compressed(town: Town) -> None:
    with httpx2.Client(base_url=town.url) as client:
        style = client.get(static_url("css/base.css"))
        font = client.get("/static/fonts/besley.woff2")
        page = client.get("/")
        plain = client.get(static_url("css/base.css"), headers={"accept-encoding": "identity"})

    assert [each.headers["cache-control"] for each in (style, font)] == ["public, max-age=31536000, immutable"] * 2
    assert [each.headers.get("content-encoding") for each in (style, font, page, plain)] == ["gzip", None, "gzip", None]
    written = (STATIC / "css" / "base.css").read_bytes()
    assert int(style.headers["content-length"]) == len(gzip.compress(written, 9, mtime=0)) < len(written) / 2
    assert style.content == plain.content == written
