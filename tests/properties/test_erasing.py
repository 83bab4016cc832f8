"""What an erasure must never do: change a figure. Told over whole histories, with erasures and removals at any place in them."""

from collections.abc import Sequence
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from fanfare.platform.logs.port import StoredEntry
from fanfare.record.entry import pack, unpack
from fanfare.record.envelope import encode
from fanfare.record.kinds import Event
from fanfare.record.members import MemberErased, MemberJoined
from fanfare.record.texts import TextRemoved
from fanfare.reports.recount import Recount
from fanfare.reports.report import encoded
from tests.builders import HOST, recorded, text
from tests.histories import Teller

SEEDS = st.integers(0, 2**32)


def with_others(written: Sequence[StoredEntry], others: Sequence[tuple[float, bytes]]) -> list[StoredEntry]:
    """Return a history with other entries in partition 0, each at its place between the second entry (0) and the end (1)."""
    lane = [each.body for each in written if each.partition == 0]
    most = len(lane)
    for share, body in sorted(others, reverse=True):
        lane.insert(2 + round(share * (most - 2)), body)
    return [
        *(StoredEntry(0, offset, body) for offset, body in enumerate(lane)),
        *(each for each in written if each.partition != 0),
    ]


def reports(told: Teller, written: Sequence[StoredEntry]) -> list[bytes]:
    """Return every report of a history in its canonical bytes."""
    fold = Recount(told.partitions)
    for each in written:
        fold.apply(unpack(each.partition, each.offset, each.body))
    campaigns = [encoded(fold.campaign_report(each)) for each in told.campaigns]
    return [*campaigns, *(encoded(fold.round_report(each)) for each in told.rounds)]


def joined(told: Teller) -> list[str]:
    """Return the members of a history, in the order in which they joined."""
    entries = [unpack(0, each.offset, each.body) for each in told.written if each.partition == 0]
    seen = [each.event for entry in entries for _, each in entry.positioned()]
    return list(dict.fromkeys(each.member for each in seen if isinstance(each, MemberJoined)))


def an_erasure(random: Random, members: Sequence[str]) -> Event:
    """Return an erasure of somebody in the history, or the removal of a text of it."""
    if random.random() < 0.5:
        return MemberErased(member=random.choice([*members, "nobodyatall"]))
    reason = text("It gives away where somebody lives.") if random.random() < 0.5 else None
    return TextRemoved(text=text(random.choice(("t", "b", "Yes!", "story"))), by=HOST, reason=reason, idea="idea0001")


@settings(max_examples=60)
@given(SEEDS)
def test_a_history_with_erasures_anywhere_has_the_same_reports_byte_for_byte(seed: int) -> None:
    told = Teller(seed, 4).tell()
    random, members = Random(seed), joined(told)
    places = [0.2 + 0.8 * random.random() for _ in range(random.randint(1, 12))]
    # A join that is told again changes nothing: it only takes the places, so that positions and moments are the same.
    filler = pack([encode(recorded(MemberJoined(member=members[0])))])
    erasures = [pack([encode(recorded(an_erasure(random, members)))]) for _ in places]

    without = reports(told, with_others(told.written, [(place, filler) for place in places]))
    erased = reports(told, with_others(told.written, list(zip(places, erasures, strict=True))))

    assert erased == without
