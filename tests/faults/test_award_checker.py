"""The check of awards catches planted bugs: one left out, doubled, forged, altered or counted twice."""

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import pytest

from fanfare.record.entry import Entry
from fanfare.record.envelope import Decision, Recorded, derived_id
from fanfare.record.ideas import CommentMade, IdeaRaised
from fanfare.record.kinds import Event
from fanfare.record.recognition import STREAM, AwardGranted, Badge, Points, RulePublished, Tier
from tests.builders import HOST, text
from tests.faults.checker import Evidence, Rows, complaints
from tests.faults.credit import LEVELS, MOST_ON_ONE, POINTS, TIERS, clean_fold
from tests.faults.history import Remarked

AWARDS, COMMENTS = "every_deed_is_awarded_once", "acknowledged_comments_are_in_place"
FAN, OTHER = "membera", "memberb"
WORDS = {"title": text("r"), "words": text("w"), "by": HOST}
RULES = (
    RulePublished(rule="voice", version=1, deeds=("comment-made",), earns=Points(points=POINTS, per_target=MOST_ON_ONE), **WORDS),
    RulePublished(rule="regular", version=1, deeds=("comment-made",), earns=Badge(emblem="star", levels=LEVELS), **WORDS),
    RulePublished(
        rule="place", version=1, deeds=(), earns=Tier(levels=TIERS, names=tuple(text(each) for each in "abc")), **WORDS
    ),
)


def placed(event: Event, event_id: str, decision: Decision | None = None) -> Recorded:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Recorded(id=event_id, source="s", subject="s", time=at, event=event, decision=decision)


def comment(number: int, by: str = FAN) -> Recorded:
    return placed(CommentMade(comment=f"comment{number}", idea="idea", by=by, text=text(str(number))), f"id-{number}")


def deeds() -> list[Entry]:
    """Three rules, an idea of the host's, and below it three comments of one fan and one of another."""
    title, body, tags = text("t"), text("b"), text("g")
    idea = placed(IdeaRaised(idea="idea", campaign="camp", round="round", by=HOST, title=title, body=body, tags=tags), "id-idea")
    rules = [placed(rule, f"id-{rule.rule}", Decision(STREAM, after)) for after, rule in enumerate(RULES)]
    entries = [(each,) for each in rules] + [(idea,), (comment(1),), (comment(2), comment(3)), (comment(4, OTHER),)]
    return [Entry(0, offset, events) for offset, events in enumerate(entries)]


def awards() -> list[Recorded]:
    """What they earned: two points' worth, two levels and a tier; and points, a level and a tier."""
    return [placed(due.event(), due.event_id) for due in clean_fold(deeds()).values()]


def with_awards(*awarded: Recorded) -> list[Entry]:
    return [*deeds(), Entry(0, len(deeds()), awarded)]


def whole() -> Evidence:
    said = [(1, "a", "0:4:0"), (2, "a", "0:5:0"), (3, "a", "0:5:1"), (4, "b", "0:6:0")]
    remarks = [Remarked(f"k{number}", fan, "idea", 201, 0.0, f"id-{number}", where) for number, fan, where in said]
    sums: Rows = [("", FAN, 2 * POINTS, True), ("", OTHER, POINTS, True), ("camp", OTHER, POINTS, True)]
    return Evidence(
        history=(),
        entries=with_awards(*awards()),
        tables={"recognition.sums": sums},
        replayed={"recognition.sums": sums},
        remarks=remarks,
        members={"a": FAN, "b": OTHER},
        standings={FAN: 2 * POINTS, OTHER: POINTS},
    )


def altered(**changes: object) -> Evidence:
    return msgspec.structs.replace(whole(), **changes)


def changed(**changes: object) -> Recorded:
    """Return the first award with other contents."""
    first = awards()[0]
    return msgspec.structs.replace(first, event=msgspec.structs.replace(first.event, **changes))


def test_what_is_whole_gives_no_complaint_also_where_an_award_was_appended_twice() -> None:
    assert len(awards()) == 8
    assert complaints(whole()) == {}
    assert complaints(altered(entries=with_awards(*awards(), awards()[0]))) == {}


def one_left_out() -> Evidence:
    return altered(entries=with_awards(*awards()[1:]))


def one_under_two_ids() -> Evidence:
    return altered(entries=with_awards(*awards(), changed(award=derived_id("else"))))


def one_event_under_two_ids() -> Evidence:
    return altered(entries=with_awards(*awards(), msgspec.structs.replace(awards()[0], id="else")))


def one_that_nobody_earned() -> Evidence:
    forged = AwardGranted(
        **{name: getattr(awards()[0].event, name) for name in ("turn", "kind", "points", "rule", "version", "cause", "offset")},
        award=derived_id("forged"),
        member="stranger",
    )
    return altered(entries=with_awards(*awards(), placed(forged, derived_id("forged event"))))


def one_for_a_comment_too_many() -> Evidence:
    points = next(each for each in awards() if each.event.points)  # type: ignore[attr-defined]
    third = msgspec.structs.replace(points.event, award=derived_id("third"), cause="id-3", offset=5)
    return altered(entries=with_awards(*awards(), placed(third, derived_id("third event"))))


def one_of_more_points() -> Evidence:
    return altered(entries=with_awards(changed(points=POINTS + 1), *awards()[1:]))


def one_to_somebody_else() -> Evidence:
    return altered(entries=with_awards(changed(member=OTHER), *awards()[1:]))


def one_counted_twice_by_the_read_model() -> Evidence:
    sums: Rows = [("", FAN, 3 * POINTS, True), ("", OTHER, POINTS, True)]
    return altered(tables={"recognition.sums": sums}, replayed={"recognition.sums": sums})


def somebody_missing_in_the_standings() -> Evidence:
    return altered(standings={FAN: 2 * POINTS})


def a_comment_that_is_gone_with_its_awards() -> Evidence:
    entries = deeds()[:-1]
    written = [placed(due.event(), due.event_id) for due in clean_fold(entries).values()]
    return altered(entries=[*entries, Entry(0, len(entries), tuple(written))])


def a_comment_by_somebody_else() -> Evidence:
    entries = with_awards(*awards())
    entries[6] = Entry(0, 6, (comment(4, FAN),))
    return altered(entries=entries)


@pytest.mark.parametrize(
    ("planted", "caught"),
    [
        (one_left_out, {AWARDS}),
        (one_under_two_ids, {AWARDS}),
        (one_event_under_two_ids, {AWARDS}),
        (one_that_nobody_earned, {AWARDS}),
        (one_for_a_comment_too_many, {AWARDS}),
        (one_of_more_points, {AWARDS}),
        (one_to_somebody_else, {AWARDS}),
        (one_counted_twice_by_the_read_model, {AWARDS}),
        (somebody_missing_in_the_standings, {AWARDS}),
        (a_comment_that_is_gone_with_its_awards, {AWARDS, COMMENTS}),
        (a_comment_by_somebody_else, {AWARDS, COMMENTS}),
    ],
    ids=lambda planted: getattr(planted, "__name__", ""),
)
def test_a_planted_bug_is_caught_by_the_check_that_is_there_for_it(planted: Callable[[], Evidence], caught: set[str]) -> None:
    assert complaints(planted()).keys() == caught
