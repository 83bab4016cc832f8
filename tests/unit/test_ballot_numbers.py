"""Which numbers of a voter's ballots came before: the first of each counts as a ballot, in whatever order they come."""

from random import Random

import pytest

from fanfare.reports.boxes import BallotBox
from tests.builders import a_ballot, a_plan, terms_for

TERMS = terms_for(a_plan(), partitions=(1,))
MINUTE = "2026-11-11T12:00:00Z"


def a_box() -> BallotBox:
    """Return an empty box that knows its terms."""
    box = BallotBox()
    box.admit(TERMS)
    return box


@pytest.mark.parametrize("seed", range(20))
def test_a_number_is_repeated_exactly_if_it_came_before(seed: int) -> None:
    random, box = Random(seed), a_box()
    numbers = [random.choice((random.randint(1, 12), random.randint(1, 100_000))) for _ in range(200)]

    told = [box.cast(1, MINUTE, a_ballot(TERMS, "fan1", "a", number=number)) == "repeated" for number in numbers]

    assert told == [number in numbers[:place] for place, number in enumerate(numbers)]


def test_of_a_voter_who_left_no_number_out_none_is_kept_beside_the_highest() -> None:
    box = a_box()

    for number in (1, 3, 2, 4):
        box.cast(1, MINUTE, a_ballot(TERMS, "fan1", "a", number=number))

    assert box._beyond == {}


def test_voters_in_the_same_state_share_it() -> None:
    box = a_box()

    for fan in range(1000):
        box.cast(1, MINUTE, a_ballot(TERMS, f"fan{fan}", "abc"[fan % 3]))

    assert len(box._states) == 4  # one for each option, and one for who has not voted


@pytest.mark.parametrize("numbers", [(1, 1), (5, 5), (5, 1, 5), (2, 1, 2)])
def test_the_same_number_again_is_no_ballot_and_changes_no_choice(numbers: tuple[int, ...]) -> None:
    box = a_box()
    for place, number in enumerate(numbers):
        box.cast(1, MINUTE, a_ballot(TERMS, "fan1", "b" if place == len(numbers) - 1 else "a", number=number))

    assert box.ballots().received == len(set(numbers))
    assert {each.options: ballots for each, ballots in box.chosen().items()} == {("a",): 1}
