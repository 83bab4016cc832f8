"""
Keys: Ed25519 under a name, for the two kinds of signatures that the ledger knows.

In words a verifier's key is `name+id+base64`, a signer's `PRIVATE+KEY+name+id+base64`. What is in base64 begins with the kind.

Source: C2SP signed-note (c2sp.org/signed-note), tlog-cosignature; the strings are those of Go's package sumdb/note.
"""

import hashlib
import re
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from fanfare.ledger.faults import Malformed
from fanfare.ledger.writing import from_base64, is_name, to_base64

_KEY_BYTES = 32
_VERIFIER = re.compile(r"([^+]+)\+([0-9a-f]{8})\+(.+)")
_SIGNER = re.compile(r"PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+(.+)")


class Kind(IntEnum):
    """What a signature is over."""

    NOTE = 0x01
    """The text of the note: how a log signs its checkpoints."""
    COSIGNATURE = 0x04
    """A time and the text: how a witness says when it saw a checkpoint."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """What checks signatures: public, and printed as Go's verifier keys are."""

    name: str
    kind: Kind
    public: bytes = field(repr=False)
    """32 bytes. Source: RFC 8032."""

    def __post_init__(self) -> None:
        """
        Refuse what no note could name.

        Raises:
            Malformed: a name with spaces or a plus, or a key of another length.
        """
        if not is_name(self.name) or len(self.public) != _KEY_BYTES:
            raise Malformed("A key has a name without spaces and plus signs, and 32 bytes.")

    @property
    def id(self) -> bytes:
        """Return the four bytes that, with the name, say in a note whose signature it is."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{to_base64(bytes([self.kind]) + self.public)}"

    @classmethod
    def parse(cls, words: str) -> Self:
        """
        Return the key that is written so.

        Raises:
            Malformed: it is none, it is of a kind that is not known, or its id is not the one that follows from it.
        """
        name, key_id, kind, public = _parsed(_VERIFIER, words)
        key = cls(name, kind, public)
        if key.id != key_id:
            raise Malformed(f"The id in this verifier's key is {key_id.hex()}; its name and bytes make {key.id.hex()}.")
        return key

    def accepts(self, signature: bytes, message: bytes) -> bool:
        """Tell whether this is the Ed25519 signature of these very bytes under this key."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class SignerKey:
    """What signs: secret, shown only where `secret` asks for it."""

    name: str
    kind: Kind
    seed: bytes = field(repr=False)
    """32 bytes. Source: RFC 8032."""

    def __post_init__(self) -> None:
        """
        Refuse what no note could name.

        Raises:
            Malformed: a name with spaces or a plus, or a seed of another length.
        """
        if not is_name(self.name) or len(self.seed) != _KEY_BYTES:
            raise Malformed("A key has a name without spaces and plus signs, and 32 bytes.")

    @property
    def verifier(self) -> VerifierKey:
        """Return the public half."""
        return VerifierKey(self.name, self.kind, _pair(self.seed)[1])

    def secret(self) -> str:
        """Return the key in words. Whoever reads them can sign."""
        return f"PRIVATE+KEY+{self.name}+{self.verifier.id.hex()}+{to_base64(bytes([self.kind]) + self.seed)}"

    @classmethod
    def parse(cls, words: str) -> Self:
        """
        Return the key that is written so. What is refused is not repeated in the message.

        Raises:
            Malformed: it is none, it is of a kind that is not known, or its id is not that of its public half.
        """
        name, key_id, kind, seed = _parsed(_SIGNER, words)
        key = cls(name, kind, seed)
        if key.verifier.id != key_id:
            raise Malformed("The id in this signer's key is not that of its public half.")
        return key

    @classmethod
    def generate(cls, name: str, kind: Kind = Kind.NOTE) -> Self:
        """Return a new key of this name, from the system's randomness."""
        return cls(name, kind, Ed25519PrivateKey.generate().private_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature of these very bytes, 64 bytes."""
        return _pair(self.seed)[0].sign(message)


@lru_cache(maxsize=256)
def _pair(seed: bytes) -> tuple[Ed25519PrivateKey, bytes]:
    """Return a key that can sign and its public half, which cost more than a signature does."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    return key, key.public_key().public_bytes_raw()


def _parsed(form: re.Pattern[str], words: str) -> tuple[str, bytes, Kind, bytes]:
    """Return name, id, kind and bytes of a key in words; none of them goes into a message, since they may be secret."""
    found = form.fullmatch(words)
    try:
        typed = from_base64(found[3]) if found else b""
    except Malformed:
        typed = b""
    if not found or len(typed) != 1 + _KEY_BYTES or typed[0] not in set(Kind):
        raise Malformed("This is no Ed25519 key in words: a name, an id of eight digits, and base64, with plus signs between.")
    return found[1], bytes.fromhex(found[2]), Kind(typed[0]), typed[1:]
