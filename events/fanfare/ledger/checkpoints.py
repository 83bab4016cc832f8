"""
Checkpoints: how many entries a log had, and the root over them; and what an auditor asks of one before she believes it.

Source: C2SP tlog-checkpoint (c2sp.org/tlog-checkpoint); the policy means what one of C2SP tlog-policy
with one group of witnesses does.
"""

from dataclasses import dataclass
from typing import Self

from fanfare.ledger.faults import Malformed, NotSigned
from fanfare.ledger.hashing import EMPTY_ROOT, HASH_BYTES
from fanfare.ledger.keys import Kind, VerifierKey
from fanfare.ledger.notes import Note, Verified
from fanfare.ledger.writing import LARGEST, from_decimal, hash_from_base64, lines_of, to_base64

_LINES = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says about itself: it had *size* entries, and over them this root."""

    origin: str
    """The log's name for ever, which is also its key's."""
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()
    """Further lines, of no meaning here."""

    def __post_init__(self) -> None:
        """
        Refuse what is none.

        Raises:
            Malformed: an empty line, a size below 0, a root of other than 32 bytes, or another root of nothing.
        """
        lines = (self.origin, *self.extensions)
        if not all(lines) or any(each < " " for line in lines for each in line):
            raise Malformed("The lines of a checkpoint are not empty, and have no control characters.")
        if not 0 <= self.size <= LARGEST or len(self.root) != HASH_BYTES:
            raise Malformed("A checkpoint has a size of 0 or more, and a root of 32 bytes.")
        if not self.size and self.root != EMPTY_ROOT:
            raise Malformed("A tree without entries has the hash of nothing as its root.")

    @property
    def text(self) -> bytes:
        """Return what is signed."""
        return "".join(f"{line}\n" for line in (self.origin, self.size, to_base64(self.root), *self.extensions)).encode()

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """
        Return the checkpoint of a note's text.

        Raises:
            Malformed: it is none.
        """
        lines = lines_of(text)
        if len(lines) < _LINES:
            raise Malformed("A checkpoint has at least three lines: origin, size and root.")
        return cls(lines[0], from_decimal(lines[1]), hash_from_base64(lines[2]), tuple(lines[_LINES:]))


@dataclass(frozen=True, slots=True)
class Policy:
    """Whose word an auditor takes: the keys of a log, and how many of which witnesses must have seen the same."""

    logs: tuple[VerifierKey, ...]
    """Any of them may have signed, under its name as the origin; an old and a new key of a log have the same name."""
    witnesses: tuple[VerifierKey, ...] = ()
    quorum: int = 0

    def __post_init__(self) -> None:
        """
        Refuse what would count a witness twice, or could never be met.

        Raises:
            ValueError: a key of the wrong kind, one that is there twice, or a quorum of more witnesses than there are.
        """
        if any(key.kind is not Kind.NOTE for key in self.logs) or any(key.kind is not Kind.COSIGNATURE for key in self.witnesses):
            raise ValueError("A log's key is of kind 1, a witness's of kind 4.")
        if len({key.public for key in self.witnesses}) < len(self.witnesses):
            raise ValueError("A witness is named twice: under two names it would be counted as two.")
        if not self.logs or not 0 <= self.quorum <= len(self.witnesses):
            raise ValueError("A policy names a log's key, and asks for no more witnesses than it names.")


@dataclass(frozen=True, slots=True)
class Opened:
    """A checkpoint that its log signed."""

    checkpoint: Checkpoint
    by: VerifierKey
    """The log's key."""
    witnessed: dict[VerifierKey, int]
    """Which of the policy's witnesses cosigned, and when they last did, in seconds since 1970."""


def open_signed(note: Note, policy: Policy) -> Opened:
    """
    Return the checkpoint of a note that the log of its origin signed, with the witnesses who cosigned it, however many.

    Raises:
        NotSigned: the log did not sign it, or a known key's signature is wrong.
        Malformed: what was signed is no checkpoint.
    """
    verified = note.check((*policy.logs, *policy.witnesses))
    checkpoint = Checkpoint.parse(note.text)
    by = [each.key for each in verified if each.key.kind is Kind.NOTE and each.key.name == checkpoint.origin]
    if not by:
        raise NotSigned(f"No known key of {checkpoint.origin} signed this checkpoint.")
    return Opened(checkpoint, by[0], _witnessed(verified))


def check_quorum(opened: Opened, policy: Policy) -> None:
    """
    Check that as many witnesses as the policy asks for cosigned.

    Raises:
        NotSigned: fewer did.
    """
    if len(opened.witnessed) < policy.quorum:
        raise NotSigned(f"{len(opened.witnessed)} of the witnesses that are known cosigned; {policy.quorum} are asked for.")


def _witnessed(verified: tuple[Verified, ...]) -> dict[VerifierKey, int]:
    """Return the last time of each witness."""
    found: dict[VerifierKey, int] = {}
    for each in verified:
        if each.at_s is not None:
            found[each.key] = max(each.at_s, found.get(each.key, 0))
    return found
