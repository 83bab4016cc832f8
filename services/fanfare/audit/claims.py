"""What an audit says: claims, each passed or failed with its positions, and the exit code. Pure."""

import io
from collections.abc import Callable, Sequence

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
    unshown: tuple[str, ...] = ()
    """What somebody may take it to say that it does not: said, and no failure."""


def claim(name: str, detail: str, differences: Sequence[str], unshown: Sequence[str] = ()) -> Claim:
    """Return a claim that holds if there are no *differences*."""
    shown = list(differences[:MOST_DIFFERENCES])
    if len(differences) > len(shown):
        shown.append(f"and {len(differences) - len(shown)} more")
    return Claim(name, not differences, detail, tuple(shown), tuple(unshown))


class Outcome(msgspec.Struct, frozen=True):
    """All claims of an audit, and why it could not be finished, if so."""

    claims: tuple[Claim, ...] = ()
    unchecked: str = ""
    """Why the audit could not check, or not all of it; empty where it could."""
    conclusion: str = "every published report follows from the record"
    """What it means where all claims hold."""

    @property
    def exit_code(self) -> int:
        """0: every claim holds. 1: one does not. 2: it could not be checked."""
        if not all(each.passed for each in self.claims):
            return 1
        return 2 if self.unchecked or not self.claims else 0

    @property
    def unshown(self) -> tuple[str, ...]:
        """What the claims do not show, each once."""
        return tuple(dict.fromkeys(sentence for each in self.claims for sentence in each.unshown))

    @property
    def verdict(self) -> str:
        """The outcome in a sentence."""
        failed = sum(not each.passed for each in self.claims)
        if self.exit_code == 2:
            return f"Could not check: {self.unchecked or 'there is nothing to check'}."
        if failed:
            rest = f" The rest could not be checked: {self.unchecked}." if self.unchecked else ""
            do = "does" if failed == 1 else "do"
            return f"{failed} of {len(self.claims)} claims {do} not hold.{rest}"
        held = "The one claim holds" if len(self.claims) == 1 else f"All {len(self.claims)} claims hold"
        return f"{held}: {self.conclusion}."


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


def printable(text: str) -> str:
    """Return a text that cannot move the cursor: names in an archive are whatever somebody wrote there."""
    return "".join(each if each.isprintable() else " " for each in text)


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
        table.add_row(Text(printable(each.name)), held, Text(printable(each.detail)))
    if outcome.claims:
        console.print(table)
    for each in outcome.claims:
        if not each.passed:
            console.print(Text(f"\n{printable(each.name)}", "bold"))
        for difference in () if each.passed else each.differences:
            console.print(Text(f"  {printable(difference)}"), soft_wrap=True)
    for sentence in outcome.unshown:
        console.print(Text(f"\nNot shown: {printable(sentence)}"), soft_wrap=True)
    verdict = printable(outcome.verdict)
    console.print(Text(f"\n{verdict}" if outcome.claims else verdict), soft_wrap=True)
    return written.getvalue().encode()
