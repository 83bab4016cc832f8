"""What a reader makes of an entry's bytes: events, what is passed over alone, and what stops it."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanfare.record.campaigns import RoundClosed
from fanfare.record.catalogue import CONTESTED, EVENTS
from fanfare.record.entry import Entry, UnknownEvent, pack, unpack
from fanfare.record.envelope import Decision, Recorded, derived_id, encode, event_id
from fanfare.record.examples import EXAMPLES
from fanfare.record.kinds import digest
from fanfare.record.members import MemberJoined
from fanfare.record.position import Position
from fanfare.record.site import RoleGranted
from fanfare.record.unreadable import Unreadable
from tests.builders import HOST, a_ballot, a_plan, body, founded, recorded, terms_for

JOINED = EXAMPLES["fanfare.member.joined.v1"]
BALLOT = EXAMPLES["fanfare.ballot.cast.v1"]
WIRES = sorted(EVENTS)


def changed(example: bytes, *path: str, to: object) -> bytes:
    """Return an encoded event with something else at a path."""
    whole: dict[str, Any] = msgspec.json.decode(example)
    part = whole
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = to
    return msgspec.json.encode(whole)


def without(example: bytes, key: str) -> bytes:
    """Return an encoded event that lacks an attribute."""
    whole = msgspec.json.decode(example)
    del whole[key]
    return msgspec.json.encode(whole)


def kinds(entry: Entry) -> list[str]:
    """Return of each event of an entry whether it could be read."""
    return [type(each).__name__ for each in entry.events]


def test_the_events_of_an_entry_have_their_places() -> None:
    entry = unpack(0, 7, body(recorded(MemberJoined(member="noor")), recorded(MemberJoined(member="anna"))))

    assert [(str(at), each.event) for at, each in entry.positioned()] == [
        ("0:7:0", MemberJoined(member="noor")),
        ("0:7:1", MemberJoined(member="anna")),
    ]
    assert entry.decision is None


def test_what_was_encoded_is_read_back_the_same() -> None:
    events = (recorded(founded(), stream="site"), recorded(RoleGranted(member=HOST, role="host"), stream="site"))

    assert unpack(0, 0, body(*events)) == Entry(0, 0, events)


@pytest.mark.parametrize("wire", ["fanfare.ballot.cast.v2", "fanfare.sweepstake.drawn.v1", "", "fanfare.ballot.cast.v1\n"])
def test_an_event_that_this_version_does_not_know_stops_the_reader(wire: str) -> None:
    with pytest.raises(UnknownEvent, match=r"^2:5:1: .* is not known to this version of Fanfare; upgrade it"):
        unpack(2, 5, pack([BALLOT, changed(BALLOT, "type", to=wire)]))


def test_an_unknown_event_stops_the_reader_also_in_an_envelope_of_a_later_shape() -> None:
    with pytest.raises(UnknownEvent):
        unpack(0, 0, b'[{"specversion":"2.0","type":"fanfare.ballot.cast.v9","id":7}]')


@pytest.mark.parametrize(
    "broken",
    [
        changed(JOINED, "data", "member", to="NOT AN ID"),
        changed(JOINED, "data", "member", to="noor\n"),
        changed(JOINED, "data", "member", to=7),
        changed(JOINED, "data", "surname", to="Haddad"),
        changed(JOINED, "data", to={}),
        changed(JOINED, "data", to=None),
        without(JOINED, "data"),
        without(JOINED, "time"),
        changed(JOINED, "time", to="2026-11-11T13:02:00"),
        changed(JOINED, "time", to="2026-11-11T13:02:00+01:00"),
        changed(JOINED, "id", to=""),
        changed(JOINED, "id", to="a\x00b"),
        changed(JOINED, "subject", to="grün"),
        changed(JOINED, "specversion", to="1.1"),
        changed(JOINED, "after", to=3),
        changed(JOINED, "stream", to="site"),
        JOINED.replace(b"m7noor", b"m7\xff\xfenoor"),
        b"7",
        b"null",
        b'{"type":7}',
    ],
)
def test_an_event_that_is_invalid_is_passed_over_alone(broken: bytes) -> None:
    entry = unpack(0, 0, pack([JOINED, broken, JOINED]))

    assert kinds(entry) == ["Recorded", "Unreadable", "Recorded"]
    assert [at for at, _ in entry.positioned()] == [Position(0, 0, 0), Position(0, 0, 2)]


@pytest.mark.parametrize("number", [0, -1, 100_001, 1.5, "1", None, 2**70])
def test_a_ballot_with_a_number_that_is_none_is_passed_over(number: object) -> None:
    assert kinds(unpack(1, 0, pack([BALLOT, changed(BALLOT, "data", "number", to=number)]))) == ["Recorded", "Unreadable"]


@pytest.mark.parametrize("wire", sorted(set(WIRES) - {"fanfare.ballot.cast.v1", "fanfare.ballots.closed.v1"}))
def test_only_ballots_and_markers_stand_outside_partition_0(wire: str) -> None:
    assert kinds(unpack(1, 0, pack([EXAMPLES[wire], BALLOT]))) == ["Unreadable", "Recorded"]


@pytest.mark.parametrize("wire", sorted(event.wire for event in CONTESTED))
def test_a_contested_event_that_does_not_say_what_it_was_decided_upon_is_passed_over(wire: str) -> None:
    bare = without(without(EXAMPLES[wire], "stream"), "after")

    assert kinds(unpack(0, 0, pack([bare]))) == ["Unreadable"]


def test_an_event_in_a_stream_that_is_not_its_own_is_passed_over() -> None:
    closed = recorded(RoundClosed(round="final"), stream="site")
    granted = recorded(RoleGranted(member=HOST, role="host"), stream="flavour")

    assert kinds(unpack(0, 0, body(closed))) == kinds(unpack(0, 0, body(granted))) == ["Unreadable"]


def test_an_event_that_was_decided_upon_something_else_than_its_entry_is_passed_over() -> None:
    closed = [recorded(RoundClosed(round="final"), stream="flavour", after=after) for after in (4, 5)]
    joined = recorded(MemberJoined(member="noor"))

    assert kinds(unpack(0, 0, body(*closed))) == ["Recorded", "Unreadable"]
    assert kinds(unpack(0, 0, body(joined, *closed))) == ["Recorded", "Unreadable", "Unreadable"]
    assert kinds(unpack(0, 0, body(closed[0], joined))) == ["Recorded", "Unreadable"]


def test_a_decision_is_that_of_its_first_readable_event() -> None:
    closed = recorded(RoundClosed(round="final"), stream="flavour", after=4)

    assert unpack(0, 0, pack([b"7", encode(closed)])).decision == Decision("flavour", 4)


def test_a_ballot_is_never_contested() -> None:
    cast = recorded(a_ballot(terms_for(a_plan()), "noor", "a"), stream="flavour")

    assert kinds(unpack(1, 0, body(cast))) == ["Unreadable"]


def test_an_entry_without_events_is_none() -> None:
    assert unpack(0, 0, b"[]") == Entry(0, 0, ())


@pytest.mark.parametrize(
    "body", [b"", b"7", b"{}", b"[", b'["\\ud800"]', b"[" * 60_000, b"[" * 30_000 + b"]" * 30_000, b"[7,]", b"[NaN]"]
)
def test_an_entry_that_is_no_json_array_is_passed_over_as_a_whole(body: bytes) -> None:
    assert unpack(0, 0, body).events == (Unreadable("not a JSON array", digest(body)),)


@given(st.binary(max_size=300))
def test_rubbish_never_raises(rubbish: bytes) -> None:
    assert all(isinstance(each, Unreadable) for each in unpack(0, 0, rubbish).events)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=5,
)


@given(st.data())
def test_an_event_with_anything_anywhere_raises_nothing_but_that_it_is_unknown(draw: st.DataObject) -> None:
    whole = part = msgspec.json.decode(EXAMPLES[draw.draw(st.sampled_from(WIRES))])
    while isinstance(part[key := draw.draw(st.sampled_from(sorted(part)))], dict) and draw.draw(st.booleans()):
        part = part[key]
    part[key] = draw.draw(ANYTHING)

    try:
        entry = unpack(draw.draw(st.integers(0, 3)), 0, pack([msgspec.json.encode(whole), BALLOT]))
    except UnknownEvent:
        assert whole["type"] not in EVENTS
    else:
        assert isinstance(entry.events[1], Recorded) or entry.decision is not None


@given(st.sampled_from(WIRES), st.data())
def test_an_event_with_bytes_changed_raises_nothing_but_that_it_is_unknown(wire: str, draw: st.DataObject) -> None:
    mangled = bytearray(EXAMPLES[wire])
    for _ in range(draw.draw(st.integers(1, 3))):
        mangled[draw.draw(st.integers(0, len(mangled) - 1))] = draw.draw(st.integers(0, 255))

    try:
        entry = unpack(0, 0, pack([bytes(mangled)]))
    except UnknownEvent:
        return
    for each in entry.events:
        if isinstance(each, Recorded):
            assert unpack(0, 0, pack([encode(each)])).events == (each,)


def test_an_id_follows_from_every_part_and_none_runs_into_the_next() -> None:
    asked = ("noor", "cast", "final", "key1", "body")

    assert event_id(b"k", asked) == event_id(b"k", asked)
    assert len({event_id(b"k", asked), event_id(b"l", asked), *(event_id(b"k", asked[:n]) for n in range(5))}) == 7
    assert event_id(b"k", ("ab", "c")) != event_id(b"k", ("a", "bc"))
    assert derived_id("ab", "c") != derived_id("a", "bc")
