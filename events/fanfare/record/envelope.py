"""The envelope: each event travels as a CloudEvents 1.0 JSON object."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from fanfare.record.kinds import Event, canonical


class Decision(msgspec.Struct, frozen=True):
    """What a contested decision was decided upon."""

    stream: str
    """A campaign's id, or ``site``."""
    after: int
    """How many contested decisions of the stream had been taken. The first entry whose number is current is taken."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
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
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    data: msgspec.Raw
    stream: str | None = None
    after: int | None = None


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
    spelled = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
    return hmac.new(key, spelled, hashlib.sha256).hexdigest()[:32]


def derived_id(*parts: str) -> str:
    """Return an id that follows from *parts* alone (32 hexadecimal digits), for events that a processor emits."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
