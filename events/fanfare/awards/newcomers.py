"""Newcomers that count: whom each was brought by, whether that credit stands, and who welcomed her."""

import msgspec

from fanfare.record.bringing import MOST_WELCOMES, NewcomerBrought, NewcomerWelcomed
from fanfare.record.recognition import DeedKind

CONTRIBUTIONS: frozenset[DeedKind] = frozenset({"idea-raised", "support-given", "comment-made", "took-part"})
"""What a member does herself. What becomes of an idea of hers is no further contribution, and joining is none."""


class Brought(msgspec.Struct):
    """Whom a newcomer was brought by, and what of that was told."""

    by: str
    stands: bool
    """Something that she contributed stands."""
    stood: bool = False
    """It did when it was last told of."""
    told: bool = False
    """Her bringer was credited before."""


class Newcomers:
    """Counts what stands of each member's contributions. Mutable; fed the deeds in order, and who was brought by whom."""

    def __init__(self) -> None:
        """Start with nobody."""
        self.brought: dict[str, Brought] = {}
        """By the newcomer."""
        self._standing: dict[str, int] = {}

    def bring(self, event: NewcomerBrought) -> Brought | None:
        """Take in who was brought by whom; none where she brought herself, or was brought before."""
        if event.newcomer in self.brought or event.newcomer == event.by:
            return None
        found = Brought(event.by, stands=self._standing.get(event.newcomer, 0) > 0)
        self.brought[event.newcomer] = found
        return found

    def contribute(self, member: str, step: int) -> Brought | None:
        """Count a contribution that stands (1), or stands no more (-1); return who brought her, where somebody did."""
        count = self._standing[member] = self._standing.get(member, 0) + step
        if not self.brought or (found := self.brought.get(member)) is None:
            return None
        found.stands = count > 0
        return found


class Welcomes:
    """Folds welcomes in record order. Mutable. What was appended twice is one."""

    def __init__(self) -> None:
        """Start with none."""
        self.given: dict[str, list[NewcomerWelcomed]] = {}
        """By the newcomer: those that count, the first one first."""

    def apply(self, event: NewcomerWelcomed) -> None:
        """Take in a welcome."""
        given = self.given.setdefault(event.newcomer, [])
        if event.by != event.newcomer and len(given) < MOST_WELCOMES and all(each.by != event.by for each in given):
            given.append(event)
