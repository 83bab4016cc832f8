"""Turnout as columns: by the minute, the hour or the day, whichever shows its shape."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from fanfare.reports.report import Turnout
from fanfare.web.contexts.results import Column

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def columns(turnout: Sequence[Turnout], zone: str) -> tuple[list[Column], str]:
    """Return the columns, those without a ballot too, and the name of their unit; of nothing, none."""
    minutes = [(datetime.fromisoformat(each.minute), each.ballots) for each in turnout]
    if not minutes:
        return [], "minute"
    first, last = min(minutes)[0], max(minutes)[0]
    if last - first <= timedelta(minutes=40):
        unit, step = "minute", timedelta(minutes=1)
    elif last - first <= timedelta(hours=48):
        unit, step = "hour", timedelta(hours=1)
    else:
        unit, step = "day", timedelta(days=1)
    place = ZoneInfo(zone)
    counts: Counter[datetime] = Counter()
    for at, ballots in minutes:
        counts[_start(at.astimezone(place), unit)] += ballots
    here, columns = _start(first.astimezone(place), unit), []
    while here <= last.astimezone(place):
        columns.append(Column(_label(here, unit), counts[here]))
        here = _start((here + step).astimezone(place), unit) if unit == "day" else (here.astimezone(first.tzinfo) + step).astimezone(place)
    return columns, unit


def _start(at: datetime, unit: str) -> datetime:
    if unit == "day":
        return at.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return at.replace(minute=0 if unit == "hour" else at.minute, second=0, microsecond=0)


def _label(at: datetime, unit: str) -> str:
    return f"{at.day} {_MONTHS[at.month - 1]}" if unit == "day" else at.strftime("%H:%M")
