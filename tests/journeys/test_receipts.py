"""A fan checks her ballot: on its page, and in a copy that needs no network; a wrong byte anywhere names the step that failed."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from fanfare.web.layout import render
from fanfare.web.saved import saved_page
from tests import receipt_vectors as vectors
from tests.journeys import preview
from tests.journeys.conftest import PHONE, BrowserPages
from tests.journeys.judging import AXE, RULES, SCRIPTS
from tests.journeys.page_samples import FAN
from tests.journeys.receipt_samples import CHECK, SIGNED
from tests.journeys.test_proof_script import NO_ED25519
from tests.journeys.test_voting import Vote, fits
from tests.journeys.test_voting import vote as vote  # noqa: PLC0414 - the fixture
from tests.journeys.town import Town

pytestmark = pytest.mark.browser

STEPS = ["form", "signature", "checkpoint", "witnesses", "inclusion", "event", "promise", "among"]
TITLES = dict(
    zip(
        STEPS,
        (
            "It is a receipt",
            "The site signed it",
            "What was signed is a checkpoint",
            "Others saw the same",
            "The entry is in the record",
            "Your ballot is in the entry",
            "The site gave its word",
            "The promise is about your ballot",
        ),
        strict=True,
    )
)
OF_THE_ANSWER = [
    each for each in vectors.PARTS if each not in ("key", "key of promises", "witness asked for", "event id", "place")
]
PINNED = ("partition", "offset", "token")
"""What the page itself knows of the ballot, so that no answer can speak of another one."""


class Site(preview.Preview):
    """The samples, and a receipt."""

    answer: dict[str, Any]

    def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
        """Answer as the preview does, and with the receipt."""
        if self.path.startswith("/api/v1/receipts/"):
            self._send(json.dumps(type(self).answer).encode(), "application/json")
        else:
            super().do_GET()


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Yield the address of the samples."""
    with preview.served(Site) as address:
        yield address


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """Yield the page of a receipt, on a phone; the receipt is whole."""
    Site.answer = vectors.made().answer()
    opened = browser.new_page(viewport={"width": PHONE, "height": 800}, reduced_motion="reduce")
    opened.goto(f"{site}/receipt")
    yield opened
    opened.close()


def checked(page: Page) -> list[str]:
    """Let the page check, and return how each step looks in the end."""
    page.locator("[data-begin]").click()
    expect(page.locator("[data-begin]")).not_to_have_attribute("aria-disabled", "true")
    expect(page.locator("[data-verdict]")).to_be_visible()
    return looks(page)


def looks(page: Page) -> list[str]:
    """Return how each step looks: done, failed, or as before."""
    found: list[str] = page.eval_on_selector_all("[data-step]", "steps => steps.map((each) => each.className)")
    return found


def saved_copy(folder: Path, answer: dict[str, Any], **trusted: Any) -> Path:  # noqa: ANN401 - parts of JSON
    """Write a receipt's file, as the site hands it out."""
    trust = {**vectors.trusted(quorum=0), **trusted}
    trust["mine"] = {each: answer[each] for each in trust["mine"]}
    check = type(CHECK)(CHECK.address, json.dumps(trust), CHECK.keys)
    page = saved_page(type(SIGNED)(**{**_fields(SIGNED), "check": check}), check, answer, "https://fanfare.example", NOW)
    path = folder / "receipt.html"
    path.write_text(render(FAN, page), encoding="utf-8")
    return path


NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


def _fields(of: Any) -> dict[str, Any]:  # noqa: ANN401 - any struct
    return {each: getattr(of, each) for each in of.__struct_fields__}


@pytest.fixture
def offline(browser: Browser) -> Iterator[tuple[Page, list[str]]]:
    """Yield a tab without a network, and what it complained of or asked for."""
    context = browser.new_context(offline=True, viewport={"width": PHONE, "height": 800}, reduced_motion="reduce")
    opened, heard = context.new_page(), list[str]()
    opened.on("console", lambda message: heard.append(message.text))
    opened.on("pageerror", lambda error: heard.append(str(error)))
    opened.on("request", lambda request: None if request.url.startswith("file:") else heard.append(request.url))
    yield opened, heard
    context.close()


def test_each_step_is_shown_to_hold_with_a_sentence_of_what_it_found(page: Page) -> None:
    page.evaluate(SCRIPTS[1].read_text(encoding="utf-8"))

    assert checked(page) == ["done"] * 8
    expect(page.locator("[data-verdict]")).to_contain_text("Every step holds")
    expect(page.locator("[data-step=checkpoint]")).to_contain_text(
        "It is of the log fanfare.example/record/1. Entries in it then: 21."
    )
    expect(page.locator("[data-step=witnesses]")).to_contain_text("Cosigned by witness1.example and witness3.example")
    expect(page.locator("[data-step=event]")).to_contain_text(
        "Number 5 of 7 in the entry is yours: it has your token, and says that it is your paper number 2."
    )
    expect(page.locator("[data-step=among]")).to_contain_text("promised with it: 7. Yours is among them.")
    assert "{" not in page.locator("[data-check]").inner_text()
    assert fits(page)
    assert page.evaluate(AXE, RULES) == []


@pytest.mark.parametrize("part", [each for each in OF_THE_ANSWER if each not in PINNED])
def test_a_wrong_byte_in_an_answer_is_told_with_the_step_that_fails(page: Page, part: str) -> None:
    _, step, Site.answer, _ = next(vectors.with_parts([part]))

    seen = checked(page)

    assert seen[STEPS.index(step)] == "failed"
    assert "failed" not in seen[: STEPS.index(step)]
    expect(page.locator("[data-verdict]")).to_contain_text(f"The first step that failed: {TITLES[step]}.")


def test_the_receipt_of_another_ballot_does_not_pass_for_hers(page: Page) -> None:
    whole, other = vectors.made(), vectors.event_id(vectors.INDEX + 1)
    Site.answer = {**whole.answer(), "event_id": other, "position": f"{vectors.PARTITION}:{vectors.OFFSET}:{vectors.INDEX + 1}"}
    page.evaluate("""() => {
      const place = document.querySelector("[data-check]"), trusted = JSON.parse(place.dataset.trusted);
      place.dataset.trusted = JSON.stringify({ ...trusted, mine: { ...trusted.mine, event_id: "018f3c9e7d2b0009" } });
    }""")

    assert checked(page)[STEPS.index("event")] == "failed"


def test_without_a_network_the_page_says_that_nothing_was_checked(page: Page) -> None:
    page.context.set_offline(offline=True)

    assert "done" not in checked(page)
    expect(page.locator("[data-verdict]")).to_contain_text("so nothing was checked")


def test_what_was_found_before_does_not_stand_beside_a_check_that_reached_nobody(page: Page) -> None:
    assert checked(page) == ["done"] * 8

    page.context.set_offline(offline=True)

    assert checked(page) == [""] * 8
    expect(page.locator("[data-step=inclusion]")).to_contain_text("From the hash of the entry a chain of hashes leads")


def test_while_the_receipt_is_on_its_way_the_page_says_so(page: Page) -> None:
    held: list[Route] = []
    page.route("**/api/v1/receipts/**", lambda route: held.append(route))  # noqa: PLW0108 - Playwright writes on what it calls

    page.locator("[data-begin]").click()
    expect(page.locator("[data-verdict]")).to_contain_text("on its way")
    expect(page.locator("[data-begin]")).to_have_attribute("aria-disabled", "true")
    held[0].continue_()

    expect(page.locator("[data-verdict]")).to_contain_text("Every step holds")


def test_a_check_that_breaks_off_is_not_blamed_on_the_network_and_is_reported(page: Page) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.evaluate("() => { SubtleCrypto.prototype.digest = () => { throw new RangeError('made for a test'); }; }")

    assert "failed" not in checked(page)
    expect(page.locator("[data-verdict]")).to_contain_text("The check itself broke off, and shows nothing.")
    assert errors == ["made for a test"]


def test_an_answer_of_another_shape_fails_at_its_step(page: Page) -> None:
    Site.answer = {**vectors.made().answer(), "events_proof": {"0": "AAAA"}}

    assert checked(page)[STEPS.index("among")] == "failed"


def test_what_is_not_signed_yet_is_told_to_wait(page: Page) -> None:
    Site.answer = {**vectors.made().answer(), "proof": None}

    assert checked(page) == [""] * 6 + ["done"] * 2
    expect(page.locator("[data-verdict]")).to_contain_text("Not signed yet.")


def test_a_browser_without_ed25519_is_told_what_it_could_not_check(browser: Browser, site: str) -> None:
    Site.answer = vectors.made().answer()
    old = browser.new_page(reduced_motion="reduce")
    old.add_init_script(NO_ED25519)
    old.goto(f"{site}/receipt")

    seen = checked(old)

    assert [step for step, look in zip(STEPS, seen, strict=True) if look != "done"] == ["signature", "witnesses", "promise"]
    expect(old.locator("[data-verdict]")).to_contain_text("Not checked to the end")
    expect(old.locator("[data-step=signature]")).to_contain_text("it knows no Ed25519 signatures")
    old.close()


def test_a_saved_copy_checks_itself_from_a_folder_without_a_network(offline: tuple[Page, list[str]], tmp_path: Path) -> None:
    page, heard = offline

    page.goto(saved_copy(tmp_path, vectors.made().answer()).as_uri())

    expect(page.locator("[data-verdict]")).to_contain_text("Every step holds")
    assert looks(page) == ["done"] * 8
    assert fits(page)
    assert heard == []


def test_a_copy_that_was_saved_before_anything_was_signed_does_not_ask_for_patience(
    offline: tuple[Page, list[str]], tmp_path: Path
) -> None:
    page, heard = offline

    page.goto(saved_copy(tmp_path, {**vectors.made().answer(), "proof": None}).as_uri())

    expect(page.locator("[data-verdict]")).to_contain_text("Nothing was signed yet when this copy was saved.")
    assert looks(page) == [""] * 6 + ["done"] * 2
    assert heard == []


def test_a_saved_copy_that_was_cut_off_says_so(offline: tuple[Page, list[str]], tmp_path: Path) -> None:
    page, heard = offline
    path = saved_copy(tmp_path, vectors.made().answer())
    path.write_text(path.read_text(encoding="utf-8").replace('"trusted": {', '"trusted": '), encoding="utf-8")

    page.goto(path.as_uri())

    expect(page.locator("[data-verdict]")).to_contain_text("This file was changed or cut off")
    assert heard == []


def test_a_saved_copy_can_be_read_by_everybody(offline: tuple[Page, list[str]], tmp_path: Path) -> None:
    page, _ = offline
    page.goto(saved_copy(tmp_path, vectors.made().answer()).as_uri())
    expect(page.locator("[data-verdict]")).to_be_visible()

    for theme in ("light", "dark"):
        page.emulate_media(color_scheme="light" if theme == "light" else "dark")
        page.evaluate(SCRIPTS[1].read_text(encoding="utf-8"))
        assert page.evaluate(AXE, RULES) == []


@pytest.mark.parametrize("part", vectors.PARTS)
def test_a_wrong_byte_in_a_saved_copy_is_told_with_the_step_that_fails(
    offline: tuple[Page, list[str]], tmp_path: Path, part: str
) -> None:
    page, heard = offline
    _, step, answer, trusted = next(vectors.with_parts([part]))
    trusted.pop("mine")
    if part != "witness asked for":
        trusted["quorum"] = 0

    page.goto(saved_copy(tmp_path, answer, **trusted).as_uri())

    expect(page.locator("[data-verdict]")).to_contain_text(f"The first step that failed: {TITLES[step]}.")
    assert looks(page)[STEPS.index(step)] == "failed"
    assert heard == []


def test_a_saved_copy_whose_script_was_changed_checks_nothing(offline: tuple[Page, list[str]], tmp_path: Path) -> None:
    page, heard = offline
    path = saved_copy(tmp_path, vectors.made().answer())
    path.write_text(path.read_text(encoding="utf-8").replace("need(last === 0n && same(node, root));", ""), encoding="utf-8")

    page.goto(path.as_uri())

    expect(page.locator("[data-verdict]")).to_be_hidden()
    assert any("Content Security Policy" in each for each in heard)


@pytest.mark.postgres
def test_a_fan_finds_all_her_ballots_checks_one_and_keeps_a_copy_that_needs_nobody(
    town: Town, vote: Vote, browser_page: BrowserPages, offline: tuple[Page, list[str]], tmp_path: Path
) -> None:
    fan = town.join("Careful C.")
    for option in ("o1", "o2"):
        vote.cast(fan, option)
    town.caught_up()
    page = browser_page(fan.id, width=PHONE)

    page.goto("/me")
    page.get_by_role("link", name="Your ballots and receipts").click()
    first, second = (int(each["number"]) for each in sorted(vote.ballots_of(fan), key=lambda each: each["number"]))
    expect(page.locator("main")).to_contain_text(re.compile(f"Your paper {second}, at position [0-9:]+, counts in its place"))
    assert fits(page)
    page.get_by_role("link", name=f"Receipt of paper {first}").click()
    expect(page.get_by_text(f"You replaced it; paper {second} counts")).to_be_visible()
    page.get_by_role("link", name=f"Your paper {second}").click()
    page.get_by_role("button", name="Check it in my browser").click()
    expect(page.locator("[data-verdict]")).to_contain_text("Every step holds", timeout=15_000)
    assert looks(page)[4:] == ["done"] * 4
    with page.expect_download() as taken:
        page.get_by_role("link", name="Save a copy").click()
    taken.value.save_as(tmp_path / "mine.html")
    copy, heard = offline
    copy.goto((tmp_path / "mine.html").as_uri())

    expect(copy.locator("[data-verdict]")).to_contain_text("Every step holds")
    assert heard == []


@pytest.mark.postgres
def test_without_javascript_my_ballots_and_a_copy_are_there_all_the_same(
    town: Town, vote: Vote, browser_page: BrowserPages, tmp_path: Path
) -> None:
    fan = town.join("Scriptless S.")
    vote.cast(fan, "o1")
    town.caught_up()
    page = browser_page(fan.id, width=PHONE, javascript=False)

    page.goto("/me/ballots")
    page.get_by_role("link", name="Check your latest ballot").click()
    expect(page.get_by_role("button", name="Check it in my browser")).to_be_hidden()
    with page.expect_download() as taken:
        page.get_by_role("link", name="Save a copy").click()
    taken.value.save_as(tmp_path / "mine.html")

    assert '"proof": "c2sp.org/tlog-proof@v1' in (tmp_path / "mine.html").read_text(encoding="utf-8")
    assert fits(page)
