"""
The quick way through entries of uncontested events of several types, as many writers at once make them.

It answers only where it is sure, and then as ``fanfare.record.entry`` would: a test holds the two equal. Three quarters of what
the full way takes for an event go into patterns; here the envelopes of an entry are read at once, and so are the events of each
frequent type, and their strings are checked together.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

import msgspec

from fanfare.record.alike import matcher, read_facts
from fanfare.record.catalogue import CONTESTED, EVENTS, UPCASTS
from fanfare.record.envelope import Printed, Recorded
from fanfare.record.kinds import Event

_encoder = msgspec.json.Encoder()
_is_printed = matcher(Printed)


class _Bare(msgspec.Struct, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """An envelope before its patterns are checked; its keys in the order in which we write them."""

    data: msgspec.Raw
    id: str
    source: str
    specversion: Literal["1.0"]
    subject: str
    time: datetime
    type: str


_bare = msgspec.json.Decoder(list[_Bare])


@lru_cache(maxsize=256)
def decoder(wire: str) -> msgspec.json.Decoder[Event]:
    """Return what decodes the events of a wire name. Raises: KeyError: this version does not know it."""
    return msgspec.json.Decoder(EVENTS[wire])


def _wants_the_full_way(wire: str) -> bool:
    """Tell whether a type is contested, or has a newer version. Raises: KeyError: this version does not know it."""
    return EVENTS[wire] in CONTESTED or wire in UPCASTS


def read_plain(body: bytes) -> tuple[Recorded, ...] | None:
    """Return the events of an entry of partition 0 if all are readable, uncontested and spelled as we spell them; else none."""
    try:
        found = _bare.decode(body)
        if _encoder.encode(found) != body:  # a key that is there twice: the patterns below would not see all of it
            return None
        stored: dict[str, list[msgspec.Raw]] = {}
        for each in found:
            stored.setdefault(each.type, []).append(each.data)
        if any(map(_wants_the_full_way, stored)) or any(each.time.tzinfo is not UTC for each in found):
            return None
        if not _is_printed({text for each in found for text in (each.id, each.source, each.subject, each.type)}):
            return None
        events = {wire: iter(_facts(wire, some)) for wire, some in stored.items()}
        return tuple(
            [
                Recorded(id=each.id, source=each.source, subject=each.subject, time=each.time, event=next(events[each.type]))
                for each in found
            ]
        )
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, KeyError, ValueError):  # the last: an event checks itself
        return None


def _facts(wire: str, stored: Sequence[msgspec.Raw]) -> Sequence[Event]:
    """Return the events of one type without their envelopes. Raises what the events, or a lack of the type, make it raise."""
    found = read_facts(wire, stored)
    return [decoder(wire).decode(each) for each in stored] if found is None else found
