"""When people come: at once when something opens, hardly in the middle, and in a rush before it closes. Pure."""

from enum import Enum
from random import Random


class Rhythm(Enum):
    """Shares (in per cent) of those who come in the burst at the opening, evenly, and in the rush before the close."""

    RAISING = (50, 45, 5)
    SUPPORTING = (20, 52, 28)
    VOTING = (34, 36, 30)
    TRICKLING = (10, 90, 0)
    STEADY = (0, 100, 0)
    RUSHING = (10, 30, 60)


def times(rng: Random, number: int, length_s: float, rhythm: Rhythm) -> list[float]:
    """Return *number* times in order, in seconds to the millisecond, between the opening (0) and the close (*length_s*)."""
    kinds = rng.choices(("burst", "even", "rush"), rhythm.value, k=number)
    return sorted(round(_time(rng, length_s, kind), 3) for kind in kinds)


def _time(rng: Random, length_s: float, kind: str) -> float:
    first, last = 0.01 * length_s, 0.965 * length_s
    offset = rng.expovariate(1 / (0.16 * length_s))
    if kind == "even" or offset > last - first:
        return rng.uniform(first, last)
    return first + offset if kind == "burst" else last - offset
