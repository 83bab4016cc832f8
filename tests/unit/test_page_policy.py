"""Templates and scripts hold to the pages' policy, every line of them and not only what a sample happens to show."""

import re

import pytest

from fanfare.web.layout import HERE, STATIC
from fanfare.web.policy import CONTENT_SECURITY_POLICY

TEMPLATES = sorted(path.relative_to(HERE / "templates").as_posix() for path in (HERE / "templates").rglob("*.html"))
SCRIPTS = sorted(path.name for path in (STATIC / "js").glob("*.js"))
INLINE = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "a handler": re.compile(r"<[a-z][^>]*\s(on[a-z]+|hx-on[:a-z-]*)\s*=", re.IGNORECASE),
    "code in an address": re.compile(r"javascript:", re.IGNORECASE),
    "a script without an address of ours": re.compile(r"<script\b(?![^>]*\ssrc=\"\{\{ static\()", re.IGNORECASE),
}
SINKS = re.compile(
    r"\.(inner|outer)HTML\s*=|insertAdjacentHTML|parseFromString|parseHTMLUnsafe|createContextualFragment|document\.write|\.srcdoc\b"
    r"|setHTMLUnsafe|\beval\(|new Function|setTimeout\(\s*[\"'`]|setAttribute\(\s*[\"']on"
)
DOORS = {"fragments.js"}


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_holds_nothing_inline(name: str) -> None:
    text = (HERE / "templates" / name).read_text(encoding="utf-8")

    assert [what for what, pattern in INLINE.items() if pattern.search(text)] == []


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_makes_no_markup_from_text_but_through_fragments(name: str) -> None:
    text = (STATIC / "js" / name).read_text(encoding="utf-8")

    assert bool(SINKS.search(text)) == (name in DOORS)


def test_the_policy_lets_no_inline_code_run_and_no_frame_hold_a_page() -> None:
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "require-trusted-types-for 'script'" in CONTENT_SECURITY_POLICY
    assert "frame-ancestors 'none'" in CONTENT_SECURITY_POLICY
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY
