"""What scripts say in another language: the page gives them the words, so that no script has any of its own."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.pofile import write_po
from playwright.sync_api import Browser, Page, expect

from fanfare.platform import language
from tests import pseudo, receipt_vectors
from tests.journeys import preview

pytestmark = pytest.mark.browser

LEFT = ("%(count)s character left.", "%(count)s characters left.")
LEFT_IN_POLISH = ("Został %(count)s znak.", "Zostały %(count)s znaki.", "Zostało %(count)s znaków.")


class Abroad(preview.Preview):
    """The samples, in another language; there is no live stream."""

    language: str

    def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
        """Answer as the preview does, and with a receipt."""
        if self.path.startswith("/api/v1/receipts/"):
            self._send(json.dumps(receipt_vectors.made().answer()).encode(), "application/json")
            return
        with language.speaking(self.language):
            super().do_GET()


class Polish(Abroad):
    """In a language with three forms of a number."""

    language = "pl"


class Pseudo(Abroad):
    """In the language that nobody speaks."""

    language = pseudo.TAG


@pytest.fixture
def polish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Yield the address of the samples in Polish, of which one sentence is translated."""
    made = Catalog(locale="pl", charset="utf-8")
    made.add(LEFT, LEFT_IN_POLISH)
    path = tmp_path / "pl" / language.CATALOGUE
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_po(file, made)
    monkeypatch.setattr(language, "LOCALE", tmp_path)
    assert language.find() == ("pl",)
    with preview.served(Polish) as address:
        yield address
    monkeypatch.undo()
    language.find()


@pytest.fixture
def nowhere() -> Iterator[str]:
    """Yield the address of the samples in the language that nobody speaks."""
    with pseudo.spoken(), preview.served(Pseudo) as address:
        yield address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Yield a tab that may write to the clipboard."""
    opened = browser.new_page(permissions=["clipboard-write"])
    yield opened
    opened.close()


def test_how_many_characters_are_left_is_said_in_the_form_that_the_language_has_for_the_number(polish: str, page: Page) -> None:
    left = page.locator("#title-hint [data-left-over]")
    page.goto(f"{polish}/idea-form")

    expect(left).to_have_text("Zostało 120 znaków.")
    page.locator("#title").fill("a" * 98)
    expect(left).to_have_text("Zostały 22 znaki.")
    page.locator("#title").fill("a" * 119)
    expect(left).to_have_text("Został 1 znak.")


def test_every_sentence_of_a_script_is_the_translators(nowhere: str, page: Page) -> None:
    translated = re.compile(r"^⟦[^⟦]*⟧$")
    page.goto(f"{nowhere}/idea-form")
    page.locator("#title").fill("Pine")
    expect(page.locator("[data-kept]")).to_have_text(translated)
    expect(page.locator("#title-hint [data-left-over]")).to_have_text(translated)

    page.goto(f"{nowhere}/campaign")
    expect(page.locator("[data-live]")).to_have_text(translated)

    page.goto(f"{nowhere}/ballot-approval")
    boxes = page.locator("input[name=option]")
    for at in range(4):
        boxes.nth(at).check()
    expect(page.locator("[data-reads] .is")).to_have_text(translated)
    for at in range(4):
        boxes.nth(at).uncheck()
    expect(page.locator("[data-reads]")).to_have_text(translated)

    page.goto(f"{nowhere}/report")
    page.locator("[data-copy]").first.click()
    expect(page.locator("[data-copy]").first).to_have_text(pseudo.pseudo("Copied"))

    page.goto(f"{nowhere}/receipt")
    page.locator("[data-begin]").click()
    expect(page.locator("[data-verdict]")).to_have_text(translated)
    expect(page.locator("[data-begin]")).not_to_have_attribute("aria-disabled", "true")
    expect(page.locator("[data-verdict]")).to_have_text(translated)
    expect(page.locator("[data-said]")).to_have_text([translated] * 8)
