"""Times as a form has them, `2026-11-14T18:00` on the clock of a zone, and as the record has them, in UTC."""

import contextlib
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from fanfare.campaigns.drafts import EARLIEST, LATEST
from fanfare.platform.language import gettext as _

_AREAS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


class TimeUnreadable(ValueError):
    """A sentence for the person who typed the time."""


def typed(at: datetime, zone: str) -> str:
    """Return what a `datetime-local` field shows for *at* on the clock of *zone*."""
    try:
        return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")
    except OverflowError:  # the last day of the calendar, which only a script could choose
        return ""


def read(text: str, zone: str) -> datetime:
    """
    Return the moment at which the clocks of *zone* show *text*, in UTC; of two such moments in autumn the earlier one.

    Raises:
        TimeUnreadable: no time was typed, the clocks skip it, or it lies at an end of the calendar.
    """
    try:
        local = datetime.strptime(text.strip()[:16], "%Y-%m-%dT%H:%M").replace(tzinfo=ZoneInfo(zone))
        at = local.astimezone(UTC)
    except (ValueError, OverflowError, OSError, ZoneInfoNotFoundError) as error:
        message = _("Choose a day and a time.")
        raise TimeUnreadable(message) from error
    if not EARLIEST <= at < LATEST:
        message = _("Choose a year from 2000 to 2999.")
        raise TimeUnreadable(message)
    if at.astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None):
        message = _("The clocks go forward in that hour, so it does not exist. Choose an earlier or a later time.")
        raise TimeUnreadable(message)
    return at


def known(zone: str) -> bool:
    """Tell whether *zone* is the name of a time zone."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


@cache
def zones() -> tuple[str, ...]:
    """Return the names to choose from: places, and UTC."""
    return (*sorted(name for name in available_timezones() if name.split("/")[0] in _AREAS), "UTC")


def with_zone(zone: str) -> tuple[str, ...]:
    """Return the names to choose from, with *zone* among them."""
    return zones() if zone in zones() else (zone, *zones())


def guess() -> str:
    """Return the zone of this machine, as far as its clock's file tells, or UTC; the host chooses."""
    with contextlib.suppress(OSError):
        __, found, zone = str(Path("/etc/localtime").readlink()).partition("zoneinfo/")
        if found and zone in zones():
            return zone
    return "UTC"
