"""What a replay says of events that cannot be read: who may have lost a ballot, and who ruled on it."""

from pathlib import Path

import pytest

from fanfare.record.campaigns import PassedOver, RoundClosed, RoundClosing, RoundOpened, RoundRuled
from fanfare.record.entry import pack
from fanfare.record.kinds import digest
from fanfare.record.terms import RoundTerms, hash_terms
from tests.builders import HOST, a_ballot, a_marker, a_plan, founded, hosted, planned, published, terms_for, text
from tests.unit.audit.archives import Record, cast, failed, outcome_of, seal, write_archive

PLAN = a_plan()
TERMS = terms_for(PLAN)
BROKEN = b'{"type":"fanfare.ballot.cast.v1","data":{"terms":"%b","number":0}}' % hash_terms(TERMS).encode()
SEAL, RULING, OPENING = "seal of final", "ruling on final", "options of final"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Say where the archive of a test is written."""
    return tmp_path / "archive.tar"


def a_closed_round(*rubbish: tuple[int, bytes], moment: tuple[int, ...] | None = None, terms: RoundTerms = TERMS) -> Record:
    """Three fans vote in a round, between them stands *rubbish*, and the round is closed."""
    record = Record()
    record.decide(founded(), hosted(), stream="site")
    record.decide(published(), planned(PLAN))
    record.decide(RoundOpened(terms=terms, moment=record.heads if moment is None else moment))
    cast(record, [a_ballot(terms, f"fan{each}", "a") for each in range(9)], terms)
    for partition, event in rubbish:
        record.append(pack([event]), partition)
    record.decide(RoundClosing(round="final"))
    for partition in terms.partitions:
        record.put(a_marker(terms), partition=partition)
    record.decide(RoundClosed(round="final"))
    return record


def ruled(record: Record, *events: tuple[str, bytes]) -> None:
    """Let a host pass these over."""
    passed = tuple(PassedOver(position=position, sha256=digest(event)) for position, event in events)
    record.decide(RoundRuled(round="final", events=passed, reason=text("A disk failed."), by=HOST))


def test_a_round_that_was_sealed_after_a_ruling_on_what_cannot_be_read_holds(file: Path) -> None:
    record = a_closed_round((2, BROKEN))
    ruled(record, ("2:1:0", BROKEN))
    seal(record, "final")

    outcome = outcome_of(write_archive(file, record.written, texts=()))

    assert outcome.exit_code == 0
    assert RULING in [each.name for each in outcome.claims]
    assert "1 events cannot be read and count for nothing: 2:1:0" in outcome.claims[1].detail


def test_a_round_that_was_sealed_without_a_ruling_does_not_hold(file: Path) -> None:
    record = a_closed_round((2, BROKEN))
    seal(record, "final")

    wrong = failed(write_archive(file, record.written, texts=()))

    assert [*wrong] == [SEAL]
    assert wrong[SEAL][0].endswith("2:1:0 cannot be read and may be of the round, and no ruling on it came before its sealing")


def test_a_ruling_that_came_after_the_sealing_is_none(file: Path) -> None:
    record = a_closed_round((2, BROKEN))
    seal(record, "final")
    ruled(record, ("2:1:0", BROKEN))

    assert [*failed(write_archive(file, record.written, texts=()))] == [SEAL]


def test_a_ruling_on_one_of_two_is_not_enough(file: Path) -> None:
    record = a_closed_round((2, BROKEN), (0, b"7"))
    ruled(record, ("2:1:0", BROKEN))
    seal(record, "final")

    (difference,) = failed(write_archive(file, record.written, texts=()))[SEAL]

    assert ": 0:3:0 cannot be read" in difference


@pytest.mark.parametrize(
    ("position", "event"), [("1:0:0", BROKEN), ("2:1:0", b"7"), ("2:0:0", BROKEN)], ids=["place", "bytes", "a ballot"]
)
def test_a_ruling_on_what_can_be_read_does_not_hold(file: Path, position: str, event: bytes) -> None:
    record = a_closed_round((2, BROKEN))
    ruled(record, ("2:1:0", BROKEN), (position, event))
    seal(record, "final")

    wrong = failed(write_archive(file, record.written, texts=()))

    assert [*wrong] == [RULING]
    assert f"passes over {position}" in wrong[RULING][0]


def test_a_report_that_hides_what_cannot_be_read_differs(file: Path) -> None:
    record = a_closed_round((2, BROKEN))
    ruled(record, ("2:1:0", BROKEN))
    seal(record, "final")

    def change(name: str, member: bytes) -> bytes:
        return member.replace(b'"unreadable":1', b'"unreadable":0') if name.endswith("final.json") else member

    assert failed(write_archive(file, record.written, texts=(), change=change)) == {
        "report rounds/final": ("$.ballots.unreadable: published 0, recomputed 1",)
    }


def test_an_opening_that_says_a_later_moment_than_its_first_ballot_does_not_hold(file: Path) -> None:
    record = a_closed_round(moment=(2, 1, 0, 0))

    (difference,) = failed(write_archive(file, record.written, texts=()))[OPENING]

    assert "it opened at offset 1 of partition 1, and its first ballot stands at 0" in difference


def test_an_opening_that_says_a_moment_that_never_was_does_not_hold(file: Path) -> None:
    record = a_closed_round(moment=(3, 0, 0, 99))

    differences = failed(write_archive(file, record.written, texts=()))[OPENING]

    assert "it opened at offset 3 of partition 0, and there were only 2" in differences[0]
    assert "it opened at offset 99 of partition 3, and there were only" in differences[1]
