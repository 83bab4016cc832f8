"""What a page is made of, as a parser takes it apart: its elements with their attributes, and its words."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import msgspec

_RUNS = {"script", "iframe", "object", "embed", "base", "meta", "link", "style", "form", "svg", "math", "template"}
"""Elements that do something by being there: none may come from a text."""
_LEADS = {"href", "src", "action", "formaction", "xlink:href", "data", "poster", "ping"}


class Outline(HTMLParser):
    """Reads a page."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.words: list[str] = []
        self.harm: list[str] = []
        self.scripts: list[str] = []
        """Where each comes from; empty for one that stands in the page."""
        self.feed(html)
        self.close()

    @property
    def running(self) -> list[tuple[str, tuple[str, ...]]]:
        """The elements that do something by being there."""
        return [each for each in self.elements if each[0] in _RUNS]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        if tag == "script":
            self.scripts.append(dict(attrs).get("src") or "")
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "srcdoc"):
                self.harm.append(f"<{tag} {name}={value!r}>")
            if name in _LEADS and urlsplit((value or "").strip()).scheme.lower() not in ("", "http", "https", "mailto"):
                self.harm.append(f"<{tag} {name}={value!r}>")

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def filled(page: Any, text: str) -> Any:  # noqa: ANN401 - a context of any page, or a part of one
    """Return *page* with *text* in the place of every string of it that is words; ids, addresses and kinds of things stay."""
    if isinstance(page, str):
        return text if " " in page and not page.startswith(("/", "http", "fanfare ")) else page
    if isinstance(page, msgspec.Struct):
        parts = {name: filled(getattr(page, name), text) for name in page.__struct_fields__}
        return msgspec.structs.replace(page, **parts)
    if isinstance(page, (list, tuple)):
        return type(page)(filled(each, text) for each in page)
    if isinstance(page, dict):
        return {name: filled(each, text) for name, each in page.items()}
    return page


@dataclass
class EmptyForm:
    """A form that sends something, as it leaves when nobody fills it in."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    is_typed: bool = False
    """Whether somebody is to write something in it."""


class _Forms(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[EmptyForm] = []
        self._within = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._within = told.get("method") == "post"
            self.found += [EmptyForm(told["action"])] if self._within else []
        elif self._within and tag in ("input", "textarea") and told.get("name"):
            form, kind = self.found[-1], told.get("type", "text")
            if kind == "hidden":
                form.fields[told["name"]] = told.get("value", "")
            elif tag == "textarea" or kind in ("text", "email", "search"):
                form.is_typed, form.fields[told["name"]] = True, ""

    def handle_endtag(self, tag: str) -> None:
        self._within = self._within and tag != "form"


def forms(html: str) -> list[EmptyForm]:
    """Return the forms of a page that post, each with its hidden fields, and empty where something is to be written."""
    return _Forms(html).found
