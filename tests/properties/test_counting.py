"""What must hold for every history: the order between partitions and repeated appends change no figure."""

from collections import Counter
from collections.abc import Iterable
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fanfare.platform.logs.port import StoredEntry
from fanfare.record.catalogue import CONTESTED, EVENTS
from fanfare.record.entry import pack, unpack
from fanfare.record.envelope import Recorded, encode
from fanfare.reports.recount import Recount
from fanfare.reports.report import Ballots, CampaignReport, RoundReport, encoded
from tests.histories import MUST_HAPPEN, Teller, interleaved

SEEDS = st.integers(0, 2**32)
PARTITIONS = st.sampled_from((1, 4, 4, 8))
TOLD: Counter[str] = Counter()
"""What the histories of this run held; the last test asserts that nothing was missing."""


def recount(partitions: int, entries: Iterable[StoredEntry]) -> Recount:
    """Fold the entries in the order given."""
    fold = Recount(partitions)
    for each in entries:
        fold.apply(unpack(each.partition, each.offset, each.body))
    return fold


def reports(fold: Recount, told: Teller) -> list[CampaignReport | RoundReport]:
    """Return every report there is."""
    return [*(fold.campaign_report(each) for each in told.campaigns), *(fold.round_report(each) for each in told.rounds)]


def note(told: Teller, found: list[CampaignReport | RoundReport]) -> None:
    """Keep what a history held, by its teller and by its reports."""
    TOLD.update(told.happened)
    for report in found:
        if isinstance(report, RoundReport):
            ballots = report.ballots
            TOLD.update({"late ballot": ballots.late, "replaced ballot": ballots.replaced})
            TOLD.update({"counted ballot": ballots.counted, "void ballot": ballots.void})
            TOLD["tied at the cut"] += bool(report.ties.at_cut)
    for stored in told.written:
        entry = unpack(stored.partition, stored.offset, stored.body)
        TOLD.update(recorded.event.wire for _, recorded in entry.positioned())


def without_places(report: CampaignReport | RoundReport) -> bytes:
    """
    Return the report without moment and positions, which move when something is appended in between.

    Without what cannot be read too: the record tells by moments and positions which rounds that concerns.
    """
    changes: dict[str, object] = {"moment": ()}
    if isinstance(report, RoundReport):
        changes["decisions"] = tuple(msgspec.structs.replace(each, position="") for each in report.decisions)
        changes |= {"unreadable": (), "ballots": readable(report.ballots)}
    else:
        changes["rounds"] = tuple(msgspec.structs.replace(each, ballots=readable(each.ballots)) for each in report.rounds)
    return encoded(msgspec.structs.replace(report, **changes))


def readable(ballots: Ballots) -> Ballots:
    """Return the account of the ballots that could be read."""
    return msgspec.structs.replace(ballots, received=ballots.received - ballots.unreadable, unreadable=0)


def everything_twice(random: Random, written: list[StoredEntry]) -> list[StoredEntry]:
    """Return the history in which each event was appended again, at once or any time later: a decision whole, others alone."""
    bodies: dict[int, list[bytes]] = {}
    for stored in written:
        bodies.setdefault(stored.partition, []).append(stored.body)
    result = []
    for partition, lane in bodies.items():
        for place, body in reversed(list(enumerate(lane))):
            for again in copies(partition, body):
                later = place + 1 if random.random() < 0.3 else random.randint(place + 1, len(lane))
                lane.insert(later, again)
        result += [StoredEntry(partition, offset, body) for offset, body in enumerate(lane)]
    return result


def copies(partition: int, body: bytes) -> list[bytes]:
    """Return what a confused writer appends again of an entry."""
    entry = unpack(partition, 0, body)
    if entry.decision is not None:
        return [body]
    return [pack([encode(each)]) for each in entry.events if isinstance(each, Recorded)]


@settings(max_examples=120)
@given(SEEDS, PARTITIONS)
def test_every_interleaving_of_the_partitions_gives_the_same_reports(seed: int, partitions: int) -> None:
    told = Teller(seed, partitions).tell()
    plain = reports(recount(partitions, told.written), told)
    note(told, plain)

    mixed = reports(recount(partitions, interleaved(told.random, told.written)), told)

    assert [encoded(each) for each in mixed] == [encoded(each) for each in plain]


@settings(max_examples=120)
@given(SEEDS, PARTITIONS)
def test_every_event_appended_twice_counts_once(seed: int, partitions: int) -> None:
    told = Teller(seed, partitions).tell()
    once = reports(recount(partitions, told.written), told)

    twice = reports(recount(partitions, everything_twice(told.random, told.written)), told)

    assert [without_places(each) for each in twice] == [without_places(each) for each in once]


@settings(max_examples=40)
@given(SEEDS, PARTITIONS)
def test_every_ballot_is_accounted_for(seed: int, partitions: int) -> None:
    told = Teller(seed, partitions).tell()

    for report in reports(recount(partitions, told.written), told):
        if isinstance(report, RoundReport):
            ballots = report.ballots
            assert ballots.unreadable == len(report.unreadable)
            assert ballots.received == ballots.counted + ballots.replaced + ballots.late + ballots.void + ballots.unreadable
            assert ballots.received - ballots.unreadable == sum(minute.ballots for minute in report.turnout)
            assert min(ballots.counted, ballots.replaced, ballots.late, ballots.void) >= 0


@pytest.mark.parametrize("partitions", [1, 4, 8])
def test_the_histories_hold_everything_that_can_go_wrong(partitions: int) -> None:
    TOLD.clear()
    for seed in range(60):
        told = Teller(seed, partitions).tell()
        note(told, reports(recount(partitions, told.written), told))

    wanted = {*MUST_HAPPEN, *EVENTS} - ({"astray"} if partitions == 1 else set())
    assert sorted(wanted - {what for what, times in TOLD.items() if times}) == []
    assert {event.wire for event in CONTESTED} <= TOLD.keys()
