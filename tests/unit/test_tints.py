"""One brand colour becomes a palette in which every text can be read."""

import itertools

import pytest

from fanfare.web import tints
from fanfare.web.layout import STATIC

BRANDS = [
    *(
        "#ff5c7c",
        "#ffc629",
        "#2457d6",
        tints.HOUSE_COLOUR,
        "#000000",
        "#ffffff",
        "#808080",
        "#ffff00",
        "#00ff00",
        "#0000ff",
        "#7a5230",
    ),
    *(f"#{r:02x}{g:02x}{b:02x}" for r, g, b in itertools.product((20, 130, 240), repeat=3)),
]


@pytest.mark.parametrize("brand", BRANDS)
@pytest.mark.parametrize("dark", [False, True])
def test_every_text_and_control_can_be_read_on_the_worst_ground(brand: str, *, dark: bool) -> None:
    tokens = tints.theme(brand, dark=dark)

    for token, least in tints.LEAST_RATIO.items():
        worst = min(tints.contrast(tokens[token], tokens[ground]) for ground in tints.GROUNDS)
        assert worst >= least, (token, worst)
    assert tints.contrast(tokens["spot"], tokens["on-spot"]) >= 4.5


@pytest.mark.parametrize("dark", [False, True])
def test_a_state_can_be_read_on_its_own_wash(*, dark: bool) -> None:
    tokens = tints.theme("#ff5c7c", dark=dark)

    assert min(tints.contrast(tokens[state], tokens[f"{state}-wash"]) for state in tints.STATE_HUES) >= 4.5


def test_a_readable_brand_is_kept_as_it_is() -> None:
    assert tints.theme("#ff5c7c", dark=False)["spot"] == "#ff5c7c"


def test_a_ratio_is_one_of_equals_and_twenty_one_of_black_and_white() -> None:
    assert tints.contrast("#336699", "#336699") == 1
    assert round(tints.contrast("#000000", "#ffffff"), 3) == 21


def test_the_stylesheet_of_a_brand_holds_where_that_brand_speaks_and_nowhere_else() -> None:
    sheet = tints.brand_css("#ff5c7c")

    assert sheet.startswith('[data-brand="ff5c7c"] {')
    assert "--spot: light-dark(#ff5c7c, #ff5c7c);" in sheet
    assert "--spot: #ff5c7c;" in sheet  # for browsers that do not know light-dark()


def test_the_colours_of_the_house_are_those_that_the_stylesheet_has() -> None:
    written = (STATIC / "css" / "house.css").read_text(encoding="utf-8")

    assert written.partition("\n")[2] == tints.brand_css(tints.HOUSE_COLOUR, ":root")


@pytest.mark.parametrize("text", ["#ff5c7c", "FF5C7C", "  #FF5c7c "])
def test_a_colour_is_six_hexadecimal_digits(text: str) -> None:
    assert tints.parse_colour(text) == "#ff5c7c"


@pytest.mark.parametrize("text", ["", "red", "#fff", "#ff5c7c;}", "#ff5c7c00", "#gg5c7c"])
def test_what_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(tints.ColourUnreadable):
        tints.parse_colour(text)
