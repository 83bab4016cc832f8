"""Every sample of a page in a language that nobody speaks: nothing stays in English but what people wrote."""

from collections.abc import Iterator

import pytest

from tests import pseudo
from tests.journeys.page_samples import SAMPLES


@pytest.fixture(scope="module", autouse=True)
def _spoken() -> Iterator[None]:
    with pseudo.spoken():
        yield


@pytest.mark.parametrize("name", SAMPLES)
def test_a_page_says_nothing_in_plain_english(name: str) -> None:
    assert pseudo.sample_strays(name) == []


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("<p>Sign in</p>", ("p", "Sign in")),
        ("<p class='lead by'>⟦Táld⟧ by <b>Noor A.</b></p>", ("p.lead", "by")),
        ("<input placeholder='Your name'>", ("input[placeholder]", "Your name")),
        ("<a aria-label='⟦Á⟧ B of it'>x</a>", ("a[aria-label]", "B of it")),
        ("<button data-guard='Sending it…'>⟦Sénd⟧</button>", ("button[data-guard]", "Sending it…")),
        ("<meta name='description' content='All of it.'>", ("meta[content]", "All of it.")),
        ("<p>⟦Hálf</p><p>⟦á⟧</p>", ("p", "brackets are not closed")),
    ],
)
def test_words_outside_of_the_brackets_are_seen(html: str, said: tuple[str, str]) -> None:
    assert pseudo.strays(html, pseudo.Content(["Noor A."])) == [said]


@pytest.mark.parametrize(
    "html",
    [
        "<p>⟦Réád <a href='/x'>whát</a> ñó trácé⟧</p>",
        "<p>Noor A., 3 <time>4 May</time></p>",
        "<p>9f2c 41d0 … e2d9</p>",
        "<p lang='en'>In English, and it says so.</p>",
        "<em>Tart</em>",
        "<p data-state='open' class='word two'>⟦X⟧</p>",
    ],
)
def test_what_people_wrote_and_what_is_no_word_is_passed_over(html: str) -> None:
    assert pseudo.strays(html, pseudo.Content(["Noor A.", "**Tart**, a little almond"])) == []
