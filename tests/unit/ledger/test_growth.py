"""Whether one checkpoint goes on from another, and what a log sends to a witness."""

from dataclasses import replace

import pytest

from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.faults import Malformed, NotProven
from fanfare.ledger.growth import Submission, check_growth
from fanfare.ledger.hashing import EMPTY_ROOT
from fanfare.ledger.notes import Note
from tests import naive_tree
from tests.unit.ledger.published import SOFA_LINE, SOFA_TEXT

ORIGIN = "fanfare.example/record/1"
ENTRIES = [b"entry %d" % at for at in range(6)]
NOTHING, FOUR, SIX = (Checkpoint(ORIGIN, size, naive_tree.root(ENTRIES[:size])) for size in (0, 4, 6))
PROOF = tuple(naive_tree.consistency(4, ENTRIES))

SUBMISSION = (
    b"old 20852014\n"
    b"PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
    b"jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
    b"5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n"
    b"/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n"
    b"\n" + SOFA_TEXT + b"\n" + SOFA_LINE.encode()
)
"""The example of C2SP tlog-witness, with one of its two signatures."""


def test_a_checkpoint_that_goes_on_from_another_is_told_by_its_proof() -> None:
    check_growth(FOUR, SIX, PROOF)
    check_growth(SIX, SIX, ())
    check_growth(NOTHING, SIX, ())
    check_growth(NOTHING, NOTHING, ())


@pytest.mark.parametrize(
    ("older", "newer", "proof"),
    [
        (FOUR, SIX, ()),
        (FOUR, SIX, (*PROOF, EMPTY_ROOT)),
        (FOUR, replace(SIX, root=EMPTY_ROOT), PROOF),
        (replace(FOUR, root=EMPTY_ROOT), SIX, PROOF),
        (SIX, FOUR, PROOF),
        (SIX, replace(SIX, root=FOUR.root), ()),
        (SIX, NOTHING, ()),
        (NOTHING, SIX, PROOF),
        (FOUR, replace(SIX, origin="fanfare.example/record/2"), PROOF),
    ],
)
def test_what_does_not_go_on_is_refused(older: Checkpoint, newer: Checkpoint, proof: tuple[bytes, ...]) -> None:
    with pytest.raises(NotProven):
        check_growth(older, newer, proof)


def test_the_submission_of_the_specification_is_read_and_written_the_same() -> None:
    submission = Submission.parse(SUBMISSION)

    assert (submission.old_size, len(submission.proof)) == (20_852_014, 4)
    assert Checkpoint.parse(submission.checkpoint.text).size == 20_852_163
    assert bytes(submission) == SUBMISSION


def test_a_first_submission_has_no_proof() -> None:
    stored = bytes(Submission(0, (), Note.parse(SOFA_TEXT + b"\n" + SOFA_LINE.encode())))

    assert stored == b"old 0\n\n" + SOFA_TEXT + b"\n" + SOFA_LINE.encode()
    assert Submission.parse(stored).proof == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"old 20852014", b"old 020852014"),
        (b"old 20852014", b"old"),
        (b"old 20852014", b"20852014"),
        (b"old 20852014", b"old 1\nold 20852014"),
        (b"old 20852014", b"\xff"),
        (b"old 20852014\n", b"old 20852014\n" + b"PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n" * 60),
        (b"old 20852014\n", b"old 20852014\nAAAA\n"),
        (b"\n\nexample", b"\nexample"),
        ("— ".encode(), b"- "),
        (b"example.com/behind", b"x" * 1_000_000),
    ],
)
def test_what_is_no_submission_is_refused(old: bytes, new: bytes) -> None:
    assert old in SUBMISSION
    with pytest.raises(Malformed):
        Submission.parse(SUBMISSION.replace(old, new, 1))
    with pytest.raises(Malformed):
        Submission(-1, (), Note(SOFA_TEXT))
