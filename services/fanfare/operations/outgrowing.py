"""What `fanfare log copy` calls: the record of a site moves from PostgreSQL into Kafka, or stays."""

import asyncio
import sys

import psycopg

from fanfare.audit.commands import COULD_NOT, progress_bar
from fanfare.operations.log_copy import CopyFailed, Same, copy
from fanfare.operations.places import NoSite, database_of
from fanfare.platform.logs import place
from fanfare.platform.logs.kafka.reaching import KafkaUnfit
from fanfare.platform.logs.place import WrongPlace
from fanfare.platform.logs.port import LogAway, RecordGap
from fanfare.platform.postgres.errors import PostgresUnavailable
from fanfare.platform.settings import Settings

_REFUSED = (
    CopyFailed,
    KafkaUnfit,
    LogAway,
    NoSite,
    PostgresUnavailable,
    RecordGap,
    WrongPlace,
    OSError,
    psycopg.OperationalError,
)
"""What is told in a sentence; anything else is a bug, and shows its trace."""


def run_log_copy(*, back_out: bool = False) -> int:
    """Move the record of the site of FANFARE_HOME or FANFARE_DATABASE_URL into Kafka; return 0, or 2 where it was not moved."""
    settings = Settings()
    try:
        with database_of(settings) as found:
            return _backed_out(found.conninfo) if back_out else _copied(settings, found.conninfo)
    except _REFUSED as error:
        say(f"The record was not moved. {error}")
    except KeyboardInterrupt:
        say("Stopped. `fanfare log copy` goes on where this ended; `fanfare log copy --back-out` goes on with PostgreSQL.")
    return COULD_NOT


def _copied(settings: Settings, conninfo: str) -> int:
    if settings.kafka is None:
        say("Name the brokers in FANFARE_KAFKA_BROKERS, host:port with commas, and how to get in: docs/guides/production.md.")
        return COULD_NOT
    with progress_bar() as progress:
        same = asyncio.run(copy(conninfo, settings.kafka, progress, say))
    say("\n".join(_line(each) for each in same))
    say(
        f"The record is in the topic {settings.kafka.topic}, byte for byte. Start every process again with FANFARE_KAFKA_BROKERS "
        f"set to {settings.kafka.brokers}: PostgreSQL takes no more entries, and keeps what it has."
    )
    return 0


def _line(same: Same) -> str:
    return f"partition {same.partition}  {same.entries:>9} entries  sha256 {same.sha256}  the same in both"


def _backed_out(conninfo: str) -> int:
    with psycopg.connect(conninfo) as connection:
        if place.back_out(connection):
            say("PostgreSQL takes entries again. What is in the topic is no record: delete the topic, or go on with it later.")
            return 0
        kept = place.elsewhere(connection)
    if kept is None:
        say("Nothing was frozen: the record is kept in PostgreSQL.")
        return 0
    say(f"The record is kept in {kept.topic} already, and may have grown there: there is nothing to back out of.")
    return COULD_NOT


def say(sentence: str) -> None:
    """Tell the person at the console."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()
