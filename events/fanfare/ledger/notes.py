"""
Signed notes: a text, an empty line, and a line for each signature, `— name base64(key id and signature)`.

Source: C2SP signed-note (c2sp.org/signed-note).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self, assert_never

from fanfare.ledger.cosignatures import cosigned, cosigned_at
from fanfare.ledger.faults import Malformed, NotSigned
from fanfare.ledger.keys import Kind, SignerKey, VerifierKey
from fanfare.ledger.writing import from_base64, is_name, lines_of, to_base64

MOST_BYTES = 1_000_000
MOST_SIGNATURES = 100
_ID_BYTES = 4
_DASH = "— "


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature as a note has it, checked or not."""

    name: str
    key_id: bytes
    bare: bytes

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {to_base64(self.key_id + self.bare)}\n"

    @classmethod
    def parse(cls, line: str) -> Self:
        """
        Return the signature of a line, which has lost its end.

        Raises:
            Malformed: it is no signature line.
        """
        name, _, encoded = line.removeprefix(_DASH).partition(" ")
        binary = from_base64(encoded)
        if not line.startswith(_DASH) or not is_name(name) or len(binary) <= _ID_BYTES:
            raise Malformed("A signature line is a dash, a name and base64 of a key's id and its signature, with spaces between.")
        return cls(name, binary[:_ID_BYTES], binary[_ID_BYTES:])


@dataclass(frozen=True, slots=True)
class Verified:
    """A signature of a key that is known, which was checked."""

    key: VerifierKey
    at_s: int | None
    """When the witness signed, in seconds since 1970, as it says; none where the key is no witness's."""


@dataclass(frozen=True, slots=True)
class Note:
    """A text and what claims to be signatures of it. Nothing of it may be believed before `check`."""

    text: bytes
    """With the end of its last line, without the empty line behind it."""
    signatures: tuple[Signature, ...] = ()

    def __bytes__(self) -> bytes:
        return self.text + b"\n" + "".join(map(str, self.signatures)).encode()

    @classmethod
    def parse(cls, stored: bytes) -> Self:
        """
        Return the note that is written so.

        Raises:
            Malformed: it is none, has no or more than 100 signatures, or more than a million bytes.
        """
        end = stored.rfind(b"\n\n")
        if end < 0 or len(stored) > MOST_BYTES:
            raise Malformed("A note is a text, an empty line and signatures, in at most a million bytes.")
        lines_of(stored)
        lines = lines_of(stored[end + 2 :] or b"\n")
        if len(lines) > MOST_SIGNATURES:
            raise Malformed(f"There are {len(lines)} signatures; more than {MOST_SIGNATURES} are not read.")
        return cls(stored[: end + 1], tuple(map(Signature.parse, lines)))

    def check(self, keys: Iterable[VerifierKey]) -> tuple[Verified, ...]:
        """
        Return the signatures of *keys*, in the order of the note. Those of other keys are passed over.

        Raises:
            NotSigned: none of the keys signed, or the signature of one of them is wrong.
        """
        known = {(key.name, key.id): key for key in keys}
        found = []
        for signature in self.signatures:
            key = known.get((signature.name, signature.key_id))
            if key:
                found.append(_checked(key, self.text, signature))
        if not found:
            raise NotSigned("No key that is known signed this.")
        return tuple(found)

    def signed(self, signer: SignerKey, at_s: int | None = None) -> Self:
        """
        Return the note with this signer's signature behind those that it has; an earlier one of the same key goes.

        Args:
            at_s: for a witness's key, when it saw the text, in seconds since 1970.
        """
        return self.having(signature_of(self.text, signer, at_s))

    def having(self, *more: Signature) -> Self:
        """Return the note with signatures that came from elsewhere behind its own; earlier ones of the same keys go."""
        new = {(each.name, each.key_id) for each in more}
        kept = [each for each in self.signatures if (each.name, each.key_id) not in new]
        return type(self)(self.text, (*kept, *more))


def signature_of(text: bytes, signer: SignerKey, at_s: int | None = None) -> Signature:
    """
    Return the signature of a text, which ends with the end of a line; a witness's key (and no other) takes a time.

    Raises:
        Malformed: the text is none that a note can have.
        ValueError: a witness's key without a time, or another with one.
    """
    lines_of(text)
    if (signer.kind is Kind.COSIGNATURE) != (at_s is not None):
        raise ValueError("A witness's key (kind 4) signs with a time, a log's (kind 1) without.")
    bare = signer.sign(text) if at_s is None else cosigned(signer, text, at_s)
    return Signature(signer.name, signer.verifier.id, bare)


def _checked(key: VerifierKey, text: bytes, signature: Signature) -> Verified:
    """Return the signature as checked, or refuse the note: a wrong one of a known key is no accident."""
    match key.kind:
        case Kind.NOTE:
            at_s, right = None, key.accepts(signature.bare, text)
        case Kind.COSIGNATURE:
            at_s = cosigned_at(key, text, signature.bare)
            right = at_s is not None
        case _:
            assert_never(key.kind)
    if not right:
        raise NotSigned(f"The signature of {key.name}+{key.id.hex()} is not that of this text.")
    return Verified(key, at_s)
