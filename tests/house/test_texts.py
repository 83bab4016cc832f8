"""What translators start from is complete, and no translation breaks a page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from fanfare.platform import language
from fanfare.platform.refusals import Refusal
from tests import texts

CATALOGUES = sorted(language.LOCALE.glob(f"*/{language.CATALOGUE}"))


def misfits(path: Path) -> Iterator[str]:
    """Yield every message of a catalogue whose translation cannot be filled in as its source is."""
    with path.open("rb") as file:
        for message in read_po(file):
            sources, said = texts.forms(message.id), texts.forms(message.string)
            if sources[0] and all(said) and not all(language.fits(each, sources[-1]) for each in said):
                yield sources[0]


def test_the_template_has_every_text_that_the_site_shows() -> None:
    assert texts.POT.read_text(encoding="utf-8") == texts.template(), "run: make texts"


def test_every_catalogue_that_is_there_can_be_read_and_filled_in() -> None:
    assert len(language.find()) == len(CATALOGUES)
    assert {path.parent.parent.name: found for path in CATALOGUES if (found := list(misfits(path)))} == {}


def test_a_translation_that_fills_in_something_else_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "fanfare.po"
    path.write_text('msgid ""\nmsgstr ""\n\nmsgid "%(name)s votes"\nmsgstr "%(nom)s vote"\n', encoding="utf-8")

    assert list(misfits(path)) == ["%(name)s votes"]


def test_no_text_begins_or_ends_with_a_space_that_a_translator_would_not_see() -> None:
    said = [each for message in texts.messages() for each in texts.forms(message.id)]

    assert [each for each in said if each != each.strip()] == []


@pytest.mark.parametrize("refusal", texts.refusals())
def test_the_title_of_a_refusal_is_a_sentence(refusal: type[Refusal]) -> None:
    assert refusal.in_english().endswith(".")
