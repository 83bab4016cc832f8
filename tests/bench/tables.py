"""How measurements are shown: a table of rates with their ratios to a baseline of the same run."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Row:
    """One measurement."""

    name: str
    rate: float
    """Per second."""
    note: str = ""
    voids: bool = False
    """The run does not count: what the site shows came too late, or is not what the client counted."""
    wrong: str = ""
    """What must not be, however slow the machine is; empty where all is as it has to be."""


def shown(capsys: pytest.CaptureFixture[str], title: str, rows: Sequence[Row], notes: Sequence[str] = ()) -> None:
    """Print rates and their ratios to the first row."""
    table = Table("what", "per second", "ratio", "", title=title, title_justify="left")
    for row in rows:
        ratio = "void" if row.voids else f"{row.rate / rows[0].rate:.2f}"
        table.add_row(row.name, f"{row.rate:,.0f}", ratio, row.note)
    with capsys.disabled():
        console = Console(width=130)
        console.print()
        console.print(table)
        for note in notes:
            console.print(note, highlight=False)


def faults(rows: Sequence[Row]) -> dict[str, str]:
    """Return what is wrong with each row. Being slow is not: no bench fails for that."""
    return {row.name: row.wrong or "no rate" for row in rows if row.wrong or not row.rate > 0}
