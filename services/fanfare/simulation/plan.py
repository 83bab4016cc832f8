"""
The plan of a simulation: a seed becomes fans and a list of acts with their times. Pure, and the same wherever it is made.

An act says who does what kind of thing when, and in which mood. What she chooses follows when it is played, from her taste and
from what there is to choose, ideas of visitors among it.
"""

from random import Random
from typing import Literal

import msgspec

from fanfare.simulation import corpus
from fanfare.simulation.rhythm import Rhythm, times
from fanfare.simulation.tastes import Taste, taste

SEED = 1931
MOODS = 2**31


class Scale(msgspec.Struct, frozen=True):
    """How large and how long a simulation is; times in seconds, as a round's times are kept whole."""

    fans: int = 3000
    ideas: int = 84
    supports: int = 2800
    comments: int = 240
    brought: int = 36
    """How many friends fans bring by their links, a quarter of the fans at most."""
    turnout: float = 0.78
    lead_s: int = 4
    """Between publishing and the first opening."""
    ideas_s: int = 50
    vote_s: int = 44
    extended_s: int = 6
    """How much later the vote closes than planned."""
    final_s: int = 45
    margin_s: int = 6
    """Between a close and the next opening: closing and sealing take two to three of them."""
    label_s: int = 160
    label_ballots: int = 420


class SimulatedFan(msgspec.Struct, frozen=True):
    """A fan before she joins."""

    name: str
    taste: Taste


class Act(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Something that is done *at* seconds after the opening of its round."""

    at: float


class Raise(Act, frozen=True, kw_only=True):
    """A fan raises the idea of that place in the corpus."""

    fan: int
    idea: int


class Edit(Act, frozen=True, kw_only=True):
    """Its author adds a line to her idea."""

    idea: int
    line: int


class Withdraw(Act, frozen=True, kw_only=True):
    """Its author takes her idea back."""

    idea: int


class Support(Act, frozen=True, kw_only=True):
    """A fan supports an idea that she likes and does not support yet; with *again* a lost answer makes her send it twice."""

    fan: int
    mood: int
    again: bool = False


class Unsupport(Act, frozen=True, kw_only=True):
    """A fan takes her latest support back."""

    fan: int


class Comment(Act, frozen=True, kw_only=True):
    """A fan comments on an idea that she likes."""

    fan: int
    mood: int


class Bring(Act, frozen=True, kw_only=True):
    """A fan gives a friend her link; the friend joins by it, and supports an idea."""

    fan: int
    name: str
    mood: int


class Vote(Act, frozen=True, kw_only=True):
    """A fan casts a ballot."""

    fan: int
    mood: int
    manner: Literal["once", "twice", "older-tab"] = "once"
    """twice: a lost answer makes her send the same request again. older-tab: on a paper that she has used before."""


class Extend(Act, frozen=True, kw_only=True):
    """The host moves the close by so many seconds."""

    by_s: int


AnyAct = Raise | Edit | Withdraw | Support | Unsupport | Comment | Bring | Vote | Extend


class Plan(msgspec.Struct, frozen=True):
    """A simulation before it is played; the acts of each round stand in the order of their times."""

    scale: Scale
    fans: tuple[SimulatedFan, ...]
    ideas: tuple[AnyAct, ...]
    vote: tuple[AnyAct, ...]
    final: tuple[AnyAct, ...]
    label: tuple[AnyAct, ...]


def make_plan(seed: int = SEED, scale: Scale | None = None) -> Plan:
    """Return the plan of a seed."""
    scale = scale or Scale()
    fans = _fans(Random(f"{seed} fans"), scale.fans)
    brought = _friends(Random(f"{seed} friends"), scale, {each.name for each in fans})
    return Plan(
        scale=scale,
        fans=fans,
        ideas=_in_order([*_idea_round(Random(f"{seed} ideas"), scale), *brought]),
        vote=_in_order([*_ballots(Random(f"{seed} vote"), scale, scale.vote_s + scale.extended_s), *_extension(scale)]),
        final=_in_order(_ballots(Random(f"{seed} final"), scale, scale.final_s)),
        label=_in_order(_trickle(Random(f"{seed} label"), scale)),
    )


def _in_order(acts: list[AnyAct]) -> tuple[AnyAct, ...]:
    return tuple(sorted(acts, key=lambda each: each.at))


def _names() -> list[str]:
    return [
        f"{given} {initial}." if initial else given
        for group in corpus.names()
        for given in group.given
        for initial in group.initials or ("",)
    ]


def _fans(rng: Random, number: int) -> tuple[SimulatedFan, ...]:
    return tuple(SimulatedFan(name, taste(rng)) for name in rng.sample(_names(), number))


def _friends(rng: Random, scale: Scale, taken: set[str]) -> list[AnyAct]:
    """Now and then a fan brings a friend, each fan one at most, whose name nobody has."""
    bringers = rng.sample(range(scale.fans), min(scale.brought, scale.fans // 4))
    names = rng.sample([each for each in _names() if each not in taken], len(bringers))
    at = times(rng, len(bringers), scale.ideas_s, Rhythm.STEADY)
    return [
        Bring(at=moment, fan=fan, name=name, mood=rng.randrange(MOODS))
        for moment, fan, name in zip(at, bringers, names, strict=True)
    ]


def _idea_round(rng: Random, scale: Scale) -> list[AnyAct]:
    length = scale.ideas_s
    places = rng.sample(range(len(corpus.ideas())), scale.ideas)
    # The well told ones tend to come early, as they do where people have thought about it for weeks.
    places.sort(key=lambda place: rng.random() - 0.35 * corpus.ideas()[place].charm)
    authors = rng.sample(range(scale.fans), scale.ideas)
    raised = [
        Raise(at=at, fan=author, idea=place)
        for at, author, place in zip(times(rng, scale.ideas, length, Rhythm.RAISING), authors, places, strict=True)
    ]
    acts: list[AnyAct] = [*raised, *_second_thoughts(rng, raised, scale)]
    for at in times(rng, scale.supports, length, Rhythm.SUPPORTING):
        fan = rng.randrange(scale.fans)
        acts.append(Support(at=at, fan=fan, mood=rng.randrange(MOODS), again=rng.random() < 0.015))
        if rng.random() < 0.02 and at + 1 < length:
            acts.append(Unsupport(at=round(rng.uniform(at + 0.5, length - 0.3), 3), fan=fan))
    acts += [
        Comment(at=at, fan=rng.randrange(scale.fans), mood=rng.randrange(MOODS))
        for at in times(rng, scale.comments, length, Rhythm.SUPPORTING)
    ]
    return acts


def _second_thoughts(rng: Random, raised: list[Raise], scale: Scale) -> list[AnyAct]:
    """Some authors write a second version, a few whose idea is not that well told take it back; nobody does both."""
    early = [each for each in raised if each.at < scale.ideas_s * 0.8]
    withdrawn = [each for each in early if corpus.ideas()[each.idea].charm == 1][-max(1, scale.ideas // 25) :]
    kept = [each for each in early if each not in withdrawn]
    edits = rng.sample(kept, min(len(kept), max(1, scale.ideas // 6)))
    lines = len(corpus.campaigns().edits)

    def later(than: float) -> float:
        return round(rng.uniform(than + 0.1 * scale.ideas_s, scale.ideas_s * 0.97), 3)

    return [
        *(Edit(at=later(each.at), idea=each.idea, line=number % lines) for number, each in enumerate(edits)),
        *(Withdraw(at=later(each.at), idea=each.idea) for each in withdrawn),
    ]


def _ballots(rng: Random, scale: Scale, length: int) -> list[AnyAct]:
    voters = rng.sample(range(scale.fans), round(scale.fans * scale.turnout))
    acts: list[AnyAct] = []
    for fan, at in zip(voters, times(rng, len(voters), length, Rhythm.VOTING), strict=True):
        acts.append(Vote(at=at, fan=fan, mood=rng.randrange(MOODS), manner="twice" if rng.random() < 0.015 else "once"))
        chance = rng.random()
        if chance < 0.085 and at + 1.5 < length:
            again = round(rng.uniform(at + 1, length - 0.3), 3)
            acts.append(Vote(at=again, fan=fan, mood=rng.randrange(MOODS), manner="older-tab" if chance < 0.01 else "once"))
    hasty = rng.sample(voters, max(2, len(voters) // 150))  # they look at the clock too late
    return acts + [Vote(at=round(length + rng.uniform(-0.5, 0.9), 3), fan=fan, mood=rng.randrange(MOODS)) for fan in hasty]


def _extension(scale: Scale) -> list[AnyAct]:
    return [Extend(at=round(scale.vote_s * 0.75, 3), by_s=scale.extended_s)]


def _trickle(rng: Random, scale: Scale) -> list[AnyAct]:
    voters = rng.sample(range(scale.fans), min(scale.fans, scale.label_ballots))
    at = times(rng, len(voters), scale.label_s, Rhythm.TRICKLING)
    return [Vote(at=moment, fan=fan, mood=rng.randrange(MOODS)) for fan, moment in zip(voters, at, strict=True)]
