"""What an opening says of where its options were read, and how a replay checks it."""

from pathlib import Path

import pytest

from fanfare.record.campaigns import RoundClosed, RoundClosing
from fanfare.record.moderation import ContentHidden, ContentShown
from tests.builders import HOST, body, recorded, text
from tests.unit.audit.archives import Record, a_record, failed, opened, seal, write_archive


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the archive goes."""
    return tmp_path / "record.fanfare"


def test_a_withdrawal_after_the_options_were_read_leaves_the_idea_on_the_ballot(file: Path) -> None:
    record = a_record(voted=False, sealed=False)
    opened(record, ("idea0", "idea1", "idea2"), read_to=record.heads[0] - 1)

    assert failed(write_archive(file, record.written)) == {}


@pytest.mark.parametrize("read_to", [1, 10_000])
def test_options_read_before_the_sealing_or_after_the_opening_are_no_options(file: Path, read_to: int) -> None:
    record = a_record(voted=False, sealed=False)
    opened(record, ("idea0", "idea1", "idea2"), read_to=read_to)

    assert list(failed(write_archive(file, record.written))) == ["options of final"]


def hiding(idea: str) -> ContentHidden:
    """Return the hiding of an idea."""
    return ContentHidden(
        content=idea, kind="idea", rule="insult", reason=text("It shouts."), by=HOST, campaign="flavour", idea=idea
    )


def hide(record: Record, idea: str) -> None:
    """Hide an idea."""
    record.put(hiding(idea))


def show(record: Record, idea: str) -> None:
    """Show it again."""
    record.put(ContentShown(content=idea, kind="idea", reason=text("Not so."), by=HOST, campaign="flavour", idea=idea))


def close(record: Record) -> None:
    """Close the round of ideas and seal it."""
    record.decide(RoundClosing(round="ideas"), RoundClosed(round="ideas"))
    seal(record, "ideas")


def test_an_idea_that_is_hidden_when_its_round_closes_goes_on_no_ballot(file: Path) -> None:
    record = a_record(closed=False, voted=False)
    hide(record, "idea0")
    close(record)
    show(record, "idea0")  # too late: the ranking stands
    opened(record, ("idea2",))

    assert failed(write_archive(file, record.written)) == {}


def test_an_idea_that_is_shown_again_before_the_close_is_ranked(file: Path) -> None:
    record = a_record(closed=False, voted=False)
    hide(record, "idea0")
    show(record, "idea0")
    close(record)
    opened(record, ("idea0", "idea2"))

    assert failed(write_archive(file, record.written)) == {}


def test_an_idea_that_advanced_and_was_hidden_since_is_not_offered(file: Path) -> None:
    record = a_record(voted=False, sealed=False)
    hide(record, "idea0")
    opened(record, ("idea2",))

    assert failed(write_archive(file, record.written)) == {}


def test_a_hidden_idea_that_is_offered_all_the_same_is_found(file: Path) -> None:
    record = a_record(voted=False, sealed=False)
    hide(record, "idea0")
    opened(record, ("idea0", "idea2"))

    assert list(failed(write_archive(file, record.written))) == ["options of final"]


def test_an_idea_that_is_left_out_though_nobody_hid_it_is_found(file: Path) -> None:
    record = a_record(voted=False, sealed=False)
    hide(record, "idea0")
    show(record, "idea0")
    opened(record, ("idea2",))

    assert list(failed(write_archive(file, record.written))) == ["options of final"]


def test_a_hiding_that_comes_again_after_the_idea_was_shown_does_not_have_the_last_word(file: Path) -> None:
    record = a_record(voted=False, sealed=False)
    once = body(recorded(hiding("idea0"), id="once"))
    record.append(once, 0)
    show(record, "idea0")
    record.append(once, 0)
    opened(record, ("idea0", "idea2"))

    assert failed(write_archive(file, record.written)) == {}
