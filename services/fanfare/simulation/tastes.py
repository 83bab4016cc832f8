"""What a simulated fan likes, and what she chooses. Pure: her mood is a number, so in the same mood she chooses alike."""

from collections.abc import Mapping, Sequence
from math import log, sqrt
from random import Random

import msgspec

TAGS = (
    *("cola", "citrus", "berry", "stone fruit", "orchard", "garden", "herb", "flower", "spice"),
    *("ginger", "tea", "tropical", "sour", "bitter", "smoky", "salty", "creamy", "malt"),
)
"""The words that ideas of the corpus are tagged with."""

CROWDS: Mapping[str, tuple[int, Mapping[str, float]]] = {
    "sour": (22, {"sour": 1.0, "citrus": 0.6, "stone fruit": 0.6, "berry": 0.5, "creamy": -0.7, "malt": -0.3}),
    "garden": (19, {"garden": 0.9, "herb": 0.9, "flower": 0.5, "orchard": 0.3, "cola": -0.6, "tropical": -0.2}),
    "evening": (17, {"bitter": 1.0, "smoky": 0.6, "citrus": 0.4, "herb": 0.4, "tea": 0.3, "creamy": -0.6}),
    "classic": (16, {"cola": 1.2, "malt": 0.5, "ginger": 0.5, "stone fruit": 0.4, "garden": -0.5, "salty": -0.5}),
    "traveller": (14, {"tropical": 0.9, "spice": 0.8, "salty": 0.7, "ginger": 0.4, "tea": 0.3, "cola": -0.3}),
    "pudding": (12, {"creamy": 1.0, "orchard": 0.7, "berry": 0.5, "spice": 0.4, "bitter": -0.8, "smoky": -0.3}),
}
"""Crowds of similar fans: how many of a hundred, and what they like (1) and do not (-1)."""

CHARM, TASTE, TREND = 0.55, 1.6, 0.22
"""How much the telling, the own taste and the success so far weigh."""


class Flavour(msgspec.Struct, frozen=True):
    """What a fan can choose, as far as her taste goes."""

    tags: tuple[str, ...]
    charm: int = 2
    """A visitor's idea is met with curiosity: it counts as well told."""


Taste = Mapping[str, float]


def taste(rng: Random) -> Taste:
    """Return the taste of a new fan: that of a crowd, and something of her own."""
    crowd = rng.choices(list(CROWDS), [share for share, _ in CROWDS.values()])[0]
    likes = CROWDS[crowd][1]
    return {tag: round(likes.get(tag, 0.0) + rng.gauss(0.0, 0.35), 3) for tag in TAGS}


def liking(of: Taste, flavour: Flavour, followers: int = 0) -> float:
    """Return how much a fan likes a flavour that *followers* fans support already."""
    own = sum(of.get(tag, 0.0) for tag in flavour.tags) / sqrt(len(flavour.tags) or 1)
    return CHARM * flavour.charm + TASTE * own + TREND * log(1 + followers)


def ranked(
    of: Taste, flavours: Sequence[Flavour], followers: Sequence[int], mood: int, whim: float = 0.6
) -> list[tuple[float, int]]:
    """
    Return (liking, place) of each flavour, the best first.

    Args:
        mood: the seed of what a taste does not explain.
        whim: how much of that there is.
    """
    rng = Random(mood)
    scored = [
        (liking(of, each, follow) - whim * log(rng.expovariate(1.0) or 1e-9), place)
        for place, (each, follow) in enumerate(zip(flavours, followers, strict=True))
    ]
    return sorted(scored, key=lambda each: (-each[0], each[1]))


def tick(of: Taste, flavours: Sequence[Flavour], mood: int, most: int, whim: float = 0.6) -> list[int]:
    """Return the places that a fan ticks on a ballot: the best, and up to *most* of those that come close."""
    order = ranked(of, flavours, [0] * len(flavours), mood, whim)
    best = order[0][0]
    return [place for score, place in order[:most] if score > best - 1.3]
