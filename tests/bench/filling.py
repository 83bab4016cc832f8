"""Filling a record with ballots that nobody has to send: written straight into the table, as group commits of a hundred."""

from collections.abc import Iterator

import psycopg

from fanfare.record.ballots import BallotCast, Chosen
from fanfare.record.entry import pack
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


def fill(conninfo: str, terms: RoundTerms, source: str, count: int) -> None:
    """Append *count* ballots behind the heads, while nobody else writes, and tell the worker."""
    with psycopg.connect(conninfo) as connection, connection.cursor() as cursor:
        query = 'select coalesce(max("offset") + 1, 0) from record.entries where partition = %s'
        heads = {each: cursor.execute(query, (each,)).fetchone() for each in terms.partitions}
        following = {each: row[0] for each, row in heads.items() if row}
        waiting: dict[int, list[bytes]] = {each: [] for each in terms.partitions}
        with cursor.copy(_COPY) as copy:
            for partition, ballot in ballots(terms, source, count):
                waiting[partition].append(ballot)
                if len(waiting[partition]) == IN_ENTRY:
                    copy.write_row((partition, following[partition], pack(waiting[partition])))
                    following[partition] += 1
                    waiting[partition] = []
            for partition, left in waiting.items():
                if left:
                    copy.write_row((partition, following[partition], pack(left)))
        cursor.execute("select pg_notify('fanfare_record', '')")
