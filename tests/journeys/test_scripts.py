"""The scripts of the pages, in a real browser: what they add, and that nothing needs them."""

import re
import threading
from collections.abc import Iterator
from queue import Queue
from urllib.parse import parse_qs

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect

from fanfare.web.layout import render, render_partial
from tests.journeys import page_samples, preview
from tests.journeys.page_samples import SAMPLES

pytestmark = pytest.mark.browser

REORDER_S = 5
Sent = tuple[str, str]


class Site(preview.Preview):
    """The samples, a live stream that tests write to, and a ballot box."""

    stream: Queue[Sent | None]
    opened: list[str]
    """What each stream that was opened asked for, after the path."""
    posts: list[dict[str, list[str]]]
    is_outdated: bool

    def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
        """Answer the live stream with what tests send; the receipt where a ballot leads to."""
        if self.path.startswith("/campaigns/c1/live"):
            type(self).opened.append(self.path.removeprefix("/campaigns/c1/live"))
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            while (sent := type(self).stream.get()) is not None:
                lines = "".join(f"data: {line}\n" for line in sent[1].splitlines())
                self.wfile.write(f"id: {sent[0]}-seen\nevent: {sent[0]}\n{lines}\n".encode())
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


@pytest.fixture
def site() -> Iterator[str]:
    """Yield the address of a fresh site, and end its live stream afterwards."""
    Site.stream, Site.opened, Site.posts, Site.is_outdated = Queue(), [], [], False
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


BEAT: Sent = ("beat", "2026-11-11T13:02:11+00:00 14:02:11")
HIDE = """(hidden) => {
    Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def opened(count: int, page: Page) -> None:
    """Wait until so many streams were opened."""
    for _ in range(200):
        if len(Site.opened) >= count:
            return
        page.wait_for_timeout(50)
    raise AssertionError(Site.opened)


def test_a_line_that_is_cut_is_taken_up_again_where_it_was(site: str, page: Page) -> None:
    page.goto(f"{site}/campaign")
    Site.stream.put(_board([0, 1, 2], [6110, 6001, 4500]))
    expect(page.locator("#board-news")).to_have_text("Sour Cherry Cola is ahead by 109")

    Site.stream.put(None)
    opened(2, page)
    Site.stream.put(_board([0, 1, 2], [6200, 6001, 4500]))

    expect(page.locator("#board-news")).to_have_text("Sour Cherry Cola is ahead by 199")
    assert Site.opened == ["", "?after=board-seen"]


def test_a_hidden_tab_holds_no_line_and_takes_it_up_when_it_is_looked_at(site: str, page: Page) -> None:
    page.goto(f"{site}/campaign")
    Site.stream.put(BEAT)
    expect(page.locator("[data-as-of]")).to_have_text("14:02:11")

    page.evaluate(HIDE, True)
    Site.stream.put(_board([0, 1, 2], [9000, 6001, 4500]))  # into a line that nobody holds any more
    Site.stream.put(None)
    page.wait_for_timeout(1500)
    held = len(Site.opened)
    page.evaluate(HIDE, False)
    opened(2, page)

    expect(page.locator("#board-news")).to_have_text("Sour Cherry Cola is ahead by 167")
    assert held == 1


def test_figures_that_grow_old_say_so(site: str, page: Page) -> None:
    page.clock.install()
    page.goto(f"{site}/campaign")
    Site.stream.put(BEAT)
    expect(page.locator("[data-live]")).to_have_text("it moves by itself")

    page.context.set_offline(offline=True)
    page.clock.fast_forward(40_000)

    expect(page.locator("[data-live]")).to_contain_text(re.compile(r"paused: these numbers are 4\d s old"))
    page.context.set_offline(offline=False)


def test_the_board_is_read_out_only_when_asked(site: str, page: Page) -> None:
    page.goto(f"{site}/campaign")
    said = page.locator("[data-read-out-here]")
    expect(said).to_be_empty()

    page.get_by_role("button", name="Read the standings out").click()

    expect(said).to_contain_text("Sour Cherry Cola is ahead by 167. 1, Sour Cherry Cola, 6,104; 2, Pine & Lime, 5,937")


def test_a_moment_that_must_not_be_missed_is_also_said_in_the_readers_own_zone(site: str, browser: Browser) -> None:
    said = {}
    for zone in ("Europe/Berlin", "Asia/Tokyo"):
        page = browser.new_context(timezone_id=zone).new_page()
        page.goto(f"{site}/ballot")
        said[zone] = page.locator("[data-cast] ~ p", has_text="Time left").inner_text()
        page.context.close()

    assert "Berlin time. The last" in said["Europe/Berlin"]
    assert "Berlin time (Sunday 02:02 where you are). The last" in said["Asia/Tokyo"]


def test_marks_that_were_not_cast_are_marked_again_and_gone_with_their_voter(site: str, page: Page) -> None:
    page.goto(f"{site}/ballot")
    page.check("input[value=o2]")

    page.reload()
    expect(page.locator("input[value=o2]")).to_be_checked()
    expect(page.locator("[data-restored]")).to_be_visible()
    page.locator("form[action='/sign-out'] button").click()

    assert page.evaluate("Object.keys(localStorage)") == []


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
