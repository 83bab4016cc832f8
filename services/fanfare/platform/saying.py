"""
How numbers, spans and lists are said: British English by ourselves, every other language by the tables of Unicode's CLDR.

A page's script says spans by the browser's own copy of the same tables.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

from fanfare.platform.language import locale

Unit = Literal["day", "hour", "minute", "second"]
_NO_OTHER_UNIT = 10**9


def number(count: int) -> str:
    """Return 38,112 for 38112, with a real minus sign."""
    if spoken := locale():
        from babel.numbers import format_decimal

        return format_decimal(count, locale=spoken).replace("-", "−")
    return f"{count:,}".replace("-", "−")


def percentage(tenths: int) -> str:
    """Return 23.8% for 238."""
    if spoken := locale():
        from decimal import Decimal

        from babel.numbers import format_percent

        pattern = spoken.percent_formats[None].pattern.replace("0", "0.0", 1)
        return format_percent(Decimal(tenths) / 1000, pattern, spoken)
    return f"{tenths // 10}.{tenths % 10}%"


def span(count: int, unit: Unit, *, short: bool = False) -> str:
    """Return `3 days`, `1 second`; `14 min` where there is little room."""
    if spoken := locale():
        from babel.dates import format_timedelta

        style: Literal["short", "long"] = "short" if short else "long"
        return format_timedelta(_time(count, unit), unit, threshold=_NO_OTHER_UNIT, format=style, locale=spoken)
    if short and unit == "minute":
        return f"{number(count)} min"
    return f"{number(count)} {unit}{'' if count == 1 else 's'}"


def ago(count: int, unit: Unit) -> str:
    """Return `3 days ago`."""
    if spoken := locale():
        from babel.dates import format_timedelta

        return format_timedelta(-_time(count, unit), unit, threshold=_NO_OTHER_UNIT, add_direction=True, locale=spoken)
    return f"{span(count, unit)} ago"


def listed(names: Sequence[str]) -> str:
    """Return `A`, `A and B`, `A, B and C`."""
    if spoken := locale():
        from babel.lists import format_list

        return format_list(names, locale=spoken)
    return " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else "".join(names)


def _time(count: int, unit: Unit) -> timedelta:
    return timedelta(**{f"{unit}s": count})
