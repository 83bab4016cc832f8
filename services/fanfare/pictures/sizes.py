"""The three sizes in which a picture is kept, and what a reader may meet. Pure."""

from typing import Literal, get_args

import msgspec

SizeName = Literal["small", "middle", "large"]
NAMES: tuple[SizeName, ...] = get_args(SizeName)


class Size(msgspec.Struct, frozen=True):
    """How large a size may be."""

    name: SizeName
    edge: int
    """Pixels along the longer edge, at most; no picture is ever enlarged."""
    most_bytes: int


SIZES = (Size("large", 1600, 250_000), Size("middle", 800, 90_000), Size("small", 320, 30_000))
"""The largest first: each smaller one is made of the one before."""
MOST_BYTES = 12_000_000
"""Of a file that is sent."""
MOST_PIXELS = 50_000_000
MOST_EDGE = 16_000

Extent = tuple[int, int]
"""Width and height in pixels."""


class Made(msgspec.Struct, frozen=True):
    """One size of a picture."""

    name: SizeName
    extent: Extent
    body: bytes
    """WebP, without metadata."""


class Reading(msgspec.Struct, frozen=True):
    """What came of reading a file: three sizes, or the code of what it was refused for."""

    made: tuple[Made, ...] = ()
    refused: str = ""


def object_name(picture: str, size: str) -> str:
    """Return the name under which one size of a picture is kept."""
    return f"pictures/{picture}/{size}.webp"
