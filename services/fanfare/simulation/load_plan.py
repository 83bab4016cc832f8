"""The plan of a load: which fan votes for what, and when it is due. Pure, and the same wherever it is made from the same seed."""

from collections import Counter
from enum import StrEnum
from math import cos, pi
from random import Random

import msgspec

from fanfare.simulation.rhythm import Rhythm, times

FLAVOURS = (
    "Sour Cherry Cola",
    "Pine & Lime",
    "Rhubarb Gate",
    "Salted Watermelon",
    "Burnt Orange & Bay",
    "Cardamom Pear",
    "Plum Smoke",
)
"""What the fans of a load choose from, the most liked first."""
_WAVE_S = 20.0


class Beat(StrEnum):
    """When requests come: evenly, in waves, or in a rush before the end. By chance within that, as people do."""

    STEADY = "steady"
    WAVE = "wave"
    RUSH = "rush"


class Load(msgspec.Struct, frozen=True):
    """How much of what, and how fast."""

    fans: int = 1000
    ballots: int = 5000
    ideas: int = 0
    rate: float = 100.0
    """Ballots a second, in the mean."""
    beat: Beat = Beat.STEADY
    seed: int = 1931

    @property
    def length_s(self) -> float:
        """How long it takes where the site keeps up."""
        return self.ballots / self.rate


class DueBallot(msgspec.Struct, frozen=True):
    """A ballot with its time, in seconds from the beginning."""

    at: float
    fan: int
    number: int
    """Of the fan's ballots in this round, from 1."""
    option: int


class DueIdea(msgspec.Struct, frozen=True):
    """An idea with its time."""

    at: float
    fan: int
    title: str


Due = DueBallot | DueIdea


def make_load(load: Load) -> list[Due]:
    """Return what is due, in the order of its times. Every fan votes once before any votes again."""
    rng = Random(f"{load.seed} load")
    cast: Counter[int] = Counter()
    order = rng.sample(range(load.fans), load.fans)
    due: list[Due] = []
    for place, at in enumerate(_times(rng, load.ballots, load)):
        fan = order[place % load.fans]
        cast[fan] += 1
        option = rng.choices(range(len(FLAVOURS)), range(len(FLAVOURS), 0, -1))[0]
        due.append(DueBallot(at, fan, cast[fan], option))
    for place, at in enumerate(_times(rng, load.ideas, load)):
        fan = order[place % load.fans]
        due.append(DueIdea(at, fan, f"{rng.choice(FLAVOURS)}, the {place + 1}th of a load"))
    return sorted(due, key=lambda each: each.at)


def _times(rng: Random, number: int, load: Load) -> list[float]:
    match load.beat:
        case Beat.STEADY:
            return times(rng, number, load.length_s, Rhythm.STEADY)
        case Beat.RUSH:
            return times(rng, number, load.length_s, Rhythm.RUSHING)
        case Beat.WAVE:
            return sorted(_on_a_wave(rng, load.length_s) for _ in range(number))


def _on_a_wave(rng: Random, length_s: float) -> float:
    """Return a time, most likely in the middle of a wave of about twenty seconds; five times as likely there as between two."""
    waves = max(1, round(length_s / _WAVE_S))
    while True:
        at = rng.uniform(0.0, length_s)
        if rng.random() * 1.5 < 0.9 - 0.6 * cos(2 * pi * waves * at / length_s):
            return round(at, 3)
