"""What the doctor says of one thing: whether it is well, what was found, and what to do."""

from collections.abc import Sequence
from typing import Literal

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fanfare.record.kinds import canonical

State = Literal["ok", "warning", "wrong"]
_COLOURS = {"ok": "green", "warning": "yellow", "wrong": "bold red"}


class Finding(msgspec.Struct, frozen=True):
    """One line of the doctor's table."""

    name: str
    state: State
    found: str
    """What is so, with its figure."""
    advice: str = ""
    """What to do about it; empty where all is well."""


def ok(name: str, found: str) -> Finding:
    """Return that something is well."""
    return Finding(name, "ok", found)


def warning(name: str, found: str, advice: str) -> Finding:
    """Return that something works and should be looked at."""
    return Finding(name, "warning", found, advice)


def wrong(name: str, found: str, advice: str) -> Finding:
    """Return that something does not work, or that what was promised is not kept."""
    return Finding(name, "wrong", found, advice)


def exit_code(findings: Sequence[Finding]) -> int:
    """Return 1 where something is wrong, else 0."""
    return int(any(each.state == "wrong" for each in findings))


def as_json(findings: Sequence[Finding]) -> bytes:
    """Return the findings as one canonical JSON line."""
    return canonical({"schema": "fanfare.doctor.v1", "exit_code": exit_code(findings), "findings": findings}) + b"\n"


def show(findings: Sequence[Finding], console: Console) -> None:
    """Print the findings as a table for people."""
    table = Table("what", "", "found", "what to do")
    for each in findings:
        table.add_row(Text(each.name), Text(each.state, _COLOURS[each.state]), Text(each.found), Text(each.advice))
    console.print(table)
