"""Running a site on one machine: ``fanfare up`` and ``fanfare demo``."""

import asyncio
import os
import shutil
import socket
import sys
import urllib.request
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import URLError

from fanfare.audit.commands import COULD_NOT, run_export
from fanfare.campaigns.founding import Founding, found
from fanfare.members import joining
from fanfare.members.erasures import ListUnreadable
from fanfare.members.first_admin import first_admin_link
from fanfare.members.roles import grant_first_admin
from fanfare.members.sessions import open_session
from fanfare.members.sweeping import sweep_at_start
from fanfare.operations.cut import RECORD_CUT, RecordCut, refuse_if_cut
from fanfare.operations.places import CONNECTION
from fanfare.platform import logging
from fanfare.platform.hosts.opening import Parts, opened
from fanfare.platform.hosts.rebuild import FillFailed
from fanfare.platform.hosts.rebuild_command import rebuild
from fanfare.platform.hosts.supervise import Child, Supervisor, stop_requested
from fanfare.platform.migrations.run import MigrationRefused, migrate
from fanfare.platform.postgres.embedded import EmbeddedPostgres
from fanfare.platform.postgres.errors import ServerUnfit, StartInterrupted
from fanfare.platform.postgres.server import check_server
from fanfare.platform.settings import Settings
from fanfare.projecting import make_tables

SIMULATION_MARK = "simulation"
DRIVER_TOKEN = "FANFARE_SIMULATION_TOKEN"  # noqa: S105 - the name of a variable, not its value


_FINAL = frozenset({RECORD_CUT})


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

    async def swept(parts: Parts) -> str | None:
        await sweep_at_start(parts.desk, settings.home)
        return await first_admin_link(parts.desk, address)

    def prepare(conninfo: str) -> None:
        migrate(conninfo)
        refuse_if_cut(conninfo, settings.home)
        link = asyncio.run(_with_parts(conninfo, swept))
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

    return _run(settings, prepare, [Child("fans", _command("play"), driver)])


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
    conninfo = _running()
    if not conninfo:
        return COULD_NOT

    async def write() -> int:
        async with opened(conninfo, 4) as parts, parts.pool.connection() as connection:
            return await run_export(parts.log, connection, url, file, now=datetime.now(UTC))

    return asyncio.run(write())


def rebuild_site(names: Sequence[str], *, everything: bool) -> int:
    """Rebuild projections of the site that runs here, or of the one of FANFARE_DATABASE_URL; return the exit status."""
    conninfo = _running()
    if not conninfo:
        return COULD_NOT

    async def wait() -> int:
        async with opened(conninfo, 4) as parts:
            return await rebuild(parts.pool, parts.log, names, everything=everything)

    try:
        return asyncio.run(wait())
    except KeyboardInterrupt:
        say("No longer watched; the rebuild goes on.")
        return COULD_NOT


def _running() -> str:
    """Return how the database of the running site is reached; where none runs, say so and return nothing."""
    settings = Settings()
    places = [settings.home / CONNECTION, settings.home / "demo" / CONNECTION]
    kept = [place.read_text() for place in places if place.exists()]
    conninfo = settings.database_url or (kept[0] if kept else "")
    if not conninfo:
        say(f"No site runs from {settings.home}. Start it, or name its folder in FANFARE_HOME.")
    return conninfo


def _filling(line: str) -> None:
    """Tell how the tables of a new version fill, and end that where we were asked to stop; the next start begins anew."""
    say(line)
    if stop_requested():
        raise StartInterrupted("Stopped while the tables of a new version were filled.")


async def _with_parts(conninfo: str, action: Callable[[Parts], Awaitable[str | None]]) -> str:
    async with opened(conninfo, 4) as parts:
        await make_tables(parts, _filling)
        return await action(parts) or ""


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
    }
    children = [
        Child("api", _command("api"), environment, ready=lambda: _answers(settings), final=_FINAL),
        Child("worker", _command("worker"), environment, final=_FINAL),
        *(more or []),
    ]
    try:
        if settings.database_url:
            check_server(settings.database_url)
            prepare(settings.database_url)
            return Supervisor(children).run()
        return Supervisor(children, EmbeddedPostgres(settings.home.absolute()), prepare_and_tell).run()
    except RecordCut as cut:
        say(str(cut))
        return RECORD_CUT
    except (MigrationRefused, ServerUnfit, FillFailed, ListUnreadable) as refused:
        say(str(refused))
        return 1
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
