"""The commands that ask an archive something. Like those beside them, each imports what it needs when it is called."""

from pathlib import Path
from typing import Annotated

import typer

AnArchive = Annotated[Path, typer.Argument(metavar="ARCHIVE", help="An archive that `fanfare export` wrote.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
All = Annotated[bool, typer.Option("--all", help="Name every event, not only the first ones.")]


def explain(
    source: AnArchive,
    what: Annotated[
        str, typer.Argument(help="The id of an award or of a member, or a figure, such as round:ID/ranking/0/votes.")
    ],
    *,
    everything: All = False,
    json: AsJson = False,
) -> None:
    """
    Tell why an award was given, or all awards of a member; or which events a figure of a published report came from.

    Exit code 0: all of it follows from the record; 1: something does not, and is marked; 2: could not be told.
    """
    from fanfare.audit.questions.figures import is_figure

    if is_figure(what):
        from fanfare.audit.questions.asking import run_explain_figure

        raise typer.Exit(run_explain_figure(source, what, everything=everything, json=json))
    if json or everything:
        raise typer.BadParameter("awards are told in words, all of them: --json and --all are for figures", param_hint="WHAT")
    from fanfare.audit.commands import run_explain

    raise typer.Exit(run_explain(source, what))


def recount(  # noqa: PLR0913 - each is an option of the command
    source: AnArchive,
    round_id: Annotated[str, typer.Argument(metavar="ROUND", help="The id of the round.")],
    *,
    method: Annotated[str, typer.Option(help="Count by plurality or approval instead.")] = "",
    without_ballots: Annotated[Path | None, typer.Option(help="A file of event ids of ballots, one a line.")] = None,
    without_voters: Annotated[Path | None, typer.Option(help="A file of voter tokens, one a line.")] = None,
    without_members: Annotated[
        Path | None, typer.Option(help="A file of member ids, whose support of ideas is left out.")
    ] = None,
    without_hosts: Annotated[bool, typer.Option(help="Leave out the support of whoever was host or admin.")] = False,
    without_channel: Annotated[list[str] | None, typer.Option(help="Leave out ballots that came by web, or by api.")] = None,
    json: AsJson = False,
) -> None:
    """
    Count a round again, by another method or without some ballots, beside what was published.

    Exit code 0: the same win, or go on; 1: others do; 2: could not be counted so, and why.
    """
    from fanfare.audit.questions.asking import Without, run_recount

    channels = tuple(without_channel or ())
    if unknown := set(channels) - {"web", "api"}:
        raise typer.BadParameter(f"{min(unknown)} is neither web nor api", param_hint="--without-channel")
    without = Without(
        ballots=without_ballots, voters=without_voters, members=without_members, channels=channels, hosts=without_hosts
    )
    raise typer.Exit(run_recount(source, round_id, method, without, json=json))


def as_of(
    source: AnArchive,
    moment: Annotated[str, typer.Argument(help="Entries of each partition, such as 12,5,6,7, or a time: 2026-11-11T12:30:00Z.")],
    what: Annotated[str, typer.Argument(help="round:ID or campaign:ID; every one of both where it is left out.")] = "",
    *,
    against: Annotated[str, typer.Option(metavar="MOMENT", help="Tell what changed between the two, and by which events.")] = "",
    everything: All = False,
    json: AsJson = False,
) -> None:
    """Tell every figure as of a moment, or what changed between two. Exit code 0: told; 2: could not be told."""
    from fanfare.audit.questions.asking import run_as_of

    raise typer.Exit(run_as_of(source, moment, what, against=against, everything=everything, json=json))


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(explain)
    app.command()(recount)
    app.command("as-of")(as_of)
