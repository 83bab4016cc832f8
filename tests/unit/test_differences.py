"""Two versions of a text are told apart word by word."""

from hypothesis import given
from hypothesis import strategies as st

from fanfare.web.differences import Piece, differences

TEXTS = st.text(alphabet="ab ,.\nß", max_size=60)


@given(TEXTS, TEXTS)
def test_without_what_is_gone_the_pieces_are_the_new_text_and_without_what_is_new_the_old(old: str, new: str) -> None:
    pieces = differences(old, new)

    assert "".join(each.text for each in pieces if each.kind != "gone") == new
    assert "".join(each.text for each in pieces if each.kind != "new") == old


def test_a_changed_word_stands_beside_the_one_it_replaces() -> None:
    assert differences("pine and lemon, cold", "pine and lime, cold") == (
        Piece("same", "pine and "),
        Piece("gone", "lemon"),
        Piece("new", "lime"),
        Piece("same", ", cold"),
    )


def test_a_changed_phrase_reads_as_one() -> None:
    assert differences("boiled twice now", "steeped once now") == (
        Piece("gone", "boiled twice"),
        Piece("new", "steeped once"),
        Piece("same", " now"),
    )


def test_the_same_text_has_no_differences() -> None:
    assert differences("As it was.", "As it was.") == (Piece("same", "As it was."),)


def test_texts_as_long_as_they_may_be_are_compared_line_by_line() -> None:
    long = "\n".join(f"line {n} of a long text" for n in range(1000))

    pieces = differences(long, long.replace("line 500 ", "row 500 "))

    assert [each.kind for each in pieces] == ["same", "gone", "new", "same"]
