"""The scripts of the pages, in a real browser: what they add, and that nothing needs them."""

import threading
from collections.abc import Iterator
from queue import Queue
from urllib.parse import parse_qs

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from fanfare.web.layout import render, render_partial
from tests.journeys import page_samples, preview
from tests.journeys.page_samples import SAMPLES

pytestmark = pytest.mark.browser

REORDER_S = 5
Sent = tuple[str, str]


class Site(preview.Preview):
    """The samples, a live stream that tests write to, and a ballot box."""

    stream: Queue[Sent | None]
    posts: list[dict[str, list[str]]]
    is_outdated: bool

    def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
        """Answer the live stream with what tests send; the receipt where a ballot leads to."""
        if self.path == "/campaigns/c1/live":
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            while (sent := type(self).stream.get()) is not None:
                lines = "".join(f"data: {line}\n" for line in sent[1].splitlines())
                self.wfile.write(f"event: {sent[0]}\n{lines}\n".encode())
                self.wfile.flush()
        elif self.path == "/rounds/r1/receipt":
            self._send(render(*SAMPLES["receipt"]).encode(), "text/html; charset=utf-8")
        else:
            super().do_GET()

    def do_POST(self) -> None:  # noqa: N802 - the same
        """Take a ballot, or say that its paper is out of date."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        type(self).posts.append(parse_qs(body))
        if type(self).is_outdated:
            self._send(render(*SAMPLES["ballot-outdated"]).encode(), "text/html; charset=utf-8", status=409)
        else:
            self.send_response(303)
            self.send_header("Location", "/rounds/r1/receipt")
            self.end_headers()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Yield one Chromium."""
    with sync_playwright() as play:
        yield preview.launched(play)


@pytest.fixture
def site() -> Iterator[str]:
    """Yield the address of a fresh site, and end its live stream afterwards."""
    Site.stream, Site.posts, Site.is_outdated = Queue(), [], False
    with preview.served(Site) as address:
        yield address
        for _ in range(threading.active_count()):
            Site.stream.put(None)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Yield a tab that must not complain of anything but the line that a test cuts."""
    complaints: list[str] = []
    opened = browser.new_page()
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None)
    yield opened
    opened.close()
    assert complaints == []


def _board(order: list[int], counts: list[int]) -> Sent:
    rows = tuple(
        msgspec.structs.replace(page_samples.ROWS[option], rank=rank, count=count)
        for rank, (option, count) in enumerate(zip(order, counts, strict=True), 1)
    )
    board = msgspec.structs.replace(page_samples.BOARD, rows=rows, ballots=sum(counts))
    return "board", render_partial("board", page_samples.FAN, board=board)


def test_the_board_moves_but_never_under_somebody_who_reads_it(site: str, page: Page) -> None:
    leader = page.locator("#board .name").first
    page.goto(f"{site}/campaign")
    page.locator("#board summary").click()
    page.mouse.move(0, 0)

    Site.stream.put(_board([0, 1, 2], [6110, 6001, 4500]))
    expect(leader).to_have_text("Sour Cherry Cola")
    expect(page.locator("#board-news")).to_have_text("Sour Cherry Cola is ahead by 109")
    expect(page.locator("[data-live]")).to_have_text("it moves by itself")
    expect(page.locator("#board details")).to_have_attribute("open", "")
    page.locator("#board li a").first.focus()
    Site.stream.put(_board([1, 0, 2], [7000, 6200, 4500]))
    page.wait_for_timeout(1000 * REORDER_S + 1000)
    expect(leader).to_have_text("Sour Cherry Cola")
    page.locator(".mark").focus()
    expect(leader).to_have_text("Pine & Lime")


def test_a_ballot_reads_as_it_is_marked(site: str, page: Page) -> None:
    page.goto(f"{site}/ballot-approval")

    for option in ("o0", "o2", "o3"):
        page.check(f"input[value={option}]")

    expect(page.locator("[data-reads] li")).to_have_count(4)
    expect(page.locator("[data-reads] .is")).to_have_text("1 too many: the paper takes 3.")


def test_a_ballot_survives_a_lost_line_and_is_sent_again_with_its_own_key(site: str, page: Page) -> None:
    page.goto(f"{site}/ballot")
    page.check("input[value=o2]")
    page.context.set_offline(offline=True)
    page.click("[data-cast]")
    expect(page.locator("[data-offline]")).to_be_visible()
    expect(page.locator("[data-cast]")).to_contain_text("Cast this ballot")

    page.context.set_offline(offline=False)

    page.wait_for_url(f"{site}/rounds/r1/receipt")
    assert [(post["option"], post["key"]) for post in Site.posts] == [(["o2"], ["key-1"])]


def test_a_double_click_casts_once(site: str, page: Page) -> None:
    page.goto(f"{site}/ballot")

    page.dblclick("[data-cast]")

    page.wait_for_url(f"{site}/rounds/r1/receipt")
    assert len(Site.posts) == 1


def test_an_older_paper_is_answered_in_place_with_the_present_one(site: str, page: Page) -> None:
    Site.is_outdated = True
    page.goto(f"{site}/ballot")

    page.click("[data-cast]")

    expect(page.locator(".note.warn")).to_contain_text("You cast another ballot after this paper was printed.")
    expect(page.locator("input[name=paper]")).to_have_value("3")


def test_without_script_a_ballot_is_cast_all_the_same(site: str, browser: Browser) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{site}/ballot")
    page.check("input[value=o3]")

    page.click("[data-cast]")

    page.wait_for_url(f"{site}/rounds/r1/receipt")
    assert Site.posts[0]["option"] == ["o3"]
