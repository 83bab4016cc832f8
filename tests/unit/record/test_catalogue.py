"""The catalogue: each wire name with its example, its schema and its page."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft7Validator, Draft202012Validator, FormatChecker

from fanfare.record import catalogue
from fanfare.record.catalogue import CONTESTED, EVENTS
from fanfare.record.entry import pack, unpack
from fanfare.record.envelope import Recorded, encode
from fanfare.record.examples import EXAMPLES
from fanfare.record.kinds import Event, canonical

# The schema that the specification publishes with its JSON event format; extension attributes are any further members.
CLOUDEVENTS = msgspec.json.decode((Path(__file__).parent / "cloudevents.schema.json").read_bytes())


def every_event(kind: type[Event] = Event) -> set[type[Event]]:
    """Return every event that the record may hold."""
    found = {each for each in kind.__subclasses__() if each.__module__.startswith("fanfare.record.")}
    return found.union(*(every_event(each) for each in found))


def read(wire: str) -> Recorded:
    """Return the example of a wire name, as it is read from the record."""
    (event,) = unpack(0, 0, pack([EXAMPLES[wire]])).events
    assert isinstance(event, Recorded)
    return event


def test_every_event_is_in_the_catalogue_and_every_wire_name_has_an_example() -> None:
    assert {each.wire for each in every_event()} == set(EVENTS) == set(EXAMPLES)


@pytest.mark.parametrize("wire", sorted(EVENTS))
def test_an_example_decodes_and_is_encoded_to_the_same_bytes(wire: str) -> None:
    event = read(wire)

    assert encode(event) == EXAMPLES[wire]
    assert event.event.wire == wire


@pytest.mark.parametrize("wire", sorted(EVENTS))
def test_an_example_is_a_cloudevent(wire: str) -> None:
    event = msgspec.json.decode(EXAMPLES[wire])

    Draft7Validator(CLOUDEVENTS, format_checker=FormatChecker()).validate(event)
    assert event["specversion"] == "1.0"
    assert all(re.fullmatch("[a-z0-9]{1,20}", attribute) for attribute in event)


@pytest.mark.parametrize("wire", sorted(EVENTS))
def test_an_example_is_valid_under_its_own_schema_and_with_a_field_more_it_is_not(wire: str) -> None:
    schema = catalogue.schema(EVENTS[wire])
    facts: dict[str, Any] = msgspec.json.decode(EXAMPLES[wire])["data"]
    Draft202012Validator.check_schema(schema)

    Draft202012Validator(schema, format_checker=FormatChecker()).validate(facts)
    assert not Draft202012Validator(schema).is_valid({**facts, "zebra": 1})
    for field in facts:
        changed = {**facts, field: {"zebra": [0.5]}}
        assert not Draft202012Validator(schema).is_valid(changed), field


@pytest.mark.parametrize("wire", sorted(EVENTS))
def test_an_example_says_what_it_was_decided_upon_if_and_only_if_it_is_contested(wire: str) -> None:
    assert (read(wire).decision is not None) == (EVENTS[wire] in CONTESTED)


@pytest.mark.parametrize("wire", sorted(EVENTS))
def test_a_wire_name_ends_with_its_version_and_belongs_to_fanfare(wire: str) -> None:
    assert re.fullmatch(r"fanfare\.[a-z]+\.[a-z-]+\.v[1-9][0-9]*", wire)


@pytest.mark.parametrize("wire", sorted(EVENTS))
def test_an_event_can_hold_no_floats_and_no_keys_but_ascii(wire: str) -> None:
    schema = canonical(catalogue.schema(EVENTS[wire]))

    assert b'"type":"number"' not in schema
    assert all(name.isascii() for name in names(msgspec.json.decode(schema)))
    assert all(name.isascii() for name in names(msgspec.json.decode(EXAMPLES[wire])))


def names(value: object) -> set[str]:
    """Return every key in a JSON value."""
    if isinstance(value, dict):
        return set(value).union(*(names(each) for each in value.values()))
    return set().union(*(names(each) for each in value)) if isinstance(value, list) else set()
