"""A witness never cosigns two roots of a size, and never goes back, whatever is shown to it and whenever it dies."""

import asyncio
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.faults import Malformed, NotProven
from fanfare.ledger.growth import Submission
from fanfare.ledger.hashing import leaf_hash
from fanfare.ledger.notes import Note, Signature
from fanfare.ledger.proofs import prove_consistency
from fanfare.ledger.ranges import root_of
from fanfare.ledger.tiles import hashes_from
from fanfare.witness.cosigning import Conflict, Stopped
from fanfare.witness.forks import verify_evidence
from fanfare.witness.seen import MARK
from tests.watched import WITNESS, SignedSite, Watch, files_of

MOST = 12
HISTORIES = (
    [b"entry %d" % number for number in range(MOST)],
    [b"entry %d" % number if number < 4 else b"other %d" % number for number in range(MOST)],
    [b"third %d" % number for number in range(MOST)],
)
SIZES = st.integers(0, MOST)
WHICH = st.sampled_from(range(len(HISTORIES)))


class AWitness(RuleBasedStateMachine):
    """Submissions from three histories of one log, all signed with its key; polls; crashes; an operator who wipes marks away."""

    def __init__(self) -> None:
        """Begin with an empty folder."""
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.watch = Watch(SignedSite([[]]), Path(self.folder.name), insists_s=0)
        self.left = list[tuple[int, int, bytes]]()
        """Time, size and root of every cosignature that left the witness, in the order in which they did."""

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.folder.cleanup()

    def submission(self, which: int, old: int, size: int) -> Submission:
        """Return what the log of a history would send."""
        stored = HISTORIES[which][:size]
        proof = tuple(prove_consistency(old, size, hashes_from(size, files_of(stored).__getitem__))) if 0 < old <= size else ()
        return Submission(old, proof, self.watch.site.note(entries=stored))

    def files(self) -> dict[Path, bytes]:
        """Return what is on the disk of what was seen."""
        return {path: path.read_bytes() for path in Path(self.folder.name).glob("logs/0/*.notes")}

    def asked(self, submission: Submission) -> Signature | None:
        """Return what the witness answers."""
        with suppress(Conflict, Malformed, NotProven, Stopped):
            return self.watch.cosigner.add(submission)
        return None

    @rule(which=WHICH, size=SIZES, old=st.one_of(st.none(), SIZES))
    def submits(self, which: int, size: int, old: int | None) -> None:
        """Send a checkpoint, from the right size or from any."""
        kept = self.watch.cosigner.seen(self.watch.site.origin()).kept
        begins = (kept.checkpoint.size if kept else 0) if old is None else old
        submission = self.submission(which, begins, size)
        if signature := self.asked(submission):
            self.leaves(submission.checkpoint, signature)

    @rule(which=WHICH, size=SIZES, keeps=st.one_of(st.none(), st.floats(0, 1)))
    def dies(self, which: int, size: int, keeps: float | None) -> None:
        """Send a checkpoint to a witness that dies once that is answered, or before, when some of it is on the disk."""
        kept, before = self.watch.cosigner.seen(self.watch.site.origin()).kept, self.files()
        submission = self.submission(which, kept.checkpoint.size if kept else 0, size)
        signature = self.asked(submission)
        if signature and keeps is None:
            self.leaves(submission.checkpoint, signature)
        else:
            for path, body in self.files().items():
                old = before.get(path, b"")
                path.write_bytes(body[: len(old) + round((keeps or 0) * (len(body) - len(old)))])
        self.watch.start()

    @rule(which=WHICH, size=SIZES)
    def polls(self, which: int, size: int) -> None:
        """Look at a site that serves this history."""
        self.watch.site.logs[0] = HISTORIES[which][:size]
        before = self.watch.cosigner.seen(self.watch.site.origin()).kept
        asyncio.run(self.watch.follower.look())
        after = self.watch.cosigner.seen(self.watch.site.origin()).kept
        if after and after is not before:
            self.leaves(after.note, after.note.signatures[-1])

    @rule(hours=st.integers(-30, 30))
    def the_clock_jumps(self, hours: int) -> None:
        """Set the clock."""
        self.watch.now += timedelta(hours=hours)

    @precondition(lambda self: (Path(self.folder.name) / "logs/0" / MARK).exists())
    @rule()
    def somebody_removes_the_mark(self) -> None:
        """Let it go on."""
        (Path(self.folder.name) / "logs/0" / MARK).unlink()

    def leaves(self, note: Note, signature: Signature) -> None:
        """Note what everybody can see from now on."""
        checkpoint = Checkpoint.parse(note.text)
        at_s = Note(note.text, (signature,)).check([WITNESS.verifier])[0].at_s
        assert at_s is not None
        self.left.append((at_s, checkpoint.size, checkpoint.root))

    @invariant()
    def no_size_has_two_roots_and_all_are_of_one_history(self) -> None:
        """Compare all that left."""
        assert any(all(root == root_of(map(leaf_hash, history[:size])) for _, size, root in self.left) for history in HISTORIES)

    @invariant()
    def neither_sizes_nor_times_go_back(self) -> None:
        """Compare each with the one before."""
        assert self.left == sorted(self.left, key=lambda each: each[0])
        assert self.left == sorted(self.left, key=lambda each: each[1])

    @invariant()
    def every_fork_that_is_told_of_can_be_checked(self) -> None:
        """Check all evidence."""
        for folder in self.watch.evidence():
            if "-fork" in folder.name:
                verify_evidence(folder, self.watch.pinned.verifiers(self.watch.site.origin()))


AWitness.TestCase.settings = settings(max_examples=12, stateful_step_count=20, deadline=None)
TestAWitness = AWitness.TestCase
