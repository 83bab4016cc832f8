"""Preview: what a draft of a rule would have awarded, had it been in force from the beginning, and to whom."""

from collections import Counter
from collections.abc import Callable

import msgspec

from fanfare.awards.deeds import Deeds
from fanfare.awards.earning import Earning, Standing
from fanfare.platform.desk import Desk
from fanfare.recognition.reading import Chosen, entries
from fanfare.record.recognition import Points, Recognition, Rule, RulePublished, Tier

MOST = 10
_STEPS = (1, 10, 50, 100, 500, 1000, 5000, 10_000)
"""Where the ranges of a distribution of points begin."""

Progress = Callable[[int, int], None]
"""Told how many entries were read, and how many there are."""


class Gain(msgspec.Struct, frozen=True):
    """What one member would have, or a level."""

    member: str
    points: int
    level: int
    """Of a badge or a tier; 0 for points."""


class Range(msgspec.Struct, frozen=True):
    """How many members would have so many points, or the level."""

    least: int
    most: int | None
    """None: no upper end. Of levels the same as *least*."""
    members: int


class Preview(msgspec.Struct, frozen=True):
    """What a draft would have awarded by now."""

    rule: str
    version: int
    entries: int
    """How many of partition 0 it was tried on."""
    awards: int
    members: int
    points: int
    most: tuple[Gain, ...]
    """The ten who would have most."""
    spread: tuple[Range, ...]
    gaining: int
    """Members who would have more than by the version that is there."""
    losing: int
    """Members who would have less than by the version that is there. Nobody loses by publishing: it holds from then on."""


def silent(done: int, of: int) -> None:
    """Show no progress."""


async def preview(desk: Desk, draft: RulePublished, progress: Progress = silent) -> Preview:
    """
    Try *draft* on the whole record and return what it would have awarded. It writes nothing.

    A tier looks at the points that the rules in the record earned. A version that is there is compared, tried the same way.

    Raises:
        UnknownEvent: the record holds an event that this version does not know.
    """
    await desk.catch_up()
    of = (await desk.log.heads())[0]
    chosen: Chosen = {}
    deeds, trial, present = Deeds(chosen), Trial(draft), None
    if known := desk.streams.recognition.rules.get(draft.rule):
        present = Trial(known.published)
    async for entry in entries(desk, 0, chosen, awards=False):
        found = deeds.apply(entry)
        for each in (trial, present) if present else (trial,):
            each.look_at(deeds.streams.recognition)
            for deed in found:
                each.earning.take(deed)
        progress(entry.offset + 1, of)
    standing = trial.earning.standing(draft.rule)
    before = present.earning.standing(draft.rule) if present else Standing()
    return summed_up(draft, deeds.streams.next_offset, standing, before)


class Trial:
    """A draft as if it had been in force from the beginning. Mutable; owned by one preview."""

    def __init__(self, draft: RulePublished) -> None:
        """Put *draft* in force."""
        self.earning = Earning(telling=False)
        self._draft = draft
        self._seen: Recognition | None = None

    def look_at(self, recognition: Recognition) -> None:
        """Take in that the rules of the record changed; only a tier asks about others than itself."""
        if recognition is self._seen:
            return
        self._seen = recognition
        others = recognition.rules if isinstance(self._draft.earns, Tier) and recognition.automation else {}
        points = {name: each for name, each in others.items() if isinstance(each.published.earns, Points)}
        self.earning.hold(Recognition(points | {self._draft.rule: Rule(self._draft)}))


def summed_up(draft: RulePublished, read: int, standing: Standing, before: Standing) -> Preview:
    """Return the preview of what would stand, compared with what does."""
    figures = _figures(standing)
    had = _figures(before)
    order = sorted(figures, key=lambda member: (-figures[member], member))
    return Preview(
        rule=draft.rule,
        version=draft.version,
        entries=read,
        awards=standing.awards,
        members=len(figures),
        points=standing.points.total(),
        most=tuple(Gain(each, standing.points.get(each, 0), standing.levels.get(each, 0)) for each in order[:MOST]),
        spread=_spread(standing),
        gaining=sum(figure > had.get(member, 0) for member, figure in figures.items()),
        losing=sum(figures.get(member, 0) < figure for member, figure in had.items()),
    )


def _figures(standing: Standing) -> dict[str, int]:
    return standing.levels or dict(standing.points)


def _spread(standing: Standing) -> tuple[Range, ...]:
    if standing.levels:
        return tuple(Range(level, level, members) for level, members in sorted(Counter(standing.levels.values()).items()))
    found: Counter[int] = Counter(max(step for step in _STEPS if step <= points) for points in standing.points.values())
    ends = dict(zip(_STEPS, (*(step - 1 for step in _STEPS[1:]), None), strict=True))
    return tuple(Range(step, ends[step], members) for step, members in sorted(found.items()))
