"""
Turn one brand colour into a full, contrast-checked set of CSS custom properties for light and dark.

Every text or control colour is *solved*: its lightness moves, hue kept, until the ratio holds on every ground it may lie on.
A brand that cannot reach a ratio is not refused; it is nudged.

Source: OKLab (B. Ottosson 2020); WCAG 2.2 relative luminance, success criteria 1.4.3 and 1.4.11.
"""

import math
import re

HOUSE_COLOUR = "#12805c"
"""Ledger green, where no campaign speaks: front page, sign-in, auditors."""

GROUNDS = ("stock", "paper", "well", "wash")
"""The four surfaces that any text may lie on."""

STATE_HUES = {"ok": 158.0, "warn": 75.0, "bad": 27.0}
LEAST_RATIO = {"ink": 7.0, "ink-2": 4.5, "line": 3.0, "spot-text": 4.5, "spot-edge": 3.0, "ok": 4.5, "warn": 4.5, "bad": 4.5}
"""What the contrast of a token must reach on each of the grounds. `on-spot` must reach 4.5 on `spot` alone."""

_COLOUR = re.compile(r"#?[0-9a-f]{6}")
Oklch = tuple[float, float, float]


class ColourUnreadable(ValueError):
    """A brand colour is six hexadecimal digits, such as #ff5c7c."""


def parse_colour(text: str) -> str:
    """
    Return *text* as `#rrggbb` in lower case; the hash may be missing.

    Raises:
        ColourUnreadable: it is not six hexadecimal digits.
    """
    colour = text.strip().lower()
    if not _COLOUR.fullmatch(colour):
        raise ColourUnreadable(text[:40])
    return "#" + colour.removeprefix("#")


def contrast(one: str, other: str) -> float:
    """Return the WCAG contrast ratio of two colours, 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def theme(brand: str, *, dark: bool) -> dict[str, str]:
    """Return the colour of each token under *brand*, as `#rrggbb`."""
    lightness, chroma, hue = _oklch(brand)
    tint = min(1.0, chroma / 0.12)  # a grey brand gets grey paper
    step = 0.005 if dark else -0.005
    tokens = _grounds(hue, tint, dark=dark)
    grounds = tuple(tokens.values())
    deep = _hex((0.235, 0.035 * tint, hue))
    tokens["ink"] = _hex((0.955, 0.010 * tint, hue)) if dark else deep
    tokens["ink-2"] = _solve((0.66 if dark else 0.56, 0.026 * tint, hue), step, 5.0, grounds)
    tokens["line"] = _solve((0.44 if dark else 0.74, 0.030 * tint, hue), step, 3.1, grounds)
    tokens["hair"] = _hex((0.36, 0.024 * tint, hue)) if dark else _hex((0.865, 0.026 * tint, hue))
    spot = _solve((lightness, chroma, hue), 0.005, 3.1, grounds) if dark else brand
    if max(contrast(spot, deep), contrast(spot, "#ffffff")) < 4.6:  # neither ink nor white can be read on it
        spot = _solve((_oklch(spot)[0], chroma, hue), 0.005, 4.6, (deep,))
    tokens["spot"] = spot
    tokens["on-spot"] = deep if contrast(spot, deep) >= contrast(spot, "#ffffff") else "#ffffff"
    tokens["spot-text"] = _solve((lightness, chroma, hue), step, 4.9, grounds)
    tokens["spot-edge"] = _solve((_oklch(spot)[0], chroma, hue), step, 3.1, grounds)
    for name, state_hue in STATE_HUES.items():
        wash = _hex((0.31, 0.045, state_hue) if dark else (0.945, 0.040, state_hue))
        tokens[f"{name}-wash"] = wash
        tokens[name] = _solve((0.70 if dark else 0.55, 0.125, state_hue), step, 4.9, (*grounds, wash))
    return tokens


def brand_css(brand: str, selector: str | None = None) -> str:
    """
    Return the stylesheet of one brand: light colours for every browser, both themes where `light-dark()` is known.

    Args:
        brand: `#rrggbb`.
        selector: where it holds; `[data-brand="rrggbb"]` where not given, so that several brands may share a page.
    """
    place = selector or f'[data-brand="{brand.removeprefix("#")}"]'
    light, dark = theme(brand, dark=False), theme(brand, dark=True)
    plain = "".join(f"  --{token}: {colour};\n" for token, colour in light.items())
    both = "".join(f"    --{token}: light-dark({light[token]}, {dark[token]});\n" for token in light)
    return f"{place} {{\n{plain}}}\n@supports (color: light-dark(#000, #fff)) {{\n  {place} {{\n{both}  }}\n}}\n"


def _grounds(hue: float, tint: float, *, dark: bool) -> dict[str, str]:
    if dark:
        shades = ((0.205, 0.016), (0.250, 0.018), (0.172, 0.016), (0.325, 0.060))
    else:
        shades = ((0.966, 0.011), (0.995, 0.003), (0.936, 0.019), (0.925, 0.050))
    return {name: _hex((shade[0], shade[1] * tint, hue)) for name, shade in zip(GROUNDS, shades, strict=True)}


def _solve(start: Oklch, step: float, least: float, grounds: tuple[str, ...]) -> str:
    """Move lightness by *step* until the contrast is *least* on each of *grounds*, or no lightness is left."""
    lightness, chroma, hue = start
    while 0 <= lightness + step <= 1 and min(contrast(_hex((lightness, chroma, hue)), ground) for ground in grounds) < least:
        lightness += step
    return _hex((min(1.0, max(0.0, lightness)), chroma, hue))


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def _gamma(channel: float) -> float:
    return 12.92 * channel if channel <= 0.0031308 else float(1.055 * channel ** (1 / 2.4) - 0.055)


def _linear_rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return red, green, blue


def _luminance(colour: str) -> float:
    red, green, blue = _linear_rgb(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _oklch(colour: str) -> Oklch:
    red, green, blue = _linear_rgb(colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    middle = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    a = 1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short
    lightness = 0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short
    return lightness, math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360


def _hex(colour: Oklch) -> str:
    """The sRGB colour of an OKLCH triple; chroma is reduced until it fits the gamut."""
    lightness, chroma, hue = colour
    while True:
        a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
        long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
        middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
        short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
        channels = (
            4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
            -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
            -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
        )
        if chroma < 0.001 or all(-0.001 <= channel <= 1.001 for channel in channels):
            return "#" + "".join(f"{round(255 * min(1.0, max(0.0, _gamma(max(0.0, c))))):02x}" for c in channels)
        chroma -= 0.002
