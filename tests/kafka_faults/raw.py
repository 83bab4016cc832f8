"""
The record as a plain consumer sees it: kafka-python and JSON, and nothing of ours (but `entries`, for the checks of the base).

It reads every partition from offset 0 on, with the checksums that the brokers keep. What it complains of is compared with the
client's own history, too.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from kafka import KafkaConsumer, TopicPartition

from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.record.entry import Entry, unpack
from tests.faults.history import Ballot, Count, own_count

CAST, CLOSED = "fanfare.ballot.cast.v1", "fanfare.ballots.closed.v1"
_POLL_MS = 5_000
_MOST_EMPTY = 12
"""Polls in a row that may bring nothing before the end is reached."""


class Line(msgspec.Struct, frozen=True):
    """A Kafka record."""

    offset: int
    body: bytes


Raw = dict[int, list[Line]]
"""Of each partition all that is in it, in the order in which it came."""


def read_raw(kafka: Kafka) -> Raw:
    """Read the whole topic. Blocks."""
    consumer = KafkaConsumer(
        **kafka.options(),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        check_crcs=True,
        metrics_enabled=False,
        client_id="raw",
    )
    try:
        places = [TopicPartition(kafka.topic, each) for each in sorted(consumer.partitions_for_topic(kafka.topic) or ())]
        consumer.assign(places)
        ends = consumer.end_offsets(places)
        for each in places:
            consumer.seek(each, 0)
        found: Raw = {each.partition: [] for each in places}
        empty = 0
        while any(consumer.position(each) < ends[each] for each in places):
            pages = consumer.poll(timeout_ms=_POLL_MS)
            empty = 0 if pages else empty + 1
            assert empty < _MOST_EMPTY, f"the consumer stands still before {ends}"
            for place, records in pages.items():
                found[place.partition] += [Line(each.offset, each.value) for each in records]
        return found
    finally:
        consumer.close(autocommit=False)


def entries(raw: Raw) -> list[Entry]:
    """Return what was read as entries, for the checks that both runtimes have."""
    return [unpack(partition, each.offset, each.body) for partition, lines in raw.items() for each in lines]


def complaints(raw: Raw, history: Sequence[Ballot], sealed: Mapping[str, object]) -> list[str]:
    """Return what is wrong with a record, a sentence each; *sealed* are the rounds whose figures stand."""
    return [*_gaps(raw), *_lost(raw, history), *(each for round_id in sealed for each in _miscounted(raw, history, round_id))]


def _gaps(raw: Raw) -> list[str]:
    return [
        f"partition {partition} has offset {line.offset} where {expected} should be"
        for partition, lines in raw.items()
        for expected, line in enumerate(lines)
        if line.offset != expected
    ][:5]


def _lost(raw: Raw, history: Sequence[Ballot]) -> list[str]:
    """Every answer that said 200 names a place where that very event stands."""
    there = {(partition, line.offset): _events(line) for partition, lines in raw.items() for line in lines}
    found = []
    for ballot in history:
        for done in ballot.told:
            if done.status != 200:
                continue
            partition, offset, index = map(int, done.position.split(":"))
            events = there.get((partition, offset), [])
            event = events[index] if index < len(events) else {}
            if event.get("id") != done.event_id:
                found.append(f"{done.position}: acknowledged ({ballot.asked.key}) and not there")
            elif _content(event) != (ballot.asked.voter, ballot.asked.number, sorted(ballot.asked.options)):
                found.append(f"{done.position}: acknowledged ({ballot.asked.key}) and something else is there")
    return found


def _miscounted(raw: Raw, history: Sequence[Ballot], round_id: str) -> list[str]:
    mine, theirs = own_count(history, round_id), recount(raw, round_id)
    return [] if mine == theirs else [f"{round_id}: the raw record has {theirs}, the client counted {mine}"]


def recount(raw: Raw, round_id: str) -> Count:
    """Count a round: an event id once, of each voter the highest number, up to her partition's first marker."""
    latest: dict[str, tuple[int, list[str]]] = {}
    for lines in raw.values():
        seen: set[str] = set()
        closed = False
        for event in (each for line in lines for each in _events(line) if each["subject"] == round_id):
            closed = closed or event["type"] == CLOSED
            if event["type"] != CAST or closed or event["id"] in seen:
                continue
            seen.add(event["id"])
            voter, number, options = _content(event)
            if number > latest.get(voter, (0, []))[0]:
                latest[voter] = number, options
    return Count(len(latest), dict(Counter(option for _, options in latest.values() for option in options)))


def doubles(raw: Raw) -> int:
    """Return how many ballots are in the record a second time, as they may."""
    times = Counter(each["id"] for lines in raw.values() for line in lines for each in _events(line) if each["type"] == CAST)
    return sum(times.values()) - len(times)


def _events(line: Line) -> list[dict[str, Any]]:
    events = json.loads(line.body)
    return events if isinstance(events, list) else []


def _content(event: Mapping[str, Any]) -> tuple[str, int, list[str]]:
    told = event["data"]
    return told["voter"], told["number"], sorted(told["choice"]["options"])
