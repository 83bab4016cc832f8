"""What the fold of deeds keeps of an idea and of a comment."""

import msgspec

from fanfare.record import moderation
from fanfare.record.ideas import Idea
from fanfare.record.moderation import ModerationEvent, Veil
from fanfare.record.recognition import DeedKind

SUPPORTS, GIVEN, RECEIVED = 1, 2, 4
"""Of what is kept of a member's support: it stands; the giving was told before; the receiving was."""
NUMBER = 3
"""By how many bits its highest number is shifted. A million of these are kept, so each is one small integer."""


class Raised(msgspec.Struct):
    """An idea, and what is the deed of its author as long as it stands."""

    idea: Idea
    author: str
    """Who raised it."""
    veiled: Veil = Veil()
    removed: frozenset[str] = frozenset()
    """The hashes of what a moderator removed of it."""
    fates: dict[tuple[DeedKind, str], bool] = msgspec.field(default_factory=dict)
    """By the kind and the round that it is about (none for the raising and the answer): whether the deed was told before."""
    supporters: dict[str, int] = msgspec.field(default_factory=dict)
    void: set[tuple[str, int]] = msgspec.field(default_factory=set)
    """Whose press of which number came while the idea took no support: repeated later, it counts as little."""
    remarks: list["Remark"] = msgspec.field(default_factory=list)
    stood: bool = True
    """Whether it stood when it was last looked at."""

    @property
    def takes_support(self) -> bool:
        """Neither taken back nor hidden."""
        return not self.idea.withdrawn and not self.veiled.hidden

    @property
    def stands(self) -> bool:
        """It takes support, and no moderator removed what it says now."""
        return self.takes_support and self.idea.title not in self.removed and self.idea.body not in self.removed

    def veil(self, event: ModerationEvent, event_id: str) -> None:
        """Take in that it was hidden, or shown again."""
        self.veiled = moderation.evolve(self.veiled, event, event_id)


class Remark(msgspec.Struct):
    """A comment."""

    id: str
    author: str
    below: Raised
    text: bytes
    """Its hash: of a million comments each is kept."""
    removed: bool = False
    """By a moderator."""
    veiled: Veil | None = None
    """None where it was never hidden."""
    stood: bool = True

    @property
    def stands(self) -> bool:
        """Neither hidden nor removed."""
        return not self.removed and not (self.veiled and self.veiled.hidden)

    def veil(self, event: ModerationEvent, event_id: str) -> None:
        """Take in that it was hidden, or shown again."""
        self.veiled = moderation.evolve(self.veiled or Veil(), event, event_id)
