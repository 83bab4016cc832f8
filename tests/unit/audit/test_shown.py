"""What an audit notices of terms, markers and whoever took part; each claim is given a record in which it does not hold."""

from pathlib import Path

import msgspec
import pytest

from fanfare.audit.checks.replay import replay
from fanfare.audit.checks.trust import NOTHING
from fanfare.audit.claims import Claim
from fanfare.record.campaigns import RoundClosing, RoundOpened
from fanfare.record.ideas import IdeaSupported
from fanfare.record.members import MemberJoined
from fanfare.record.terms import RoundTerms, slot
from tests.builders import a_ballot, a_marker, a_plan, founded, hosted, planned, published, terms_for, token
from tests.unit.audit.archives import Record, a_record, cast, write_archive


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Say where the archive of a test is written."""
    return tmp_path / "archive.tar"


def claims_of(file: Path, record: Record) -> dict[str, Claim]:
    """Audit a record, and return the claims by their names."""
    outcome = replay(write_archive(file, record.written, texts=()), trust=NOTHING)
    assert outcome.unchecked == ""
    return {each.name: each for each in outcome.claims}


def begun(members: int = 3) -> Record:
    """Return a record with members and a published campaign, and the round `final` planned."""
    record = Record()
    record.decide(founded(), hosted(), stream="site")
    record.put(*(MemberJoined(member=f"fan{each}") for each in range(members)))
    record.decide(published(), planned(a_plan("a", "b"), "final"))
    return record


def opened(record: Record, terms: RoundTerms | None = None) -> RoundTerms:
    """Open the round `final`."""
    found = terms or terms_for(a_plan("a", "b"))
    record.decide(RoundOpened(terms=found, read_to=record.heads[0], moment=record.heads))
    return found


def another_round(record: Record) -> None:
    """Open another round, which says how far the record had come."""
    plan = a_plan("a", "b")
    record.decide(planned(plan, "another"))
    terms = msgspec.structs.replace(terms_for(plan), round="another")
    record.decide(RoundOpened(terms=terms, read_to=record.heads[0], moment=record.heads))


def test_an_honest_round_holds_with_what_it_shows(file: Path) -> None:
    found = claims_of(file, a_record())

    assert all(each.passed for each in found.values())
    assert found["markers of final"].detail == "sealed, its markers: 1:1, 2:1, 3:1; 1 ballots behind them are late"
    assert found["eligibility of final"].detail == (
        "9 tokens voted in time, 9 members had joined by the close; each ballot was admitted as a member’s; they came 19 by web"
    )
    assert found["eligibility of ideas"].detail == "each of 5 who raised or supported an idea had joined"


def test_of_an_open_round_nobody_is_said_to_have_come_by_its_close(file: Path) -> None:
    record = begun()
    terms = opened(record)
    cast(record, [a_ballot(terms, "fan1", "a")], terms)

    found = claims_of(file, record)["eligibility of final"]

    assert "1 tokens voted in time, 3 members have joined so far" in found.detail


def test_a_report_that_was_true_of_an_earlier_moment_says_how_much_came_after_it(file: Path) -> None:
    record = a_record()
    earlier = dict[str, bytes]()
    write_archive(file, record.written, texts=(), change=earlier.setdefault)
    record.put(MemberJoined(member="later"))
    record.put(MemberJoined(member="latest"))
    name = next(each for each in earlier if each.startswith("reports/campaigns/"))

    def change(member: str, body: bytes) -> bytes:
        return earlier[member] if member == name else body

    outcome = replay(write_archive(file, record.written, texts=(), change=change), trust=NOTHING)

    details = {each.name: each.detail for each in outcome.claims if each.name.startswith("report ")}
    assert outcome.exit_code == 0
    assert details[f"report {name.removeprefix('reports/').removesuffix('.json')}"].endswith(
        "; 2 entries of the record came after it"
    )
    assert sum("came after it" in each for each in details.values()) == 1
    assert any(each.startswith("what the entries changed that came after the moment of a report") for each in outcome.unshown)


def test_a_round_that_opens_with_another_plan_than_was_published_is_told(file: Path) -> None:
    record = begun()
    opened(record, terms_for(a_plan("a", "b", "c")))

    (said,) = claims_of(file, record)["terms of final"].differences

    assert said == "0:3:0: it opened with another plan than the one that was published before"


def test_a_ballot_under_terms_that_no_round_opened_with_is_told_once_its_opening_would_have_to_be_there(file: Path) -> None:
    record = begun()
    opened(record)
    stray = terms_for(a_plan("b", "a"))
    cast(record, [a_ballot(stray, "fan1", "a")], stray)
    ahead = claims_of(file, record)["terms"]
    another_round(record)

    held = claims_of(file, record)["terms"]

    partition = slot(token("fan1"), stray.partitions)
    assert ahead.passed
    assert "does not go so far" in ahead.unshown[0]
    assert held.differences[0].startswith(f"{partition}:0: a ballot carries the hash of terms that no round opened with")


def test_a_marker_of_a_round_that_nobody_closed_is_told(file: Path) -> None:
    record = begun()
    terms = opened(record)
    record.put(a_marker(terms), partition=2)
    another_round(record)

    assert claims_of(file, record)["markers of final"].differences == ("2:0: a marker, and the round was not to be closed",)


def test_a_marker_outside_the_partitions_of_the_terms_is_told(file: Path) -> None:
    record = begun()
    terms = opened(record, msgspec.structs.replace(terms_for(a_plan("a", "b")), partitions=(1, 2)))
    record.decide(RoundClosing(round="final"))
    record.put(a_marker(terms), partition=3)

    assert claims_of(file, record)["markers of final"].differences == ("3:0: a marker of a partition that is not in the terms",)


def test_more_votes_than_members_are_too_many(file: Path) -> None:
    record = begun(members=2)
    terms = opened(record)
    cast(record, [a_ballot(terms, f"fan{each}", "a") for each in range(3)], terms)

    found = claims_of(file, record)["eligibility of final"]

    assert not found.passed
    assert "3 tokens voted in time, 2 members have joined so far" in found.differences[0]


def test_somebody_who_supports_an_idea_and_never_joined_is_named(file: Path) -> None:
    record = a_record(closed=False, voted=False)
    record.put(IdeaSupported(idea="idea0", by="stranger", number=1))

    assert claims_of(file, record)["eligibility of ideas"].differences == (
        "stranger raised or supported an idea, and never joined",
    )
