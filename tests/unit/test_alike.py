"""The quick way through an entry answers as the full way does, or not at all."""

from collections.abc import Iterator
from random import Random

import pytest

from fanfare.record import entry
from fanfare.record.alike import read_alike
from fanfare.record.ballots import BallotsClosed
from fanfare.record.entry import Entry, UnknownEvent
from fanfare.record.envelope import Recorded
from fanfare.record.ideas import IdeaSupported
from fanfare.record.kinds import Event
from fanfare.record.members import MemberJoined, TookPart
from fanfare.record.recognition import AwardGranted, AwardRevoked
from tests.builders import HOST, NOON, a_ballot, a_marker, a_plan, body, recorded, terms_for, token
from tests.histories import Teller

TERMS = terms_for(a_plan(method="approval.v1", most=2))
ALIKE: dict[str, list[Event]] = {
    "ballots": [a_ballot(TERMS, f"fan{each}", "a", "b", number=each + 1) for each in range(3)],
    "joins": [MemberJoined(member=f"fan{each}") for each in range(3)],
    "credits": [TookPart(member=f"fan{each}", round="final") for each in range(3)],
    "support": [IdeaSupported(idea="idea1", by=f"fan{each}", number=1) for each in range(3)],
    "awards": [
        AwardGranted(
            award=token(f"a{each}"), turn=1, member="fan1", kind="points", points=5, rule="r1", version=1, cause="c", offset=each
        )
        for each in range(3)
    ],
    "titles": [AwardGranted(award=token("t"), turn=3, member="fan1", kind="title", by=HOST, because=("idea1",), until=NOON)],
    "revocations": [AwardRevoked(award=token(f"a{each}"), turn=2, member="fan1", cause="c", offset=each) for each in range(3)],
}


def fully(partition: int, stored: bytes) -> Entry | None:
    """Return what the full way reads, or none where it stops."""
    try:
        return entry._unpack(partition, 7, stored)
    except UnknownEvent:
        return None


def agree(partition: int, stored: bytes) -> bool:
    """Tell whether the quick way gives no answer, or that of the full way."""
    quick = read_alike(partition, stored)
    return quick is None or Entry(partition, 7, quick) == fully(partition, stored)


def mutations(stored: bytes, random: Random, count: int) -> Iterator[bytes]:
    """Yield the entry with a byte changed, left out or doubled, or with a piece of it in another place."""
    for _ in range(count):
        at, to = random.randrange(len(stored)), random.randrange(len(stored))
        one = bytes([random.choice(b'\\"{}[]:,0Zz +-.\n\x00\xff')])
        size = random.randrange(1, 60)
        yield stored[:at] + random.choice((one, b"", stored[at : at + 1] * 2, one + stored[at : at + 1])) + stored[at + 1 :]
        yield stored[:at] + stored[to : to + size] + stored[at + random.choice((0, size)) :]


@pytest.mark.parametrize("kind", ALIKE)
@pytest.mark.parametrize("partition", [0, 1])
def test_an_entry_of_one_type_is_read_quickly_where_it_may_stand(kind: str, partition: int) -> None:
    stored = body(*(recorded(each) for each in ALIKE[kind]))

    quick = read_alike(partition, stored)

    assert (quick is not None) == (partition == 0 or kind == "ballots")
    assert agree(partition, stored)


@pytest.mark.parametrize(
    "events",
    [
        [recorded(each) for each in (*ALIKE["ballots"], a_marker(TERMS))],
        [recorded(each) for each in (a_marker(TERMS), *ALIKE["ballots"])],
        [recorded(each, stream="flavour") for each in ALIKE["ballots"]],
        [recorded(BallotsClosed(terms="0" * 64))],
        [recorded(a_ballot(TERMS, "fan", "NOT AN ID"))],
        [recorded(a_ballot(TERMS, "fan", "a", number=100_001))],
        [recorded(MemberJoined(member="FAN1"))],
        [recorded(MemberJoined(member="fan1"), id="no spaces")],
    ],
)
def test_what_is_not_plain_is_left_to_the_full_way(events: list[Recorded]) -> None:
    assert read_alike(0, body(*events)) is None


@pytest.mark.parametrize("kind", ALIKE)
def test_no_mutation_of_an_entry_makes_the_two_ways_differ(kind: str) -> None:
    stored = body(*(recorded(each) for each in ALIKE[kind]))

    mutated = list(mutations(stored, Random(kind), 1500))

    assert [each for each in mutated if not agree(0, each)] == []
    assert any(read_alike(0, each) is not None for each in mutated if each != stored)


def test_every_entry_of_a_history_is_read_the_same_both_ways() -> None:
    written = [each for seed in range(20) for each in Teller(seed, 4).tell().written]

    assert [each for each in written if not agree(each.partition, each.body)] == []
    assert sum(read_alike(each.partition, each.body) is not None for each in written) > 100
