"""Running a site on one machine: ``fanfare up`` and ``fanfare demo``."""

import asyncio
import os
import secrets
import shutil
import socket
import sys
import urllib.request
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit

from fanfare.campaigns.founding import Founding, found
from fanfare.members import joining
from fanfare.members.roles import grant_first_admin
from fanfare.members.sessions import open_session
from fanfare.operations.cut import RECORD_CUT
from fanfare.operations.places import CONNECTION, DEMO, site_of
from fanfare.platform import logging
from fanfare.platform.hosts.opening import Parts, opened
from fanfare.platform.hosts.rebuild_command import COULD_NOT, rebuild
from fanfare.platform.hosts.supervise import Child, Supervisor
from fanfare.platform.logs.kafka.connecting import TOPIC
from fanfare.platform.logs.kafka.reaching import KAFKA_UNFIT
from fanfare.platform.logs.kafka.which import which
from fanfare.platform.logs.place import WrongPlace, refuse_if_elsewhere
from fanfare.platform.logs.port import Log, LogAway
from fanfare.platform.postgres.embedded import EmbeddedPostgres
from fanfare.platform.postgres.server import check_server
from fanfare.platform.settings import Settings
from fanfare.preparing import answered, bring, prepare, say, tell_link, with_parts

SIMULATION_MARK = "simulation"
DRIVER_TOKEN = "FANFARE_SIMULATION_TOKEN"  # noqa: S105 - the name of a variable, not its value


_FINAL = frozenset({RECORD_CUT, KAFKA_UNFIT})


def run_site(port: int) -> int:
    """Run the site of FANFARE_HOME until it is told to stop; return the exit status."""
    settings = Settings(port=port)
    if not _free(settings.host, port):
        return 1
    address = settings.url or f"http://localhost:{port}"

    def prepare_and_say(conninfo: str) -> None:
        link = prepare(settings, conninfo, address)
        say(f"Fanfare answers at {address}")
        tell_link(link)

    return _run(settings, prepare_and_say)


def run_demo(port: int) -> int:
    """Run a fresh simulation site with its simulated fans until it is told to stop; return the exit status."""
    home = Settings().home / DEMO
    topic = f"{TOPIC}.demo-{secrets.token_hex(4)}"  # each demo begins with nothing, and the record of the last one is not ours
    settings = Settings(port=port, home=home, database_url="", kafka_topic=topic)
    if not _free(settings.host, port):
        return 1
    if (home / SIMULATION_MARK).exists():  # only what an earlier demo made is thrown away
        shutil.rmtree(home)
    home.mkdir(parents=True, exist_ok=True)
    (home / SIMULATION_MARK).touch()
    address = f"http://localhost:{port}"
    driver = {"FANFARE_SIMULATION_URL": address}

    def prepare(conninfo: str) -> None:
        bring(settings, conninfo)
        founding = with_parts(settings, conninfo, lambda parts: found_simulation(parts, address))
        driver[DRIVER_TOKEN] = asyncio.run(founding)
        say(f"\n  The demo opens at {address}\n  Its fans are programs. Join in as a fan or a host; Ctrl-C ends it.")
        say(f"  Its record: kafka://{settings.kafka_brokers}/{topic}\n" if settings.kafka else "")

    return _run(settings, prepare, [Child("fans", _command("play"), driver)])


async def found_simulation(parts: Parts, address: str) -> str:
    """Found a simulation site with its host, and return her token."""
    await found(
        parts.desk,
        Founding(url=address, brand="Pomfret Soda", colour="#ff5c7c", zone="Europe/Berlin", simulation=True),
    )
    await parts.desk.catch_up()
    host = await joining.join(parts.desk, "Dora Lindqvist", simulated=True)
    await grant_first_admin(parts.desk, host)
    async with parts.pool.connection() as connection:
        return await open_session(connection, host, "token", "simulation")


def export_site(file: Path, url: str) -> int:
    """Export the site that runs on this machine, or the one of FANFARE_DATABASE_URL; return the exit status."""
    conninfo = _running()
    if not conninfo:
        return COULD_NOT

    kafka = Settings().kafka

    async def write() -> int:
        from fanfare.audit.commands import run_export  # whoever starts a site never loads what audits one

        async with opened(conninfo, 4, kafka=kafka) as parts, parts.pool.connection() as connection:
            return await run_export(parts.log, connection, url, file, now=datetime.now(UTC))

    try:
        refuse_if_elsewhere(conninfo, which(kafka) if kafka else None)
    except (LogAway, WrongPlace) as error:
        say(f"Could not export: {error}")
        return COULD_NOT
    return asyncio.run(write())


def replay_topic(source: str, url: str, *, json: bool) -> int:
    """
    Replay the record of a topic, asking nothing but its brokers and the site's published reports; return the exit status.

    Args:
        source: ``kafka://host:port,host:port/topic``; how to get in stands in FANFARE_KAFKA_SECURITY and its like.
        url: the site; empty for the address that the record's first event names.
    """
    from fanfare.audit.commands import run_replay_of

    return on_topic(source, lambda log: run_replay_of(log, source, url, now=datetime.now(UTC), json=json))


def on_topic(source: str, check: Callable[[Log], Awaitable[int]]) -> int:
    """Let *check* read the record of a topic, which is named as for a replay; return its exit status."""
    address = urlsplit(source)
    kafka = Settings(kafka_brokers=address.netloc, kafka_topic=address.path.strip("/") or TOPIC).kafka
    if kafka is None or "@" in address.netloc:
        say("Name the brokers and the topic: kafka://host:port,host:port/topic; a name and password go into FANFARE_KAFKA_….")
        return COULD_NOT

    async def read() -> int:
        from fanfare.platform.logs.kafka.log import KafkaLog  # whoever runs on one machine never loads Kafka's clients

        log = KafkaLog(kafka, 1)
        try:
            return await check(log)
        finally:
            await log.close()

    return asyncio.run(read())


def rebuild_site(names: Sequence[str], *, everything: bool) -> int:
    """Rebuild projections of the site that runs here, or of the one of FANFARE_DATABASE_URL; return the exit status."""
    conninfo = _running()
    if not conninfo:
        return COULD_NOT

    async def wait() -> int:
        async with opened(conninfo, 4, kafka=Settings().kafka) as parts:
            return await rebuild(parts.pool, parts.log, names, everything=everything)

    try:
        return asyncio.run(wait())
    except KeyboardInterrupt:
        say("No longer watched; the rebuild goes on.")
        return COULD_NOT


def _running() -> str:
    """Return how the database of the running site is reached; where none runs, say so and return nothing."""
    settings = site_of(Settings())
    place = settings.home / CONNECTION
    conninfo = settings.database_url or (place.read_text() if place.exists() else "")
    if not conninfo:
        say(f"No site runs from {settings.home}. Start it, or name its folder in FANFARE_HOME: the demo's is {DEMO} below it.")
    return conninfo


def _run(settings: Settings, prepare: Callable[[str], None], more: list[Child] | None = None) -> int:
    place = settings.home / CONNECTION
    told: list[str] = []

    def prepare_and_tell(conninfo: str) -> None:
        place.touch(mode=0o600)
        place.write_text(conninfo)
        told.append(conninfo)
        prepare(conninfo)

    logging.configure()
    environment = {
        "FANFARE_HOST": settings.host,
        "FANFARE_PORT": str(settings.port),
        "FANFARE_HOME": str(settings.home.absolute()),
        "FANFARE_KAFKA_TOPIC": settings.kafka_topic,
    }
    children = [
        Child("api", _command("api"), environment, ready=lambda: _answers(settings), final=_FINAL),
        Child("worker", _command("worker"), environment, final=_FINAL),
        *(more or []),
    ]

    def ran() -> int:
        if settings.database_url:
            check_server(settings.database_url)
            prepare(settings.database_url)
            return Supervisor(children).run()
        return Supervisor(children, EmbeddedPostgres(settings.home.absolute()), prepare_and_tell).run()

    try:
        return answered(ran)
    finally:
        if told:  # a start that was refused, because another runs here, leaves the other's file
            place.unlink(missing_ok=True)


def _command(name: str) -> list[str]:
    return [sys.executable, "-m", "fanfare.cli", name]


def _answers(settings: Settings) -> bool:
    try:
        with urllib.request.urlopen(f"http://{_reachable(settings.host)}:{settings.port}/healthz", timeout=1) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _reachable(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104 - compared, not listened on


def _free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            say(f"Port {port} cannot be used ({os.strerror(error.errno or 0)}). Choose another: PORT={port + 1}.")
            return False
    return True
