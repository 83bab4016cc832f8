"""Every page, filled with naughty strings wherever a text can stand: it stays the page that it is with harmless words."""

import msgspec
import pytest

from fanfare.web.layout import markdown, render
from tests import naughty
from tests.journeys.page_samples import SAMPLES
from tests.page_outline import Outline, filled

KINDS = ("markup", "Markdown", "templates", "directions", "combining", "SQL", "commands", "JSON", "spreadsheets", "mail")
TEXTS = [naughty.kept(each) for kind in KINDS for each in naughty.STRINGS[kind]]
ALWAYS = (
    *(
        "<script>alert(1)</script>",
        '" onfocus="alert(1)" autofocus="',
        "' onmouseover='alert(1)",
        "</textarea><script>alert(1)</script>",
    ),
    *("[x](javascript:alert(1))", "{{7*7}}", "&lt;script&gt;alert(1)&lt;/script&gt;", "</title><script>alert(1)</script>"),
)
"""On every page; of the others each page gets every sixth, so that each one stands on several pages."""
HARMLESS = "harmless"


def is_plain(text: str) -> bool:
    """Tell whether Markdown makes nothing of *text* but a paragraph, so that even its elements must be the same."""
    return Outline(str(markdown(text))).elements == [("p", ())] and "\n" not in text


@pytest.mark.parametrize("name", SAMPLES)
def test_a_page_stays_what_it_is_whatever_its_texts_are(name: str) -> None:
    shell, page = SAMPLES[name]
    harmless = Outline(render(filled(shell, HARMLESS), filled(page, HARMLESS)))

    for text in (*ALWAYS, *TEXTS[list(SAMPLES).index(name) % 6 :: 6]):
        outline = Outline(render(filled(shell, text), filled(page, text)))

        assert outline.harm == [], text
        assert outline.running == harmless.running, text
        if is_plain(text):
            assert outline.elements == harmless.elements, text


def test_a_text_is_shown_as_it_was_written() -> None:
    shell, page = SAMPLES["idea"]
    for text in TEXTS:
        outline = Outline(render(shell, msgspec.structs.replace(page, title=text)))

        assert any(each.strip() == text for each in outline.words), text


def test_the_outline_sees_what_a_template_lets_through() -> None:
    assert Outline('<p onclick="alert(1)">').harm
    assert Outline('<a href=" JavaScript:alert(1)">').harm
    assert Outline("<p><script src=x>").running
