"""
The language of the request: what pages, refusals and mail say, from a translator's catalogue where there is one.

English is the source and needs no catalogue. The others stand in `locale/<language>/LC_MESSAGES/fanfare.po`; they are read once,
at the start. A message that a catalogue lacks, or that cannot be filled in as the source is, is said in English.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

    from babel import Locale
    from babel.messages import Catalog

SOURCE = "en"
"""The language in which everything is written here."""
LOCALE = Path(__file__).parent.parent / "locale"
CATALOGUE = "LC_MESSAGES/fanfare.po"
_PLACEHOLDER = re.compile(r"%%|%\((\w+)\)s")
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A language that is not English: its translations, and how it writes numbers, times and lists."""

    tag: str
    """As HTML and HTTP write it: `pt-BR`."""
    locale: "Locale"
    one: Mapping[str, str]
    many: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By the singular of the source, a form for each of the language's numbers."""
    form: "Callable[[int], int]" = int
    """Return which of the forms a count takes."""


_known: dict[str, Catalogue] = {}
_spoken: ContextVar[Catalogue | None] = ContextVar("language", default=None)


class CatalogueUnreadable(ValueError):
    """A translation cannot be read; the message names the file and what to do."""


def find() -> tuple[str, ...]:
    """
    Read every catalogue of the site and return their languages; the process speaks these from now on, and English.

    Raises:
        CatalogueUnreadable: a folder that is named after no language, or a file that is no catalogue.
    """
    found = [_read(path, path.parent.parent.name) for path in sorted(LOCALE.glob(f"*/{CATALOGUE}"))]
    _known.clear()
    _known.update({each.tag.lower(): each for each in found})
    return tuple(each.tag for each in found)


def gettext(text: str, /, **values: object) -> str:
    """Return *text* in the language of the request, with `%(name)s` filled in; a % beside values is written %%."""
    catalogue = _spoken.get()
    said = text if catalogue is None else catalogue.one.get(text, text)
    return said % values if values else said


def ngettext(one: str, many: str, count: int, /, **values: object) -> str:
    """Return the form for *count*, with `%(name)s` filled in; `%(num)s` is the count in plain digits."""
    return form(one, many, count) % {"num": count, **values}


def form(one: str, many: str, count: int, /) -> str:
    """Return the form for *count* with its placeholders as they are, as templates ask for it."""
    catalogue = _spoken.get()
    forms = catalogue.many.get(one) if catalogue else None
    if catalogue and forms:
        return forms[catalogue.form(count)]
    return one if count == 1 else many


def marked(text: str) -> str:
    """Return *text* as it is: a table of words is marked so for translators, and translated where it is shown."""
    return text


def locale() -> "Locale | None":
    """Return how the language of the request writes numbers, times and lists; none for English."""
    catalogue = _spoken.get()
    return catalogue.locale if catalogue else None


def tag() -> str:
    """Return the language of the request as HTML writes it: `en`, `pt-BR`."""
    catalogue = _spoken.get()
    return catalogue.tag if catalogue else SOURCE


def direction() -> str:
    """Return which way the language of the request runs: `ltr` or `rtl`."""
    catalogue = _spoken.get()
    return catalogue.locale.text_direction if catalogue else "ltr"


def known() -> tuple[str, ...]:
    """Return the languages other than English that this process speaks."""
    return tuple(each.tag for each in _known.values())


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak *language* until the block ends; English where it is not known."""
    before = _spoken.set(_known.get(language.lower()))
    try:
        yield
    finally:
        _spoken.reset(before)


def wanted(accepts: str) -> str:
    """
    Return the language for an `Accept-Language`: the first known of those that the reader prefers, else English.

    `de-AT` is content with `de`. Source: RFC 9110, section 12.5.4; RFC 4647, section 3.4.
    """
    for language in _preferred(accepts):
        while language:
            if language in _known or language == SOURCE:
                return language
            language = language.rpartition("-")[0]  # noqa: PLW2901 - the same wish, less exactly
    return SOURCE


def placeholders(text: str) -> frozenset[str]:
    """Return the names that a message has filled in."""
    return frozenset(name for name in _PLACEHOLDER.findall(text) if name)


def fits(translation: str, source: str) -> bool:
    """Tell whether a translation can be filled in wherever its *source* is: with no other names, and with each lone % doubled."""
    lone = "%" in _PLACEHOLDER.sub("", translation)
    return placeholders(translation) <= placeholders(source) and (not lone or "%" in _PLACEHOLDER.sub("", source))


def _preferred(accepts: str) -> list[str]:
    wishes: list[tuple[float, str]] = []
    for part in accepts.split(",", 20)[:20]:
        language, _, weight = part.strip().lower().partition(";")
        found = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", weight) if weight else None
        quality = float(found[1]) if found else 1.0
        if quality and (found or not weight):
            wishes.append((quality, language.strip()))
    return [language for _, language in sorted(wishes, key=lambda wish: -wish[0])]


def _read(path: Path, name: str) -> Catalogue:
    from babel import Locale, UnknownLocaleError  # heavy: only a site that speaks more than English needs it
    from babel.messages.pofile import PoFileError, read_po

    try:
        spoken = Locale.parse(name)
        with path.open("rb") as file:
            catalog = read_po(file, locale=spoken, abort_invalid=True)
    except (UnknownLocaleError, ValueError) as error:
        message = f"{path}: its folder has to be named after a language, such as de or pt_BR. {error}"
        raise CatalogueUnreadable(message) from error
    except PoFileError as error:
        message = f"{path} is no catalogue: {error}"
        raise CatalogueUnreadable(message) from error
    return _catalogue(name, spoken, catalog)


def _catalogue(name: str, spoken: "Locale", catalog: "Catalog") -> Catalogue:
    from gettext import c2py

    one: dict[str, str] = {}
    many: dict[str, tuple[str, ...]] = {}
    plural, strange = c2py(catalog.plural_expr), 0
    for message in catalog:
        ids, forms = _strings(message.id), _strings(message.string)
        if not ids[0] or message.fuzzy:
            continue
        if not all(forms):
            continue
        if not all(fits(each, ids[-1]) for each in forms):
            strange += 1
        elif len(ids) == 1:
            one[ids[0]] = forms[0]
        else:
            many[ids[0]] = forms
            one[ids[0]] = forms[plural(1)]
    if strange:
        _log.warning("catalogue", language=name, said_in_english=strange, because="they cannot be filled in as the source is")
    return Catalogue(name.replace("_", "-"), spoken, one, many, plural)


def _strings(told: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (told or "",) if told is None or isinstance(told, str) else tuple(told)
