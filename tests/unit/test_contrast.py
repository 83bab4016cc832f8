"""Whatever colour a brand brings, everything that is read on a page can be read: each text on each ground, in light and dark."""

import itertools

import pytest

from fanfare.web import tints
from fanfare.web.pages.design import OTHERS, tokens

BRANDS = {
    "yellow": "#ffe600",
    "lemon": "#fff44f",
    "nearly white": "#fdfdfb",
    "nearly black": "#0b0a0a",
    "neon green": "#39ff14",
    "neon pink": "#ff10f0",
    "neon cyan": "#00ffff",
    "grey": "#777777",
    "house": tints.HOUSE_COLOUR,
    **dict(OTHERS),
}
TEXTS = ("ink", "ink-2", "spot-text", *tints.STATE_HUES)
EDGES = ("line", "spot-edge")


def grounds_of(text: str) -> tuple[str, ...]:
    """The four grounds; a note says its state, and plain words, on the wash of that state."""
    washes = tuple(f"{state}-wash" for state in tints.STATE_HUES)
    return (*tints.GROUNDS, *((f"{text}-wash",) if text in tints.STATE_HUES else washes if text == "ink" else ()))


PAIRS = [(text, ground, 4.5) for text in TEXTS for ground in grounds_of(text)]
PAIRS += [(edge, ground, 3.0) for edge, ground in itertools.product(EDGES, tints.GROUNDS)]
PAIRS += [("on-spot", "spot", 4.5), ("spot", "on-spot", 4.5), ("paper", "ink", 4.5)]
"""What is read or seen, on what, and the least ratio: a button is paper on ink, on a ticket the brand on its text."""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("brand", BRANDS)
def test_everything_that_is_read_can_be_read_in_the_colours_of(brand: str, *, dark: bool) -> None:
    theme = tints.theme(BRANDS[brand], dark=dark)

    measured = {(on, ground): tints.contrast(theme[on], theme[ground]) for on, ground, _ in PAIRS}

    assert [(pair, round(measured[pair], 2)) for *pair_, least in PAIRS if measured[pair := (pair_[0], pair_[1])] < least] == []


@pytest.mark.parametrize("brand", BRANDS)
def test_the_design_page_tells_the_ratios_as_they_are(brand: str) -> None:
    told = {each.name: each for each in tokens(BRANDS[brand])}

    assert all(float(each.light.ratio) >= float(each.needs) for each in told.values() if each.needs)
    assert all(float(each.dark.ratio) >= float(each.needs) for each in told.values() if each.needs)
    assert told["paper"].light.ratio == ""
