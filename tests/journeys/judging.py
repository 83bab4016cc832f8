"""What is wrong with the page that is open: by axe, and when it is read in another way than it was drawn."""

from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page

from tests.journeys.conftest import DESKTOP, PHONE

HERE = Path(__file__).parent
SCRIPTS = (HERE / "probes.js", HERE.parent / "vendor" / "axe.min.js")
LOOKS: tuple[tuple[int, Literal["light", "dark"]], ...] = (
    (PHONE, "light"),
    (DESKTOP, "dark"),
    (PHONE, "dark"),
    (DESKTOP, "light"),
)
NARROWEST, TWICE = 320, 640
"""The narrowest phone, and what is left of 1,280 px at 200 per cent."""
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], "resultTypes": ["violations"]}
BY_LOOK = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "target-size", "link-in-text-block"]},
    "resultTypes": ["violations"],
}
AXE = """async (options) => {
  const told = (node) => `${node.target} ${node.any[0]?.message ?? node.failureSummary}`;
  const { violations } = await axe.run(document, options);
  return violations.map((each) => `${each.id}: ${each.nodes.slice(0, 3).map(told).join("; ")}`);
}"""


def judged(page: Page, *, is_first: bool) -> list[str]:
    """Return all that is wrong with the page that is open; where another role saw it already, in the other looks alone."""
    wrong: list[str] = []
    for (width, theme), rules in zip(LOOKS[:2] if is_first else LOOKS[2:], (RULES, BY_LOOK), strict=True):
        look(page, width, theme)
        found: list[str] = page.evaluate(AXE, rules)
        wrong += [f"{width} px, {theme}: {each}" for each in found]
    if is_first:
        if (shift := page.evaluate("probes.shift()")) > 0:
            wrong.append(f"it shifted by {shift}")
        wrong += [f"by keyboard: {each}" for each in walked(page)]
        page.emulate_media(reduced_motion="reduce", forced_colors="active")
        wrong += [f"less motion: {each}" for each in page.evaluate("probes.moving()")]
        wrong += [f"other colours: {each} has no edge" for each in page.evaluate("probes.withoutEdge()")]
        page.emulate_media(reduced_motion="no-preference", forced_colors="none", color_scheme="light")
        wrong += reshaped(page)
    return wrong


def look(page: Page, width: int, theme: Literal["light", "dark"]) -> None:
    """Turn the open page into another look."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme)


def reshaped(page: Page, *, is_quick: bool = False) -> list[str]:
    """
    Return what breaks at 320 px, at 200 per cent, with wider text or longer words, or right to left; it spoils the page.

    Args:
        is_quick: on a phone alone, where nearly everything breaks first.
    """
    wrong: list[str] = []

    def measured(what: str, *widths: int) -> None:
        for width in widths[:1] if is_quick else widths:
            page.set_viewport_size({"width": width, "height": 800})
            found: list[str] = page.evaluate("probes.tooWide()")
            wrong.extend(f"{what}, {width} px: {each}" for each in found)

    measured("as it is", NARROWEST, PHONE, TWICE, DESKTOP)
    turned: list[str] = page.evaluate("probes.turn()")
    wrong.extend(turned)
    measured("from right to left", PHONE, DESKTOP)
    page.evaluate("document.documentElement.dir = 'ltr'")
    page.evaluate("probes.spaceText()")
    measured("spaced text", PHONE, TWICE)
    page.evaluate("document.adoptedStyleSheets = []")
    page.evaluate("probes.lengthen()")
    measured("longer words", PHONE, TWICE, DESKTOP)
    return wrong


def walked(page: Page) -> list[str]:
    """Return what Tab does not reach, and where the focus cannot be seen. The first stop leads past the navigation."""
    look(page, DESKTOP, "light")
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    names: list[str] = page.evaluate("probes.controls()")
    wrong, reached = [], set()
    for _ in range(2 * len(names) + 4):  # a page that begins at what went wrong is walked round to where it began
        page.keyboard.press("Tab")
        at: dict[str, Any] | None = page.evaluate("probes.focused()")
        if at is None:
            continue
        reached.add(at["probe"])
        if at["wrong"]:
            wrong.append(str(at["wrong"]))
        if len(reached - {""}) == len(names):
            break
    missed = [name for place, name in enumerate(names) if str(place) not in reached]
    return [*dict.fromkeys(wrong), *(f"Tab does not reach {name}" for name in missed)][:6]
