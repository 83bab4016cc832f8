"""Who belongs to circles, after any history: once or twice told, in one fold or step by step, by both counters' rule."""

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from fanfare.awards.belonging import Belonging
from fanfare.platform.logs.port import StoredEntry
from fanfare.record.decisions import Streams
from fanfare.record.entry import unpack
from fanfare.record.envelope import Recorded
from fanfare.record.terms import circle_of
from fanfare.reports.recount import Recount
from tests.histories import Teller
from tests.properties.test_counting import everything_twice

SEEDS = st.integers(0, 2**32)


def belonging(written: Iterable[StoredEntry]) -> dict[str, list[str]]:
    """Return who belongs to each circle after these entries."""
    fold, streams, offset = Belonging(), Streams(), 0
    for stored in written:
        if stored.partition:
            continue
        entry = unpack(0, offset, stored.body)
        offset += 1
        for each in entry.events if streams.take(entry) else ():
            if isinstance(each, Recorded):
                streams.evolve(each)
                fold.apply(each.event)
    return {circle: sorted(fold.of(state)) for circle, state in streams.circles.items()}


@settings(max_examples=80)
@given(SEEDS)
def test_who_belongs_is_the_same_where_every_event_was_appended_twice(seed: int) -> None:
    told = Teller(seed, 4).tell()

    assert belonging(everything_twice(told.random, told.written)) == belonging(told.written)


@settings(max_examples=60)
@given(SEEDS)
def test_nobody_votes_in_a_round_of_a_circle_who_never_belonged_while_it_was_open(seed: int) -> None:
    """Who could vote is put together step by step; asked again after each entry, it never names anybody else."""
    told = Teller(seed, 1).tell()
    fold, seen = Recount(1), dict[str, set[str]]()
    for stored in told.written:
        fold.apply(unpack(0, stored.offset, stored.body))
        for campaign in fold.streams.campaigns.values():
            for each in campaign.rounds:
                circle = fold.streams.circles.get(circle_of(each.plan.electorate))
                if circle is not None and each.status == "open":
                    seen.setdefault(each.id, set()).update(fold.circled.belonging.of(circle))
    for round_id, members in seen.items():
        found = fold.streams.round(round_id)
        assert found is not None
        assert members <= fold.circled.could_vote(found[1], fold.streams.circles)
