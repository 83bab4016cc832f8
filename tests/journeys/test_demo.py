"""The demo as its visitors live it: a fan on a phone, a host at a desk, an auditor with an archive."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.postgres]

PHONE, DESK = ViewportSize(width=360, height=740), ViewportSize(width=1280, height=900)
LONGEST_S = 240.0
COMMAND = [sys.executable, "-m", "fanfare.cli"]


@dataclass
class Demo:
    """The running demo."""

    url: str
    home: Path

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON is of no one type
        """Return what the API answers."""
        return httpx2.get(self.url + path, timeout=20).raise_for_status().json()

    def campaign(self) -> dict[str, Any]:
        """Return the campaign that the demo plays; it has three rounds."""
        found: list[dict[str, Any]] = self.get("/api/v1/campaigns")["campaigns"]
        return next(each for each in found if len(each["rounds"]) == 3)

    def until(self, what: str, is_so: Callable[[], bool]) -> None:
        """Wait until something is so."""
        until = time.monotonic() + LONGEST_S
        while not is_so():
            assert time.monotonic() < until, f"{what}: not within {LONGEST_S:.0f} s"
            time.sleep(0.25)

    def until_round(self, number: int, *statuses: str) -> dict[str, Any]:
        """Wait until a round has one of these statuses, and return it."""
        self.until(
            f"round {number} is {' or '.join(statuses)}", lambda: self.campaign()["rounds"][number - 1]["status"] in statuses
        )
        return dict(self.campaign()["rounds"][number - 1])


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Run `fanfare demo`, as `make demo` does, and stop it as Ctrl-C would."""
    home, port = tmp_path_factory.mktemp("demo"), free_port()
    environment = {**os.environ, "FANFARE_HOME": str(home)}
    with (home / "console.log").open("wb") as console:
        running = subprocess.Popen([*COMMAND, "demo", "--port", str(port)], env=environment, stdout=console, stderr=console)
        try:
            found = Demo(f"http://localhost:{port}", home)
            found.until("the demo has begun", lambda: has_begun(found, running))
            yield found
        finally:
            running.send_signal(signal.SIGINT)
            assert running.wait(60) == 0, (home / "console.log").read_text()


def has_begun(demo: Demo, running: subprocess.Popen[bytes]) -> bool:
    """Tell whether the campaign is published; a demo that ended says why."""
    assert running.poll() is None, (demo.home / "console.log").read_text()
    try:
        return bool(demo.campaign())
    except (httpx2.TransportError, StopIteration):
        return False


def visitor(browser: Browser, demo: Demo, *, phone: bool) -> Page:
    """Return the page of a new visitor; what goes wrong in her browser's console fails the test at its end."""
    context = browser.new_context(
        viewport=PHONE if phone else DESK, color_scheme="dark" if phone else "light", base_url=demo.url, locale="en-GB"
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    return page


def fits(page: Page) -> bool:
    """Tell whether nothing sticks out sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def until_there(page: Page, address: str, what: Locator) -> None:
    """Look at a page again and again until something is on it."""
    until = time.monotonic() + LONGEST_S
    while not (page.goto(address) and what.count()):
        assert time.monotonic() < until, f"{what} is not on {address}"
        page.wait_for_timeout(500)


def test_a_fan_and_a_host_play_the_demo(browser: Browser, demo: Demo) -> None:
    campaign = demo.campaign()["id"]
    fan, host = visitor(browser, demo, phone=True), visitor(browser, demo, phone=False)
    demo.until_round(1, "open")

    idea = a_fan_raises_an_idea(fan, campaign)
    a_host_answers_and_looks_at_her_desk(host, campaign, idea)
    name, draw = a_host_thanks_a_fan_who_answers(host, fan), a_host_announces_a_draw_and_a_fan_enters(host, fan, demo)
    an_author_edits_and_others_support(fan, host, idea)
    a_fan_votes_twice(fan, demo)
    a_host_pauses_and_resumes_the_final(host, demo)
    a_fan_sees_the_result(fan, demo)
    a_fan_was_drawn(fan, draw, name)


def a_fan_raises_an_idea(fan: Page, campaign: str) -> str:
    """A stranger on a phone joins with one press and raises an idea; bad input loses nothing. Return the idea's address."""
    fan.goto("/")
    expect(fan.get_by_text("its fans are programs")).to_be_visible()
    fan.get_by_role("button", name="Join as a fan").click()
    fan.goto(f"/campaigns/{campaign}")
    expect(fan.get_by_role("heading", level=1)).to_contain_text("Eighth")
    assert fits(fan)
    fan.get_by_role("link", name="Raise an idea").first.click()
    fan.get_by_label("Title").fill("Smoke\u202e and Honey")
    fan.get_by_label("Your idea").fill("Lapsang and **heather honey**.")
    fan.get_by_label("Tags").fill("smoky, honey")
    fan.get_by_role("button", name="Raise this idea").click()
    expect(fan.get_by_text("cannot be seen").first).to_be_visible()
    expect(fan.get_by_label("Your idea")).to_have_value("Lapsang and **heather honey**.")
    fan.get_by_label("Title").fill("Smoke and Honey")
    fan.get_by_role("button", name="Raise this idea").click()
    if fan.get_by_text("Somebody may have raised it already").is_visible():
        fan.get_by_role("button", name="Raise this idea").click()
    expect(fan.get_by_role("heading", level=1)).to_have_text("Smoke and Honey")
    assert fits(fan)
    return fan.url


def a_host_answers_and_looks_at_her_desk(host: Page, campaign: str, idea: str) -> None:
    """A visitor joins as a host, comments under the idea as one, and finds the campaign on her desk."""
    host.goto(f"/campaigns/{campaign}")
    host.get_by_role("button", name="Join as a host").click()
    host.goto(idea)
    host.locator("textarea[name=text]").fill("How smoky, on a scale from tea to bonfire?")
    host.get_by_role("button", name="Say it").or_(host.locator("form:has(textarea[name=text]) button")).first.click()
    expect(host.get_by_text("from tea to bonfire")).to_be_visible()
    host.goto("/host")
    expect(host.get_by_role("heading", level=1)).to_contain_text("open")
    expect(host.get_by_role("heading", name="The Eighth Flavour")).to_be_visible()


def a_host_thanks_a_fan_who_answers(host: Page, fan: Page) -> str:
    """Her words go to one fan, who reads them on her page and answers; the answer comes back. Return the fan's name."""
    fan.goto("/me/access")
    name = fan.get_by_label("What we call you").input_value()
    host.goto("/host/thanks")
    host.get_by_label("Fans, by name").fill(name)
    host.get_by_role("button", name="Find").click()
    host.get_by_role("link", name=f"Thank {name}").first.click()
    host.get_by_label("Your words").fill("Nobody else thought of heather.")
    host.get_by_label("A question, if you have one").fill("Which moor is it from?")
    host.get_by_role("button", name="See how it reads").click()
    expect(host.get_by_role("heading", name=f"So {name} will read it")).to_be_visible()
    assert fits(host)
    host.get_by_role("button", name="Send it").click()
    expect(host.get_by_text("Your thank-you is on its way.")).to_be_visible()
    letter = fan.get_by_role("link", name=re.compile("thanks you"))
    until_there(fan, "/me", letter)
    letter.first.click()
    expect(fan.get_by_text("Nobody else thought of heather.")).to_be_visible()
    fan.get_by_role("textbox").last.fill("From the one behind my house.")
    fan.get_by_role("button", name="Answer").click()
    expect(fan.get_by_text("Your answer is on its way.")).to_be_visible()
    assert fits(fan)
    host.goto("/host/thanks")
    expect(host.get_by_text("From the one behind my house.")).to_be_visible()
    return name


def a_host_announces_a_draw_and_a_fan_enters(host: Page, fan: Page, demo: Demo) -> str:
    """A prize for one, drawn by the beacon of a simulation while the campaign goes on. Return where the draw is."""
    zone = ZoneInfo(demo.get("/api/v1/site")["zone"])
    closes_at = (datetime.now(UTC) + timedelta(seconds=90)).astimezone(zone)
    host.goto("/host/draws")
    host.get_by_label("What for").select_option(label="A prize")
    for label, words in (("Title", "A jar of the honey"), ("What one gets", "One jar."), ("Who may enter", "Every member.")):
        host.get_by_label(label).fill(words)
    host.get_by_label("Closes").fill(closes_at.strftime("%Y-%m-%dT%H:%M"))
    host.get_by_label("Beacon").select_option("simulated")
    host.get_by_role("button", name="Announce it").click()
    expect(host.get_by_text("The draw is announced, and in the record.")).to_be_visible()
    draw = host.url
    fan.goto(draw)
    fan.get_by_role("button", name="Enter the draw").click()
    expect(fan.get_by_text("You are entered.").first).to_be_visible()
    assert fits(fan)
    return draw


def a_fan_was_drawn(fan: Page, draw: str, name: str) -> None:
    """Nobody else wished it, so it is hers, and everybody is told how to draw again."""
    until_there(fan, draw, fan.get_by_role("heading", level=1, name=f"{name} was drawn"))
    expect(fan.get_by_role("heading", name="You were drawn")).to_be_visible()
    expect(fan.get_by_text("fanfare draw verify")).to_be_visible()
    assert fits(fan)


def an_author_edits_and_others_support(fan: Page, host: Page, idea: str) -> None:
    """The author writes a second version; a supporter presses, and presses again to take it back."""
    fan.goto(idea)
    fan.get_by_role("link", name="Write a new version").or_(fan.locator("a[href$='/edit']")).first.click()
    fan.get_by_label("Your idea").fill("Lapsang and **heather honey**, nearer to tea.")
    fan.get_by_role("button", name="Save as a new version").click()
    expect(fan.get_by_text("nearer to tea")).to_be_visible()
    expect(fan.get_by_text("Version 2").first).to_be_visible()
    host.goto(idea)
    support = host.locator("form[action$='/support'] button")
    support.click()
    expect(host.locator("form[action$='/support'] input[value=no]")).to_have_count(1)
    support.click()
    expect(host.locator("form[action$='/support'] input[value=yes]")).to_have_count(1)


def a_fan_votes_twice(fan: Page, demo: Demo) -> None:
    """She ticks, reads what her ballot says, casts it twice by a double click, changes her mind, and an old tab is refused."""
    vote = demo.until_round(2, "open")
    paper = f"/rounds/{vote['id']}/ballot"
    fan.goto(paper)
    assert fits(fan)
    boxes = fan.locator("input[name=option]")
    boxes.nth(0).check()
    boxes.nth(1).check()
    first = boxes.nth(0).get_attribute("data-title")
    expect(fan.locator("[data-reads]")).to_contain_text(str(first))
    old_tab = fan.context.new_page()
    old_tab.goto(paper)
    fan.get_by_role("button", name="Cast this ballot").dblclick()
    expect(fan.get_by_role("heading", name="Your ballot is in the record")).to_be_visible()
    assert fits(fan)
    fan.goto(paper)
    expect(fan.locator("input[name=option]").nth(0)).to_be_checked()
    fan.locator("input[name=option]").nth(1).uncheck()
    fan.get_by_role("button", name="Replace my ballot").click()
    expect(fan.get_by_text("It counts now")).to_be_visible()
    old_tab.locator("input[name=option]").nth(2).check()
    old_tab.locator("button[data-cast]").click()
    expect(old_tab.get_by_text("You cast another ballot after this paper was printed")).to_be_visible()
    old_tab.close()


def a_host_pauses_and_resumes_the_final(host: Page, demo: Demo) -> None:
    """A pause needs a reason, is told on the campaign's page, and ends; both are in the timeline under her name."""
    final = demo.until_round(3, "open")
    host.goto(f"/host/rounds/{final['id']}")
    host.locator("summary", has_text="Pause it").click()
    host.locator("#reason-pause").fill("We look into a burst of ballots.")
    host.get_by_role("button", name="Pause the round").click()
    expect(host.get_by_role("button", name="Resume the round")).to_be_visible()
    host.get_by_role("button", name="Resume the round").click()
    expect(host.locator("summary", has_text="Pause it")).to_be_visible()
    host.goto(f"/campaigns/{final['campaign']}/timeline?kind=decision")
    expect(host.get_by_text("We look into a burst of ballots.").first).to_be_visible()


def a_fan_sees_the_result(fan: Page, demo: Demo) -> None:
    """After the close she is told so, the sealed result names one winner, and her page knows that her ballot was counted."""
    final = demo.until_round(3, "closed", "sealed")
    fan.goto(f"/rounds/{final['id']}/ballot")
    expect(fan.get_by_text("closed").first).to_be_visible()
    sealed = demo.until_round(3, "sealed")
    fan.goto(f"/rounds/{sealed['id']}/report")
    expect(fan.get_by_role("heading", level=1)).to_contain_text("wins")
    expect(fan.get_by_text("Every ballot").first).to_be_visible()
    assert fits(fan)
    fan.goto("/me")
    expect(fan.get_by_text("counted").first).to_be_visible()
    expect(fan.get_by_role("link", name="Smoke and Honey").first).to_be_visible()


def test_an_auditor_counts_the_demo_again(browser: Browser, demo: Demo, tmp_path: Path) -> None:
    final = demo.until_round(3, "sealed")
    auditor = visitor(browser, demo, phone=False)
    auditor.goto("/check")
    expect(auditor.get_by_text("fanfare audit").first).to_be_visible()
    archive = tmp_path / "demo.fanfare"
    environment = {**os.environ, "FANFARE_HOME": str(demo.home)}

    everything_is_credited(demo, final["campaign"])
    exported = subprocess.run([*COMMAND, "export", str(archive), "--url", demo.url], env=environment, check=False)
    audits = [
        subprocess.run([*COMMAND, "audit", each], capture_output=True, text=True, check=False)
        for each in (str(archive), demo.url)
    ]

    assert exported.returncode == 0
    for audited in audits:
        assert audited.returncode == 0, audited.stdout
        assert f"rounds/{final['id']}" in audited.stdout
        assert "tree 3" in audited.stdout
    recomputes_standings_and_draws(demo, archive, final["campaign"])
    api = httpx2.get(f"{demo.url}/api/v1/rounds/{final['id']}/report").raise_for_status()
    assert [each["rank"] for each in api.json()["ranking"] if each["advanced"]] == [1]
    auditor.goto(f"/rounds/{final['id']}/report")
    expect(auditor.get_by_text("a simulation").or_(auditor.get_by_text("A simulation")).first).to_be_visible()


def everything_is_credited(demo: Demo, campaign: str) -> None:
    """Wait until the standings stay as they are: votes are credited once their round is sealed."""
    seen: list[Any] = []

    def is_still() -> bool:
        seen.append(demo.get(f"/api/v1/campaigns/{campaign}/fans?limit=200")["fans"])
        return len(seen) > 8 and seen[-1] == seen[-8]

    demo.until("the standings rest", is_still)


def recomputes_standings_and_draws(demo: Demo, archive: Path, campaign: str) -> None:
    """From the archive alone: the standings of the campaign as the site shows them, and everybody who was drawn."""
    told = subprocess.run([*COMMAND, "explain", str(archive), campaign], capture_output=True, text=True, check=True)
    drawn = [each["id"] for each in demo.get("/api/v1/draws")["draws"] if each["state"] == "done"]
    again = [subprocess.run([*COMMAND, "draw", "verify", str(archive), each], check=False).returncode for each in drawn]

    listed = [line.split() for line in told.stdout.splitlines()[1:]]
    fans = demo.get(f"/api/v1/campaigns/{campaign}/fans?limit=10")["fans"]
    assert [[str(each["rank"]), str(each["points"]), each["member"]] for each in fans] == listed[: len(fans)]
    assert len(fans) == 10
    assert drawn
    assert again == [0] * len(drawn)
