"""Circles: places that a tier or an invitation opens. What there is, who was invited, who entered, and what was shared."""

from typing import Annotated, ClassVar, Literal

import msgspec

from fanfare.record.kinds import CampaignId, Event, Fact, MemberId, TextHash, Turn, check_turn
from fanfare.record.recognition import RuleId

STREAM = "circles"
"""The contested stream of what circles there are. Who enters is uncontested: turns make doubles and races harmless."""

CircleId = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]{4,40}(?!\n)$", description="Of a circle.")]
BriefId = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]{4,40}(?!\n)$", description="Of a brief; its words are in no record.")]
Chosen = Literal["by-name", "active", "interested", "involved", "interacting", "new", "lapsed"]
"""How a fan was chosen: by her name, or because a segment's published rule held for her."""


class CircleTier(Fact, frozen=True):
    """A tier: a level of a rule, or any above it."""

    rule: RuleId
    level: Annotated[int, msgspec.Meta(ge=1, le=8)]


class CircleOpened(Event, frozen=True):
    """A host opened a circle. Whoever holds its tier belongs to it; others are invited."""

    wire: ClassVar[str] = "fanfare.circle.opened.v1"
    circle: CircleId
    title: TextHash
    words: TextHash
    """What it is for."""
    by: MemberId
    tier: CircleTier | None = None
    """None: by invitation alone."""
    campaign: CampaignId | None = None


class CircleChanged(Event, frozen=True):
    """A host changed what a circle is called, what it is for, or which tier opens it. Who was invited stays."""

    wire: ClassVar[str] = "fanfare.circle.changed.v1"
    circle: CircleId
    title: TextHash
    words: TextHash
    by: MemberId
    tier: CircleTier | None = None


class CircleClosed(Event, frozen=True):
    """A host closed a circle for good: nobody belongs to it any more."""

    wire: ClassVar[str] = "fanfare.circle.closed.v1"
    circle: CircleId
    reason: TextHash
    by: MemberId


class CircleInvited(Event, frozen=True):
    """A host invited a fan. She belongs once she enters, whatever she earns or loses."""

    wire: ClassVar[str] = "fanfare.circle.invited.v1"
    circle: CircleId
    member: MemberId
    turn: Turn
    chosen: Chosen
    reason: TextHash
    by: MemberId

    def __post_init__(self) -> None:
        """Refuse an even turn."""
        check_turn(self.turn, odd=True)


class CircleUninvited(Event, frozen=True):
    """A host took an invitation back, with a reason. Who holds the circle's tier still belongs."""

    wire: ClassVar[str] = "fanfare.circle.uninvited.v1"
    circle: CircleId
    member: MemberId
    turn: Turn
    reason: TextHash
    by: MemberId

    def __post_init__(self) -> None:
        """Refuse an odd turn."""
        check_turn(self.turn, odd=False)


class CircleEntered(Event, frozen=True):
    """A fan entered a circle: she took her invitation up, or came back. Without invitation or tier it changes nothing."""

    wire: ClassVar[str] = "fanfare.circle.entered.v1"
    circle: CircleId
    member: MemberId
    turn: Turn

    def __post_init__(self) -> None:
        """Refuse an even turn."""
        check_turn(self.turn, odd=True)


class CircleLeft(Event, frozen=True):
    """A fan left a circle, or declined its invitation. She may enter again while it is open to her."""

    wire: ClassVar[str] = "fanfare.circle.left.v1"
    circle: CircleId
    member: MemberId
    turn: Turn

    def __post_init__(self) -> None:
        """Refuse an odd turn."""
        check_turn(self.turn, odd=False)


class BriefShared(Event, frozen=True):
    """A host shared a brief with a circle. Its words are for who belongs, and nothing in the record leads to them."""

    wire: ClassVar[str] = "fanfare.circle.brief-shared.v1"
    circle: CircleId
    brief: BriefId
    by: MemberId


CircleEvent = CircleOpened | CircleChanged | CircleClosed
"""The contested ones."""
Coming = CircleInvited | CircleUninvited | CircleEntered | CircleLeft


class Circle(msgspec.Struct, frozen=True):
    """A circle as its decisions have made it."""

    id: str
    title: str
    words: str
    tier: CircleTier | None
    campaign: str | None
    by: str
    closed: bool = False
    reason: str = ""
    """The text hash of why it was closed."""


def evolve(state: dict[str, Circle], event: CircleEvent) -> dict[str, Circle]:
    """Return *state*, all circles by their id, with *event* taken in; what makes no sense there changes nothing."""
    known, change = state.get(event.circle), msgspec.structs.replace
    match event:
        case CircleOpened(circle=circle, title=title, words=words, tier=tier, campaign=campaign, by=by) if known is None:
            return state | {circle: Circle(circle, title, words, tier, campaign, by)}
        case CircleChanged(title=title, words=words, tier=tier) if known is not None and not known.closed:
            return state | {event.circle: change(known, title=title, words=words, tier=tier)}
        case CircleClosed(reason=reason) if known is not None and not known.closed:
            return state | {event.circle: change(known, closed=True, reason=reason)}
        case _:
            return state
