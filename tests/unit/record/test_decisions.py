"""Which contested decisions are taken."""

import pytest

from fanfare.record.campaigns import RoundOpened, RoundVoided
from fanfare.record.decisions import Decided, Streams
from fanfare.record.entry import Entry
from fanfare.record.members import MemberJoined
from fanfare.record.site import RoleGranted, RoleRevoked
from tests.builders import HOST, a_plan, an_entry, founded, planned, published, recorded, terms_for, text


def voiding(offset: int, after: int, stream: str = "flavour", partition: int = 0) -> Entry:
    """Return the decision to void the final, decided upon *after*."""
    event = RoundVoided(round="final", reason=text("A fault."), by=HOST)
    return an_entry(offset, recorded(event, stream=stream, after=after), partition=partition)


def test_the_first_decision_whose_number_is_current_is_taken_and_all_others_are_passed_over() -> None:
    decided = Decided()

    taken = [decided.take(voiding(offset, after)) for offset, after in enumerate((0, 0, 1, 0, 1, 2, 4, 3))]

    assert taken == [True, False, True, False, False, True, False, True]
    assert decided.taken == {"flavour": 4}


def test_streams_do_not_wait_for_each_other() -> None:
    decided = Decided({"flavour": 3})

    assert decided.take(voiding(0, 0, stream="colour"))
    assert decided.take(voiding(1, 3))
    assert decided.taken == {"flavour": 4, "colour": 1}


def test_what_nobody_contests_always_holds_and_is_not_counted() -> None:
    decided = Decided()

    assert decided.take(an_entry(0, recorded(MemberJoined(member="noor"))))
    assert decided.take(an_entry(0, partition=1))
    assert decided.taken == {}


def test_no_decision_is_taken_outside_partition_0() -> None:
    assert not Decided().take(voiding(0, 0, partition=1))


def test_a_reader_starts_from_what_was_stored() -> None:
    stored = {"flavour": 3}
    decided = Decided(stored)

    assert not decided.take(voiding(0, 2))
    assert decided.take(voiding(1, 3))
    assert stored == {"flavour": 3}


def test_streams_hold_the_site_and_every_campaign() -> None:
    plan = a_plan()
    streams = Streams()
    story = [
        an_entry(0, recorded(founded(), stream="site"), recorded(RoleGranted(member=HOST, role="host"), stream="site")),
        an_entry(1, recorded(published(), stream="flavour"), recorded(planned(plan), stream="flavour")),
        an_entry(2, recorded(MemberJoined(member="noor"))),
        an_entry(3, recorded(RoundOpened(terms=terms_for(plan)), stream="flavour", after=1)),
        voiding(4, 1),
        an_entry(5, recorded(RoleRevoked(member=HOST, role="host", by="m1admin", reason=text("x")), stream="site", after=1)),
    ]

    held = [streams.apply(entry) for entry in story]

    assert held == [True, True, True, True, False, True]
    assert streams.site.founded == founded()
    assert streams.site.roles == frozenset()
    campaign, found = streams.round("final") or (None, None)
    assert campaign is streams.campaigns["flavour"]
    assert found is not None
    assert found.status == "open"
    assert streams.decisions("flavour") == streams.decisions("site") == 2
    assert streams.decisions("colour") == 0
    assert {each.offset for each in streams.ids.values()} == {0, 1, 3, 5}


@pytest.mark.parametrize("entry", [an_entry(1), an_entry(0, partition=1)])
def test_streams_take_only_the_next_entry_of_partition_0(entry: Entry) -> None:
    with pytest.raises(ValueError, match="expected entry 0 of partition 0"):
        Streams().apply(entry)


def test_a_site_is_founded_once() -> None:
    streams = Streams()
    streams.apply(an_entry(0, recorded(founded(4), stream="site")))

    streams.apply(an_entry(1, recorded(founded(8), stream="site", after=1)))

    assert streams.site.founded == founded(4)
