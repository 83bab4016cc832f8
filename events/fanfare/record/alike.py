"""
The quick way through entries of many events of one uncontested type, as a group commit makes them.

It answers only where it is sure, and then as ``fanfare.record.entry`` would: a test holds the two equal. The full way checks each
string of each event against a pattern; here each different string of an entry is checked once, which is three times as fast.
"""

import re
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Annotated, Any, Literal, Protocol, get_args, get_origin, get_type_hints

import msgspec

from fanfare.record.ballots import BallotCast, BallotsClosed, Choice
from fanfare.record.catalogue import UPCASTS
from fanfare.record.envelope import Printed, Recorded
from fanfare.record.ideas import CommentMade, IdeaSupported
from fanfare.record.kinds import Event
from fanfare.record.members import MemberJoined, TookPart
from fanfare.record.recognition import AwardGranted, AwardRevoked

_encoder = msgspec.json.Encoder()
_LAST_TYPE = re.compile(rb'"type":"([a-z0-9.-]{1,100})"\}\]\Z')
"""Keys are sorted, so a type is the last thing in an entry that we wrote."""


class _Chosen(msgspec.Struct, gc=False, forbid_unknown_fields=True, tag="chosen", tag_field="kind"):
    options: tuple[str, ...]


@lru_cache(maxsize=10_000)
def _choice(options: tuple[str, ...]) -> Choice:
    """Return the choice of these options, one object for all ballots that make it. Raises: msgspec.ValidationError."""
    return msgspec.convert({"kind": "chosen", "options": options}, Choice)


_MAKE: dict[type[Event], Callable[[Any], Event]] = {
    BallotCast: lambda read: BallotCast(
        terms=read.terms,
        voter=read.voter,
        number=read.number,
        choice=_choice(read.choice.options),
        channel=read.channel,
        admission=read.admission,
    ),
    MemberJoined: lambda read: MemberJoined(member=read.member),
    TookPart: lambda read: TookPart(member=read.member, round=read.round),
    IdeaSupported: lambda read: IdeaSupported(idea=read.idea, by=read.by, number=read.number),
    CommentMade: lambda read: CommentMade(comment=read.comment, idea=read.idea, by=read.by, text=read.text),
    AwardGranted: lambda read: AwardGranted(**msgspec.structs.asdict(read)),
    AwardRevoked: lambda read: AwardRevoked(**msgspec.structs.asdict(read)),
}
"""The types of which there are many, and how one is made of what was read."""
_END = r"(?!\n)$"
"""How every pattern of ours ends."""
_ANYWHERE: tuple[type[Event], ...] = (BallotCast, BallotsClosed)


_Patterns = tuple[tuple[Callable[[Any], str], Callable[[Collection[str]], bool]], ...]
"""Each string of what was read, and what all of them must match."""


class _Reading(msgspec.Struct, frozen=True):
    decoder: msgspec.json.Decoder[Any]
    patterns: _Patterns
    """Of an event with its envelope."""
    facts: msgspec.json.Decoder[Any]
    facts_patterns: _Patterns
    """Of an event alone."""
    make: Callable[[Any], Event]


class ChosenOptions(Protocol):
    """The choice of a ballot that was read and not made into an event."""

    options: tuple[str, ...]


class BallotFields(Protocol):
    """The fields of such a ballot."""

    terms: str
    voter: str
    number: int
    choice: ChosenOptions
    channel: Literal["web", "api"]


class ReadBallot(Protocol):
    """A ballot as sure as an event, without the cost of one: whoever counts ten million needs none."""

    time: datetime
    data: BallotFields


def read_alike(partition: int, body: bytes) -> tuple[Recorded, ...] | None:
    """Return the events of an entry if all are readable, uncontested and of one type that is frequent; else none."""
    last = _LAST_TYPE.search(body, max(0, len(body) - 120))
    reading = _reading(last[1].decode(), partition == 0) if last else None
    if reading is None:
        return None
    make = reading.make
    try:
        if (found := _sure(reading.decoder, reading.patterns, body)) is None or _any_outside_utc(found):
            return None
        return tuple(
            [
                Recorded(id=each.id, source=each.source, subject=each.subject, time=each.time, event=make(each.data))
                for each in found
            ]
        )
    except _UNSURE:
        return None


def read_ballots(body: bytes) -> list[ReadBallot] | None:
    """Return the ballots of an entry that holds nothing else, if all are readable; else none, and it is read the full way."""
    last = _LAST_TYPE.search(body, max(0, len(body) - 120))
    reading = _reading(BallotCast.wire, in_partition_0=False) if last and last[1].decode() == BallotCast.wire else None
    if reading is None:
        return None
    try:
        if (found := _sure(reading.decoder, reading.patterns, body)) is None or _any_outside_utc(found):
            return None
        for options in {each.data.choice.options for each in found}:
            _choice(options)
    except _UNSURE:
        return None
    return found


def read_facts(wire: str, stored: Sequence[msgspec.Raw]) -> list[Event] | None:
    """Return events of partition 0 without their envelopes, if they are of a frequent type and spelled as we do; else none."""
    if (reading := _reading(wire, in_partition_0=True)) is None:
        return None
    found = _sure(reading.facts, reading.facts_patterns, b"[" + b",".join(stored) + b"]")
    return None if found is None else [reading.make(each) for each in found]


_UNSURE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError)  # ValueError: from an event that checks itself


def _sure(decoder: msgspec.json.Decoder[Any], patterns: _Patterns, body: bytes) -> list[Any] | None:
    """Return the events as they are read, if their bytes and each of their strings are as we write them; else none."""
    found: list[Any] = decoder.decode(body)
    if _encoder.encode(found) != body:  # a key that is there twice, an extension: the patterns below would not see all of it
        return None
    return found if all(matches(set(map(string, found))) for string, matches in patterns) else None


def _any_outside_utc(found: list[Any]) -> bool:
    """Tell whether a time is not in UTC."""
    return any(each.time.tzinfo is not UTC for each in found)


@lru_cache(maxsize=64)
def _reading(wire: str, in_partition_0: bool) -> _Reading | None:  # noqa: FBT001 - a key of the cache
    event = next((each for each in _MAKE if each.wire == wire and wire not in UPCASTS), None)
    if event is None or not (in_partition_0 or event in _ANYWHERE):
        return None
    hints = get_type_hints(event, include_extras=True)
    names = sorted(each.name for each in msgspec.structs.fields(event))
    lean = msgspec.defstruct("Lean", [(name, _lean(hints[name])) for name in names], gc=False, forbid_unknown_fields=True)
    whole: Any = msgspec.defstruct(
        "Whole",
        [
            ("data", lean),
            ("id", str),
            ("source", str),
            ("specversion", Literal["1.0"]),
            ("subject", str),
            ("time", datetime),
            ("type", Literal[wire]),
        ],
        gc=False,
    )
    strings = [name for name in names if _lean(hints[name]) is str]
    patterns = [(attrgetter(name), Printed) for name in ("id", "source", "subject")]
    patterns += [(attrgetter(f"data.{name}"), hints[name]) for name in strings]
    return _Reading(
        decoder=msgspec.json.Decoder(list[whole]),
        patterns=tuple((string, matcher(hint)) for string, hint in patterns),
        facts=msgspec.json.Decoder(list[lean]),  # type: ignore[valid-type]
        facts_patterns=tuple((attrgetter(name), matcher(hints[name])) for name in strings),
        make=_MAKE[event],
    )


def _lean(hint: Any) -> Any:  # noqa: ANN401 - a type as typing spells it is of no one type
    """Return the type to read a field as, before its pattern is checked."""
    if hint is Choice:
        return _Chosen
    return str if get_origin(hint) is Annotated and get_args(hint)[0] is str else hint


def matcher(hint: Any) -> Callable[[Collection[str]], bool]:  # noqa: ANN401 - the same
    """Return what tells whether strings match the pattern of a type *hint*: one search for all of them, a line each."""
    (pattern,) = (each.pattern for each in get_args(hint)[1:])
    lines = re.compile(f"(?:{pattern.removeprefix('^').removesuffix(_END)}\\n)*").fullmatch

    def match(strings: Collection[str]) -> bool:
        joined = "\n".join(strings) + "\n"
        return joined.count("\n") == len(strings) and lines(joined) is not None

    return match
