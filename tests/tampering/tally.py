"""What was changed, how often, and by what it was found: kept while the suite runs, and told at its end."""

from collections import Counter
from dataclasses import dataclass, field

from fanfare.audit.claims import Outcome

SHOWN = 5
"""So many claims are named in a row; the rest are counted."""


@dataclass
class Row:
    """One kind of change, by one hand, before somebody who brought something along, or nothing."""

    times: int = 0
    found: int = 0
    named: int = 0
    """Of those that were found: how often the place was named."""
    by: Counter[str] = field(default_factory=Counter)
    """By what it was found: the first words of claims, or who found it."""
    can_be: bool = True
    """Whether it has to be found."""


class Tally:
    """All rows. One of the whole suite; mutable."""

    def __init__(self) -> None:
        """Begin with none."""
        self.rows: dict[tuple[str, str, str], Row] = {}
        self.clean: Counter[str] = Counter()
        """How many audits, by what was asked, had nothing to find, and found nothing."""

    def add(self, row: tuple[str, str, str], *, found: bool, named: bool, by: set[str], can_be: bool = True) -> None:
        """Count one change: its kind, whose hand, and what the auditor brought along."""
        held = self.rows.setdefault(row, Row(can_be=can_be))
        held.times += 1
        held.found += found
        held.named += found and named
        held.by.update(by)

    @property
    def changes(self) -> int:
        """How many changes were made; one that was looked at twice, with and without what an auditor kept, is one."""
        return sum(max(row.times for key, row in self.rows.items() if key[:2] == kind) for kind in {key[:2] for key in self.rows})

    def lines(self) -> list[str]:
        """Return the table, a line each, as docs/reliability.md has it."""
        head = ["| what was changed | by whom | the auditor had | times | found | place named | by |", "|" + " --- |" * 7]
        rows = [
            f"| {kind} | {hand} | {brought} | {row.times} | {row.found} | {row.named} | {_by(row)} |"
            for (kind, hand, brought), row in self.rows.items()
        ]
        found = sum(row.found for row in self.rows.values() if row.can_be)
        asked = sum(row.times for row in self.rows.values() if row.can_be)
        clean = ", ".join(f"{count} {what}" for what, count in self.clean.items())
        said = f"{self.changes} changes; of {asked} looks that had to find one, {found} did. Clean, and nothing raised: {clean}."
        return [*head, *rows, "", said]


def claims_of(outcome: Outcome) -> set[str]:
    """Return the first word of each claim that fails; that it could not be checked, where that is what was said."""
    if outcome.unchecked:
        return {"could not check"}
    return {each.name.split()[0] for each in outcome.claims if not each.passed}


def _by(row: Row) -> str:
    most = row.by.most_common()
    shown = [f"{name} {count}" for name, count in most[:SHOWN]]
    more = [f"{len(most) - SHOWN} more"] if len(most) > SHOWN else []
    return ", ".join([*shown, *more]) or ("-" if row.can_be else "nothing: it cannot be told")


TALLY = Tally()
