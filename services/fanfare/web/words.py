"""How a page says numbers, times, spans and fingerprints. Pure; British English."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

_SMALL = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
UNNAMED = "Words that were deleted"
GONE = "Somebody who left"
# strftime's names follow the locale of the machine; a page must read the same everywhere.


def number(count: int) -> str:
    """Return 38,112 for 38112, with a real minus sign."""
    return f"{count:,}".replace("-", "−")


def words(count: int) -> str:
    """Return a count as a word up to twelve, as digits beyond."""
    return _SMALL[count] if 0 <= count < len(_SMALL) else number(count)


def counted(count: int, one: str, many: str | None = None) -> str:
    """Return `1 ballot`, `2,041 ballots`; *many* where an s is not enough."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def percent(part: int, whole: int) -> str:
    """Return the share with one decimal, rounded half up, in integers only; `–` of nothing."""
    if whole <= 0:
        return "–"
    tenths = (2000 * part + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10}%"


def share(part: int, whole: int) -> str:
    """Return an SVG length: *part* of *whole* as a percentage, never beyond 100."""
    tenths = 0 if whole <= 0 else min(1000, max(0, 1000 * part // whole))
    return f"{tenths // 10}.{tenths % 10}%"


def unnamed(option: str) -> str:
    """Return what an option is called whose words were deleted; two of them can still be told apart."""
    return f"{UNNAMED} ({option[:4]})"


def duration(span: timedelta) -> str:
    """Return a span in the largest unit that still says something: 3 days, 5 hours, 14 minutes, 40 seconds."""
    seconds = max(0, int(span.total_seconds()))
    for size, least, name in ((86400, 2, "day"), (3600, 2, "hour"), (60, 2, "minute")):
        if seconds >= size * least:
            return counted(seconds // size, name)
    return counted(seconds, "second")


def left(until: datetime, now: datetime) -> str:
    """Return what a ticket's clock shows: 3 days, 5 hours, 14 min, 4:07 below ten minutes, `now` at zero."""
    seconds = max(0, int((until - now).total_seconds()))
    if seconds == 0:
        return "now"
    if seconds < 600:
        return f"{seconds // 60}:{seconds % 60:02d}"
    return duration(timedelta(seconds=seconds)).replace("minutes", "min")


def ago(at: datetime, now: datetime) -> str:
    """Return `just now`, `40 seconds ago`, `3 hours ago`, `2 days ago`."""
    span = now - at
    return "just now" if span < timedelta(seconds=2) else f"{duration(span)} ago"


def day(at: datetime, zone: str, now: datetime, *, weekday: bool = False) -> str:
    """Return `14 November`, with the year where it is not this one, with the weekday where wished."""
    here, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    text = f"{here.day} {_MONTHS[here.month - 1]}"
    if here.year != today.year:
        text += f" {here.year}"
    return f"{_DAYS[here.weekday()]} {text}" if weekday else text


def clock(at: datetime, zone: str, *, seconds: bool = False) -> str:
    """Return `18:00`, or `18:00:04`."""
    return at.astimezone(ZoneInfo(zone)).strftime("%H:%M:%S" if seconds else "%H:%M")


def when(at: datetime, zone: str, now: datetime, *, seconds: bool = False) -> str:
    """Return `18:00` today, `Saturday 14 November, 18:00` on another day."""
    same_day = at.astimezone(ZoneInfo(zone)).date() == now.astimezone(ZoneInfo(zone)).date()
    said = clock(at, zone, seconds=seconds)
    return f"today, {said}" if same_day else f"{day(at, zone, now, weekday=True)}, {said}"


def zone_name(zone: str) -> str:
    """Return `Berlin time` for Europe/Berlin, `UTC` for itself."""
    place = zone.rpartition("/")[2].replace("_", " ")
    return place if place in ("UTC", "GMT") else f"{place} time"


def soon(at: datetime, zone: str, now: datetime) -> str:
    """Return `18:00` today, `14 November` on another day: where there is room for one of them."""
    same_day = at.astimezone(ZoneInfo(zone)).date() == now.astimezone(ZoneInfo(zone)).date()
    return clock(at, zone) if same_day else day(at, zone, now)


def short_hash(fingerprint: str) -> str:
    """Return the ends of a fingerprint in fours, `9f2c 41d0 … e2d9`: enough to notice, not enough to know."""
    if len(fingerprint) <= 16:
        return in_fours(fingerprint)
    return f"{in_fours(fingerprint[:8])} … {fingerprint[-4:]}"


def in_fours(text: str) -> str:
    """Return *text* in groups of four, for reading aloud."""
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def listed(names: Sequence[str]) -> str:
    """Return `A`, `A and B`, `A, B and C`."""
    return " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else "".join(names)


def goes_on(titles: Sequence[str], places: int) -> str:
    """Return the headline of a result with so many *places*: `A wins`, `A, B and C go on`, `Seven go on`."""
    if not titles:
        return "Nothing goes on"
    if len(titles) == 1:
        return f"{titles[0]} wins" if places == 1 else f"{titles[0]} goes on"
    return f"{listed(titles)} go on" if len(titles) <= 3 else f"{words(len(titles)).capitalize()} go on"


def letter(index: int) -> str:
    """Return the letter on an option's cap: A to Z, then A2, B2 and so on."""
    return chr(65 + index % 26) + ("" if index < 26 else str(index // 26 + 1))
