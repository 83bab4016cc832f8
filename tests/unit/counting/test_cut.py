"""Ranks and the cut."""

from hypothesis import given
from hypothesis import strategies as st

from fanfare.counting.cut import Cut, cut
from fanfare.record.terms import TieRule


def ranks(found: Cut) -> list[tuple[str, int, int]]:
    """Return option, votes and rank of each line."""
    return [(each.option, each.votes, each.rank) for each in found.ranking]


def test_options_with_equal_votes_share_a_rank_and_the_next_one_skips() -> None:
    found = cut("abcd", {"a": 1, "b": 5, "c": 3, "d": 3}, 1, "earliest")

    assert ranks(found) == [("b", 5, 1), ("c", 3, 2), ("d", 3, 2), ("a", 1, 4)]
    assert found.advanced == ("b",)
    assert found.tied == ()


def test_a_tie_at_the_cut_falls_to_the_earliest() -> None:
    found = cut("dcba", {"a": 2, "b": 2, "c": 2, "d": 1}, 2, "earliest")

    assert found.advanced == ("c", "b")
    assert found.tied == ("c", "b", "a")


def test_a_tie_at_the_cut_sends_all_on_where_the_terms_say_so() -> None:
    found = cut("abcde", {"a": 9, "b": 2, "c": 2, "d": 2, "e": 1}, 2, "all-advance")

    assert found.advanced == ("a", "b", "c", "d")
    assert found.tied == ("b", "c", "d")


def test_a_tie_away_from_the_cut_is_none_that_a_rule_decided() -> None:
    above = cut("abc", {"a": 2, "b": 2, "c": 1}, 2, "earliest")
    below = cut("abc", {"a": 2, "b": 1, "c": 1}, 1, "all-advance")

    assert (above.advanced, above.tied) == (("a", "b"), ())
    assert (below.advanced, below.tied) == (("a",), ())


def test_where_there_are_fewer_options_than_places_all_go_on() -> None:
    for places in (2, 3, 200):
        assert cut("ab", {"a": 1}, places, "earliest") == cut("ab", {"a": 1}, places, "all-advance")
        assert cut("ab", {"a": 1}, places, "earliest").advanced == ("a", "b")
        assert cut("ab", {"a": 1}, places, "earliest").tied == ()


def test_an_option_without_votes_has_none_and_can_still_go_on() -> None:
    found = cut("abc", {"b": 1}, 2, "earliest")

    assert ranks(found) == [("b", 1, 1), ("a", 0, 2), ("c", 0, 2)]
    assert found.advanced == ("b", "a")
    assert found.tied == ("a", "c")


def test_without_options_nothing_goes_on() -> None:
    assert cut((), {}, 3, "all-advance") == Cut((), ())


def test_votes_for_what_is_no_option_are_not_ranked() -> None:
    assert ranks(cut("a", {"a": 1, "zebra": 9}, 1, "earliest")) == [("a", 1, 1)]


OPTIONS = st.lists(st.sampled_from("abcdefgh"), unique=True)
VOTES = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 4))
PLACES = st.integers(1, 9)
RULES = st.sampled_from(("earliest", "all-advance"))


@given(OPTIONS, VOTES, PLACES)
def test_under_earliest_exactly_as_many_go_on_as_there_are_places(options: list[str], votes: dict[str, int], places: int) -> None:
    assert len(cut(options, votes, places, "earliest").advanced) == min(places, len(options))


@given(OPTIONS, VOTES, PLACES)
def test_under_all_advance_nobody_stays_behind_with_the_votes_of_one_who_went_on(
    options: list[str], votes: dict[str, int], places: int
) -> None:
    found = cut(options, votes, places, "all-advance")

    stayed = [each.votes for each in found.ranking if not each.advanced]
    went = [each.votes for each in found.ranking if each.advanced]
    assert len(went) >= min(places, len(options))
    assert not stayed or min(went) > max(stayed)
    assert len(went) == min(places, len(options)) or set(found.tied) <= set(found.advanced)


@given(OPTIONS, VOTES, PLACES, RULES)
def test_a_ranking_holds_every_option_once_and_never_rises(
    options: list[str], votes: dict[str, int], places: int, rule: TieRule
) -> None:
    found = cut(options, votes, places, rule)

    assert sorted(each.option for each in found.ranking) == sorted(options)
    figures = [each.votes for each in found.ranking]
    assert figures == sorted(figures, reverse=True)
    assert [each.rank for each in found.ranking] == [1 + sum(other > figure for other in figures) for figure in figures]
    went = [each.advanced for each in found.ranking]
    assert went == sorted(went, reverse=True)


@given(OPTIONS, VOTES, PLACES, RULES)
def test_tied_are_exactly_those_between_whom_the_rule_and_not_the_votes_decided(
    options: list[str], votes: dict[str, int], places: int, rule: TieRule
) -> None:
    found = cut(options, votes, places, rule)

    inside = {each.votes for each in found.ranking[:places]}
    outside = {each.votes for each in found.ranking[places:]}
    assert set(found.tied) == {each.option for each in found.ranking if each.votes in inside & outside}
