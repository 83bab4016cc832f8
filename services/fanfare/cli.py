"""The command line. Each command imports what it needs, so that ``fanfare --help`` is quick."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Fanfare: co-creation in the open.", rich_markup_mode=None)

Port = Annotated[int, typer.Option(envvar=["PORT", "FANFARE_PORT"], min=1, max=65535, help="The port to listen on.")]


@app.command()
def up(port: Port = 8000) -> None:
    """Start a site on this machine: PostgreSQL, API and worker in one. The first time it prints the link that sets it up."""
    from fanfare.running import run_site

    raise typer.Exit(run_site(port))


@app.command()
def demo(port: Port = 8000) -> None:
    """Play a campaign with simulated fans, from ideas to a sealed result, in about three minutes."""
    from fanfare.running import run_demo

    raise typer.Exit(run_demo(port))


@app.command(hidden=True)
def api() -> None:
    """Serve HTTP over FANFARE_DATABASE_URL; ``fanfare up`` starts this."""
    from fanfare.platform.settings import Settings
    from fanfare.processes import run_api

    run_api(Settings())


@app.command(hidden=True)
def worker() -> None:
    """Project and do the chores over FANFARE_DATABASE_URL; ``fanfare up`` starts this."""
    from fanfare.platform.settings import Settings
    from fanfare.processes import run_worker

    run_worker(Settings())


@app.command(hidden=True)
def simulate() -> None:
    """Play the simulated fans of a simulation site; ``fanfare demo`` starts this."""
    from fanfare.simulation.driver import run_driver

    run_driver()


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="The archive to write.")],
    url: Annotated[
        str, typer.Option(help="The running site, whose published reports go into the archive.")
    ] = "http://localhost:8000",
) -> None:
    """Write the record, its public texts and the published reports into one file that anyone can replay."""
    from fanfare.running import export_site

    raise typer.Exit(export_site(file, url))


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="An archive that `fanfare export` wrote.", exists=True, dir_okay=False)],
    *,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Recompute every published report from an archive, offline. Exit code 0: all equal; 1: a difference; 2: could not check."""
    from fanfare.audit.commands import run_replay

    raise typer.Exit(run_replay(file, json=json))


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
