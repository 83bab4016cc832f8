"""Drawing: the root of the entrants, their order, and who holds a seat."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanfare.lots.ranking import ranked
from fanfare.lots.root import entrants_root
from fanfare.lots.seats import Answer, Seat, seats_at
from tests.builders import NOON

MEMBERS = st.lists(st.from_regex(r"[a-z0-9]{4,12}", fullmatch=True), max_size=40)
VALUE = hashlib.sha256(b"value").hexdigest()
HOUR = timedelta(hours=1)


def tree(members: Sequence[str]) -> bytes:
    """Return the root as RFC 6962 writes it down: split at the largest power of two."""
    if len(members) < 2:
        return hashlib.sha256(*[b"\x00" + each.encode() for each in members] or [b""]).digest()
    split = 1 << (len(members) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + tree(members[:split]) + tree(members[split:])).digest()


@given(MEMBERS)
def test_the_root_is_the_tree_of_the_rfc_over_the_sorted_members(members: list[str]) -> None:
    assert entrants_root(members) == tree(sorted(set(members))).hex()


@given(MEMBERS, st.randoms())
def test_neither_the_order_of_entering_nor_a_double_changes_root_or_ranking(members: list[str], random: st.DataObject) -> None:
    shuffled = [*members, *members[:3]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert entrants_root(shuffled) == entrants_root(members)
    assert ranked(VALUE, "draw4b", shuffled) == ranked(VALUE, "draw4b", members)


@given(MEMBERS)
def test_the_ranking_holds_everybody_once_and_another_draw_has_another_one(members: list[str]) -> None:
    found = ranked(VALUE, "draw4b", members)

    assert sorted(found) == sorted(set(members))
    keys = [hashlib.sha256(bytes.fromhex(VALUE) + f"draw4b{each}".encode()).digest() for each in found]
    assert keys == sorted(keys)


def test_of_nobody_the_root_is_the_hash_of_nothing() -> None:
    assert entrants_root([]) == hashlib.sha256(b"").hexdigest()
    assert ranked(VALUE, "draw4b", []) == []


def test_each_entrant_changes_the_root() -> None:
    roots = {entrants_root(["anna", "bert", *more]) for more in ([], ["carl"], ["carla"], ["carl", "carla"])}

    assert len(roots) == 4


RANKING = ("anna", "bert", "carl", "dora", "emil")


def seated(*answers: Answer, seats: int = 2, reserves: int = 2, answer_h: int = 24, after_h: float = 0) -> dict[str, str]:
    """Return what state the seat of each is in some hours after the draw."""
    now = NOON + after_h * HOUR
    found = seats_at(RANKING, seats=seats, reserves=reserves, answer_h=answer_h, done_at=NOON, answers=answers, now=now)
    return {each.member: each.state for each in found}


def yes(member: str, h: float) -> Answer:
    return Answer(member, accepts=True, at=NOON + h * HOUR)


def no(member: str, h: float) -> Answer:
    return Answer(member, accepts=False, at=NOON + h * HOUR)


def test_the_first_are_offered_the_seats_and_hold_them_once_they_accept() -> None:
    assert seated() == {"anna": "offered", "bert": "offered"}
    assert seated(yes("anna", 1), after_h=2) == {"anna": "held", "bert": "offered"}


def test_where_no_answer_is_asked_for_a_seat_is_held_at_once() -> None:
    assert seated(answer_h=0) == {"anna": "held", "bert": "held"}
    assert seated(no("anna", 1), answer_h=0, after_h=2) == {"anna": "declined", "bert": "held", "carl": "held"}


def test_a_decline_lifts_the_next_reserve_and_not_before_it_was_said() -> None:
    assert seated(no("bert", 3), after_h=2) == {"anna": "offered", "bert": "offered"}
    assert seated(no("bert", 3), after_h=3) == {"anna": "offered", "bert": "declined", "carl": "offered"}


def test_a_time_that_is_over_lifts_the_next_reserve_who_gets_a_whole_time_of_her_own() -> None:
    found = seats_at(RANKING, seats=2, reserves=2, answer_h=24, done_at=NOON, answers=[yes("bert", 24)], now=NOON + 24 * HOUR)

    assert found == [
        Seat("anna", 1, NOON, "lapsed", NOON + 24 * HOUR),
        Seat("bert", 2, NOON, "held", NOON + 24 * HOUR),
        Seat("carl", 3, NOON + 24 * HOUR, "offered", NOON + 48 * HOUR),
    ]


def test_an_answer_after_the_time_is_over_takes_no_seat() -> None:
    assert seated(yes("anna", 25), yes("bert", 1), after_h=26) == {"anna": "lapsed", "bert": "held", "carl": "offered"}


def test_a_seat_that_was_accepted_can_be_given_back() -> None:
    assert seated(yes("anna", 1), no("anna", 30), yes("bert", 1), after_h=40) == {
        "anna": "declined",
        "bert": "held",
        "carl": "offered",
    }


def test_a_reserve_who_declined_beforehand_is_passed_over_at_once() -> None:
    assert seated(no("carl", 1), no("anna", 2), after_h=2) == {
        "anna": "declined",
        "bert": "offered",
        "carl": "declined",
        "dora": "offered",
    }


def test_nobody_beyond_the_reserves_is_lifted() -> None:
    everybody = [no(each, 1) for each in RANKING]

    assert seated(*everybody, after_h=2) == dict.fromkeys(RANKING[:4], "declined")


def test_fewer_entrants_than_seats_leave_seats_empty() -> None:
    assert seated(seats=100, reserves=0, answer_h=0) == dict.fromkeys(RANKING, "held")


ANSWERS = st.lists(
    st.builds(Answer, st.sampled_from(RANKING), st.booleans(), st.integers(0, 100).map(lambda h: NOON + h * HOUR)), max_size=12
)


@given(ANSWERS, st.randoms(), st.sampled_from((0, 10, 24)), st.integers(0, 120))
def test_answers_twice_and_in_any_order_seat_the_same_and_never_more_than_there_are_seats(
    answers: list[Answer], random: st.DataObject, answer_h: int, after_h: int
) -> None:
    found = seated(*answers, answer_h=answer_h, after_h=after_h)
    again = [*answers, *answers[:4]]
    random.shuffle(again)  # type: ignore[attr-defined]

    assert seated(*again, answer_h=answer_h, after_h=after_h) == found
    assert sum(state in ("held", "offered") for state in found.values()) <= 2
    assert list(found) == list(RANKING[: len(found)])


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 9, 1000])
def test_the_tree_is_split_where_the_rfc_splits_it(count: int) -> None:
    members = [f"m{number:06}" for number in range(count)]

    assert entrants_root(reversed(members)) == tree(members).hex()
