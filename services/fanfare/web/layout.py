"""The Jinja environment: one function renders a page from its shell and its context, autoescaped, under a strict CSP."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import nh3
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markdown_it import MarkdownIt
from markupsafe import Markup

from fanfare.platform import language
from fanfare.web import seal, urls, words
from fanfare.web.contexts import Page, Shell

HERE = Path(__file__).parent
STATIC = HERE / "static"

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "linkify": False}).disable("image")
_TAGS = {"p", "br", "em", "strong", "a", "ul", "ol", "li", "blockquote", "code", "pre", "hr", "h2", "h3", "h4", "table"}


class StaticFileUnknown(LookupError):
    """A template names a static file that is not there."""


def render(shell: Shell, page: Page) -> str:
    """Return the whole HTML document of *page*."""
    return environment().get_template(page.template).render(shell=shell, page=page)


def render_partial(name: str, shell: Shell, **values: object) -> str:
    """Return a fragment from `partials/`, such as the live board that server-sent events carry."""
    return environment().get_template(f"partials/{name}.html").render(shell=shell, **values)


@cache
def environment() -> Environment:
    """Return the one environment: autoescape on, undefined names are errors."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=("jinja2.ext.i18n",),
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.policies["ext.i18n.trimmed"] = True
    i18n: Any = made  # the extension adds to the environment what its type does not tell of
    i18n.newstyle_gettext = True
    made.globals.update(_=_said, gettext=_said, ngettext=_said_of, language=language.tag, direction=language.direction)
    made.filters.update(
        number=words.number,
        words=words.words,
        listed=words.listed,
        letter=words.letter,
        duration=words.duration,
        short_hash=words.short_hash,
        in_fours=words.in_fours,
        markdown=markdown,
        when=_timed(lambda at, shell: words.when(at, shell.zone, shell.now)),
        when_exactly=_timed(lambda at, shell: words.when(at, shell.zone, shell.now, seconds=True)),
        day=_timed(lambda at, shell: words.day(at, shell.zone, shell.now)),
        soon=_timed(lambda at, shell: words.soon(at, shell.zone, shell.now)),
        clock=_timed(lambda at, shell: words.clock(at, shell.zone)),
        clock_exactly=_timed(lambda at, shell: words.clock(at, shell.zone, seconds=True)),
        ago=_timed(lambda at, shell: words.ago(at, shell.now), relative="ago"),
        left=_timed(lambda at, shell: words.left(at, shell.now), relative="left"),
        until=_until,
        as_of=_timed(lambda at, shell: words.clock(at, shell.zone, seconds=True), relative="as-of"),
    )
    made.globals.update(static=static_url, urls=urls, percent=words.percent, share=words.share, seal_paths=seal.paths, zip=zip)
    return made


def _said(text: str, /, **values: object) -> Markup:
    """Return a text of a template in the language of the request: as Jinja's own, in half of its time; a page has a hundred."""
    said = language.gettext(text)
    if values:
        return Markup(said) % values  # noqa: S704 - texts and catalogues are ours; what is filled in is escaped
    return Markup(said % () if "%" in said else said)  # noqa: S704 - the same


def _said_of(one: str, many: str, count: int, /, **values: object) -> Markup:
    return Markup(language.form(one, many, count)) % {"num": count, **values}  # noqa: S704 - the same


def plain(text: str) -> str:
    """Return Markdown as plain words in one line, without its marks."""
    return " ".join(unescape(nh3.clean(_MARKDOWN.render(text), tags=set())).split())


def markdown(text: str, top: int = 3) -> Markup:
    """
    Return what a fan or host wrote as safe HTML: CommonMark without HTML and pictures, then cleaned again.

    Its greatest heading becomes an h3, or one of the level *top*, so that a page keeps its one h1 and skips no level.
    """
    tokens = _MARKDOWN.parse(text)
    headings = [token for token in tokens if token.type.startswith("heading")]
    greatest = min((int(token.tag[1]) for token in headings), default=1)
    for token in headings:
        token.tag = f"h{min(4, int(token.tag[1]) - greatest + top)}"
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    clean = nh3.clean(html, tags=_TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto"})
    return Markup(clean)  # noqa: S704 - nh3 has just cleaned it


@cache
def static_url(path: str) -> str:
    """
    Return the URL of a static file with the hash of its bytes, so that it may be cached for ever.

    Raises:
        StaticFileUnknown: no such file.
    """
    file = STATIC / path
    if not file.is_file():
        raise StaticFileUnknown(path)
    return f"/static/{path}?v={hashlib.sha256(file.read_bytes()).hexdigest()[:12]}"


@pass_context
def _until(context: Context, at: datetime) -> Markup:
    """Return a moment that somebody must not miss: in the site's zone, which is named, and a place for the reader's own time."""
    shell: Any = context["shell"]
    parts = (at.isoformat(timespec="seconds"), words.when(at, shell.zone, shell.now), words.zone_name(shell.zone))
    # Translators: a script puts the reader's own time, such as "Sunday 02:02", in the place of the dots.
    says = language.gettext("(… where you are)")
    here = Markup('<span data-here="{}" data-zone="{}" data-says="{}" hidden></span>').format(parts[0], shell.zone, says)
    return Markup('<time datetime="{}">{}</time>, {}{}').format(*parts, here)


def _timed(say: Callable[[datetime, Shell], str], relative: str = "") -> Callable[[Context, datetime], Markup]:
    """Wrap a way of saying a time into a filter that writes `<time>`; scripts keep the relative ones fresh."""

    @pass_context
    def filter_(context: Context, at: datetime) -> Markup:
        shell: Any = context["shell"]
        mark = Markup(' data-{}=""').format(relative) if relative else Markup("")
        stamp = at.isoformat(timespec="seconds")
        return Markup('<time datetime="{}"{}>{}</time>').format(stamp, mark, say(at, shell))

    return filter_
