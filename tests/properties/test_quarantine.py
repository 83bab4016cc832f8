"""Which rounds an event concerns that cannot be read."""

from collections.abc import Sequence
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fanfare.platform.logs.port import StoredEntry
from fanfare.record.campaigns import RoundClosed, RoundClosing, RoundOpened, RoundSealed, RoundVoided
from fanfare.record.entry import pack, unpack
from fanfare.record.ideas import IdeaRaised
from fanfare.record.position import Position
from fanfare.record.terms import IdeasRaised, RoundTerms, hash_terms
from fanfare.record.unreadable import Unreadable
from fanfare.reports.recount import Recount
from tests.builders import HOST, a_marker, a_plan, founded, planned, published, terms_for, text
from tests.histories import Teller, interleaved
from tests.unit.audit.archives import Record, recounted

NOTHING = b'{"type":"fanfare.ballot.cast.v1"}'
PLAN = a_plan()
TERMS = terms_for(PLAN, partitions=(1, 2))
RAISING = a_plan(method="support.v1", options=IdeasRaised())
OTHER = RoundTerms(campaign="flavour", round="ideas", plan=RAISING, options=(), partitions=())


def naming(name: str, value: str) -> bytes:
    """Return a ballot that cannot be read and names something."""
    return b'{"type":"fanfare.ballot.cast.v1","data":{"%b":"%b"}}' % (name.encode(), value.encode())


def two_rounds() -> Record:
    """A vote in partitions 1 and 2 and a round of ideas, both open."""
    record = Record()
    record.decide(founded(), stream="site")
    record.decide(published(), planned(RAISING, "ideas"), planned(PLAN))
    for terms in (TERMS, OTHER):
        record.decide(RoundOpened(terms=terms, moment=record.heads))
    words: dict[str, Any] = {"title": text("t"), "body": text("b"), "tags": text("")}
    record.put(IdeaRaised(idea="idea0", campaign="flavour", round="ideas", by="fan1", **words))
    return record


def concerned(record: Record) -> list[str]:
    """Return the rounds that an unreadable event may be of."""
    fold = recounted(record.written)
    return [each for each in ("final", "ideas") if fold.unread(each)]


ABOUT = [
    (0, NOTHING, ["final", "ideas"]),
    (1, NOTHING, ["final"]),
    (3, NOTHING, []),
    (1, naming("terms", hash_terms(TERMS)), ["final"]),
    (1, naming("terms", hash_terms(OTHER)), []),
    (0, naming("terms", hash_terms(OTHER)), ["ideas"]),
    (0, naming("round", "final"), ["final"]),
    (0, naming("idea", "idea0"), ["ideas"]),
    (0, naming("subject", "idea0"), ["ideas"]),
    (0, naming("campaign", "flavour"), ["final", "ideas"]),
    (1, naming("terms", "ab" * 32), ["final"]),
    (0, naming("round", "unknown"), ["final", "ideas"]),
    (0, naming("voter", "final"), ["final", "ideas"]),
]


@pytest.mark.parametrize(("partition", "event", "rounds"), ABOUT)
def test_an_event_that_cannot_be_read_concerns_what_it_names_or_all_that_it_may_be_of(
    partition: int, event: bytes, rounds: list[str]
) -> None:
    record = two_rounds()

    record.append(pack([event]), partition)

    assert concerned(record) == rounds


def test_what_names_another_campaign_concerns_no_round_of_this_one() -> None:
    record = two_rounds()
    record.decide(planned(PLAN, "elsewhere"), stream="another")

    record.append(pack([naming("stream", "another")]), 0)

    assert concerned(record) == []


@pytest.mark.parametrize("partition", [0, 1])
def test_what_stands_before_the_opening_and_names_nothing_does_not_concern_the_round(partition: int) -> None:
    record = Record()
    record.decide(founded(), stream="site")
    record.decide(published(), planned(PLAN))
    record.append(pack([NOTHING]), partition)
    record.decide(RoundOpened(terms=TERMS, moment=record.heads))

    assert concerned(record) == []


@pytest.mark.parametrize("event", [NOTHING, naming("round", "final")])
def test_what_stands_behind_the_marker_is_late_whatever_it_says(event: bytes) -> None:
    record = two_rounds()
    record.decide(RoundClosing(round="final"))
    record.put(a_marker(TERMS), partition=1)

    record.append(pack([event]), 1)
    assert concerned(record) == []
    record.append(pack([event]), 2)
    assert concerned(record) == ["final"]


@pytest.mark.parametrize("event", [NOTHING, naming("round", "final")])
def test_what_stands_behind_the_moment_of_the_sealing_concerns_the_round_no_more(event: bytes) -> None:
    record = two_rounds()
    record.decide(RoundClosing(round="final"))
    for partition in TERMS.partitions:
        record.put(a_marker(TERMS), partition=partition)
    record.decide(RoundClosed(round="final"))
    moment = record.heads

    record.append(pack([event]), 0)
    assert "final" in concerned(record)
    record.decide(RoundSealed(round="final", moment=moment, report=text("report")))
    assert "final" not in concerned(record)


def test_a_void_round_has_no_result_to_be_incomplete() -> None:
    record = two_rounds()
    record.append(pack([NOTHING]), 1)

    record.decide(RoundVoided(round="final", reason=text("A fault."), by=HOST))

    assert concerned(record) == []


def test_an_event_of_an_overtaken_decision_counts_for_nothing_readable_or_not() -> None:
    record = two_rounds()
    overtaken = next(each for each in record.written if b"round.opened" in each.body)

    record.append(overtaken.body[:-1] + b"," + NOTHING + b"]", 0)

    assert concerned(record) == []


def test_the_same_bytes_again_are_the_same_event() -> None:
    record = two_rounds()

    for event in (NOTHING, naming("round", "final"), NOTHING):
        record.append(pack([event]), 1)
    record.append(pack([NOTHING]), 2)

    assert [str(each.position) for each in recounted(record.written).unread("final")] == ["1:0:0", "1:1:0", "2:0:0"]


@settings(max_examples=25)
@given(st.integers(0, 2**32))
def test_whatever_cannot_be_read_appended_again_at_the_end_changes_no_list(seed: int) -> None:
    told = Teller(seed, 4).tell()
    once = recounted(told.written)
    heads = list(once.moment)
    again: list[StoredEntry] = []
    for stored in told.written:
        for position, each in unpack(stored.partition, stored.offset, stored.body).placed:
            if isinstance(each, Unreadable) and _still_of_the_same(once, told, position):
                again.append(StoredEntry(stored.partition, heads[stored.partition], _raw(stored, position)))
                heads[stored.partition] += 1

    twice = recounted([*told.written, *again])

    assert [twice.unread(each) for each in told.rounds] == [once.unread(each) for each in told.rounds]


def _still_of_the_same(fold: Recount, told: Teller, position: Position) -> bool:
    """Tell whether an event concerns each round that takes in what comes at the end of its partition."""
    waiting = [each for each in told.rounds if fold.round_report(each).status in ("open", "closing", "closed")]
    return all(any(unread.position == position for unread in fold.unread(each)) for each in waiting)


def _raw(stored: StoredEntry, position: Position) -> bytes:
    """Return an entry that holds one event of another, byte for byte."""
    return pack([bytes(msgspec.json.decode(stored.body, type=list[msgspec.Raw])[position.index])])


@settings(max_examples=25)
@given(st.integers(0, 2**32))
def test_every_interleaving_gives_the_same_list(seed: int) -> None:
    told = Teller(seed, 4).tell()
    plain, mixed = recounted(told.written), recounted(list(interleaved(Random(seed), told.written)))

    assert [mixed.unread(each) for each in told.rounds] == [plain.unread(each) for each in told.rounds]


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 3), st.one_of(st.binary(max_size=60), st.just(b"[7]"))), max_size=20))
def test_any_bytes_at_all_leave_the_figures_of_what_can_be_read_alone(rubbish: Sequence[tuple[int, bytes]]) -> None:
    record = two_rounds()
    plain = recounted(record.written).round_report("final")

    for partition, body in rubbish:
        record.append(body, partition)

    found = recounted(record.written).round_report("final")
    assert found.ranking == plain.ranking
    assert found.ballots.received == plain.ballots.received + found.ballots.unreadable
    assert found.ballots.counted == plain.ballots.counted
    assert found.ballots.unreadable == len(found.unreadable)


def test_a_ballot_that_cannot_be_read_is_received_and_not_counted() -> None:
    record = two_rounds()
    record.append(pack([naming("terms", hash_terms(TERMS))]), 1)

    report = recounted(record.written).round_report("final")

    assert (report.ballots.received, report.ballots.counted, report.ballots.unreadable) == (1, 0, 1)
    assert report.waiting
