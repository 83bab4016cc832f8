"""
Bringing the stores of a site to this version, before anything serves or works on them.

`fanfare up` does it at its start, and `fanfare migrate` for a site of many processes, which wait for it here.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import psycopg
import structlog

from fanfare.members.erasures import ListUnreadable
from fanfare.members.first_admin import first_admin_link
from fanfare.members.sweeping import sweep_at_start
from fanfare.notary.witnessing import WitnessesWrong, addresses
from fanfare.operations.cut import RECORD_CUT, Guard, RecordCut, refuse_if_cut
from fanfare.platform.hosts.opening import Parts, opened
from fanfare.platform.hosts.rebuild import FillFailed
from fanfare.platform.hosts.supervise import stop_requested
from fanfare.platform.logs.kafka.reaching import KAFKA_UNFIT, KafkaUnfit, reach
from fanfare.platform.logs.kafka.topic import create, refuse_if_unfit
from fanfare.platform.logs.kafka.which import held, which
from fanfare.platform.logs.place import WrongPlace, refuse_if_elsewhere, settle_place
from fanfare.platform.logs.port import LogAway
from fanfare.platform.migrations.run import MigrationRefused, check_known, known, migrate
from fanfare.platform.objects import ObjectsAway, ObjectsWrong, objects
from fanfare.platform.postgres.errors import ServerUnfit, StartInterrupted
from fanfare.platform.postgres.server import check_server
from fanfare.platform.settings import Settings
from fanfare.projecting import PROJECTIONS, make_tables

WAIT_S = 60.0
"""How long a process waits for stores that are not there yet or not of this version; then it says so and ends."""
_log = structlog.get_logger()


class NotPrepared(Exception):
    """The stores are not of this version. Run `fanfare migrate` once; then start this again."""


REFUSED = (
    *(MigrationRefused, ServerUnfit, FillFailed, ListUnreadable, LogAway, NotPrepared, ObjectsWrong, StartInterrupted),
    WrongPlace,
    WitnessesWrong,
)
"""Why a start may be refused; each message is for the person at the console."""


def say(line: str) -> None:
    """Tell the person at the console."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def answered(action: Callable[[], int]) -> int:
    """Do *action* and return its exit status; where a start is refused, say why and return the status of that."""
    try:
        return action()
    except RecordCut as cut:
        say(str(cut))
        return RECORD_CUT
    except KafkaUnfit as unfit:
        say(str(unfit))
        return KAFKA_UNFIT
    except REFUSED as refused:
        say(str(refused))
        return 1


def prepare(settings: Settings, conninfo: str, address: str) -> str:
    """
    Bring the stores to this version, and return the link by which the first admin comes in; nothing where there is one.

    It may run any number of times, also at the same time: each step is under a lock, or does nothing the second time.

    Args:
        address: where the site answers, for the link to a site that is not founded yet.

    Raises:
        RecordCut, KafkaUnfit, and what stands in ``REFUSED``.
    """

    async def swept(parts: Parts) -> str | None:
        await sweep_at_start(parts.desk, settings.home)
        return await first_admin_link(parts.desk, address)

    bring(settings, conninfo)
    if settings.kafka is None:  # a record in Kafka is looked at when it is opened
        refuse_if_cut(conninfo, settings.home)
    return asyncio.run(with_parts(settings, conninfo, swept))


def bring(settings: Settings, conninfo: str) -> None:
    """
    Bring database and topic to this version, and hold on to where the record is kept.

    Raises:
        KafkaUnfit, MigrationRefused, ObjectsWrong, WitnessesWrong, WrongPlace, LogAway.
    """
    kept = objects(settings.home, settings.objects)
    if settings.objects:
        with suppress(ObjectsAway):  # then the notary waits for it, and alarms; the rest of the site runs
            asyncio.run(kept.check())
    addresses(settings.witnesses)
    migrate(conninfo)
    if settings.kafka is None:
        settle_place(conninfo, None)
        return
    reach(settings.kafka)
    create(settings.kafka)
    refuse_if_unfit(settings.kafka)
    settle_place(conninfo, which(settings.kafka), held(settings.kafka))


def tell_link(link: str) -> None:
    """Tell the person at the console how the first admin comes in, where there is none yet."""
    if link:
        say(f"It has no admin yet. This link works once and for a day:\n\n  {link}\n")


async def with_parts(settings: Settings, conninfo: str, action: Callable[[Parts], Awaitable[str | None]]) -> str:
    """Make the tables of every projection, and then do *action* with the parts of the site."""
    guard = Guard(settings.home, lambda _: None) if settings.kafka else None
    async with opened(conninfo, 4, guard, settings.kafka) as parts:
        await make_tables(parts, _filling)
        return await action(parts) or ""


def _filling(line: str) -> None:
    """Tell how the tables of a new version fill, and end that where we were asked to stop; the next start begins anew."""
    say(line)
    if stop_requested():
        raise StartInterrupted("Stopped while the tables of a new version were filled.")


def migrate_site(settings: Settings) -> int:
    """Bring the stores of FANFARE_DATABASE_URL to this version; return the exit status."""
    address = settings.url or f"http://localhost:{settings.port}"

    def brought() -> int:
        conninfo = _database(settings)
        _patiently(lambda: _away(conninfo), WAIT_S)
        check_server(conninfo)
        link = prepare(settings, conninfo, address)
        say(f"Everything is of this version. The site is to answer at {address}")
        tell_link(link)
        return 0

    return answered(brought)


def run_prepared(settings: Settings, run: Callable[[Settings], None], within_s: float = WAIT_S) -> int:
    """Do *run* once the stores are of this version; return the exit status, 1 where they are not *within_s* seconds."""

    def ran() -> int:
        addresses(settings.witnesses)
        conninfo = _database(settings)
        _patiently(lambda: _lacking(conninfo), within_s)
        kafka = settings.kafka
        if kafka:
            refuse_if_unfit(kafka, warn=False)  # `fanfare migrate` said it, once for all processes
        refuse_if_elsewhere(conninfo, which(kafka) if kafka else None)
        run(settings)
        return 0

    return answered(ran)


def _database(settings: Settings) -> str:
    if not settings.database_url:
        raise NotPrepared(
            "FANFARE_DATABASE_URL is not set: name the PostgreSQL server of the site in it, such as "
            "postgresql://fanfare@db.example.org/fanfare. On one machine, `fanfare up` brings its own."
        )
    return settings.database_url


def _patiently(lacking: Callable[[], str], within_s: float) -> None:
    """Return once nothing is *lacking*. Raises: NotPrepared: something still is, after *within_s* seconds."""
    ends, told = time.monotonic() + within_s, ""
    while lacks := lacking():
        if time.monotonic() >= ends:
            raise NotPrepared(f"FANFARE_DATABASE_URL: {lacks}")
        if lacks != told:
            _log.info("waiting", why=lacks, at_most_s=within_s)
            told = lacks
        time.sleep(0.5)


def _away(conninfo: str) -> str:
    """Return what is wrong where the server does not answer at all; whatever else is wrong with it is not for waiting."""
    try:
        psycopg.connect(conninfo, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        return f"the server does not answer: {' '.join(str(error).split())}"
    return ""


def _lacking(conninfo: str) -> str:
    """
    Return what the database lacks of what this version needs; nothing where it has all.

    Raises:
        DatabaseNewer: this program is too old for it, which no waiting mends.
    """
    try:
        with psycopg.connect(conninfo, autocommit=True, connect_timeout=5) as connection:
            ledger = connection.execute("select to_regclass('platform.migrations')").fetchone()
            missing = [*check_known(known(connection))] if ledger and ledger[0] else ["everything"]
            if missing:
                return f"the database is not of this version ({', '.join(missing)} is missing). Run `fanfare migrate` once."
            query = "select name, version from platform.projections where begun_at is not null and fills is null"
            there = set(connection.execute(query).fetchall())
    except psycopg.OperationalError as error:
        return f"the server does not answer: {' '.join(str(error).split())}"
    if behind := [each.name for each in PROJECTIONS if (each.name, each.version) not in there]:
        return f"tables are not of this version ({', '.join(behind)}). Run `fanfare migrate` once."
    return ""
