"""Which fans are the active ones, by the published rule."""

from datetime import UTC, datetime, timedelta

import pytest

from fanfare.community.segments import SEGMENTS, described, segments_of
from fanfare.record.ideas import CommentMade, IdeaRaised, IdeaSupported, IdeaWithdrawn
from fanfare.record.members import TookPart

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)  # a Wednesday
LONG_AGO = NOW - timedelta(days=400)


def ago(days: int) -> datetime:
    return NOW - timedelta(days=days)


def test_whoever_joined_and_did_nothing_is_new_and_then_in_no_segment() -> None:
    assert segments_of(ago(29), [], NOW) == {"new"}
    assert segments_of(ago(30), [], NOW) == frozenset()


@pytest.mark.parametrize("wire", [IdeaSupported.wire, CommentMade.wire])
def test_support_and_comments_show_interest(wire: str) -> None:
    assert segments_of(LONG_AGO, [(wire, ago(40))], NOW) == {"interested"}


@pytest.mark.parametrize("wire", [IdeaRaised.wire, TookPart.wire])
def test_ideas_and_votes_involve(wire: str) -> None:
    assert segments_of(LONG_AGO, [(wire, ago(40))], NOW) == {"involved"}


def test_two_weeks_are_needed_to_interact_and_many_deeds_of_one_week_are_not_enough() -> None:
    monday, sunday = ago(2), ago(3)

    assert "interacting" not in segments_of(LONG_AGO, [(CommentMade.wire, monday), (CommentMade.wire, ago(0))], NOW)
    assert "interacting" in segments_of(LONG_AGO, [(CommentMade.wire, monday), (CommentMade.wire, sunday)], NOW)
    assert "interacting" not in segments_of(LONG_AGO, [(CommentMade.wire, monday), (CommentMade.wire, ago(30))], NOW)


def test_active_is_all_three_and_two_of_them_are_not() -> None:
    both = [(CommentMade.wire, ago(2)), (IdeaRaised.wire, ago(9))]

    assert segments_of(LONG_AGO, both, NOW) == {"interested", "involved", "interacting", "active"}
    assert "active" not in segments_of(LONG_AGO, [(CommentMade.wire, ago(2)), (CommentMade.wire, ago(9))], NOW)


def test_lapsed_is_whoever_did_something_and_nothing_for_ninety_days() -> None:
    assert segments_of(LONG_AGO, [(IdeaRaised.wire, ago(90))], NOW) == {"involved", "lapsed"}
    assert "lapsed" not in segments_of(LONG_AGO, [(IdeaRaised.wire, ago(90)), (CommentMade.wire, ago(89))], NOW)


def test_what_is_no_deed_of_the_rule_changes_nothing() -> None:
    assert segments_of(LONG_AGO, [(IdeaWithdrawn.wire, ago(1)), (IdeaWithdrawn.wire, ago(9))], NOW) == frozenset()


def test_every_segment_has_its_rule_in_words() -> None:
    assert set(described()) == set(SEGMENTS)
