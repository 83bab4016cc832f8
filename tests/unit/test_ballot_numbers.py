"""Which numbers of a voter's ballots came before: the first of each counts as a ballot, in whatever order they come."""

from random import Random

import pytest

from fanfare.reports.boxes import BallotBox, _is_repeated, _Voter
from tests.builders import a_ballot, a_plan, terms_for

TERMS = terms_for(a_plan(), partitions=(1,))


@pytest.mark.parametrize("seed", range(20))
def test_a_number_is_repeated_exactly_if_it_came_before(seed: int) -> None:
    random = Random(seed)
    numbers = [random.choice((random.randint(1, 12), random.randint(1, 100_000))) for _ in range(200)]
    voter = _Voter(0, None, 0, None)

    told = [_is_repeated(voter, number) for number in numbers]

    assert told == [number in numbers[:place] for place, number in enumerate(numbers)]


def test_a_voter_who_leaves_out_no_number_is_kept_in_a_few_bytes() -> None:
    voter = _Voter(0, None, 0, None)

    for number in (1, 3, 2, 4):
        _is_repeated(voter, number)

    assert (voter.upto, voter.beyond) == (4, None)


@pytest.mark.parametrize("numbers", [(1, 1), (5, 5), (5, 1, 5), (2, 1, 2)])
def test_the_same_number_again_is_no_ballot_and_changes_no_choice(numbers: tuple[int, ...]) -> None:
    box = BallotBox()
    box.admit(TERMS)
    for place, number in enumerate(numbers):
        box.cast(1, "2026-11-11T12:00:00Z", a_ballot(TERMS, "fan1", "b" if place == len(numbers) - 1 else "a", number=number))

    assert box.ballots().received == len(set(numbers))
    assert [each.options for each in box.choices()] == [("a",)]
