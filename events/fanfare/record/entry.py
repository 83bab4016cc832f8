"""The entry: what is appended at once, a CloudEvents JSON batch of at most 60 KiB."""

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from fanfare.record.catalogue import EVENTS, UPCASTS
from fanfare.record.envelope import Decision, Envelope, Recorded
from fanfare.record.kinds import Event
from fanfare.record.position import Position

MOST_BYTES = 60 * 1024
"""tlog-tiles limits an entry to 65,535 bytes."""

_batch = msgspec.json.Decoder(list[msgspec.Raw])
_envelope = msgspec.json.Decoder(Envelope)


class UnknownEvent(Exception):
    """The record holds an event that this version does not know. The reader is old: upgrade it."""


class Unreadable(msgspec.Struct, frozen=True):
    """An event that is invalid under its own known schema. It is passed over, alone, and its position is told."""

    why: str


class Entry(msgspec.Struct, frozen=True):
    """An entry as it was read back: where it stands, and its events."""

    partition: int
    offset: int
    events: tuple[Recorded | Unreadable, ...]

    def positioned(self) -> list[tuple[Position, Recorded]]:
        """Return the readable events with their positions."""
        return [
            (Position(self.partition, self.offset, index), each)
            for index, each in enumerate(self.events)
            if isinstance(each, Recorded)
        ]

    @property
    def decision(self) -> Decision | None:
        """What the entry was decided upon; none where it is uncontested."""
        first = self.events[0] if self.events else None
        return first.decision if isinstance(first, Recorded) else None


def pack(events: Sequence[bytes]) -> bytes:
    """Return the entry that holds these encoded events, in their order."""
    return b"[" + b",".join(events) + b"]"


@lru_cache(maxsize=256)
def _decoder(wire: str) -> msgspec.json.Decoder[Event]:
    return msgspec.json.Decoder(EVENTS[wire])


def unpack(partition: int, offset: int, body: bytes) -> Entry:
    """
    Decode the stored bytes of an entry.

    Raises:
        UnknownEvent: a wire name that this version does not know.
    """
    try:
        raws = _batch.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Entry(partition, offset, (Unreadable("not a JSON array"),))
    return Entry(partition, offset, tuple(_event(raw, Position(partition, offset, index)) for index, raw in enumerate(raws)))


def _event(raw: msgspec.Raw, position: Position) -> Recorded | Unreadable:
    try:
        envelope = _envelope.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Unreadable("not a CloudEvents object")
    if envelope.type not in EVENTS:
        message = f"{position}: {envelope.type[:80]!r} is not known to this version of Fanfare; upgrade it"
        raise UnknownEvent(message)
    try:
        event = _decoder(envelope.type).decode(envelope.data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Unreadable(f"not a valid {envelope.type}")
    upcast = UPCASTS.get(envelope.type)
    if envelope.stream is None or envelope.after is None:
        decision = None
    else:
        decision = Decision(envelope.stream, envelope.after)
    return Recorded(
        id=envelope.id,
        source=envelope.source,
        subject=envelope.subject,
        time=envelope.time,
        event=upcast(event) if upcast else event,
        decision=decision,
    )
