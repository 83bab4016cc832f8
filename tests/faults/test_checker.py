"""Each check of the campaign catches a planted bug, and only that one."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from fanfare.record.ballots import BallotCast, BallotsClosed, Chosen
from fanfare.record.entry import Entry
from fanfare.record.envelope import Recorded
from fanfare.record.unreadable import Unreadable, unreadable_entry
from tests.faults.checker import Evidence, Rows, complaints
from tests.faults.history import Asked, Ballot, Count, History, Told, ballots, own_count, read_history

ROUND, TERMS = "r1", "ab" * 32
PLACE, COUNTS_ONCE = "acknowledged_ballots_are_in_place", "every_vote_counts_once"
INVENTED, GAP, MODELS = "nothing_is_there_that_nobody_sent", "offsets_have_no_gap", "read_models_equal_a_clean_replay"


def sent(number: int, voter: str = "a", option: str = "o1", **told: object) -> Ballot:
    asked = Asked(f"{voter}{number}", "fan", ROUND, voter * 32, number, (option,), 0.0)
    answer = {"status": 200, "event_id": f"id-{voter}{number}", "state": "taken", **told}
    return Ballot(asked, (msgspec.convert({"type": "told", "key": asked.key, "at": 0.0, **answer}, Told),))


def cast(number: int, voter: str = "a", option: str = "o1", event_id: str = "") -> Recorded:
    event = BallotCast(
        terms=TERMS, voter=voter * 32, number=number, choice=Chosen(options=(option,)), channel="api", admission="member"
    )
    return recorded(event, event_id or f"id-{voter}{number}")


def recorded(event: BallotCast | BallotsClosed, event_id: str = "marker") -> Recorded:
    return Recorded(id=event_id, source="s", subject=ROUND, time=datetime(2026, 1, 1, tzinfo=UTC), event=event)


def whole() -> Evidence:
    """Two voters, three ballots, of which one replaced another, one that was refused, and one that came late."""
    history = (
        sent(1, "a", "o1", position="1:0:0"),
        sent(2, "a", "o2", position="1:1:0"),
        sent(1, "b", "o1", position="1:1:1"),
        sent(3, "a", "o3", status=409, code="round-not-open", event_id="", state=""),
        sent(2, "b", "o3", position="1:3:0", state="late"),
    )
    entries = (
        Entry(0, 0, ()),
        Entry(1, 0, (cast(1, "a", "o1"),)),
        Entry(1, 1, (cast(2, "a", "o2"), cast(1, "b", "o1"))),
        Entry(1, 2, (recorded(BallotsClosed(terms=TERMS)),)),
        Entry(1, 3, (cast(2, "b", "o3"),)),
    )
    published = {"the leaderboard": Count(2, {"o1": 1, "o2": 1}), "the report": Count(2, {"o1": 1, "o2": 1})}
    tables: dict[str, Rows] = {"standings.scores": [("o1", 1), ("o2", 1)], "counted.markers": [(1, 2)]}
    return Evidence(history, entries, {ROUND: published}, tables, dict(tables))


def altered(**changes: object) -> Evidence:
    return msgspec.structs.replace(whole(), **changes)


def with_entry(place: int, *events: Recorded | Unreadable) -> Evidence:
    entries = list(whole().entries)
    entries[place] = msgspec.structs.replace(entries[place], events=events)
    return altered(entries=entries)


def test_what_is_whole_gives_no_complaint() -> None:
    assert complaints(whole()) == {}


def a_dropped_ballot() -> Evidence:
    return with_entry(2, recorded(BallotsClosed(terms="cd" * 32)), cast(1, "b", "o1"))


def a_replaced_one_dropped() -> Evidence:
    return with_entry(1, recorded(BallotsClosed(terms="cd" * 32)))


def one_under_another_id() -> Evidence:
    return with_entry(1, cast(1, "a", "o1", "id-else"))


def one_with_another_choice() -> Evidence:
    return with_entry(1, cast(1, "a", "o3"))


def a_double_with_a_higher_number() -> Evidence:
    return with_entry(2, cast(2, "a", "o2"), cast(1, "b", "o1"), cast(3, "a", "o1"))


def one_that_nobody_sent() -> Evidence:
    return with_entry(2, cast(2, "a", "o2"), cast(1, "b", "o1"), cast(1, "c", "o1"))


def a_late_one_that_nobody_sent() -> Evidence:
    return with_entry(4, cast(2, "b", "o3"), cast(1, "c", "o1"))


def one_that_was_refused() -> Evidence:
    return with_entry(4, cast(2, "b", "o3"), cast(3, "a", "o3"))


def a_marker_too_early() -> Evidence:
    return with_entry(1, cast(1, "a", "o1"), recorded(BallotsClosed(terms=TERMS)))


def a_gap() -> Evidence:
    return altered(entries=[*whole().entries, Entry(2, 1, ())])


def an_unreadable_event() -> Evidence:
    return altered(entries=[*whole().entries, Entry(2, 0, (unreadable_entry("not JSON", b""),))])


def another_published_tally() -> Evidence:
    return altered(rounds={ROUND: {**whole().rounds[ROUND], "the report": Count(2, {"o1": 2})}})


def a_voter_counted_twice() -> Evidence:
    return altered(rounds={ROUND: {"the leaderboard": Count(3, {"o1": 1, "o2": 2})}})


def an_outcome_nobody_knows() -> Evidence:
    return altered(history=[*whole().history, sent(4, "a", status=503, event_id="", state="")])


def another_row() -> Evidence:
    return altered(tables={**whole().tables, "standings.scores": [("o1", 1), ("o2", 2)]})


def a_row_too_many() -> Evidence:
    return altered(tables={**whole().tables, "counted.markers": [(1, 2), (1, 3)]})


def a_table_too_few() -> Evidence:
    return altered(tables={"counted.markers": [(1, 2)]})


@pytest.mark.parametrize(
    ("planted", "caught"),
    [
        (a_dropped_ballot, {PLACE, COUNTS_ONCE}),
        (a_replaced_one_dropped, {PLACE}),
        (one_under_another_id, {PLACE}),
        (one_with_another_choice, {PLACE, INVENTED}),
        (a_double_with_a_higher_number, {COUNTS_ONCE, INVENTED}),
        (one_that_nobody_sent, {COUNTS_ONCE, INVENTED}),
        (a_late_one_that_nobody_sent, {INVENTED}),
        (one_that_was_refused, {INVENTED}),
        (a_marker_too_early, {COUNTS_ONCE}),
        (a_gap, {GAP}),
        (an_unreadable_event, {GAP}),
        (another_published_tally, {COUNTS_ONCE}),
        (a_voter_counted_twice, {COUNTS_ONCE}),
        (an_outcome_nobody_knows, {COUNTS_ONCE}),
        (another_row, {MODELS}),
        (a_row_too_many, {MODELS}),
        (a_table_too_few, {MODELS}),
    ],
    ids=lambda planted: getattr(planted, "__name__", ""),
)
def test_a_planted_bug_is_caught_by_the_check_that_is_there_for_it(planted: Callable[[], Evidence], caught: set[str]) -> None:
    assert complaints(planted()).keys() == caught


def test_a_history_is_on_the_disk_line_by_line_and_reads_back(tmp_path: Path) -> None:
    history = History(tmp_path / "history.jsonl")
    asked = Asked("k", "fan", ROUND, "v", 1, ("o1",), 1.5)
    silent, done = Told("k", 0, 2.0), Told("k", 200, 3.0, "id", "1:0:0", "taken")

    history.write(asked)
    assert read_history(tmp_path / "history.jsonl") == [asked]
    for each in (silent, asked, done):
        history.write(each)
    history.close()

    lines = read_history(tmp_path / "history.jsonl")
    assert ballots(lines) == [Ballot(asked, (silent, done))]
    assert own_count(ballots(lines), ROUND) == Count(1, {"o1": 1})


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [((), "unknown"), ((0,), "unknown"), ((0, 503, 200), "taken"), ((409,), "refused"), ((0, 409), "unknown")],
)
def test_a_refusal_after_silence_settles_nothing(statuses: tuple[int, ...], outcome: str) -> None:
    asked = Asked("k", "fan", ROUND, "v", 1, ("o1",), 0.0)

    assert Ballot(asked, tuple(Told("k", each, 0.0) for each in statuses)).outcome == outcome
