"""Countries by the names that the reader's language has for them."""

from collections.abc import Iterable, Sequence
from functools import cache

from fanfare.platform import language
from fanfare.platform.language import gettext as _
from fanfare.rewards.countries import COUNTRIES
from fanfare.web.contexts.host import Choice


def named(code: str) -> str:
    """Return what a country is called; its code where it has no name."""
    return _names(str(language.locale() or "en")).get(code, code)


def choices(codes: Iterable[str] = ()) -> Sequence[Choice]:
    """Return these countries, or all, for a select: an empty one first, then by name."""
    listed = sorted((named(each), each) for each in codes or COUNTRIES)
    return [Choice("", _("Choose one")), *(Choice(code, name) for name, code in listed)]


@cache
def _names(locale: str) -> dict[str, str]:
    from babel import Locale  # heavy: only who takes a reward needs it

    return dict(Locale.parse(locale).territories)
