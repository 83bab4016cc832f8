"""How a page says numbers, times, spans and fingerprints, in the language of the request. Pure; its English is British."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from fanfare.platform import language, saying
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked, ngettext

number, listed = saying.number, saying.listed

_SMALL = (
    *(marked("none"), marked("one"), marked("two"), marked("three"), marked("four"), marked("five"), marked("six")),
    *(marked("seven"), marked("eight"), marked("nine"), marked("ten"), marked("eleven"), marked("twelve")),
)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# strftime's names follow the locale of the machine; a page must read the same everywhere.
_UNITS: tuple[tuple[int, saying.Unit], ...] = ((86400, "day"), (3600, "hour"), (60, "minute"))
UNNAMED = marked("Words that were deleted")
GONE = marked("Somebody who left")
HIDDEN = marked("Somebody who hides her page")


def words(count: int) -> str:
    """Return a count as a word up to twelve, as digits beyond."""
    return _(_SMALL[count]) if 0 <= count < len(_SMALL) else number(count)


def percent(part: int, whole: int) -> str:
    """Return the share with one decimal, rounded half up, in integers only; `–` of nothing."""
    return "–" if whole <= 0 else saying.percentage((2000 * part + whole) // (2 * whole))


def share(part: int, whole: int) -> str:
    """Return an SVG length: *part* of *whole* as a percentage, never beyond 100."""
    tenths = 0 if whole <= 0 else min(1000, max(0, 1000 * part // whole))
    return f"{tenths // 10}.{tenths % 10}%"


def unnamed(option: str) -> str:
    """Return what an option is called whose words were deleted; two of them can still be told apart."""
    return f"{_(UNNAMED)} ({option[:4]})"


def duration(span: timedelta) -> str:
    """Return a span in the largest unit that still says something: 3 days, 5 hours, 14 minutes, 40 seconds."""
    return saying.span(*_measured(span))


def left(until: datetime, now: datetime) -> str:
    """Return what a ticket's clock shows: 3 days, 5 hours, 14 min, 4:07 below ten minutes, `now` at zero."""
    seconds = max(0, int((until - now).total_seconds()))
    if seconds == 0:
        return _("now")
    if seconds < 600:
        return f"{seconds // 60}:{seconds % 60:02d}"
    count, unit = _measured(timedelta(seconds=seconds))
    return saying.span(count, unit, short=unit == "minute")


def ago(at: datetime, now: datetime) -> str:
    """Return `just now`, `40 seconds ago`, `3 hours ago`, `2 days ago`."""
    span = now - at
    return _("just now") if span < timedelta(seconds=2) else saying.ago(*_measured(span))


def _measured(span: timedelta) -> tuple[int, saying.Unit]:
    seconds = max(0, int(span.total_seconds()))
    return next(((seconds // size, unit) for size, unit in _UNITS if seconds >= 2 * size), (seconds, "second"))


def day(at: datetime, zone: str, now: datetime, *, weekday: bool = False) -> str:
    """Return `14 November`, with the year where it is not this one, with the weekday where wished."""
    here, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    if spoken := language.locale():
        from babel.dates import format_date, format_skeleton

        text = format_skeleton("MMMMd", here, locale=spoken) if here.year == today.year else format_date(here, "long", spoken)
        name = spoken.days["format"]["wide"][here.weekday()]
    else:
        text, name = f"{here.day} {_MONTHS[here.month - 1]}", _DAYS[here.weekday()]
        text += "" if here.year == today.year else f" {here.year}"
    return _("%(weekday)s %(day)s", weekday=name, day=text) if weekday else text


def clock(at: datetime, zone: str, *, seconds: bool = False) -> str:
    """Return `18:00`, or `18:00:04`."""
    return at.astimezone(ZoneInfo(zone)).strftime("%H:%M:%S" if seconds else "%H:%M")


def when(at: datetime, zone: str, now: datetime, *, seconds: bool = False) -> str:
    """Return `today, 18:00` today, `Saturday 14 November, 18:00` on another day."""
    same_day = at.astimezone(ZoneInfo(zone)).date() == now.astimezone(ZoneInfo(zone)).date()
    said = clock(at, zone, seconds=seconds)
    if same_day:
        return _("today, %(time)s", time=said)
    return _("%(day)s, %(time)s", day=day(at, zone, now, weekday=True), time=said)


def zone_name(zone: str) -> str:
    """Return `Berlin time` for Europe/Berlin, `UTC` for itself."""
    place = zone.rpartition("/")[2].replace("_", " ")
    if place in ("UTC", "GMT"):
        return place
    if spoken := language.locale():
        from babel.dates import get_timezone_location

        place = get_timezone_location(zone, spoken, return_city=True)
    return _("%(place)s time", place=place)


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


def goes_on(titles: Sequence[str], places: int) -> str:
    """Return the headline of a result with so many *places*: `A wins`, `A, B and C go on`, `Seven go on`."""
    if not titles:
        return _("Nothing goes on")
    if len(titles) == 1:
        return _("%(title)s wins", title=titles[0]) if places == 1 else _("%(title)s goes on", title=titles[0])
    told = listed(titles) if len(titles) <= 3 else words(len(titles)).capitalize()
    return ngettext("%(titles)s goes on", "%(titles)s go on", len(titles), titles=told)


def letter(index: int) -> str:
    """Return the letter on an option's cap: A to Z, then A2, B2 and so on."""
    return chr(65 + index % 26) + ("" if index < 26 else str(index // 26 + 1))
