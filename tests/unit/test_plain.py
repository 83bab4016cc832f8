"""The quick way through an entry of several types answers as the full way does, or not at all."""

from random import Random

import pytest

from fanfare.record.ballots import BallotsClosed
from fanfare.record.catalogue import UPCASTS
from fanfare.record.entry import Entry, unpack
from fanfare.record.envelope import Recorded
from fanfare.record.ideas import CommentMade, IdeaRaised, IdeaSupported
from fanfare.record.kinds import Event
from fanfare.record.members import MemberJoined
from fanfare.record.plain import read_plain
from tests.builders import body, published, recorded, text
from tests.histories import Teller
from tests.unit.test_alike import fully, mutations

MIXED: list[Event] = [
    MemberJoined(member="fan1"),
    IdeaRaised(
        idea="idea1", campaign="flavour", round="ideas", by="fan1", title=text("title"), body=text("body"), tags=text("tags")
    ),
    IdeaSupported(idea="idea1", by="fan2", number=1),
    CommentMade(comment="comment1", idea="idea1", by="fan2", text=text("words")),
    BallotsClosed(terms="0" * 64),
]


def agree(stored: bytes) -> bool:
    """Tell whether the quick way gives no answer, or that of the full way."""
    quick = read_plain(stored)
    return quick is None or Entry(0, 7, quick) == fully(0, stored)


def test_an_entry_of_several_types_is_read_quickly() -> None:
    stored = body(*(recorded(each) for each in MIXED))

    assert [each.event for each in read_plain(stored) or ()] == MIXED
    assert agree(stored)


def test_what_stands_outside_partition_0_is_left_to_the_full_way() -> None:
    stored = body(*(recorded(each) for each in MIXED))

    assert [isinstance(each, Recorded) for each in unpack(1, 7, stored).events] == [False, False, False, False, True]


@pytest.mark.parametrize(
    "odd",
    [
        recorded(published(), stream="flavour"),
        recorded(published()),
        recorded(MIXED[0], stream="flavour"),
        recorded(MIXED[0], id="no spaces"),
        recorded(MemberJoined(member="FAN1")),
        recorded(IdeaSupported(idea="idea1", by="fan2", number=100_001)),
    ],
)
def test_one_event_that_is_not_plain_leaves_its_entry_to_the_full_way(odd: Recorded) -> None:
    assert read_plain(body(*(recorded(each) for each in MIXED), odd)) is None


@pytest.mark.parametrize(
    ("ours", "other"),
    [
        (b'"id":"', b'"id":"two words","id":"'),
        (b'"specversion":"1.0"', b'"after":0,"specversion":"1.0","stream":"flavour"'),
        (b'"specversion":"1.0"', b'"newer":1,"specversion":"1.0"'),
        (b'Z","type"', b'+02:00","type"'),
        (b'"type":"fanfare.member.joined.v1"', b'"type":"fanfare.member.joined.v99"'),
        (b'[{"data"', b'[ {"data"'),
    ],
)
def test_what_we_would_spell_otherwise_is_left_to_the_full_way(ours: bytes, other: bytes) -> None:
    stored = body(*(recorded(each) for each in MIXED))

    assert ours in stored
    assert read_plain(stored.replace(ours, other, 1)) is None


def test_an_old_wire_name_is_left_to_the_full_way_which_upcasts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(UPCASTS, MemberJoined.wire, lambda _: MemberJoined(member="fan9"))

    assert read_plain(body(*(recorded(each) for each in MIXED))) is None


def test_no_mutation_of_a_mixed_entry_makes_the_two_ways_differ() -> None:
    stored = body(*(recorded(each) for each in MIXED))

    mutated = list(mutations(stored, Random("mixed"), 4000))

    assert [each for each in mutated if not agree(each)] == []
    assert any(read_plain(each) is not None for each in mutated if each != stored)


def test_every_entry_of_partition_0_of_a_history_is_read_the_same_both_ways() -> None:
    written = [each.body for seed in range(20) for each in Teller(seed, 4).tell().written if each.partition == 0]

    assert [each for each in written if not agree(each)] == []
    assert sum(read_plain(each) is not None for each in written) > 100
