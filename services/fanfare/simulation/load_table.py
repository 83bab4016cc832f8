"""The command that makes a load: a bar while it runs, a table at its end."""

import asyncio
from collections.abc import Sequence
from math import ceil

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from fanfare.simulation.client import Client, SiteSilent, http_client
from fanfare.simulation.load import EQUAL_WITHIN_S, Loaded, Measured, NoSimulation, Run
from fanfare.simulation.load_plan import Load
from fanfare.simulation.wire import Wire

EQUAL, DIFFERENT, COULD_NOT = 0, 1, 2


def run_load(url: str, token: str, load: Load, console: Console | None = None) -> int:
    """Make a load and return 0 where the leaderboard equals our own count, 1 where not, 2 where it could not be made."""
    console = console or Console()
    if not token:
        console.print("A host's token is needed: --token, or FANFARE_SIMULATION_TOKEN. See `fanfare simulate --help`.")
        return COULD_NOT
    try:
        loaded = asyncio.run(_run(url.rstrip("/"), token, load, console))
    except NoSimulation as error:
        console.print(f"{type(error).__doc__} `fanfare demo` founds one.")
        return COULD_NOT
    except TimeoutError:
        console.print("The round did not open within 30 seconds. Does the site's worker run?")
        return COULD_NOT
    except SiteSilent as error:
        console.print(f"The load could not be made: {error}", markup=False)
        return COULD_NOT
    console.print(table(loaded))
    console.print(verdict(loaded))
    return EQUAL if loaded.equal_after_s is not None and not loaded.ballots.unanswered else DIFFERENT


async def _run(url: str, token: str, load: Load, console: Console) -> Loaded:
    wire = Wire(url)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        async with http_client(url) as http:
            run = Run(Client(http), wire, token, load)
            with console.status("Fans join and the round opens …"):
                await run.prepare()
            with Progress(*columns, console=console) as progress:
                task = progress.add_task("Ballots" if not load.ideas else "Ballots and ideas", total=load.ballots + load.ideas)
                return await run.go(lambda answered: progress.update(task, completed=answered))
    finally:
        await wire.close()


def table(loaded: Loaded) -> Table:
    """Return what came of it: a row a kind of request."""
    shown = Table("", "sent", "acknowledged", "a second", "refused", "not answered", "p50", "p90", "p99", "max")
    for column in shown.columns[1:]:
        column.justify = "right"
    for name, measured in (("ballots", loaded.ballots), ("ideas", loaded.ideas)):
        if measured.sent:
            shown.add_row(name, *_row(measured, loaded.took_s))
    return shown


def _row(measured: Measured, took_s: float) -> Sequence[str]:
    refused = ", ".join(f"{number:,} {code}" for code, number in measured.refused.most_common()) or "0"
    latencies = sorted(measured.latencies_s)
    return (
        f"{measured.sent:,}",
        f"{measured.acknowledged:,}",
        f"{measured.acknowledged / took_s:,.0f}" if took_s else "–",
        refused,
        f"{measured.unanswered:,}" + (f" ({measured.again:,} sent again)" if measured.again else ""),
        *(f"{1000 * percentile(latencies, percent):,.1f} ms" for percent in (50, 90, 99, 100)),
    )


def percentile(ordered: Sequence[float], percent: int) -> float:
    """Return the smallest of *ordered* figures that so many per cent do not exceed; 0 of none."""
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)] if ordered else 0.0


def verdict(loaded: Loaded) -> str:
    """Say whether the site counted as we did."""
    if loaded.ballots.unanswered:
        return (
            f"{loaded.ballots.unanswered:,} ballots were never answered, so nobody can say how many the leaderboard should have."
        )
    votes = sum(loaded.own.values())
    if loaded.equal_after_s is not None:
        return f"The leaderboard equals our own count, {votes:,} fans, {loaded.equal_after_s:.2f} s after the last answer."
    wrong = {option: (count, loaded.sites.get(option, 0)) for option, count in loaded.own.items()}
    apart = "; ".join(f"{option}: {site:,} instead of {own:,}" for option, (own, site) in wrong.items() if own != site)
    return f"The leaderboard differs from our own count {EQUAL_WITHIN_S:g} s after the last answer. {apart}"
