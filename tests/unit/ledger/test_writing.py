"""Base64, numbers, names and lines have one form each."""

import pytest

from fanfare.ledger.faults import Malformed
from fanfare.ledger.writing import LARGEST, from_base64, from_decimal, hash_from_base64, is_name, lines_of, to_base64


@pytest.mark.parametrize("number", [0, 1, 10, LARGEST])
def test_a_number_is_read_as_it_is_written(number: int) -> None:
    assert from_decimal(str(number)) == number


@pytest.mark.parametrize("text", ["", "00", "01", "+1", "-1", " 1", "1\n", "1_0", "0x1", "\u0661", str(LARGEST + 1), "9" * 5000])
def test_a_number_in_another_form_or_too_large_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="not a number"):
        from_decimal(text)


@pytest.mark.parametrize("text", ["A", "AA", "AA=", "AB==", "AAB=", "AA==\n", "A A=", "AA==AA==", "A-_A", "AAAA=", "\u0410AAA"])
def test_base64_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="not base64"):
        from_base64(text)


def test_a_hash_has_32_bytes() -> None:
    assert hash_from_base64(to_base64(bytes(32))) == bytes(32)
    for size in (0, 31, 33, 64):
        with pytest.raises(Malformed, match=f"{size} bytes, not 32"):
            hash_from_base64(to_base64(bytes(size)))


def test_a_message_does_not_repeat_more_than_a_line_of_what_was_wrong() -> None:
    with pytest.raises(Malformed) as refused:
        from_base64("?" * 100_000)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("name", ["fanfare.example/record/0", "Zoë", "—dash"])
def test_a_name_may_have_any_letters(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("stored", [b"", b"a", b"a\nb", b"a\r\n", b"a\x00\n", b"\x1b[1m\n", b"\xed\xa0\x80\n"])
def test_lines_that_no_note_can_have_are_refused(stored: bytes) -> None:
    with pytest.raises(Malformed):
        lines_of(stored)


def test_lines_may_be_empty() -> None:
    assert lines_of(b"a\n\nb\n") == ["a", "", "b"]
    assert lines_of(b"\n") == [""]
