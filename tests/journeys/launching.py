"""The system's Chromium, as journeys and previews start it."""

from playwright.sync_api import Browser, Playwright

from tests.run import chromium

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def launched(play: Playwright) -> Browser:
    """Return the system's Chromium, started."""
    return play.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
