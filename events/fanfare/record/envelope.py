"""The envelope: each event travels as a CloudEvents 1.0 JSON object."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from fanfare.record.kinds import CampaignId, Count, Event, Instant, canonical, check_utc

Printed = Annotated[
    str, msgspec.Meta(pattern=r"^[!-~]{1,200}(?!\n)$", description="Printable ASCII, so that every store takes it.")
]


class Decision(msgspec.Struct, frozen=True):
    """What a contested decision was decided upon."""

    stream: str
    """A campaign's id, or ``site``."""
    after: int
    """How many contested decisions of the stream had been taken. The first entry whose number is current is taken."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An event with its envelope."""

    id: str
    source: str
    subject: str
    time: datetime
    event: Event
    decision: Decision | None = None


class Envelope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The attributes as they stand in the JSON. Unknown extension attributes are passed over, as CloudEvents asks."""

    specversion: Literal["1.0"]
    id: Printed
    source: Printed
    type: Printed
    subject: Printed
    time: Instant
    data: msgspec.Raw
    stream: CampaignId | None = None
    after: Count | None = None

    def __post_init__(self) -> None:
        """Refuse a time that is not in UTC, and half a decision."""
        check_utc(self.time)
        if (self.stream is None) != (self.after is None):
            message = "stream and after come together"
            raise ValueError(message)


def encode(recorded: Recorded) -> bytes:
    """Return *recorded* as one CloudEvents JSON object, deterministic."""
    decision = recorded.decision
    return canonical(
        {
            "specversion": "1.0",
            "id": recorded.id,
            "source": recorded.source,
            "type": recorded.event.wire,
            "subject": recorded.subject,
            "time": recorded.time,
            "data": recorded.event,
            **({} if decision is None else {"stream": decision.stream, "after": decision.after}),
        }
    )


def event_id(key: bytes, parts: Sequence[str]) -> str:
    """
    Return the id of what *parts* ask for: 32 hexadecimal digits of HMAC-SHA-256 under the vault's *key*.

    Args:
        parts: actor, command, target, idempotency key, digest of the body. Each is length-prefixed, so none runs into the next.
    """
    encoded = [part.encode() for part in parts]
    spelled = b"".join([len(part).to_bytes(4, "big") + part for part in encoded])
    return hmac.digest(key, spelled, "sha256").hex()[:32]


def derived_id(*parts: str) -> str:
    """Return an id that follows from *parts* alone (32 hexadecimal digits), for events that a processor emits."""
    return derived_key(*parts).hex()


def derived_key(*parts: str) -> bytes:
    """Return the same as 16 bytes, for a fold that keeps a million of them."""
    return hashlib.sha256("\x1f".join(parts).encode()).digest()[:16]
