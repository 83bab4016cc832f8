"""A replay of rounds that are for a circle: nobody took part who never belonged while they were open."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from fanfare.record.campaigns import RoundClosed, RoundClosing, RoundOpened
from fanfare.record.circles import STREAM, CircleEntered, CircleInvited, CircleLeft, CircleOpened
from fanfare.record.ideas import IdeaRaised, IdeaSupported
from fanfare.record.members import MemberJoined
from fanfare.record.terms import RoundPlan, RoundTerms
from tests.builders import HOST, a_ballot, a_marker, a_plan, founded, hosted, planned, published, terms_for, text
from tests.unit.audit.archives import RAISING, Record, cast, failed, outcome_of, write_archive

VOTING = a_plan(electorate="circle:kitchen")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the archive goes."""
    return tmp_path / "record.fanfare"


def a_round(plan: RoundPlan, *members: str) -> tuple[Record, RoundTerms]:
    """Open a round for a circle to which *members* belong."""
    record = Record()
    record.decide(founded(), hosted(), stream="site")
    record.put(*(MemberJoined(member=f"fan{each}") for each in range(5)))
    record.decide(CircleOpened(circle="kitchen", title=text("K"), words=text("W"), by=HOST), stream=STREAM)
    for member in members:
        come(record, member)
    record.decide(published(), planned(plan))
    partitions = () if plan.method == "support.v1" else (1, 2, 3)
    terms = terms_for(plan, partitions=partitions)
    record.decide(RoundOpened(terms=terms))
    return record, terms


def come(record: Record, member: str) -> None:
    """Invite a member, and let her enter."""
    record.put(CircleInvited(circle="kitchen", member=member, turn=1, chosen="by-name", reason=text("x"), by=HOST))
    record.put(CircleEntered(circle="kitchen", member=member, turn=1))


def close(record: Record, terms: RoundTerms) -> None:
    """Close the round."""
    record.decide(RoundClosing(round=terms.round))
    for partition in terms.partitions:
        record.put(a_marker(terms), partition=partition)
    record.decide(RoundClosed(round=terms.round))


def test_as_many_as_belonged_at_any_time_while_it_was_open_may_have_voted(file: Path) -> None:
    record, terms = a_round(VOTING, "fan0", "fan1")
    record.put(CircleLeft(circle="kitchen", member="fan0", turn=2))
    come(record, "fan2")
    cast(record, [a_ballot(terms, f"voter {each}", "a") for each in range(3)], terms)
    close(record, terms)
    come(record, "fan3")

    claims = {each.name: each for each in outcome_of(write_archive(file, record.written, texts=())).claims}

    assert claims["electorate of final"].passed
    assert "3 voted, and 3 belonged" in claims["electorate of final"].detail


def test_more_voters_than_belonged_are_found_out(file: Path) -> None:
    record, terms = a_round(VOTING, "fan0")
    cast(record, [a_ballot(terms, f"voter {each}", "a") for each in range(2)], terms)
    close(record, terms)
    come(record, "fan1")

    assert list(failed(write_archive(file, record.written, texts=()))) == ["electorate of final"]


@pytest.mark.parametrize("stranger", ["raises", "supports"])
def test_whoever_took_part_in_a_round_of_ideas_without_belonging_is_named(file: Path, stranger: str) -> None:
    record, terms = a_round(msgspec.structs.replace(RAISING, electorate="circle:kitchen"), "fan0", "fan1")
    words: dict[str, Any] = {"title": text("t"), "body": text("b"), "tags": text("")}
    author, supporter = ("fan3", "fan1") if stranger == "raises" else ("fan0", "fan3")
    record.put(IdeaRaised(idea="idea0", campaign="flavour", round="final", by=author, **words))
    record.put(IdeaSupported(idea="idea0", by=supporter, number=1))
    close(record, terms)
    record.put(IdeaSupported(idea="idea0", by="fan4", number=1))

    found = failed(write_archive(file, record.written, texts=()))

    assert found == {"electorate of final": ("fan3 never belonged to circle kitchen",)}
