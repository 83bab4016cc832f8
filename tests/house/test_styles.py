"""The stylesheets hold to the design system: directions are the text's own, colours have names, and there is little of it."""

import re

import pytest

from tests.house import tree

STYLES = tree.files("services/fanfare/web/static/css", suffix=".css")
PHYSICAL = re.compile(
    r"(?<![\w-])((?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right)\b[\w-]*"
    r"|border-(?:top|bottom)-(?:left|right)-radius|left|right|(?:float|clear|text-align)\s*:\s*(?:left|right)\b)\s*(?=[:;}])"
)
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|oklch)a?\(")
CLASS = re.compile(r"\.([a-z][a-z0-9-]*)(?=[^{}]*\{)")
GIVEN = re.compile(r'class="([^"]*)"')
JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
MOST_BYTES = 48_000
"""Of all stylesheets together, before compression."""


def physical(css: str) -> list[str]:
    """Return what in *css* says left or right and means the start or the end of a line; a float that fills its line is none."""
    plain = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL).replace("float: left; width: 100%", "")
    return [found.group(0).strip() for found in PHYSICAL.finditer(plain)]


def coloured(css: str) -> list[str]:
    """Return the colours that are written out in *css*; shades of black and what is printed are none of the brand's."""
    plain = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    return [each for each in COLOUR.findall(plain) if not re.fullmatch(r"#(?:000|fff)(?:[0-9a-f]|0{3}[0-9a-f]{0,2})?", each)]


def test_no_stylesheet_says_left_or_right_where_it_means_start_or_end() -> None:
    assert {tree.named(path): found for path in STYLES if (found := physical(path.read_text(encoding="utf-8")))} == {}


def test_colours_are_written_in_the_stylesheet_of_tokens_alone() -> None:
    others = [path for path in STYLES if path.name != "house.css"]

    assert {tree.named(path): found for path in others if (found := coloured(path.read_text(encoding="utf-8")))} == {}


def test_every_class_of_a_page_is_one_of_a_stylesheet_or_a_script_and_the_other_way_round() -> None:
    styles = tree.files("services/fanfare/web", suffix=".css")
    known = {name for path in styles for name in CLASS.findall(path.read_text(encoding="utf-8"))}
    scripts = "".join(path.read_text(encoding="utf-8") for path in tree.files("services/fanfare/web/static/js"))
    pages = "".join(path.read_text(encoding="utf-8") for path in tree.templates() if path.suffix == ".html")
    named = {name for given in GIVEN.findall(JINJA.sub(" ", pages)) for name in given.split() if not name.endswith("-")}
    code = "".join(path.read_text(encoding="utf-8") for path in tree.own_modules())
    written = set(re.findall(r"[a-z][a-z0-9-]*", code + pages + scripts))

    assert {each for each in named - known if f".{each}" not in scripts} == set()
    assert known - written == set()


def test_the_stylesheets_stay_small() -> None:
    assert sum(path.stat().st_size for path in STYLES) <= MOST_BYTES


@pytest.mark.parametrize(
    ("css", "seen"),
    [
        ("a { margin-left: 1rem; }", ["margin-left"]),
        ("a { left: 0; inset-inline-start: 0; }", ["left"]),
        ("a { border-top-left-radius: 1px; text-align: right; }", ["border-top-left-radius", "text-align: right"]),
        ("a { margin-inline-start: 1rem; background-position: left center; } /* left: 0 */", []),
    ],
)
def test_a_physical_direction_is_seen(css: str, seen: list[str]) -> None:
    assert physical(css) == seen


@pytest.mark.parametrize(
    ("css", "seen"), [("a { color: #ff5c7c; }", ["#ff5c7c"]), ("a { color: var(--ink); box-shadow: 0 0 #0003; }", [])]
)
def test_a_colour_of_its_own_is_seen(css: str, seen: list[str]) -> None:
    assert coloured(css) == seen
