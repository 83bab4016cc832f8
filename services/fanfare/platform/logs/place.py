"""
Where the record is kept, where that is not PostgreSQL: one row, which every append to PostgreSQL checks in its own transaction.

So a process that was not told of the move cannot write to the old log: PostgreSQL refuses it. Whoever starts compares its
settings with the row first, and refuses to run where they do not fit.
"""

from datetime import datetime
from typing import LiteralString

import msgspec
import psycopg

LOCKS: LiteralString = "select pg_advisory_xact_lock(1717661286, n) from generate_series(0, 63) as n order by n"
"""The locks of an append to each partition, of which there are 64 at most: see migrations 0011 and 0012."""
THERE: LiteralString = "select to_regclass('record.place') is not null"
READ: LiteralString = "select cluster_id, topic, begun_at, complete_at from record.place"
BEGIN: LiteralString = "insert into record.place (cluster_id, topic, complete_at) values (%s, %s, case when %s then now() end)"
COMPLETE: LiteralString = (
    "update record.place set complete_at = now() where complete_at is null and (cluster_id, topic) = (%s, %s)"
)
BACK_OUT: LiteralString = "delete from record.place where complete_at is null"
HOLDS: LiteralString = "select exists (select from record.entries)"


class WrongPlace(Exception):
    """What the settings say of where the record is kept is not where it is. Nothing was written."""


class Topic(msgspec.Struct, frozen=True):
    """A topic of one cluster. Another cluster may have one of the same name."""

    cluster_id: str
    name: str

    def __str__(self) -> str:
        """Return it as an operator would name it."""
        return f"the topic {self.name} of the Kafka cluster {self.cluster_id}"


class Elsewhere(msgspec.Struct, frozen=True):
    """The record is kept in a topic, or on its way there."""

    topic: Topic
    begun_at: datetime
    complete_at: datetime | None
    """None while it is being copied: PostgreSQL has all of it, and is frozen."""


def elsewhere(connection: psycopg.Connection) -> Elsewhere | None:
    """Return where the record is kept; none where PostgreSQL keeps it."""
    there = connection.execute(THERE).fetchone()
    row = connection.execute(READ).fetchone() if there and there[0] else None
    return Elsewhere(Topic(row[0], row[1]), row[2], row[3]) if row else None


def misfit(kept: Elsewhere | None, named: Topic | None, *, holds: bool) -> str:
    """
    Say why a process must not run, and what to do; empty where it may.

    Args:
        kept: where the record is.
        named: the topic that the settings lead to; none where they name no brokers.
        holds: whether PostgreSQL holds entries.
    """
    if kept is None:
        if named is None:
            return ""
        if holds:
            return (
                f"FANFARE_KAFKA_BROKERS is set, and the record is kept in PostgreSQL. To move it into {named}, run `fanfare log "
                "copy`; to go on with PostgreSQL, unset FANFARE_KAFKA_BROKERS."
            )
        return f"This site has not begun yet. To keep its record in {named}, run `fanfare migrate` first."
    if kept.complete_at is None:
        if named is None:
            return ""  # it may be read; what would write to it is told to come back
        return (
            f"The record is being copied into {kept.topic}, since {kept.begun_at:%Y-%m-%d %H:%M} UTC. Run `fanfare log copy` "
            "until it says that it is done, or `fanfare log copy --back-out` to go on with PostgreSQL."
        )
    if named is None:
        return (
            f"The record is kept in {kept.topic}, since {kept.complete_at:%Y-%m-%d %H:%M} UTC. Set FANFARE_KAFKA_BROKERS to its "
            "brokers, and FANFARE_KAFKA_TOPIC to that topic."
        )
    if named != kept.topic:
        return (
            f"The record is kept in {kept.topic}, and the settings lead to {named}. Correct FANFARE_KAFKA_BROKERS and "
            "FANFARE_KAFKA_TOPIC."
        )
    return ""


def refuse_if_elsewhere(conninfo: str, named: Topic | None) -> None:
    """
    Compare what the settings name with where the record is kept, before a process starts.

    Raises:
        WrongPlace: they do not fit; the message says what to do.
    """
    with psycopg.connect(conninfo) as connection:
        _refuse(connection, named)


def settle_place(conninfo: str, named: Topic | None, entries: int = 0) -> None:
    """
    Write down where the record of a site is kept that has not begun yet, and refuse like ``refuse_if_elsewhere`` where it has.

    Two that start at once agree, since each holds the locks of all appends meanwhile. A crash leaves the row there or not.

    Args:
        entries: how many the topic holds.

    Raises:
        WrongPlace: the settings do not fit, or the topic holds something already.
    """
    with psycopg.connect(conninfo) as connection:
        connection.execute(LOCKS)
        if named and elsewhere(connection) is None and not _holds(connection):
            if entries:
                raise WrongPlace(
                    f"{named} holds {entries} entries, and this database knows no record. If they are this site's, restore its "
                    "vault from a backup (`fanfare restore`); if not, name another topic in FANFARE_KAFKA_TOPIC."
                )
            connection.execute(BEGIN, (named.cluster_id, named.name, True))
        _refuse(connection, named)


def freeze(connection: psycopg.Connection, topic: Topic) -> None:
    """
    Let PostgreSQL take no more appends, because the record is being copied into *topic*; the caller commits.

    Whoever appends at this moment is waited for and is in the copy; whoever comes later is refused.

    Raises:
        WrongPlace: the record is on its way elsewhere already.
    """
    connection.execute(LOCKS)
    kept = elsewhere(connection)
    if kept is None:
        connection.execute(BEGIN, (topic.cluster_id, topic.name, False))
    elif kept.topic != topic or kept.complete_at is not None:
        done = "is kept in" if kept.complete_at else "is being copied into"
        raise WrongPlace(f"The record {done} {kept.topic}, and not in {topic}. Nothing was changed.")


def complete(connection: psycopg.Connection, topic: Topic) -> None:
    """
    Say that the record is kept in *topic* from now on; the caller commits.

    Raises:
        WrongPlace: no copy into *topic* is under way.
    """
    if connection.execute(COMPLETE, (topic.cluster_id, topic.name)).rowcount != 1:
        raise WrongPlace(f"No copy into {topic} is under way any more: somebody backed it out. Nothing was changed.")


def back_out(connection: psycopg.Connection) -> bool:
    """Let PostgreSQL take appends again, unless the copy is complete, and tell whether it was frozen; the caller commits."""
    return connection.execute(BACK_OUT).rowcount == 1


def _refuse(connection: psycopg.Connection, named: Topic | None) -> None:
    if why := misfit(elsewhere(connection), named, holds=_holds(connection)):
        raise WrongPlace(why)


def _holds(connection: psycopg.Connection) -> bool:
    row = connection.execute(HOLDS).fetchone()
    return bool(row and row[0])
