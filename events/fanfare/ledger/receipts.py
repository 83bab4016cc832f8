"""
Receipts: that an entry is in a log, checked without the log: its place, a proof of inclusion, and the signed checkpoint.

Source: C2SP tlog-proof (c2sp.org/tlog-proof), version 1.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from fanfare.ledger.checkpoints import Opened, Policy, check_quorum, open_signed
from fanfare.ledger.faults import Malformed, NotProven, NotSigned
from fanfare.ledger.hashing import HASH_BYTES, leaf_hash
from fanfare.ledger.notes import MOST_BYTES, Note
from fanfare.ledger.proofs import verify_inclusion
from fanfare.ledger.writing import LARGEST, from_base64, from_decimal, hash_from_base64, to_base64

_FIRST_LINE = "c2sp.org/tlog-proof@v1"
_EXTRA = "extra "
_INDEX = "index "
MOST_HASHES = 63
"""No tree that can be counted is higher."""


class Step(StrEnum):
    """What is checked of a receipt, one after the other."""

    FORM = "form"
    """It is a receipt: every line is where it should be."""
    SIGNATURE = "signature"
    """The log of its origin signed the checkpoint, and no known key's signature is wrong."""
    CHECKPOINT = "checkpoint"
    """What was signed is a checkpoint."""
    WITNESSES = "witnesses"
    """As many witnesses cosigned as the policy asks for."""
    INCLUSION = "inclusion"
    """The entry, at its index, leads to the checkpoint's root."""


class ReceiptRefused(ValueError):
    """The receipt does not show what it should; the steps before *step* hold."""

    def __init__(self, step: Step, reason: Exception) -> None:
        """Name the step, and what was wrong."""
        super().__init__(f"{step}: {reason}")
        self.step = step
        self.reason = str(reason)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where an entry stands, and the way from its hash to a signed root."""

    index: int
    proof: tuple[bytes, ...]
    checkpoint: Note
    extra: bytes | None = None
    """Anything; nothing signs it, so it may never be believed."""

    def __post_init__(self) -> None:
        """
        Refuse what could not be written.

        Raises:
            Malformed: an index below 0, more than 63 hashes, or a hash that has not 32 bytes.
        """
        wrong = len(self.proof) > MOST_HASHES or any(len(each) != HASH_BYTES for each in self.proof)
        if wrong or not 0 <= self.index <= LARGEST:
            raise Malformed("A receipt has an index of 0 or more, and at most 63 hashes of 32 bytes.")

    def __bytes__(self) -> bytes:
        lines = [_FIRST_LINE, *([] if self.extra is None else [_EXTRA + to_base64(self.extra)]), f"{_INDEX}{self.index}"]
        return "".join(f"{line}\n" for line in [*lines, *map(to_base64, self.proof), ""]).encode() + bytes(self.checkpoint)

    @classmethod
    def parse(cls, stored: bytes) -> Self:
        """
        Return the receipt that is written so.

        Raises:
            Malformed: it is none, or has more than a million bytes.
        """
        if len(stored) > MOST_BYTES:
            raise Malformed("A receipt has at most a million bytes.")
        head, gap, checkpoint = stored.partition(b"\n\n")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError:
            lines = []
        if not gap or lines[:1] != [_FIRST_LINE]:
            raise Malformed(f"A receipt begins with {_FIRST_LINE}, and has an empty line before its checkpoint.")
        extra = from_base64(lines.pop(1).removeprefix(_EXTRA)) if lines[1:] and lines[1].startswith(_EXTRA) else None
        if not lines[1:] or not lines[1].startswith(_INDEX):
            raise Malformed("A receipt says at which index the entry stands.")
        index = from_decimal(lines[1].removeprefix(_INDEX))
        return cls(index, tuple(map(hash_from_base64, lines[2:])), Note.parse(checkpoint), extra)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a receipt showed: the entry stands at *index* of the log, as of its checkpoint."""

    index: int
    opened: Opened


def verify_receipt(stored: bytes, entry: bytes, policy: Policy) -> Shown:
    """
    Check that an entry with these stored bytes is in a log.

    Raises:
        ReceiptRefused: with the first step that fails.
    """
    step = Step.FORM
    try:
        receipt = Receipt.parse(stored)
        step = Step.SIGNATURE
        opened = open_signed(receipt.checkpoint, policy)
        step = Step.WITNESSES
        check_quorum(opened, policy)
        step = Step.INCLUSION
        verify_inclusion(leaf_hash(entry), receipt.index, opened.checkpoint.size, receipt.proof, opened.checkpoint.root)
    except (Malformed, NotSigned, NotProven) as reason:
        signed = step is Step.SIGNATURE and isinstance(reason, Malformed)
        raise ReceiptRefused(Step.CHECKPOINT if signed else step, reason) from reason
    return Shown(receipt.index, opened)
