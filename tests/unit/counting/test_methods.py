"""The voting methods: which choices are valid, and what they add up to."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanfare.counting.method import METHODS
from fanfare.record.ballots import Chosen

OFFERED = frozenset("abcd")


def chosen(options: str) -> Chosen:
    """Return a choice of one-letter options."""
    return Chosen(options=tuple(options))


def in_all(*ballots: str) -> Counter[Chosen]:
    """Return how many ballots make each choice; a ballot is its options, of a letter each."""
    return Counter(map(chosen, ballots))


@pytest.mark.parametrize(
    ("method", "options", "most", "valid"),
    [
        ("plurality.v1", "a", 1, True),
        ("plurality.v1", "a", 3, True),
        ("plurality.v1", "ab", 3, False),
        ("plurality.v1", "", 1, False),
        ("plurality.v1", "z", 1, False),
        ("approval.v1", "a", 3, True),
        ("approval.v1", "abc", 3, True),
        ("approval.v1", "abcd", 3, False),
        ("approval.v1", "", 3, False),
        ("approval.v1", "ba", 3, False),
        ("approval.v1", "aa", 3, False),
        ("approval.v1", "az", 3, False),
    ],
)
def test_a_choice_is_valid_as_its_method_says(method: str, options: str, most: int, *, valid: bool) -> None:
    assert METHODS[method].valid(chosen(options), OFFERED, most) is valid


def test_plurality_counts_one_option_a_ballot() -> None:
    assert METHODS["plurality.v1"].count(in_all(*"abaca")) == {"a": 3, "b": 1, "c": 1}


def test_approval_counts_every_option_of_a_ballot() -> None:
    assert METHODS["approval.v1"].count(in_all("ab", "a", "bcd")) == {"a": 2, "b": 2, "c": 1, "d": 1}


@pytest.mark.parametrize("method", METHODS)
def test_no_ballots_give_no_figures(method: str) -> None:
    assert METHODS[method].count({}) == {}


BALLOTS = st.lists(st.sets(st.sampled_from("abcd"), min_size=1).map(lambda each: "".join(sorted(each))))


@given(BALLOTS, st.randoms(use_true_random=False))
def test_the_order_of_approval_ballots_changes_nothing(ballots: list[str], random: Random) -> None:
    before = METHODS["approval.v1"].count(in_all(*ballots))
    random.shuffle(ballots)

    assert METHODS["approval.v1"].count(in_all(*ballots)) == before
    assert sum(before.values()) == sum(map(len, ballots))


@given(st.lists(st.sampled_from("abcd")), st.randoms(use_true_random=False))
def test_the_order_of_plurality_ballots_changes_nothing(ballots: list[str], random: Random) -> None:
    before = METHODS["plurality.v1"].count(in_all(*ballots))
    random.shuffle(ballots)

    assert METHODS["plurality.v1"].count(in_all(*ballots)) == before
    assert sum(before.values()) == len(ballots)
