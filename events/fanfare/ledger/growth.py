"""
Growth: whether a checkpoint goes on from an earlier one, and in what form a log asks a witness to look at that.

Source: C2SP tlog-witness (c2sp.org/tlog-witness), the body of add-checkpoint.
"""

from dataclasses import dataclass
from typing import Self

from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.faults import Malformed, NotProven
from fanfare.ledger.hashing import HASH_BYTES
from fanfare.ledger.notes import MOST_BYTES, Note
from fanfare.ledger.proofs import verify_consistency
from fanfare.ledger.writing import LARGEST, from_decimal, hash_from_base64, to_base64

_OLD = "old "
MOST_HASHES = 63


def check_growth(older: Checkpoint, newer: Checkpoint, proof: tuple[bytes, ...]) -> None:
    """
    Check that the newer checkpoint is of the same log and goes on from the older one.

    Raises:
        NotProven: it is not shown. Two checkpoints of one log, both signed, for which no proof can be found, are a fork.
    """
    if older.origin != newer.origin:
        raise NotProven(f"These are checkpoints of two logs: {older.origin} and {newer.origin}.")
    if older.size:
        verify_consistency(older.size, newer.size, older.root, newer.root, proof)
    elif proof:
        raise NotProven("From a tree without entries on there is nothing to prove; the proof has to be empty.")


@dataclass(frozen=True, slots=True)
class Submission:
    """What a log sends to a witness: a new checkpoint, and why it goes on from the last one that the witness cosigned."""

    old_size: int
    """Of the last checkpoint that the witness cosigned; 0 where there is none."""
    proof: tuple[bytes, ...]
    checkpoint: Note

    def __post_init__(self) -> None:
        """
        Refuse what could not be written.

        Raises:
            Malformed: a size below 0, more than 63 hashes, or a hash that has not 32 bytes.
        """
        wrong = len(self.proof) > MOST_HASHES or any(len(each) != HASH_BYTES for each in self.proof)
        if wrong or not 0 <= self.old_size <= LARGEST:
            raise Malformed("A submission has an old size of 0 or more, and at most 63 hashes of 32 bytes.")

    def __bytes__(self) -> bytes:
        lines = [f"{_OLD}{self.old_size}", *map(to_base64, self.proof), ""]
        return "".join(f"{line}\n" for line in lines).encode() + bytes(self.checkpoint)

    @classmethod
    def parse(cls, stored: bytes) -> Self:
        """
        Return the submission that is written so.

        Raises:
            Malformed: it is none, or has more than a million bytes.
        """
        head, gap, checkpoint = stored.partition(b"\n\n")
        try:
            old, *proof = head.decode("ascii").split("\n")
        except UnicodeDecodeError:
            old, proof = "", []
        if not gap or not old.startswith(_OLD) or len(stored) > MOST_BYTES:
            raise Malformed("A submission begins with the old size, and has an empty line before its checkpoint.")
        return cls(from_decimal(old.removeprefix(_OLD)), tuple(map(hash_from_base64, proof)), Note.parse(checkpoint))
