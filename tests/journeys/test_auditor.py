"""What an auditor does: she reads what is public, takes the archive from the browser, and counts everything again."""

import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import BrowserPages
from tests.journeys.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.postgres]

COMMAND = [sys.executable, "-m", "fanfare.cli"]


def test_an_auditor_downloads_the_archive_and_every_claim_holds(town: Town, browser_page: BrowserPages, tmp_path: Path) -> None:
    auditor = browser_page(width=360)
    auditor.goto("/")
    auditor.get_by_role("link", name="How to check us").first.click()

    with auditor.expect_download(timeout=60_000) as taken:
        auditor.get_by_role("link", name="Download the archive").click()
    archive = tmp_path / taken.value.suggested_filename
    taken.value.save_as(archive)
    replayed = subprocess.run([*COMMAND, "replay", str(archive)], capture_output=True, text=True, check=False)

    assert archive.name == "record.fanfare"
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    assert f"rounds/{town.sealed_round}" in replayed.stdout


def test_a_seal_is_compared_with_the_report_that_is_published(town: Town, browser_page: BrowserPages) -> None:
    auditor = browser_page()
    auditor.goto("/check")

    command = auditor.locator("section[aria-labelledby=seal] code").inner_text()
    fingerprint = auditor.locator("section[aria-labelledby=seal] p.code").inner_text()
    address = re.findall(r"https?://\S+", command)[0]
    published = town.api().get(address[address.index("/api/") :]).raise_for_status().content

    assert sha256(published).hexdigest() == fingerprint


def test_the_timeline_is_narrowed_without_javascript_and_its_address_remembers_how(
    town: Town, browser_page: BrowserPages
) -> None:
    auditor = browser_page(javascript=False)
    auditor.goto(f"/campaigns/{town.vote_campaign}/timeline")

    auditor.get_by_label("Round").select_option(town.sealed_round)
    auditor.get_by_label("Who").select_option("hosts")
    auditor.get_by_role("button", name="Show these").click()
    expect(auditor.locator(".tl")).to_contain_text("closed round 1")
    expect(auditor.locator(".tl")).not_to_contain_text("voted in")
    expect(auditor.locator(".tl")).not_to_contain_text("round 2")
    address = auditor.url
    auditor.goto(address.replace("who=hosts", "who=fans"))
    expect(auditor.locator(".tl")).to_contain_text("voted in round 1")
    auditor.goto(f"/campaigns/{town.ideas_campaign}/timeline?kind=idea")
    auditor.locator(".tl").get_by_role("link", name="Noor A.").first.click()

    expect(auditor.get_by_label("Who")).to_have_value(town.people["noor"].id)
    expect(auditor.locator(".tl")).not_to_contain_text("Tomasz W.")
    assert f"round={town.sealed_round}" in address


def test_what_cannot_be_proved_is_one_page_with_its_parts(browser_page: BrowserPages) -> None:
    reader = browser_page(width=360, theme="dark")
    reader.goto("/limits")

    reader.get_by_role("link", name="About the record").click()

    expect(reader.get_by_text("That nothing was left out or rewritten before you saw it.")).to_be_in_viewport()
    assert reader.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
