"""Circles in words, as the API and the pages show them."""

from collections.abc import Sequence

from psycopg import AsyncConnection
from pydantic import BaseModel

from fanfare.platform import texts
from fanfare.record.circles import Circle
from fanfare.record.recognition import Recognition, Tier
from fanfare.views import circles as view


class TierRead(BaseModel):
    """The tier that opens a circle; a higher one of the same rule does, too."""

    rule: str
    level: int
    name: str
    """Empty where its text was erased."""
    points: int
    """How many it takes today; 0 where no rule awards it any more."""


class CircleRead(BaseModel):
    """A circle in words."""

    id: str
    title: str
    words: str
    """What it is for."""
    tier: TierRead | None
    """None where it opens by invitation alone."""
    campaign: str | None
    closed: bool
    reason: str
    """Why it was closed."""
    members: int
    """How many belong to it now."""


async def read_circles(connection: AsyncConnection, circles: Sequence[Circle], recognition: Recognition) -> list[CircleRead]:
    """Return circles in words, in their order; an erased text is empty."""
    names = {each.id: _named(each, recognition) for each in circles}
    hashes = {text for each in circles for text in (each.title, each.words, each.reason)}
    words = await texts.read(connection, hashes | {name for name, _ in names.values()})
    counts = await view.counts(connection)
    return [
        CircleRead(
            id=each.id,
            title=words.get(each.title, ""),
            words=words.get(each.words, ""),
            tier=_tier(each, words.get(names[each.id][0], ""), names[each.id][1]),
            campaign=each.campaign,
            closed=each.closed,
            reason=words.get(each.reason, ""),
            members=counts.get(each.id, 0),
        )
        for each in circles
    ]


def _named(circle: Circle, recognition: Recognition) -> tuple[str, int]:
    """Return the text hash of a circle's tier and the points that it takes; nothing where no rule awards it."""
    rule = recognition.rules.get(circle.tier.rule) if circle.tier else None
    if circle.tier is None or rule is None or not isinstance(rule.published.earns, Tier):
        return "", 0
    earns, index = rule.published.earns, circle.tier.level - 1
    return (earns.names[index], earns.levels[index]) if index < len(earns.levels) else ("", 0)


def _tier(circle: Circle, name: str, points: int) -> TierRead | None:
    if circle.tier is None:
        return None
    return TierRead(rule=circle.tier.rule, level=circle.tier.level, name=name, points=points)


async def tiers(connection: AsyncConnection, recognition: Recognition) -> list[TierRead]:
    """Return every tier that a rule awards now, the lowest of each rule first."""
    found = [
        (each.rule, level, name, points)
        for each in recognition.in_force()
        if isinstance(each.earns, Tier)
        for level, (name, points) in enumerate(zip(each.earns.names, each.earns.levels, strict=True), 1)
    ]
    words = await texts.read(connection, [name for _, _, name, _ in found])
    return [TierRead(rule=rule, level=level, name=words.get(name, ""), points=points) for rule, level, name, points in found]
