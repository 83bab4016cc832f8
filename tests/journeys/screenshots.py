"""
Photograph a played simulation for README and the guides: `make screenshots` writes docs/pictures/*.png.

It runs `fanfare demo`, joins in as a fan on a phone and as a host at a desk, and takes each picture when its round is there.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import httpx2
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.journeys.launching import launched
from tests.run import ROOT

PICTURES = ROOT / "docs" / "pictures"
MOST_BYTES = 120_000
COLOURS = (128, 64, 40)
"""How many a picture keeps: as many as its size allows."""
LONGEST_S = 600.0
PHONE, DESK = (360, 720), (1280, 960)
PORT = int(os.environ.get("PORT", "8077"))
URL = f"http://localhost:{PORT}"


@contextmanager
def demo() -> Iterator[None]:
    """Run the demo on a home of its own until the block ends."""
    with tempfile.TemporaryDirectory(prefix="fanfare-pictures-") as home:
        command = [sys.executable, "-m", "fanfare.cli", "demo", "--port", str(PORT)]
        running = subprocess.Popen(command, env={**os.environ, "FANFARE_HOME": home}, stdout=subprocess.DEVNULL)
        try:
            yield
        finally:
            running.send_signal(signal.SIGINT)
            running.wait(60)


def told(path: str) -> Any:  # noqa: ANN401 - JSON is of no one type
    """Return what the API answers; nothing where it does not yet."""
    try:
        return httpx2.get(URL + path, timeout=20).raise_for_status().json()
    except (httpx2.TransportError, httpx2.HTTPStatusError):
        return None


def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + LONGEST_S
    while not is_so():
        if time.monotonic() > end:
            sys.exit(f"The demo did not get that far within {LONGEST_S:.0f} s.")
        time.sleep(0.5)


def campaign() -> dict[str, Any]:
    """Return the campaign of three rounds that the demo plays; empty where it is not there yet."""
    found = told("/api/v1/campaigns") or {"campaigns": []}
    return next((dict(each) for each in found["campaigns"] if len(each["rounds"]) == 3), {})


def round_at(number: int, *statuses: str) -> dict[str, Any]:
    """Wait until a round of the campaign has one of these statuses, and return it."""
    until(lambda: bool(campaign()) and campaign()["rounds"][number - 1]["status"] in statuses)
    return dict(campaign()["rounds"][number - 1])


def visitor(browser: Browser, role: str, size: tuple[int, int], theme: Literal["light", "dark"]) -> Page:
    """Return the page of somebody who has joined in."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        device_scale_factor=2 if size == PHONE else 1,
        color_scheme=theme,
        base_url=URL,
        locale="en-GB",
        timezone_id="Europe/Berlin",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto("/")
    page.get_by_role("button", name=f"Join as a {role}").click()
    return page


def taken(page: Page, name: str, address: str = "") -> None:
    """Photograph what the window shows, in as many colours as MOST_BYTES allows."""
    if address:
        page.goto(address)
    page.evaluate("document.fonts.ready")
    for each in page.locator(".simulation, .note[role=status]").all():
        each.evaluate("element => { element.hidden = true; }")
    page.wait_for_timeout(400)
    file = PICTURES / f"{name}.png"
    page.screenshot(path=file)
    with Image.open(file) as seen:
        whole = seen.convert("RGB")
    for colours in COLOURS:
        whole.quantize(colours, dither=Image.Dither.NONE).save(file, optimize=True)
        if file.stat().st_size <= MOST_BYTES:
            break
    print(f"{file.relative_to(ROOT)}: {file.stat().st_size / 1000:.0f} kB")  # noqa: T201


def photographed(browser: Browser) -> None:
    """Take all pictures, in the order in which the demo comes to them."""
    round_at(1, "open")
    found = campaign()["id"]
    fan, host = visitor(browser, "fan", PHONE, "light"), visitor(browser, "host", DESK, "light")
    night = visitor(browser, "fan", PHONE, "dark")
    list_of = f"/api/v1/campaigns/{found}/ideas?sort=top"
    until(lambda: bool((told(list_of) or {"ideas": []})["ideas"]))
    time.sleep(12)  # until ideas have found supporters and voices
    best = [each["id"] for each in told(list_of)["ideas"][:4]]
    taken(fan, "front-phone", "/")
    taken(night, "idea-phone", f"/ideas/{best[0]}")
    taken(host, "ideas", f"/campaigns/{found}/ideas")
    taken(host, "idea", f"/ideas/{best[1]}")
    for each in best[2:]:
        night.goto(f"/flags/{each}")
        night.locator("form[action^='/flags'] input[type=radio]").first.check()
        night.locator("form[action^='/flags'] button").last.click()
        night.wait_for_load_state()
    vote = round_at(2, "open")
    fan.goto(f"/rounds/{vote['id']}/ballot")
    for place in (0, 1):
        fan.locator("input[name=option]").nth(place).check()
    fan.evaluate("document.querySelector('form .paper').scrollIntoView()")
    taken(fan, "ballot-phone")
    fan.locator("[data-cast]").click()
    fan.wait_for_url("**/receipt*", timeout=90_000)
    taken(host, "campaign", f"/campaigns/{found}")
    taken(host, "desk", f"/host/rounds/{vote['id']}")
    taken(night, "campaign-phone", f"/campaigns/{found}")
    fan.evaluate("scrollTo(0, 0)")
    taken(fan, "receipt-phone")
    taken(host, "moderation", "/host/moderation")
    final = round_at(3, "sealed")
    taken(host, "result", f"/rounds/{final['id']}/report")
    dark = visitor(browser, "fan", DESK, "dark")
    taken(dark, "front", "/")


def main() -> None:
    """Play the demo and photograph it."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with demo(), sync_playwright() as play:
        browser = launched(play)
        photographed(browser)
        browser.close()


if __name__ == "__main__":
    main()
