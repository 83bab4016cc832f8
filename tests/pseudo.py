"""
A language that nobody speaks: every text of the house, accented and between ⟦ ⟧, so that what is not translated stands out.

It is made from what `tests.texts` gathers, written as a catalogue in a folder, and read through the same door as a real one.
`python -m tests.pseudo NAME…` lists what the samples of these names, or all, still say in plain English.
"""

import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from babel import Locale
from babel.messages import Catalog
from babel.messages.pofile import write_po

from fanfare.platform import language
from fanfare.web import layout
from tests import texts

TAG = "eo"
"""Esperanto lends its name, and the way in which it writes dates and numbers."""
OPEN, CLOSE = "⟦", "⟧"
_NAMES = ("Fanfare", "UTC", "JPEG", "PNG", "GiB")
"""What is called the same in every language."""
_ACCENTED = str.maketrans("aeiouyAEIOUYcnsg", "áéíóúýÁÉÍÓÚÝçñšĝ")
_KEPT = re.compile(r"%%|%\(\w+\)s|<[^>]*>|&\w+;")
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_SPOKEN_BY_SCRIPTS = re.compile(r"[A-Z][a-z]+ [a-z]+")
"""What an attribute of data looks like that a script shows as a sentence."""
_CODE = r"(?<!\w)(?=[ a-f]*\d)[\da-f]{4}(?: ?[\da-f]{4})+(?!\w)|\S+\+[\da-f]{8}\+[\w+/]{44}|[\w+/]{43}="
"""A fingerprint or an id, whole or in fours; a notary's key, and a root."""
_FRAGMENT = 16
"""A text so long that stands in what somebody wrote was not written by us."""
_NAME = re.compile(r"[A-Z0-9\u0080-\uffff]|\s")
"""What tells a name or a sentence from a code such as `open`, which a page must not show as it is."""
_ENGLISH = "lang=en"
"""Stands for any element that says of itself that it is English."""
_CLDR = Locale.parse(TAG)
_DATES = {*_CLDR.months["format"]["wide"].values(), *_CLDR.days["format"]["wide"].values(), *_NAMES}
_UNSEEN = {"script", "style", "time", "code", "pre", "kbd", _ENGLISH}
_VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source"}
_SAID = ("aria-label", "aria-description", "title", "placeholder", "alt")
_DESCRIBES = {"description", "og:title", "og:description", "og:site_name"}
_BLOCKS = {"p", "div", "section", "li", "h1", "h2", "h3", "td", "th", "dt", "dd", "button", "label", "option", "main", "legend"}


def pseudo(text: str) -> str:
    """Return a text as the language says it: placeholders and marks stay."""
    parts, at = [], 0
    for kept in _KEPT.finditer(text):
        parts += [text[at : kept.start()].translate(_ACCENTED), kept[0]]
        at = kept.end()
    return f"{OPEN}{''.join(parts)}{text[at:].translate(_ACCENTED)}{CLOSE}"


def write(folder: Path) -> None:
    """Write the language's catalogue where catalogues are looked for below *folder*."""
    made = Catalog(locale=TAG, charset="utf-8")
    for message in texts.messages():
        if message.id:
            said = tuple(map(pseudo, texts.forms(message.id)))
            made.add(message.id, said if len(said) > 1 else said[0])
    path = folder / TAG / language.CATALOGUE
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_po(file, made)


@contextmanager
def spoken() -> Iterator[None]:
    """Let this process speak the language, where it is asked for, until the block ends."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        write(Path(folder))
        patch.setattr(language, "LOCALE", Path(folder))
        assert language.find() == (TAG,)
        try:
            yield
        finally:
            patch.undo()
            language.find()


class Read(HTMLParser):
    """What a page says, in its order: for each piece of text and each attribute, what stands outside of the brackets."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.outside: list[tuple[str, str]] = []
        """Where it stands, such as `p.lead` or `input[placeholder]`, and what."""
        self.unbalanced: list[str] = []
        self._path: list[tuple[str, str]] = []
        self._depth = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        place = f"{tag}.{told['class'].split()[0]}" if told.get("class") else tag
        shown = [name for name in told if name in _SAID or (name[:5] == "data-" and _SPOKEN_BY_SCRIPTS.search(told[name]))]
        if tag == "meta" and {told.get("name"), told.get("property")} & _DESCRIBES:
            shown.append("content")
        kind = _ENGLISH if told.get("lang") == language.SOURCE else tag
        if all(each != _ENGLISH for each, _ in (*self._path, (kind, place))):
            for name in shown:
                self._say(f"{place}[{name}]", told[name], 0)
        if tag not in _VOID:
            self._path.append((kind, place))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:  # of SVG, such as <path/>
            self._path.pop()

    def handle_endtag(self, tag: str) -> None:
        if self._path:
            self._path.pop()
        if tag in _BLOCKS and self._depth:
            self.unbalanced.append(tag)
            self._depth = 0

    def handle_data(self, data: str) -> None:
        if not any(tag in _UNSEEN for tag, _ in self._path):
            self._depth = self._say(self._path[-1][1] if self._path else "", data, self._depth)

    def _say(self, place: str, text: str, depth: int) -> int:
        piece = ""
        for character in text:
            if character == OPEN:
                depth += 1
            elif character == CLOSE:
                depth -= 1
            piece += character if depth == 0 and character != CLOSE else OPEN
        found = (" ".join(each.split()) for each in piece.split(OPEN))
        self.outside += [(place, each) for each in found if each]
        return depth


class Content:
    """What people wrote, and what is not ours to translate: names, codes, addresses, months and days."""

    def __init__(self, written: Iterable[str], codes: Iterable[str] = ()) -> None:
        """Take in all that was *written*, Markdown too, and the *codes* that a page quotes though they look like our words."""
        pieces = {" ".join(piece.split()) for text in written for piece in (text, *_as_shown(text))} - {""}
        self._whole = {_folded(each) for each in pieces}
        self._long = "\n".join(each for each in self._whole if len(each) >= _FRAGMENT)
        names = sorted({each for each in pieces if _NAME.search(each)} | _DATES | {*codes}, key=len, reverse=True)
        self._parts = re.compile("|".join((*(rf"(?<!\w){re.escape(each)}(?!\w)" for each in names), _CODE)), re.IGNORECASE)

    def covers(self, text: str) -> bool:
        """Tell whether nothing of a text is left when the content is taken out of it."""
        folded = _folded(text)
        if folded in self._whole or (len(folded) >= _FRAGMENT and folded in self._long):
            return True
        return not _LETTERS.search(self._parts.sub(" ", text))


def _as_shown(text: str) -> Iterator[str]:
    """Yield the pieces into which Markdown is taken apart on a page."""
    if len(text) > 2:
        yield layout.plain(text)
        yield from unescape(re.sub(r"<[^>]*>", "\n", layout.markdown(text))).splitlines()


def _folded(text: str) -> str:
    """Return the letters and digits of a text: a code is shown in fours, and a tag with spaces."""
    return "".join(each for each in text.casefold() if each.isalnum())


def strings(told: Any) -> Iterator[str]:  # noqa: ANN401 - a context of any page, or a part of one
    """Yield every string of a page's context."""
    if isinstance(told, str):
        yield told
    elif isinstance(told, msgspec.Struct):
        for name in told.__struct_fields__:
            yield from strings(getattr(told, name))
    elif isinstance(told, dict):
        yield from (each for pair in told.items() for part in pair for each in strings(part))
    elif isinstance(told, (list, tuple)):
        yield from (each for part in told for each in strings(part))


def strays(html: str, content: "Content") -> list[tuple[str, str]]:
    """Return where a page of the language says something in plain English, and what: all that is outside and no *content*."""
    read = Read(html)
    found = [(place, text) for place, text in read.outside if _LETTERS.search(text) and not content.covers(text)]
    return list(dict.fromkeys([*found, *((place, "brackets are not closed") for place in read.unbalanced)]))


_QUOTED = {"operations-unwell": ("timeline", "fault")}
"""Single words of a log."""


def sample_strays(name: str) -> list[tuple[str, str]]:
    """Return what the sample of this name says in plain English."""
    from tests.journeys.page_samples import SAMPLES

    shell, page = SAMPLES[name]
    with language.speaking(TAG):
        html = layout.render(shell, page)
    return strays(html, Content([*strings(shell), *strings(page)], _QUOTED.get(name, ())))


def main(names: Sequence[str]) -> None:
    """Print what the samples of these names, or all, say in plain English: each text once, with where it was found."""
    from tests.journeys.page_samples import SAMPLES

    found: dict[tuple[str, str], list[str]] = {}
    with spoken():
        for name in names or SAMPLES:
            for stray in sample_strays(name):
                found.setdefault(stray, []).append(f"{name} ({SAMPLES[name][1].template})")
    for (place, text), samples in found.items():
        print(f"{samples[0]}{f' and {len(samples) - 1} more' if samples[1:] else ''}: {place}: {text}")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
