"""The command line. Each command imports what it needs, so that ``fanfare --help`` is quick."""

from pathlib import Path
from typing import Annotated

import typer

from fanfare.audit import command_line
from fanfare.witness import command_line as witness_commands

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


@app.command()
def migrate() -> None:
    """
    Bring the stores of a site of many processes to this version, and print the first admin's link. Run it before the others.

    The database is the one of FANFARE_DATABASE_URL; the record is in Kafka where FANFARE_KAFKA_BROKERS is set. It may run any
    number of times. Exit code 0: everything is of this version; 1: it was refused, and why; 65: the record was cut.
    """
    from fanfare.platform import logging
    from fanfare.platform.settings import Settings
    from fanfare.preparing import migrate_site

    logging.configure()
    raise typer.Exit(migrate_site(Settings()))


@app.command()
def api() -> None:
    """
    Serve HTTP over FANFARE_DATABASE_URL, as one of as many as you like; `fanfare up` starts one by itself.

    It waits a minute for `fanfare migrate` to have been run, and ends with exit code 1 where it was not. SIGTERM stops it.
    """
    from fanfare.platform import logging
    from fanfare.platform.settings import Settings
    from fanfare.preparing import run_prepared
    from fanfare.serving import run_api

    logging.configure()
    raise typer.Exit(run_prepared(Settings(), run_api))


@app.command()
def worker() -> None:
    """
    Project and do the chores over FANFARE_DATABASE_URL, as one of as many as you like; `fanfare up` starts one by itself.

    It waits a minute for `fanfare migrate` to have been run, and ends with exit code 1 where it was not. SIGTERM stops it.
    """
    from fanfare.platform import logging
    from fanfare.platform.settings import Settings
    from fanfare.preparing import run_prepared
    from fanfare.processes import run_worker

    logging.configure()
    raise typer.Exit(run_prepared(Settings(), run_worker))


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
    source: Annotated[
        str, typer.Argument(help="An archive that `fanfare export` wrote, or a record's topic: kafka://host:port/topic.")
    ],
    url: Annotated[
        str, typer.Option(help="Of a topic: the site whose published reports are compared, if not the one that the record names.")
    ] = "",
    *,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """
    Recompute every published report from a record and compare. Exit code 0: all equal; 1: a difference; 2: could not check.

    An archive is replayed offline. A topic is read once, and the reports are fetched from the running site.
    """
    if source.startswith("kafka://"):
        from fanfare.running import replay_topic

        raise typer.Exit(replay_topic(source, url, json=json))
    from fanfare.audit.commands import run_replay

    raise typer.Exit(run_replay(Path(source), json=json))


@app.command()
def audit(
    source: Annotated[
        str, typer.Argument(help="A running site (https://…), an archive, or a record's topic: kafka://host:port/topic.")
    ],
    url: Annotated[
        str, typer.Option(help="Of a topic: the site whose reports and checkpoints are compared, if not the one that it names.")
    ] = "",
    *,
    since: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A checkpoint or an archive that you kept: nothing in it may have changed."),
    ] = None,
    key: Annotated[str, typer.Option(help="The record's key that you know, instead of the one that the record names.")] = "",
    witness: Annotated[list[str] | None, typer.Option(metavar="KEY", help="The key of a witness who must have cosigned.")] = None,
    receipt: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A receipt whose entry must be in the record.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a report that can be read in a browser and printed.")
    ] = None,
) -> None:
    """
    Check all that a site claims, trusting nothing of it: what it signed, and every figure that it published.

    It needs no account and no database. Exit code 0: all holds; 1: a claim does not; 2: could not check, and what to do.
    """
    from datetime import UTC, datetime

    from fanfare.audit.audit_commands import Answering, Brought, command_of, run_audit, run_audit_of

    brought = Brought(key=key, since=tuple(since or ()), witnesses=tuple(witness or ()), receipts=tuple(receipt or ()))
    answering = Answering(now=datetime.now(UTC), json=json, html=html, command=command_of(source, url, brought))
    if source.startswith("kafka://"):
        from fanfare.running import on_topic

        raise typer.Exit(on_topic(source, lambda log: run_audit_of(log, source, url, brought, answering)))
    raise typer.Exit(run_audit(source, brought, answering))


command_line.add_to(app)
witness_commands.add_to(app)


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


draw = typer.Typer(no_args_is_help=True, help="Draw again what was drawn.", rich_markup_mode=None)
app.add_typer(draw, name="draw")


@draw.callback()
def of_draws() -> None:
    """Draw again what was drawn."""


@draw.command("verify")
def draw_verify(
    archive: Annotated[Path, typer.Argument(help="An archive that `fanfare export` wrote, or that a site offers for download.")],
    draw_id: Annotated[str, typer.Argument(metavar="DRAW", help="The id of the draw, as its page shows it.")],
    *,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Draw again, offline, what a draw drew, step by step. Exit code 0: the same; 1: a step does not hold; 2: could not check."""
    from fanfare.audit.draw_commands import run_draw_verify

    raise typer.Exit(run_draw_verify(archive, draw_id, json=json))


record = typer.Typer(no_args_is_help=True, help="Mend the record of a stopped site, or let it grow.", rich_markup_mode=None)
app.add_typer(record, name="record")


@record.callback()
def of_the_record() -> None:
    """Mend the record of a stopped site, or let it grow."""


@record.command("restore")
def record_restore(
    source: Annotated[Path, typer.Argument(help="A backup's folder, or an archive that `fanfare export` wrote.", exists=True)],
) -> None:
    """Put the tail of a record that was cut back, byte for byte and at its old offsets."""
    from fanfare.operations.commands import run_record_restore

    raise typer.Exit(run_record_restore(source))


@record.command("grow")
def record_grow(
    partitions: Annotated[int, typer.Argument(min=2, max=64, help="How many the record has from then on; a new one has four.")],
) -> None:
    """Give the record more partitions, running or not; on Kafka the topic gets them, too. Nobody's ballots move."""
    from fanfare.operations.growing import run_grow

    raise typer.Exit(run_grow(partitions))


keys = typer.Typer(no_args_is_help=True, help="The keys that sign the record.", rich_markup_mode=None)
app.add_typer(keys, name="keys")


@keys.callback()
def of_keys() -> None:
    """The keys that sign the record."""


@keys.command("show")
def keys_show() -> None:
    """Print the public keys that sign, and did: of the record, of each partition and of promises. Exit code 2: there are none."""
    from fanfare.operations.keys import run_show

    raise typer.Exit(run_show())


@keys.command("make")
def keys_make() -> None:
    """Make the keys that are lacking and name them in the record, as the worker would. Exit code 2: it could not be done."""
    from fanfare.operations.keys import run_make

    raise typer.Exit(run_make())


@keys.command("rotate")
def keys_rotate() -> None:
    """Sign with new keys from now on: the record's old one signs its new one, and all old ones retire. Exit code 2: not done."""
    from fanfare.operations.keys import run_rotate

    raise typer.Exit(run_rotate())


kafka = typer.Typer(no_args_is_help=True, help="Apache Kafka, where it keeps the record.", rich_markup_mode=None)
app.add_typer(kafka, name="kafka")


@kafka.callback()
def of_kafka() -> None:
    """Apache Kafka, where it keeps the record."""


@kafka.command("init")
def kafka_init(
    partitions: Annotated[int, typer.Option(min=4, max=64, help="Partitions of the topic; a new site uses four.")] = 4,
    replication: Annotated[
        int | None, typer.Option(min=1, max=9, help="Copies of each; 3 where there are three brokers or more, else 1.")
    ] = None,
) -> None:
    """Make the topic that holds the record on the brokers of FANFARE_KAFKA_BROKERS. One that is there is only checked."""
    from fanfare.operations.topic_command import run_init
    from fanfare.platform.settings import Settings

    raise typer.Exit(run_init(Settings().kafka, partitions, replication))


log = typer.Typer(no_args_is_help=True, help="Move the record from PostgreSQL to Kafka.", rich_markup_mode=None)
app.add_typer(log, name="log")


@log.callback()
def of_the_log() -> None:
    """Move the record from PostgreSQL to Kafka."""


@log.command("copy")
def log_copy(
    *,
    back_out: Annotated[bool, typer.Option("--back-out", help="Stay with PostgreSQL, unless the record has moved.")] = False,
) -> None:
    """
    Carry the record into the topic of FANFARE_KAFKA_BROKERS, byte for byte, and let the site go on there.

    The site may run meanwhile; towards the end it can be read and not be written to. What was broken off goes on where it was.
    Exit code 0: it has moved; 2: it has not, and why.
    """
    from fanfare.operations.outgrowing import run_log_copy

    raise typer.Exit(run_log_copy(back_out=back_out))


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
