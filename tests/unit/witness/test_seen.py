"""What a witness keeps, and what a crash or a rotten disk makes of it."""

from pathlib import Path

import pytest

from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.notes import Note
from fanfare.witness.seen import Seen, SeenDamaged, records
from tests.watched import NOON, WITNESS, SignedSite

SITE = SignedSite([[b"entry %d" % number for number in range(20)]])
FILE = "2026-07-04.notes"


def signed(size: int) -> tuple[Note, Checkpoint]:
    """Return a cosigned checkpoint."""
    note = SITE.note(size).signed(WITNESS, int(NOON.timestamp()))
    return note, Checkpoint.parse(note.text)


def written(folder: Path, *sizes: int) -> bytes:
    """Write checkpoints of these sizes down, and return what is in the file."""
    seen = Seen(folder, WITNESS.verifier)
    for size in sizes:
        seen.cosigned(*signed(size), int(NOON.timestamp()), NOON)
    return (folder / FILE).read_bytes()


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    whole = written(tmp_path, 1, 5, 9)

    kept = Seen(tmp_path, WITNESS.verifier).kept

    assert kept is not None
    assert (kept.note, kept.checkpoint, kept.at_s) == (*signed(9), int(NOON.timestamp()))
    assert [Note.parse(note) for _, _, note in records(whole)] == [signed(size)[0] for size in (1, 5, 9)]


def test_a_record_that_a_crash_cut_off_anywhere_is_gone_and_the_one_before_stands(tmp_path: Path) -> None:
    before = written(tmp_path, 1, 5)
    whole = written(tmp_path, 9)

    for cut in range(len(before), len(whole) - 2):
        (tmp_path / FILE).write_bytes(whole[:cut])
        kept = Seen(tmp_path, WITNESS.verifier).kept
        assert kept is not None
        assert kept.checkpoint.size == 5, cut
        assert (tmp_path / FILE).read_bytes() == before
    (tmp_path / FILE).write_bytes(whole)
    kept = Seen(tmp_path, WITNESS.verifier).kept
    assert kept is not None
    assert kept.checkpoint.size == 9


def test_a_place_on_the_disk_that_was_given_and_not_written_to_is_cut_off(tmp_path: Path) -> None:
    before = written(tmp_path, 5)
    (tmp_path / FILE).write_bytes(before + bytes(300))

    Seen(tmp_path, WITNESS.verifier)

    assert (tmp_path / FILE).read_bytes() == before


def test_a_record_that_rotted_is_never_taken_for_one_that_was_cut_off(tmp_path: Path) -> None:
    written(tmp_path, 1, 5)
    whole = written(tmp_path, 9)
    begin = whole.rfind(b"cosigned ")

    for at in range(begin, len(whole)):
        (tmp_path / FILE).write_bytes(whole[:at] + bytes([whole[at] ^ 0x01]) + whole[at + 1 :])
        try:
            kept = Seen(tmp_path, WITNESS.verifier).kept
        except SeenDamaged:
            continue
        assert kept is not None
        assert kept.checkpoint.size == 9, at  # what rotted is a signature of the log's, which is not asked for here


def test_a_file_that_rotted_in_its_middle_is_damaged(tmp_path: Path) -> None:
    whole = written(tmp_path, 1, 5, 9)
    at = whole.find(b"cosigned ", 5)
    (tmp_path / FILE).write_bytes(whole[:at] + b"C" + whole[at + 1 :])

    with pytest.raises(SeenDamaged, match="damaged from byte"):
        Seen(tmp_path, WITNESS.verifier)


def test_a_clock_that_goes_back_a_day_does_not_hide_what_was_cosigned_last(tmp_path: Path) -> None:
    written(tmp_path, 5)
    seen = Seen(tmp_path, WITNESS.verifier)

    seen.cosigned(*signed(9), int(NOON.timestamp()), NOON.replace(day=1))

    kept = Seen(tmp_path, WITNESS.verifier).kept
    assert kept is not None
    assert kept.checkpoint.size == 9


def test_a_record_that_is_being_written_is_not_cut_off_by_whoever_looks_for_an_earlier_one(tmp_path: Path) -> None:
    written(tmp_path, 1, 5)
    whole = written(tmp_path, 9)
    seen = Seen(tmp_path, WITNESS.verifier)
    (tmp_path / FILE).write_bytes(whole[:-9])

    found = [seen.of_size(size) for size in (1, 5, 9)]

    assert found == [signed(1)[0], signed(5)[0], None]
    assert (tmp_path / FILE).read_bytes() == whole[:-9]


def test_what_could_not_be_written_once_is_not_built_upon(tmp_path: Path) -> None:
    seen = Seen(tmp_path, WITNESS.verifier)
    (tmp_path / FILE).mkdir()
    with pytest.raises(IsADirectoryError):
        seen.cosigned(*signed(5), 0, NOON)
    (tmp_path / FILE).rmdir()

    with pytest.raises(SeenDamaged, match="Make room"):
        seen.cosigned(*signed(9), 0, NOON)
    assert seen.kept is None
