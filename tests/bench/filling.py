"""Filling a record with ballots that nobody has to send: written straight to where it lies, as group commits of a hundred."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from time import perf_counter

import psycopg
from kafka import KafkaProducer

from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.record.ballots import BallotCast, Chosen
from fanfare.record.entry import MOST_BYTES, pack
from fanfare.record.envelope import Recorded, encode
from fanfare.record.kinds import digest
from fanfare.record.terms import RoundTerms, hash_terms, slot
from tests.builders import NOON

IN_ENTRY = 100
_COPY = 'copy record.entries (partition, "offset", body) from stdin'


def ballots(terms: RoundTerms, source: str, count: int) -> Iterator[tuple[int, bytes]]:
    """Yield encoded ballots of as many voters, each for the next option in turn, with the partition that each goes to."""
    options = [option.id for option in terms.options]
    molds = [_mold(terms, source, option) for option in options]
    for n in range(count):
        drawn = digest(f"voter {n}".encode())
        voter, event_id = drawn[:32], drawn[32:]
        head, middle, tail = molds[n % len(molds)]
        yield slot(voter, terms.partitions), b"".join((head, voter.encode(), middle, event_id.encode(), tail))


def _mold(terms: RoundTerms, source: str, option: str) -> tuple[bytes, bytes, bytes]:
    """Return what stands before, between and behind the voter and the id of an encoded ballot."""
    voter, event_id = "a" * 32, "b" * 32
    choice = Chosen(options=(option,))
    event = BallotCast(terms=hash_terms(terms), voter=voter, number=1, choice=choice, channel="api", admission="member")
    made = encode(Recorded(id=event_id, source=source, subject=terms.round, time=NOON, event=event))
    head, rest = made.split(voter.encode())
    middle, tail = rest.split(event_id.encode())
    return head, middle, tail


def fill(
    conninfo: str,
    terms: RoundTerms,
    source: str,
    count: int,
    *,
    in_entry: int = IN_ENTRY,
    kafka: Kafka | None = None,
    skip: int = 0,
) -> float:
    """
    Append *count* ballots behind the heads, while nobody else writes, and return when the workers could begin to read them.

    Args:
        skip: so many voters have voted before.
    """
    waiting: dict[int, list[bytes]] = {each: [] for each in terms.partitions}
    bodies: dict[int, list[bytes]] = {each: [] for each in terms.partitions}
    for partition, ballot in islice(ballots(terms, source, skip + count), skip, None):
        waiting[partition].append(ballot)
        if len(waiting[partition]) == in_entry:
            bodies[partition].append(pack(waiting[partition]))
            waiting[partition] = []
    for partition, left in waiting.items():
        if left:
            bodies[partition].append(pack(left))
    return _into_table(conninfo, bodies) if kafka is None else _into_topic(kafka, bodies)


def _into_table(conninfo: str, bodies: Mapping[int, Sequence[bytes]]) -> float:
    with psycopg.connect(conninfo) as connection, connection.cursor() as cursor:
        query = 'select coalesce(max("offset") + 1, 0) from record.entries where partition = %s'
        heads = {each: cursor.execute(query, (each,)).fetchone() for each in bodies}
        with cursor.copy(_COPY) as copy:
            for partition, row in heads.items():
                for offset, body in enumerate(bodies[partition], row[0] if row else 0):
                    copy.write_row((partition, offset, body))
        cursor.execute("select pg_notify('fanfare_record', '')")
    return perf_counter()


def _into_topic(kafka: Kafka, bodies: Mapping[int, Sequence[bytes]]) -> float:
    """Sent without waiting for each: the workers read while it goes on, so the time runs from its beginning."""
    began = perf_counter()
    with closing(KafkaProducer(**kafka.options(), acks="all", batch_size=MOST_BYTES, linger_ms=5)) as producer:
        sent = [
            producer.send(kafka.topic, value=body, partition=partition) for partition, every in bodies.items() for body in every
        ]
        producer.flush()
        assert all(each.succeeded() for each in sent)
    return began
