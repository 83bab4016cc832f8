"""Recounts, moments and differences as tables for people. Pure."""

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from fanfare.audit.claims import printable
from fanfare.audit.questions.as_of import Report, shown
from fanfare.audit.questions.between import Difference
from fanfare.audit.questions.recounting import Recounted
from fanfare.record.position import Moment
from fanfare.reports.report import RoundReport, encoded

MOST_SHOWN = 60
"""Characters of a value or of a title."""


def printed(parts: Iterable[RenderableType], width: int, *, colours: bool) -> bytes:
    """Return *parts* as they look in a terminal of that width, UTF-8."""
    written = io.StringIO()
    system = "standard" if colours else None
    console = Console(file=written, width=width, force_terminal=colours, color_system=system, highlight=False, emoji=False)  # type: ignore[arg-type]
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, Text))
    return written.getvalue().encode()


def _table(*columns: str) -> Table:
    table = Table()
    for each in columns:
        table.add_column(each, justify="left" if each in ("option", "figure", "event", "") else "right")
    return table


def recount_table(found: Recounted, titles: dict[str, str]) -> Iterator[RenderableType]:
    """Yield both rankings side by side and a verdict; *titles* are those of the options that the archive has."""
    how = f"by {found.counted_by}" + (f", without {found.left_out} ballots" if found.left_out else "")
    table = _table("option", "published", "votes", "", "recounted", "votes", "", "moved")
    for each in found.ranking:
        name = f"{each.option}  {_plain(titles[each.option])}" if each.option in titles else each.option
        steps = each.published_rank - each.rank
        moved = f"{steps:+d}" if steps else ""
        published = (str(each.published_rank), str(each.published_votes), _goes(on=each.published_advanced))
        again = (str(each.rank), str(each.votes), _goes(on=each.advanced))
        table.add_row(Text(name), *published, *again, moved, style="bold" if each.moved else "")
    yield Text(f"{found.round}, counted again {how}, at the moment {shown(found.moment)}")
    yield table
    ballots = found.published_ballots, found.ballots
    yield Text(f"Ballots that count: {ballots[0].counted} as published, {ballots[1].counted} recounted.")
    yield Text(_verdict(found), "bold red" if found.exit_code else "green")


def _goes(*, on: bool) -> str:
    return "goes on" if on else ""


def _verdict(found: Recounted) -> str:
    if not found.follows:
        return "What was published does not follow from the record: there is nothing to compare with. See fanfare replay."
    who = "The winner" if len(found.published_advanced) == len(found.advanced) == 1 else "Who goes on"
    if not found.changes:
        return f"{who} stays the same: {', '.join(found.advanced)}."
    return f"{who} changes: {', '.join(found.published_advanced)} as published, {', '.join(found.advanced)} recounted."


def as_of_tables(moment: Moment, reports: Sequence[Report]) -> Iterator[RenderableType]:
    """Yield each report as a table of its figures; what comes by the minute is left to the JSON."""
    if not reports:
        yield Text(f"At the moment {shown(moment)} there was no campaign yet.")
    for report in reports:
        name = f"round:{report.round}" if isinstance(report, RoundReport) else f"campaign:{report.campaign}"
        yield Text(f"\n{name} at the moment {shown(report.moment)}", "bold")
        table = Table("figure", "")
        for path, value in _figures(msgspec.json.decode(encoded(report))):
            table.add_row(Text(path), Text(_value(value)))
        yield table


def _figures(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - JSON
    for key, each in value.items():
        inner = f"{path}/{key}" if path else key
        if isinstance(each, dict):
            yield from _figures(each, inner)
        elif isinstance(each, list) and each and isinstance(each[0], dict):
            if key == "turnout":
                yield inner, f"{len(each)} minutes"
            else:
                yield from ((f"{inner}/{place}", part) for place, part in enumerate(each))
        else:
            yield inner, each


def difference_tables(found: Difference, titles: dict[str, str], most: int | None) -> Iterator[RenderableType]:
    """Yield what changed, the ballots in between by option, and the events; the first *most* of each, or all."""
    yield Text(f"{found.what}, from the moment {shown(found.before)} to {shown(found.after)}")
    changed = [each for each in found.changes if each.path != "moment"]
    if not changed:
        yield Text("No figure is another.")
    table = _table("figure", "before", "after")
    for each in changed[:most]:
        table.add_row(Text(each.path), Text(_value(each.before)), Text(_value(each.after)))
    if changed:
        yield table
    yield from _more(len(changed), most, "figures")
    for round_id, options in found.ballots.items():
        table = _table("option", "counted", "taken back", "replaced", "late", "void")
        for option, fates in options.items():
            name = f"{option or 'none'}  {_plain(titles[option])}" if option in titles else option or "none"
            table.add_row(
                Text(name), *(str(fates.get(fate, 0)) for fate in ("counted", "taken back", "replaced", "late", "void"))
            )
        yield Text(f"\nBallots in between, of {round_id}, by what had become of them")
        yield table
    events = _table("event", "", "option", "in place of")
    for cause in found.causes:
        events.add_row(cause.position, f"{cause.type} {cause.fate}".strip(), Text(" ".join(cause.options)), cause.instead_of)
    if found.causes:
        yield Text("\nBy these events")
        yield events
    yield from _more(found.caused, len(found.causes), "events")


def _more(of: int, shown_: int | None, what: str) -> Iterator[RenderableType]:
    if shown_ is not None and of > shown_:
        yield Text(f"and {of - shown_} more {what}; --all names every one")


def _value(value: object) -> str:
    if value is msgspec.UNSET:
        return ""
    if isinstance(value, dict):
        return "  ".join(f"{name} {_value(each)}" for name, each in value.items())
    return _plain(value if isinstance(value, str) else msgspec.json.encode(value).decode())


def _plain(text: str) -> str:
    """Return a text that cannot move the cursor, cut to a length."""
    return printable(text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + "…")
