"""Pictures for the samples of pages: drawn, so that none has to be stored."""

import io
from functools import cache

from PIL import Image, ImageDraw

from fanfare.pictures.sizes import SIZES
from fanfare.views.pictures import Shown

_DRAWN = {
    "a1" * 32: ((1600, 1067), "A tall glass of pale green soda, a pine tip across its rim", "#dfead6", "#7fae7a"),
    "b2" * 32: ((1200, 1600), "Pine tips steeping in a saucepan, seen from above", "#e9e0d2", "#4d6b46"),
    "c3" * 32: ((1600, 900), "A sketch of the label, in pencil: three needles and a lime", "#f3efe6", "#8a7f6c"),
}


def shown() -> tuple[Shown, ...]:
    """Return pictures as a page gets them."""
    return tuple(Shown(each, words, "", _sizes(*extent)) for each, (extent, words, *_) in _DRAWN.items())


def _sizes(width: int, height: int) -> dict[str, tuple[int, int]]:
    shares = {each.name: min(1.0, each.edge / max(width, height)) for each in SIZES}
    return {name: (round(width * share), round(height * share)) for name, share in shares.items()}


@cache
def drawn(picture: str, size: str) -> bytes:
    """Return one size of a picture as WebP; raises KeyError where there is none."""
    extent, _, ground, spot = _DRAWN[picture]
    width, height = _sizes(*extent)[size]
    found = Image.new("RGB", (width, height), ground)
    pen = ImageDraw.Draw(found)
    pen.ellipse((width * 0.3, height * 0.2, width * 0.7, height * 0.9), fill=spot)
    for each in range(7):
        pen.line(
            (width * (0.35 + each / 20), height * 0.15, width * (0.3 + each / 16), height * 0.6),
            fill=ground,
            width=width // 120 + 1,
        )
    stream = io.BytesIO()
    found.save(stream, "WEBP", quality=70)
    return stream.getvalue()
