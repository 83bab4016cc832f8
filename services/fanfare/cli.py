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
def play() -> None:
    """Play the simulated fans of a simulation site; ``fanfare demo`` starts this."""
    from fanfare.simulation.driver import run_driver

    run_driver()


@app.command()
def simulate(
    url: Annotated[str, typer.Argument(help="A running simulation site, such as the one of `fanfare demo`.")],
    *,
    token: Annotated[
        str,
        typer.Option(
            envvar="FANFARE_SIMULATION_TOKEN",
            help="A host's API token. To get one: join in as a host on any page of the site, open your name, "
            "then “Who can act as you”, and make a token.",
        ),
    ] = "",
    fans: Annotated[int, typer.Option(min=1, max=200_000, help="Simulated fans that join.")] = 1000,
    ballots: Annotated[int, typer.Option(min=1, help="Ballots that they cast; beyond one each, they vote again.")] = 5000,
    ideas: Annotated[int, typer.Option(min=0, help="Ideas that they raise meanwhile, in a round of its own.")] = 0,
    rate: Annotated[float, typer.Option(min=0.1, help="Ballots a second, in the mean.")] = 100.0,
    rhythm: Annotated[str, typer.Option(help="steady, wave, or rush: most of them shortly before the end.")] = "steady",
    seed: Annotated[int, typer.Option(help="The same seed makes the same load.")] = 1931,
) -> None:
    """Make a load on a simulation site. Exit code 0: it counted right within two seconds; 1: it did not; 2: could not be made."""
    from fanfare.simulation.load_plan import Beat, Load
    from fanfare.simulation.load_table import run_load

    if rhythm not in set(Beat):
        raise typer.BadParameter(f"{rhythm} is none of: {', '.join(Beat)}", param_hint="--rhythm")
    raise typer.Exit(run_load(url, token, Load(fans, ballots, ideas, rate, Beat(rhythm), seed)))


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


@app.command()
def rebuild(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Projections, such as `standings`.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Every projection.")] = False,
) -> None:
    """Fill tables of a running site again from the record. Exit code 0: done; 1: the filling stopped; 2: could not."""
    from fanfare.running import rebuild_site

    raise typer.Exit(rebuild_site(names or [], everything=everything))


Backup = Annotated[Path, typer.Argument(help="The folder that `fanfare backup` wrote.", exists=True, file_okay=False)]


@app.command()
def backup(folder: Annotated[Path, typer.Argument(help="The folder to make; there must be nothing of that name.")]) -> None:
    """Write the record and the vault, apart and of one moment, into a new folder. The site may run meanwhile."""
    from datetime import UTC, datetime

    from fanfare.operations.commands import run_backup

    raise typer.Exit(run_backup(folder, now=datetime.now(UTC)))


@app.command()
def restore(folder: Backup) -> None:
    """Make a site of a backup, in a FANFARE_HOME that has no record yet."""
    from fanfare.operations.commands import run_restore

    raise typer.Exit(run_restore(folder))


@app.command()
def verify(
    folder: Backup, *, json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False
) -> None:
    """Check a backup: its sums, its record, and that a site can be made of it. Exit code 0: yes; 1: no; 2: could not check."""
    from fanfare.operations.commands import run_verify

    raise typer.Exit(run_verify(folder, json=json))


@app.command()
def doctor(
    mail: Annotated[str, typer.Option(help="Send a mail to this address, too.", metavar="ADDRESS")] = "",
    *,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Look at everything that the site stands on, running or stopped, and say what to do. Exit code 1: something is wrong."""
    from fanfare.operations.commands import run_doctor

    raise typer.Exit(run_doctor(mail, json=json))


record = typer.Typer(no_args_is_help=True, help="Mend the record of a stopped site.", rich_markup_mode=None)
app.add_typer(record, name="record")


@record.callback()
def of_the_record() -> None:
    """Mend the record of a stopped site."""


@record.command("restore")
def record_restore(
    source: Annotated[Path, typer.Argument(help="A backup's folder, or an archive that `fanfare export` wrote.", exists=True)],
) -> None:
    """Put the tail of a record that was cut back, byte for byte and at its old offsets."""
    from fanfare.operations.commands import run_record_restore

    raise typer.Exit(run_record_restore(source))


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
