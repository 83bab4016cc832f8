"""
What a witness signs: of each log the largest checkpoint that she saw, and only one that goes on from the last.

Source: C2SP tlog-witness (c2sp.org/tlog-witness) and tlog-cosignature (c2sp.org/tlog-cosignature).
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import RLock

from fanfare.ledger.checkpoints import Checkpoint, Policy, open_signed
from fanfare.ledger.faults import Malformed, NotProven
from fanfare.ledger.growth import Submission, check_growth
from fanfare.ledger.keys import SignerKey
from fanfare.ledger.notes import Note, Signature, signature_of
from fanfare.witness.forks import Fork
from fanfare.witness.pinned import Pinned
from fanfare.witness.seen import Kept, Seen

FRESH_S = 60
"""A checkpoint that was cosigned less long ago gets the same cosignature again, so that asking for it fills no disk."""
LOGS = "logs"


class UnknownLog(Exception):
    """The site that is followed has no log of this origin."""


class Conflict(Exception):
    """The submission does not begin at the checkpoint that was cosigned last, or names another root for its size."""

    def __init__(self, size: int) -> None:
        """Tell how many entries that has."""
        super().__init__(f"{size} entries were cosigned last")
        self.size = size


class Stopped(Exception):
    """An alarm stands: nothing more of this log is cosigned until whoever runs the witness has looked."""


Clock = Callable[[], datetime]
Alarm = Callable[[Seen, Fork], None]
"""Takes what was seen of a log, and what does not fit together."""


class Cosigner:
    """Cosigns the logs of one site. Any thread may ask; one at a time is answered."""

    def __init__(self, home: Path, signer: SignerKey, pinned: Pinned, alarm: Alarm, clock: Clock) -> None:
        """Keep what is seen below *home*, sign with *signer*, and tell *alarm* of forks."""
        self._folder, self.signer, self.pinned = home / LOGS, signer, pinned
        self._alarm, self.clock = alarm, clock
        self._seen = dict[str, Seen]()
        self._lock = RLock()
        self.suspects = dict[str, Note]()
        """By origin, a checkpoint that the log signed and that was not shown to fit: to be looked at through the site's tiles."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def seen(self, origin: str) -> Seen:
        """
        Return what was seen of a log.

        Raises:
            UnknownLog: the site has none of this origin.
            SeenDamaged: what is kept of it is not what was written.
        """
        with self._lock:  # two of one folder would not know what the other signed
            if origin not in self._seen:
                number = self.pinned.origins().get(origin)
                if number is None:
                    raise UnknownLog(f"No log {origin} is followed here.")
                self._seen[origin] = Seen(self._folder / str(number), self.signer.verifier)
            return self._seen[origin]

    def opened(self, note: Note) -> tuple[Note, Checkpoint]:
        """
        Return a note with its log's signatures alone, and what was signed.

        Raises:
            UnknownLog, Malformed, NotSigned.
        """
        checkpoint = Checkpoint.parse(note.text)
        keys = self.pinned.verifiers(checkpoint.origin)
        if not keys:
            raise UnknownLog(f"No log {checkpoint.origin} is followed here.")
        open_signed(note, Policy(keys))
        known = {(key.name, key.id) for key in keys}
        return replace(note, signatures=tuple(each for each in note.signatures if (each.name, each.key_id) in known)), checkpoint

    def add(self, submission: Submission) -> Signature:
        """
        Cosign a checkpoint that goes on from the last one; it is written down, on the disk, before this returns.

        Raises:
            UnknownLog, NotSigned: it is of no log that is followed, or that log did not sign it.
            Malformed: it is none, or smaller than the size that it is said to go on from.
            Stopped: an alarm stands.
            Conflict: it does not begin where the witness is, or has another root.
            NotProven: the proof does not show that it goes on.
            OSError, SeenDamaged: it could not be written down.
        """
        note, checkpoint = self.opened(submission.checkpoint)
        if submission.old_size > checkpoint.size:
            raise Malformed(f"A checkpoint of {checkpoint.size} entries does not go on from {submission.old_size}.")
        with self._lock:
            seen = self.seen(checkpoint.origin)
            if seen.alarm:
                raise Stopped(f"An alarm stands for {checkpoint.origin}: {seen.alarm}")
            kept = seen.kept
            if kept is None:
                _check_first(submission)
            else:
                self._check_next(seen, kept, submission, note, checkpoint)
            return self._sign(seen, note, checkpoint)

    def _check_next(self, seen: Seen, kept: Kept, submission: Submission, note: Note, checkpoint: Checkpoint) -> None:
        """Check that a checkpoint goes on from the last one. Raises: Conflict, NotProven."""
        size = kept.checkpoint.size
        if checkpoint.size == size and checkpoint.root != kept.checkpoint.root:
            self._alarm(seen, Fork(kept.note, note))
            raise Conflict(size)
        if submission.old_size != size:
            if checkpoint.size < size:
                self.suspects[checkpoint.origin] = note
            raise Conflict(size)
        try:
            check_growth(kept.checkpoint, checkpoint, submission.proof)
        except NotProven:
            if self.suspects.get(checkpoint.origin) != note:
                seen.write("unproven", note, self.clock())
            self.suspects[checkpoint.origin] = note
            raise

    def _sign(self, seen: Seen, note: Note, checkpoint: Checkpoint) -> Signature:
        now, kept = self.clock(), seen.kept
        at_s = int(now.timestamp())
        if kept and kept.note.text == note.text and at_s < kept.at_s + FRESH_S:
            return own_signature(kept.note, self.signer)
        # Were it earlier, she would say of one time that two sizes were the largest.
        at_s = max(at_s, kept.at_s if kept else 0)
        signature = signature_of(note.text, self.signer, at_s)
        seen.cosigned(note.having(signature), checkpoint, at_s, now)
        return signature


def own_signature(note: Note, signer: SignerKey) -> Signature:
    """Return the signature of this witness under a note that has one."""
    return next(each for each in note.signatures if (each.name, each.key_id) == (signer.name, signer.verifier.id))


def _check_first(submission: Submission) -> None:
    """Check a submission of a log of which nothing was cosigned yet. Raises: Conflict, NotProven."""
    if submission.old_size:
        raise Conflict(0)
    if submission.proof:
        raise NotProven("From a tree without entries on there is nothing to prove; the proof has to be empty.")
