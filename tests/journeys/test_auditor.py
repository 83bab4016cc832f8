"""What an auditor does: she reads what is public, takes the archive from the browser, and counts everything again."""

import os
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
    audited = subprocess.run([*COMMAND, "audit", str(archive)], capture_output=True, text=True, check=False)

    assert archive.name == "record.fanfare"
    assert audited.returncode == 0, audited.stdout + audited.stderr
    assert f"rounds/{town.sealed_round}" in audited.stdout
    assert "tree 0" in audited.stdout


def in_a_shell(lines: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run what a page says, as somebody does who pastes it into a terminal."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-ec", lines], cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )


def test_the_commands_of_the_auditors_room_work_as_they_stand(town: Town, browser_page: BrowserPages, tmp_path: Path) -> None:
    auditor = browser_page(javascript=False)
    auditor.goto("/check")

    commands = auditor.locator("section[aria-labelledby=ways] .command code").all_inner_texts()
    keeping = auditor.locator("section[aria-labelledby=keep] .command code").inner_text()
    town.api().get("/record/manifest").raise_for_status()
    audited = in_a_shell(commands[0], tmp_path)
    kept = in_a_shell(keeping, tmp_path)

    assert commands[0].startswith("fanfare audit http://")
    assert audited.returncode == 0, audited.stdout + audited.stderr
    assert kept.returncode == 0, kept.stdout + kept.stderr
    assert "since" in kept.stdout
    assert (tmp_path / "kept.checkpoint").read_text().splitlines()[0].endswith("/record/0")


def test_a_checkpoint_of_the_history_is_taken_along(town: Town, browser_page: BrowserPages, tmp_path: Path) -> None:
    auditor = browser_page(width=360, javascript=False)
    auditor.goto("/check")

    auditor.get_by_role("link", name="Every checkpoint that we signed").click()
    auditor.get_by_role("link", name="Partition 1").click()
    with auditor.expect_download() as taken:
        auditor.get_by_role("link", name="Keep").first.click()
    taken.value.save_as(tmp_path / "kept")

    note = (tmp_path / "kept").read_bytes()
    assert taken.value.suggested_filename.endswith(".checkpoint")
    assert note == town.api().get("/record/1/checkpoint").content
    assert auditor.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_what_was_decided_by_hand_leads_to_its_proof_and_to_what_it_was_about(town: Town, browser_page: BrowserPages) -> None:
    auditor = browser_page(width=360, javascript=False)
    auditor.goto("/check")

    auditor.get_by_role("link", name="Everything that was decided by hand").click()
    auditor.get_by_role("link", name="Rounds out of turn").click()
    expect(auditor.locator(".tl li").first).to_contain_text("round")
    expect(auditor.locator(".tl")).not_to_contain_text("a host")
    where = auditor.locator(".tl .position").first.get_attribute("href") or ""
    proof = town.api().get(where)
    auditor.get_by_role("link", name="Roles and rights").click()

    expect(auditor.locator(".tl")).to_contain_text("made")
    assert proof.status_code in (200, 202), proof.text
    assert proof.json()["position"].startswith("0:")
    assert auditor.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


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

    expect(reader.get_by_text("That you are shown what others are shown.")).to_be_in_viewport()
    assert reader.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
