"""What an audit says: claims, each passed or failed with its positions, and the exit code. Pure."""

import io
from collections.abc import Callable

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fanfare.record.kinds import canonical

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""

MOST_DIFFERENCES = 40
"""A claim names this many differences and says how many more there are."""


def silent(doing: str, done: int, of: int) -> None:
    """Show no progress."""


class Claim(msgspec.Struct, frozen=True):
    """Something that an archive claims, and whether it is so."""

    name: str
    passed: bool
    detail: str = ""
    differences: tuple[str, ...] = ()


def claim(name: str, detail: str, differences: list[str]) -> Claim:
    """Return a claim that holds if there are no *differences*."""
    shown = differences[:MOST_DIFFERENCES]
    if len(differences) > len(shown):
        shown.append(f"and {len(differences) - len(shown)} more")
    return Claim(name, not differences, detail, tuple(shown))


class Outcome(msgspec.Struct, frozen=True):
    """All claims of an audit, and why it could not be finished, if so."""

    claims: tuple[Claim, ...] = ()
    unchecked: str = ""
    """Why the audit could not check; empty where it could."""
    conclusion: str = "every published report follows from the record"
    """What it means where all claims hold."""

    @property
    def exit_code(self) -> int:
        """0: every claim holds. 1: one does not. 2: it could not be checked."""
        if self.unchecked or not self.claims:
            return 2
        return 0 if all(each.passed for each in self.claims) else 1

    @property
    def verdict(self) -> str:
        """The outcome in a sentence."""
        failed = sum(not each.passed for each in self.claims)
        if self.exit_code == 2:
            return f"Could not check: {self.unchecked or 'there is nothing to check'}."
        if failed:
            return f"{failed} of {len(self.claims)} claims do not hold."
        return f"All {len(self.claims)} claims hold: {self.conclusion}."


def as_json(outcome: Outcome) -> bytes:
    """Return the outcome as one canonical JSON line."""
    return (
        canonical(
            {
                "schema": "fanfare.audit.v1",
                "exit_code": outcome.exit_code,
                "unchecked": outcome.unchecked or None,
                "claims": outcome.claims,
            }
        )
        + b"\n"
    )


def as_table(outcome: Outcome, width: int = 120, *, colours: bool = False) -> bytes:
    """Return the outcome as a table for people, and the differences below it, UTF-8."""
    written = io.StringIO()
    console = Console(
        file=written,
        width=width,
        force_terminal=colours,
        color_system="standard" if colours else None,
        highlight=False,
        emoji=False,
    )
    table = Table("claim", "", "what was checked")
    for each in outcome.claims:
        held = Text("holds", "green") if each.passed else Text("FAILS", "bold red")
        table.add_row(Text(each.name), held, Text(each.detail))
    if outcome.claims:
        console.print(table)
    for each in outcome.claims:
        if not each.passed:
            console.print(Text(f"\n{each.name}", "bold"))
        for difference in () if each.passed else each.differences:
            console.print(Text(f"  {difference}"), soft_wrap=True)
    console.print(Text(f"\n{outcome.verdict}" if outcome.claims else outcome.verdict), soft_wrap=True)
    return written.getvalue().encode()
