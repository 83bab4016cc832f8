"""The small types that every event is made of, and the one canonical JSON."""

import hashlib
from datetime import datetime, timedelta
from typing import Annotated, ClassVar

import msgspec

# Python's $ also matches before a line break at the end; "(?!\\n)" forbids that one and means the same in every dialect.
_ID = r"^[a-z0-9]{4,40}(?!\n)$"
_SHA256 = r"^[0-9a-f]{64}(?!\n)$"

MemberId = Annotated[str, msgspec.Meta(pattern=_ID, description="A random pseudonym of a person.")]
CampaignId = Annotated[str, msgspec.Meta(pattern=_ID)]
RoundId = Annotated[str, msgspec.Meta(pattern=_ID)]
IdeaId = Annotated[str, msgspec.Meta(pattern=_ID)]
CommentId = Annotated[str, msgspec.Meta(pattern=_ID)]
ContentId = Annotated[str, msgspec.Meta(pattern=_ID, description="Of an idea, or of a comment.")]
OptionId = Annotated[
    str, msgspec.Meta(pattern=r"^[a-z0-9]{1,40}(?!\n)$", description="An idea's id, or a letter of a fixed list.")
]
Digest = Annotated[str, msgspec.Meta(pattern=_SHA256, description="SHA-256, hexadecimal.")]
TextHash = Annotated[
    str, msgspec.Meta(pattern=_SHA256, description="SHA-256(128-bit salt, then the text in UTF-8), hexadecimal.")
]
PictureHash = Annotated[
    str, msgspec.Meta(pattern=_SHA256, description="SHA-256(128-bit salt, then the bytes of the largest size), hexadecimal.")
]
KeptHash = Annotated[str, msgspec.Meta(pattern=_SHA256, description="The hash of a text or of a picture.")]
TermsHash = Annotated[str, msgspec.Meta(pattern=_SHA256, description="SHA-256 of a round's canonical terms.")]
VoterToken = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}(?!\n)$", description="Per-round pseudonym of a voter.")]
Number = Annotated[int, msgspec.Meta(ge=1, le=100_000, description="From 1; the highest counts, of equal ones the first.")]
LAST_TURN = 100_000
Turn = Annotated[
    int, msgspec.Meta(ge=1, le=LAST_TURN, description="The highest stands. Of a pair of events, odd turns do and even ones undo.")
]
Zone = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_+/-]{1,60}(?!\n)$", description="An IANA zone, such as Europe/Berlin.")]
Instant = Annotated[datetime, msgspec.Meta(tz=True, description="UTC.")]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]

_encoder = msgspec.json.Encoder(order="sorted")


class Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, gc=False):
    """A fact. Its wire name is literal, versioned and never reused."""

    wire: ClassVar[str]


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, gc=False):
    """A part of an event: a value without a wire name of its own."""


def check_utc(*times: datetime) -> None:
    """
    Check that *times* are in UTC, so that one instant has one spelling.

    Raises:
        ValueError: one is not. A decoder that calls this turns it into an error of its own.
    """
    if any(time.utcoffset() != timedelta(0) for time in times):
        message = "a time in the record is written in UTC"
        raise ValueError(message)


def check_turn(turn: int, *, odd: bool) -> None:
    """
    Check that a turn does what its event says.

    Raises:
        ValueError: an even turn does something, or an odd one undoes it.
    """
    if (turn % 2 == 1) != odd:
        message = "an odd turn does, and an even one undoes"
        raise ValueError(message)


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


def picture_hash(salt: bytes, large: bytes) -> str:
    """Return what the record holds of a picture: SHA-256(16 bytes of salt, then the bytes of its largest size)."""
    return digest(salt + large)
