"""What an opening says of where its options were read, and how a replay checks it."""

from pathlib import Path

import pytest

from tests.unit.audit.archives import a_record, failed, opened, write_archive


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
