"""The doctor: looks at everything that a site stands on, running or stopped, and says what to do."""

from collections.abc import Iterator

import psycopg

from fanfare.operations import brokers, database, machine, outside
from fanfare.operations.findings import Finding, warning, wrong
from fanfare.operations.held import NothingRecorded, founding, held
from fanfare.operations.places import NoSite, database_of
from fanfare.platform.logs.port import LogAway, RecordGap
from fanfare.platform.postgres.errors import HomeInUse, PostgresUnavailable
from fanfare.platform.settings import Settings


def examine(settings: Settings, mail_to: str = "") -> Iterator[Finding]:
    """
    Yield what is found, line by line. A stopped site's PostgreSQL is started for it and stopped again; nothing is changed.

    Args:
        mail_to: an address to which a mail is sent; without one none is.
    """
    home = settings.home.absolute()
    yield (writable := machine.folder(home))
    yield machine.disk(home)
    yield machine.memory()
    yield machine.files()
    if settings.objects:
        yield outside.bucket(home, settings.objects)
    if settings.kafka:
        yield from brokers.examine(settings.kafka)
    if writable.state == "wrong":  # PostgreSQL could not be started there
        yield machine.port(settings, running=False)
    else:
        yield from _site(settings)
    yield outside.mail(settings, mail_to)


def _site(settings: Settings) -> Iterator[Finding]:
    try:
        with database_of(settings) as place:
            yield (answering := machine.port(settings, running=place.running))
            running = place.running or answering.found.startswith("a Fanfare answers")
            yield from database.examine(place.conninfo, settings.home.absolute(), running=running, kafka=settings.kafka)
            if name := _name(place.conninfo, settings):
                yield from outside.public_url(name, running=running)
    except NoSite as error:
        yield machine.port(settings, running=False)
        yield warning("database", str(error), "fanfare up")
    except HomeInUse as error:
        yield wrong("database", str(error), "Wait a moment and ask again.")
    except PostgresUnavailable as error:
        yield machine.port(settings, running=False)
        yield wrong("database", str(error), "The log is log/postgresql.log in FANFARE_HOME.")


def _name(conninfo: str, settings: Settings) -> str:
    try:
        with (
            psycopg.connect(conninfo, connect_timeout=10) as connection,
            held(connection, settings.home, settings.kafka) as record,
        ):
            return founding(record).name
    except (psycopg.Error, NothingRecorded, LogAway, RecordGap):
        return ""
