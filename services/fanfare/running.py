"""Running a site on one machine: ``fanfare up`` and ``fanfare demo``."""

import asyncio
import os
import shutil
import socket
import sys
import urllib.request
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import URLError

from fanfare.audit.commands import COULD_NOT, run_export
from fanfare.campaigns.founding import Founding, found
from fanfare.members import joining
from fanfare.members.first_admin import first_admin_link
from fanfare.members.roles import grant_first_admin
from fanfare.members.sessions import open_session
from fanfare.platform import logging
from fanfare.platform.hosts.opening import Parts, opened
from fanfare.platform.hosts.supervise import Child, Supervisor
from fanfare.platform.migrations.run import migrate
from fanfare.platform.postgres.embedded import EmbeddedPostgres
from fanfare.platform.postgres.errors import PostgresUnavailable
from fanfare.platform.postgres.server import check_server
from fanfare.platform.settings import Settings
from fanfare.processes import make_tables

SIMULATION_MARK, CONNECTION = "simulation", "connection"
DRIVER_TOKEN = "FANFARE_SIMULATION_TOKEN"  # noqa: S105 - the name of a variable, not its value


def say(line: str) -> None:
    """Tell the person at the console."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def run_site(port: int) -> int:
    """Run the site of FANFARE_HOME until it is told to stop; return the exit status."""
    settings = Settings(port=port)
    if not _free(settings.host, port):
        return 1
    address = f"http://localhost:{port}"

    def prepare(conninfo: str) -> None:
        migrate(conninfo)
        link = asyncio.run(_with_parts(conninfo, lambda parts: first_admin_link(parts.desk, address)))
        say(f"Fanfare answers at {address}")
        if link:
            say(f"It has no admin yet. This link works once and for a day:\n\n  {link}\n")

    return _run(settings, prepare)


def run_demo(port: int) -> int:
    """Run a fresh simulation site with its simulated fans until it is told to stop; return the exit status."""
    home = Settings().home / "demo"
    settings = Settings(port=port, home=home, database_url="")
    if not _free(settings.host, port):
        return 1
    if (home / SIMULATION_MARK).exists():  # only what an earlier demo made is thrown away
        shutil.rmtree(home)
    home.mkdir(parents=True, exist_ok=True)
    (home / SIMULATION_MARK).touch()
    address = f"http://localhost:{port}"
    driver = {"FANFARE_SIMULATION_URL": address}

    def prepare(conninfo: str) -> None:
        migrate(conninfo)
        driver[DRIVER_TOKEN] = asyncio.run(_with_parts(conninfo, lambda parts: found_simulation(parts, address)))
        say(f"\n  The demo opens at {address}\n  Its fans are programs. Join in as a fan or a host; Ctrl-C ends it.\n")

    return _run(settings, prepare, [Child("fans", _command("simulate"), driver)])


async def found_simulation(parts: Parts, address: str) -> str:
    """Found a simulation site with its host, and return her token."""
    await found(
        parts.desk,
        Founding(url=address, brand="Pomfret Soda", colour="#ff5c7c", zone="Europe/Berlin", simulation=True),
    )
    await parts.catch_up()
    host = await joining.join(parts.desk, "Dora Lindqvist", simulated=True)
    await grant_first_admin(parts.desk, host)
    async with parts.pool.connection() as connection:
        return await open_session(connection, host, "token", "simulation")


def export_site(file: Path, url: str) -> int:
    """Export the site that runs on this machine, or the one of FANFARE_DATABASE_URL; return the exit status."""
    settings = Settings()
    places = [settings.home / CONNECTION, settings.home / "demo" / CONNECTION]
    kept = [place.read_text() for place in places if place.exists()]
    conninfo = settings.database_url or (kept[0] if kept else "")
    if not conninfo:
        say(f"No site runs from {settings.home}. Start it, or name its folder in FANFARE_HOME.")
        return COULD_NOT

    async def write() -> int:
        async with opened(conninfo, 4) as parts, parts.pool.connection() as connection:
            return await run_export(parts.log, connection, url, file, now=datetime.now(UTC))

    return asyncio.run(write())


async def _with_parts(conninfo: str, action: Callable[[Parts], Awaitable[str | None]]) -> str:
    async with opened(conninfo, 4) as parts:
        await make_tables(parts)
        return await action(parts) or ""


def _run(settings: Settings, prepare: Callable[[str], None], more: list[Child] | None = None) -> int:
    place = settings.home / CONNECTION

    def prepare_and_tell(conninfo: str) -> None:
        place.touch(mode=0o600)
        place.write_text(conninfo)
        prepare(conninfo)

    logging.configure()
    environment = {
        "FANFARE_HOST": settings.host,
        "FANFARE_PORT": str(settings.port),
        "FANFARE_HOME": str(settings.home.absolute()),
    }
    children = [
        Child("api", _command("api"), environment, ready=lambda: _answers(settings)),
        Child("worker", _command("worker"), environment),
        *(more or []),
    ]
    if settings.database_url:
        try:
            check_server(settings.database_url)
        except PostgresUnavailable as error:
            say(str(error))
            return 1
        prepare(settings.database_url)
        return Supervisor(children).run()
    try:
        return Supervisor(children, EmbeddedPostgres(settings.home.absolute()), prepare_and_tell).run()
    finally:
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
