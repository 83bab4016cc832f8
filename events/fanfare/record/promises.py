"""
Promises: what the site says of an entry the moment it is durable, and what becomes of it can be held against.

A promise is a signed note of six lines, made once for an entry, however many ballots are in it: `fanfare promise v1`, the name of
the record, partition and offset, the entry's leaf hash, how many events there are and the root over their ids, and until when
a checkpoint will cover it. That an event is in the entry shows a proof as long as the logarithm of their number.

Source: the note is C2SP signed-note's (c2sp.org/signed-note), the hashes and proofs are RFC 9162's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from fanfare.ledger.faults import Malformed, NotProven, NotSigned
from fanfare.ledger.hashing import HASH_BYTES, leaf_hash, node_hash
from fanfare.ledger.keys import SignerKey, VerifierKey
from fanfare.ledger.notes import Note
from fanfare.ledger.proofs import verify_inclusion
from fanfare.ledger.writing import from_decimal, hash_from_base64, lines_of, to_base64
from fanfare.record.notary import promises_name

KEPT_WITHIN_S = 60
"""A checkpoint covers the entry so many seconds later at most."""
_FIRST_LINE = "fanfare promise v1"
_LINES = 6
_TIME = "%Y-%m-%dT%H:%M:%SZ"


class Ids:
    """The ids of an entry's events as a tree, in the order of the entry, with all their proofs: each event is asked for."""

    def __init__(self, ids: Sequence[str]) -> None:
        """Hash them. Raises: ValueError: there are none."""
        if not ids:
            raise ValueError("an entry holds 1 event or more")
        self._proofs: list[list[str]] = [[] for _ in ids]
        self.root = self._grow(0, [leaf_hash(each.encode()) for each in ids])

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._proofs)

    def proof(self, index: int) -> list[str]:
        """Return the proof that the id at *index* is among them: hashes in base64. Raises: IndexError: there is no such index."""
        return self._proofs[index]

    def _grow(self, first: int, leaves: Sequence[bytes]) -> bytes:
        """Return the root over some of them, and add to the proof of each what is beside it."""
        if len(leaves) == 1:
            return leaves[0]
        split = 1 << (len(leaves) - 1).bit_length() - 1  # the largest power of two below: RFC 9162, section 2.1.1
        left, right = self._grow(first, leaves[:split]), self._grow(first + split, leaves[split:])
        for beside, begin, end in ((right, first, first + split), (left, first + split, first + len(leaves))):
            written = to_base64(beside)
            for proof in self._proofs[begin:end]:
                proof.append(written)
        return node_hash(left, right)


@dataclass(frozen=True, slots=True)
class Promise:
    """That an entry stands where it does, and will be under a signed checkpoint in time."""

    record_name: str
    partition: int
    offset: int
    leaf: bytes
    """The hash of the entry's stored bytes."""
    count: int
    """How many events the entry holds."""
    root: bytes
    """Over their ids."""
    deadline: datetime
    """UTC, to the second."""

    def __post_init__(self) -> None:
        """
        Refuse what is none.

        Raises:
            Malformed: an empty name or one of several lines, a number below 0, no events, or a hash of other than 32 bytes.
        """
        wrong = not self.record_name or any(each <= " " for each in self.record_name)
        wrong = wrong or min(self.partition, self.offset, self.count - 1) < 0
        if wrong or any(len(each) != HASH_BYTES for each in (self.leaf, self.root)):
            raise Malformed("A promise names a record, a place in it, at least one event, and two hashes of 32 bytes.")

    @property
    def until(self) -> str:
        """Return the deadline as it is written."""
        return self.deadline.strftime(_TIME)

    @property
    def text(self) -> bytes:
        """Return what is signed."""
        lines = (
            _FIRST_LINE,
            self.record_name,
            f"{self.partition}:{self.offset}",
            to_base64(self.leaf),
            f"{self.count} {to_base64(self.root)}",
            self.until,
        )
        return "".join(f"{line}\n" for line in lines).encode()

    def signed(self, signer: SignerKey) -> Note:
        """Return it as the site hands it out."""
        return Note(self.text).signed(signer)

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """
        Return the promise of a note's text.

        Raises:
            Malformed: it is none, or not written as a promise is written.
        """
        lines = lines_of(text)
        if len(lines) != _LINES or lines[0] != _FIRST_LINE:
            raise Malformed(f"A promise has six lines, of which the first is {_FIRST_LINE}.")
        partition, _, offset = lines[2].partition(":")
        count, _, root = lines[4].partition(" ")
        try:
            deadline = datetime.strptime(lines[5], _TIME).replace(tzinfo=UTC)
        except ValueError:
            raise Malformed("A promise ends with the time until which it will be kept, such as 2026-11-23T12:00:00Z.") from None
        leaf = hash_from_base64(lines[3])
        found = cls(
            lines[1], from_decimal(partition), from_decimal(offset), leaf, from_decimal(count), hash_from_base64(root), deadline
        )
        if found.text != text:
            raise Malformed("A promise is written in one way, and this is another one.")
        return found


def check_promise(note: bytes, keys: Sequence[VerifierKey], event_id: str, index: int, proof: Sequence[str]) -> Promise:
    """
    Return a promise that the site signed of the entry in which this event stands at this index.

    Args:
        note: as the site handed it out.
        keys: that may have signed it: `Notary.verifiers(promises_name(record_name))`.
        proof: hashes in base64, as `events_proof` of an answer has them.

    Raises:
        Malformed: it is no promise.
        NotSigned: none of the keys signed it under the name of its record, or a signature of one of them is wrong.
        NotProven: the event is not shown to be in the entry, at this index.
    """
    opened = Note.parse(note)
    verified = opened.check(keys)
    promise = Promise.parse(opened.text)
    if promises_name(promise.record_name) not in (each.key.name for each in verified):
        raise NotSigned(f"No known key that signs promises of {promise.record_name} signed this.")
    verify_inclusion(leaf_hash(event_id.encode()), index, promise.count, list(map(hash_from_base64, proof)), promise.root)
    return promise


def check_entry(promise: Promise, partition: int, offset: int, entry: bytes) -> None:
    """
    Check that these stored bytes at this place are what was promised.

    Raises:
        NotProven: they stand elsewhere, or are others.
    """
    if (partition, offset) != (promise.partition, promise.offset):
        place = f"{promise.partition}:{promise.offset}"
        raise NotProven(f"The promise is of entry {place}, and this is entry {partition}:{offset}.")
    if leaf_hash(entry) != promise.leaf:
        raise NotProven(f"Entry {partition}:{offset} has other bytes than were promised.")
