"""The witness's commands. Like those of the site, each imports what it needs when it is called."""

import re
import shlex
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

_LARGEST_PORT = 65_535


def witness(  # noqa: PLR0913 - each is an option of the command
    site: Annotated[str, typer.Argument(metavar="SITE", help="The site to follow, such as https://fanfare.example.")],
    *,
    home: Annotated[Path, typer.Option(help="The folder in which key and memory lie. Never copy one back: begin anew.")] = Path(
        "witness-data"
    ),
    name: Annotated[
        str, typer.Option(help="What the witness calls itself for ever, such as news.example/witness; asked for once.")
    ] = "",
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where it answers.")] = "127.0.0.1:8090",
    key: Annotated[
        str, typer.Option(help="The record's key to pin, as `fanfare keys show` prints it; else the first that is seen.")
    ] = "",
    alarm: Annotated[
        str, typer.Option(metavar="COMMAND", help="Run this at an alarm, with the folder of the evidence behind it.")
    ] = "",
    every: Annotated[float, typer.Option(min=1, max=3600, help="Seconds between two looks at the site.")] = 5.0,
    insists: Annotated[
        float, typer.Option(min=1, max=86_400, help="Seconds for which a site may serve less than it signed, before the alarm.")
    ] = 300.0,
    once: Annotated[bool, typer.Option("--once", help="Look once and end, for whoever has a timer.")] = False,
) -> None:
    """
    Watch the record of a site from another machine: cosign each checkpoint that goes on from the last, and tell of a fork.

    It needs no database. It runs until SIGTERM. Exit code 0: all was well; 1: an alarm stands; 2: it could not go on, and why.
    """
    from fanfare.witness.commands import Asked, run_witness

    _check(site, listen, alarm)
    raise typer.Exit(run_witness(Asked(site, home, name, listen, key, alarm, every, insists, once)))


def _check(site: str, listen: str, alarm: str) -> None:
    """Refuse what could be neither asked, nor listened at, nor run. Raises: typer.BadParameter."""
    try:
        parts = urlsplit(site)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, a bracket that is not closed
        is_address = False
    if not is_address:
        raise typer.BadParameter(f"{site!r} is no address of a site, such as https://fanfare.example", param_hint="SITE")
    host, _, port = listen.rpartition(":")
    if not host or not re.fullmatch("[0-9]{1,5}", port) or int(port) > _LARGEST_PORT:
        raise typer.BadParameter(f"{listen!r} is no address and port, such as 127.0.0.1:8090", param_hint="--listen")
    try:
        shlex.split(alarm)
    except ValueError as error:
        raise typer.BadParameter(f"{alarm!r} is no command: {error}", param_hint="--alarm") from error


def witness_evidence(
    folder: Annotated[Path, typer.Argument(help="A folder that a witness wrote at an alarm.", exists=True, file_okay=False)],
    *,
    key: Annotated[
        list[str] | None, typer.Option(help="A key of the log, from a source that you believe; else those in the folder.")
    ] = None,
) -> None:
    """Check a witness's evidence, offline. Exit code 0: it shows that a log signed two histories; 1: it does not; 2: none."""
    from fanfare.witness.commands import run_evidence

    raise typer.Exit(run_evidence(folder, key or []))


def add_to(app: typer.Typer) -> None:
    """Give the command line these commands."""
    app.command("witness")(witness)
    app.command("witness-evidence")(witness_evidence)
