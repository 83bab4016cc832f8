"""The small types that every event is made of, and the one canonical JSON."""

import hashlib
from typing import Annotated, ClassVar

import msgspec

MemberId = Annotated[str, msgspec.Meta(pattern="^[a-z0-9]{4,40}$", description="A random pseudonym of a person.")]
CampaignId = Annotated[str, msgspec.Meta(pattern="^[a-z0-9]{4,40}$")]
RoundId = Annotated[str, msgspec.Meta(pattern="^[a-z0-9]{4,40}$")]
IdeaId = Annotated[str, msgspec.Meta(pattern="^[a-z0-9]{4,40}$")]
CommentId = Annotated[str, msgspec.Meta(pattern="^[a-z0-9]{4,40}$")]
OptionId = Annotated[str, msgspec.Meta(pattern="^[a-z0-9]{1,40}$", description="An idea's id, or a letter of a fixed list.")]
Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$", description="SHA-256, hexadecimal.")]
TextHash = Annotated[
    str, msgspec.Meta(pattern="^[0-9a-f]{64}$", description="SHA-256(128-bit salt, then the text in UTF-8), hexadecimal.")
]
TermsHash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$", description="SHA-256 of a round's canonical terms.")]
VoterToken = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$", description="Per-round pseudonym of a voter.")]
Number = Annotated[int, msgspec.Meta(ge=1, le=100_000, description="From 1; the highest counts, of equal ones the first.")]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]

_encoder = msgspec.json.Encoder(order="sorted")


class Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A fact. Its wire name is literal, versioned and never reused."""

    wire: ClassVar[str]


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of an event: a value without a wire name of its own."""


def canonical(value: object) -> bytes:
    """
    Return the one JSON encoding of *value*: sorted keys, no spaces, UTF-8.

    Source: equals RFC 8785 for ASCII keys, integers and strings, which is all that events and reports hold.
    """
    return _encoder.encode(value)


def digest(value: bytes) -> str:
    """Return the SHA-256 of *value*, 64 hexadecimal digits."""
    return hashlib.sha256(value).hexdigest()


def text_hash(salt: bytes, text: str) -> str:
    """Return what the record holds of a text: SHA-256(16 bytes of salt, then the text in UTF-8)."""
    return digest(salt + text.encode())
