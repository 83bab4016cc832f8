"""What looks for traces of a person finds them in every spelling, and nothing that chance wrote."""

import base64
from random import Random

import pytest

from tests.integration.traces import traces

WORD = "Gladly."


def test_a_text_is_found_as_it_is_in_hexadecimal_and_in_an_address_in_either_case() -> None:
    for spelled in (b"GLADLY.", WORD.encode().hex().upper().encode(), b"q=Gladly.&x", WORD.encode("utf-16-le")):
        assert traces(b"before " + spelled + b" after", [WORD]) == [WORD]


@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("after", range(4))
def test_a_text_is_found_in_base64_wherever_it_stands(before: int, after: int) -> None:
    coded = base64.b64encode(b"\xff" * before + WORD.encode() + b"\xff" * after)

    assert traces(coded, [WORD]) == [WORD]


def test_signatures_have_no_text_by_chance() -> None:
    signatures = base64.b64encode(Random(1).randbytes(3_000_000))

    assert traces(signatures, [WORD, "Quince"]) == []


def test_what_is_too_short_to_be_told_from_chance_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Noor is too short to be looked for"):
        traces(b"", ["Noor"])
