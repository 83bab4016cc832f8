"""What is known of an event that cannot be read: a rule on its bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanfare.record.ballots import BallotCast
from fanfare.record.entry import UnknownEvent, pack, unpack
from fanfare.record.envelope import encode
from fanfare.record.examples import EXAMPLES
from fanfare.record.kinds import digest
from fanfare.record.unreadable import Unreadable, unreadable, unreadable_entry
from tests.builders import a_ballot, a_plan, recorded, terms_for

TERMS = "cd" * 32


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        (b'{"data":{"terms":"%b"},"subject":"flavour3"}' % TERMS.encode(), (TERMS, "flavour3")),
        (b'{"data":{"idea":"idea0001","round":"flavour3"},"stream":"8thflavour"}', ("idea0001", "flavour3", "8thflavour")),
        (b'{"round" :\n"flavour3","x":{"round":"flavour3"}}', ("flavour3",)),
        (b'{"campaign":"abc","round":"Flavour","terms":"%b","stream":7}' % (b"a" * 65), ()),
        (b'{"text":"\\"round\\":\\"flavour3\\""}', ()),
        (b'"round":"flavour3', ()),
        (b"", ()),
        (b'\xff\x00"round":"flavour3"\xfe', ("flavour3",)),
    ],
)
def test_an_event_that_cannot_be_read_tells_what_it_names(raw: bytes, names: tuple[str, ...]) -> None:
    assert unreadable("why", raw) == Unreadable("why", digest(raw), names)


@given(st.binary(max_size=300))
def test_any_bytes_have_an_answer(raw: bytes) -> None:
    found = unreadable("why", raw)

    assert found.sha256 == digest(raw)
    assert all(name.encode() in raw for name in found.names)


@given(st.binary(max_size=300), st.integers(0, 3))
def test_an_entry_of_any_bytes_is_read_or_quarantined_or_stops_an_old_reader(entry: bytes, partition: int) -> None:
    try:
        read = unpack(partition, 0, entry)
    except UnknownEvent:
        return

    assert len(read.placed) == len(read.events)


@pytest.mark.parametrize("cut", [1, 40, 300])
def test_an_entry_that_was_cut_off_names_nothing_however_much_of_it_is_legible(cut: int) -> None:
    entry = pack([encode(recorded(a_ballot(terms_for(a_plan()), "fan1", "a"))) for _ in range(3)])[:-cut]

    assert unpack(1, 0, entry).events == (unreadable_entry("not a JSON array", entry),)


@given(st.data())
def test_a_ballot_with_one_byte_changed_is_read_or_quarantined_with_its_own_bytes(data: st.DataObject) -> None:
    ballot = bytearray(EXAMPLES[BallotCast.wire])
    ballot[data.draw(st.integers(0, len(ballot) - 1))] = data.draw(st.integers(0, 255))

    entry = pack([bytes(ballot), EXAMPLES[BallotCast.wire]])

    try:
        read = unpack(1, 0, entry)
    except UnknownEvent:
        return

    lost = [each for each in read.events if isinstance(each, Unreadable)]
    assert len(lost) <= 1
    assert all(each.sha256 in (digest(bytes(ballot)), digest(entry)) for each in lost)
