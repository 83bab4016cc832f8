"""What must hold of newcomers for every history: whoever brought one is credited once, as long as something of hers stands."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from fanfare.awards.deeds import Deeds, Done
from fanfare.awards.newcomers import CONTRIBUTIONS, Welcomes
from fanfare.record.bringing import MOST_WELCOMES, NewcomerBrought, NewcomerWelcomed
from fanfare.record.entry import unpack
from fanfare.record.envelope import Recorded
from tests.awarded import lane, results
from tests.histories import Teller, interleaved
from tests.properties.test_counting import everything_twice

SEEDS = st.integers(0, 2**32)


def credited(bodies: list[bytes], chosen: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """Return who is credited at the end, by the newcomer, once each step was found to follow from what stands then."""
    deeds, standing, first, stands = Deeds(chosen), dict[str, str](), dict[str, str](), Counter[str]()
    for offset, each in enumerate(bodies):
        entry = unpack(0, offset, each)
        for deed in deeds.apply(entry):
            step = 1 if isinstance(deed, Done) else -1
            stands[deed.member] += step * (deed.kind in CONTRIBUTIONS)
            if deed.kind == "fan-brought":
                assert (deed.target not in standing) == isinstance(deed, Done), "credited and fallen in turn"
                standing.update({deed.target: deed.member}) if isinstance(deed, Done) else standing.pop(deed.target)
        for recorded in entry.events:
            event = recorded.event if isinstance(recorded, Recorded) else None
            if isinstance(event, NewcomerBrought) and event.by != event.newcomer:
                first.setdefault(event.newcomer, event.by)
        assert standing == {newcomer: by for newcomer, by in first.items() if stands[newcomer]}
    return standing


@settings(max_examples=25)
@given(SEEDS)
def test_whoever_first_brought_a_newcomer_is_credited_as_long_as_something_of_hers_stands(seed: int) -> None:
    told = Teller(seed, 4).tell()
    chosen = results(4, told.written)

    once = credited(lane(told.written), chosen)

    assert all(newcomer != by for newcomer, by in once.items())
    assert credited(lane(everything_twice(told.random, told.written)), chosen) == once
    assert credited(lane(list(interleaved(told.random, told.written))), chosen) == once


@settings(max_examples=25)
@given(SEEDS)
def test_the_first_welcomes_of_three_others_count_whatever_is_appended_twice(seed: int) -> None:
    told = Teller(seed, 1).tell()

    once, twice = (folded(lane(each)) for each in (told.written, everything_twice(told.random, told.written)))

    assert once == twice
    for newcomer, welcomes in once.items():
        givers = [each.by for each in welcomes]
        assert len(givers) <= MOST_WELCOMES
        assert len(set(givers)) == len(givers)
        assert newcomer not in givers


def folded(bodies: list[bytes]) -> dict[str, list[NewcomerWelcomed]]:
    """Return the welcomes that count."""
    welcomes = Welcomes()
    for offset, each in enumerate(bodies):
        for recorded in unpack(0, offset, each).events:
            if isinstance(recorded, Recorded) and isinstance(recorded.event, NewcomerWelcomed):
                welcomes.apply(recorded.event)
    return welcomes.given
