"""The entry: what is appended at once, a CloudEvents JSON batch of at most 60 KiB."""

from collections.abc import Sequence
from functools import cached_property

import msgspec

from fanfare.record.alike import read_alike
from fanfare.record.ballots import BallotCast, BallotsClosed
from fanfare.record.catalogue import CONTESTED, EVENTS, UPCASTS
from fanfare.record.envelope import Decision, Envelope, Recorded
from fanfare.record.plain import decoder, read_plain
from fanfare.record.position import Position
from fanfare.record.site import STREAM, SiteEvent
from fanfare.record.unreadable import Unreadable, unreadable, unreadable_entry

MOST_BYTES = 60 * 1024
"""tlog-tiles limits an entry to 65,535 bytes."""

_batch = msgspec.json.Decoder(list[msgspec.Raw])
_envelope = msgspec.json.Decoder(Envelope)
_BAD_BYTES = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class _Typed(msgspec.Struct):
    type: str


_typed = msgspec.json.Decoder(_Typed)


class UnknownEvent(Exception):
    """The record holds an event that this version does not know. The reader is old: upgrade it."""


class Entry(msgspec.Struct, frozen=True, dict=True):
    """An entry as it was read back: where it stands, and its events."""

    partition: int
    offset: int
    events: tuple[Recorded | Unreadable, ...]

    @cached_property
    def placed(self) -> list[tuple[Position, Recorded | Unreadable]]:
        """The events with their positions, also those that cannot be read; made once for all who read the entry."""
        return [(Position(self.partition, self.offset, index), each) for index, each in enumerate(self.events)]

    def positioned(self) -> list[tuple[Position, Recorded]]:
        """Return the readable events with their positions."""
        return [(position, each) for position, each in self.placed if isinstance(each, Recorded)]

    @property
    def decision(self) -> Decision | None:
        """What the entry was decided upon; none where it is uncontested. All its readable events say the same."""
        return next((each.decision for each in self.events if isinstance(each, Recorded)), None)


def pack(events: Sequence[bytes]) -> bytes:
    """Return the entry that holds these encoded events, in their order."""
    return b"[" + b",".join(events) + b"]"


def unpack(partition: int, offset: int, body: bytes) -> Entry:
    """
    Decode the stored bytes of an entry.

    Raises:
        UnknownEvent: a wire name that this version does not know.
    """
    if (alike := read_alike(partition, body)) is not None:
        return Entry(partition, offset, alike)
    if partition == 0 and (plain := read_plain(body)) is not None:
        return Entry(partition, offset, plain)
    return _unpack(partition, offset, body)


def _unpack(partition: int, offset: int, body: bytes) -> Entry:
    try:
        raws = _batch.decode(body)
    except _BAD_BYTES:
        return Entry(partition, offset, (unreadable_entry("not a JSON array", body),))
    entry = Entry(partition, offset, tuple(_event(raw, Position(partition, offset, index)) for index, raw in enumerate(raws)))
    decision = entry.decision
    if all(isinstance(each, Unreadable) or each.decision == decision for each in entry.events):
        return entry
    return Entry(
        partition, offset, tuple(_of_decision(each, decision, raw) for each, raw in zip(entry.events, raws, strict=True))
    )


def _of_decision(event: Recorded | Unreadable, decision: Decision | None, raw: msgspec.Raw) -> Recorded | Unreadable:
    if isinstance(event, Unreadable) or event.decision == decision:
        return event
    return unreadable("decided upon something else than the first of its entry", bytes(raw))


def _event(raw: msgspec.Raw, position: Position) -> Recorded | Unreadable:
    # The type alone is read first: an envelope that a newer version shapes otherwise must stop this one, not be passed over.
    try:
        wire = _typed.decode(raw).type
    except _BAD_BYTES:
        return unreadable("not a CloudEvents object", bytes(raw))
    if wire not in EVENTS:
        raise UnknownEvent(f"{position}: {ascii(wire[:80])[1:-1]} is not known to this version of Fanfare; upgrade it")
    try:
        envelope = _envelope.decode(raw)
        event = decoder(wire).decode(envelope.data)
    except _BAD_BYTES:
        return unreadable(f"not a valid {wire}", bytes(raw))
    upcast = UPCASTS.get(wire)
    recorded = Recorded(
        id=envelope.id,
        source=envelope.source,
        subject=envelope.subject,
        time=envelope.time,
        event=upcast(event) if upcast else event,
        decision=None if envelope.stream is None or envelope.after is None else Decision(envelope.stream, envelope.after),
    )
    misplaced = _misplaced(recorded, position.partition)
    return unreadable(misplaced, bytes(raw)) if misplaced else recorded


def _misplaced(recorded: Recorded, partition: int) -> str:
    """Say why an event cannot stand where it stands, so that no fold needs to ask; empty where it can."""
    event, decision = recorded.event, recorded.decision
    if partition != 0 and not isinstance(event, BallotCast | BallotsClosed):
        return f"a {event.wire} outside partition 0"
    if partition != 0 and decision is not None:
        return "a decision outside partition 0"
    if type(event) not in CONTESTED:
        return ""
    if decision is None:
        return f"a {event.wire} that does not say what it was decided upon"
    if isinstance(event, SiteEvent) != (decision.stream == STREAM):
        return f"a {event.wire} in the stream {decision.stream}"
    return ""
