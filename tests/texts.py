"""
Gathers what translators start from: every text that the site shows, from templates, from Python and from the refusals.

`make texts` writes it to `services/fanfare/locale/fanfare.pot`. It names the file that a text stands in and no line, so that it
changes only when a text does.
"""

import importlib
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import write_po

from fanfare.platform import language
from fanfare.platform.refusals import Refusal
from fanfare.views import rules

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "services" / "fanfare"
POT = language.LOCALE / "fanfare.pot"
HEADER = """\
# Every text that a site of Fanfare shows, in the language it is written in. `make texts` writes this file.
# How a translation begins: docs/guides/translators.md.
#
msgid ""
msgstr ""
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
NOTE = ("Translators:",)
"""Begins a comment above a text that its translators see, in Python and in templates."""
_KEYWORDS: Mapping[str, Any] = {"_": None, "gettext": None, "marked": None, "ngettext": (1, 2)}
_TEMPLATES = {"trimmed": "true", "newstyle_gettext": "true", "silent": "false", "trim_blocks": "true", "lstrip_blocks": "true"}
_ENGLISH_ONLY = ("cli.py", "operations", "simulation")
"""What only operators and programs read."""

Message = str | tuple[str, ...]


def template() -> str:
    """Return `fanfare.pot` as it has to be now."""
    catalog = Catalog(charset="utf-8")
    for path, message, notes in sorted(_messages(), key=lambda found: found[0]):
        catalog.add(message, locations=[(path, 0)], auto_comments=notes)
    written = BytesIO()
    write_po(written, catalog, width=0, omit_header=True, include_lineno=False)
    return HEADER + written.getvalue().decode().rstrip() + "\n"


def messages() -> Catalog:
    """Return what is in `fanfare.pot` as it has to be now, by message."""
    catalog = Catalog(charset="utf-8")
    for _, message, _ in _messages():
        catalog.add(message)
    return catalog


def forms(told: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    """Return what Babel has for a message: one text, or one for each number."""
    return (told or "",) if told is None or isinstance(told, str) else tuple(told)


def _messages() -> Iterator[tuple[str, Message, list[str]]]:
    for path in sorted((PACKAGE / "web" / "templates").rglob("*.html")):
        yield from _extracted("jinja2.ext:babel_extract", path, _TEMPLATES)
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.relative_to(PACKAGE).parts[0] not in _ENGLISH_ONLY:
            yield from _extracted("python", path, {})
    for refusal in refusals():
        where = f"services/{refusal.__module__.replace('.', '/')}.py"
        yield from ((where, text, []) for text in (refusal.in_english(), refusal.advice) if text)
    yield from (("projections/fanfare/views/rules.py", sentence, []) for sentence in rules.RULES.values())


def _extracted(method: str, path: Path, options: Mapping[str, Any]) -> Iterator[tuple[str, Message, list[str]]]:
    where = path.relative_to(ROOT).as_posix()
    with path.open("rb") as file:
        source: IO[bytes] = file
        for _, message, notes, _ in extract(method, source, _KEYWORDS, NOTE, dict(options), strip_comment_tags=True):
            yield where, message, notes


def refusals() -> list[type[Refusal]]:
    """Return every refusal that a site may answer with, in the order of their modules."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if "class " in path.read_text(encoding="utf-8"):
            importlib.import_module(
                ".".join(("fanfare", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
            )
    found, waiting = set(), [Refusal]
    while waiting:
        below = waiting.pop().__subclasses__()
        waiting += below
        found |= {each for each in below if each.__module__.startswith("fanfare.")}
    return sorted(found, key=lambda each: (each.__module__, each.__qualname__))


if __name__ == "__main__":
    POT.parent.mkdir(exist_ok=True)
    POT.write_text(template(), encoding="utf-8")
