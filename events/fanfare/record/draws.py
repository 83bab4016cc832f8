"""Draws: what is drawn and when, who wishes to be drawn, the beacon that drew, and who takes the seat. One stream a draw."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

import msgspec

from fanfare.record.kinds import CampaignId, Count, Digest, Event, Fact, Instant, MemberId, TextHash, Turn, check_turn, check_utc

DrawId = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]{4,40}(?!\n)$", description="Of a draw; its contested stream, too.")]
Signature = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{96})?(?!\n)$", description="Compressed point of G1, hexadecimal.")]
Purpose = Literal["spotlight", "seats", "prize"]
"""``spotlight``: a place on the front page for a while. ``seats``: such as places in a tasting. ``prize``: a thing."""
OpenTo = Literal["members", "took-part"]
"""Who may enter: every member, or those who took part in a round of the draw's campaign."""
_Hours = Annotated[int, msgspec.Meta(ge=0, le=2160)]


class DrandRound(Fact, frozen=True, tag="drand", tag_field="kind"):
    """A round of a public drand chain: nobody knows its value before its time, and anybody can check it afterwards."""

    chain: Digest
    """The hash under which drand names the chain."""
    round: Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]
    at: Instant
    """When it is published. It follows from the chain and the round."""


class SimulatedRound(Fact, frozen=True, tag="simulated", tag_field="kind"):
    """No beacon at all: on a simulation anybody can compute the value beforehand, and the page says so."""

    at: Instant


Beacon = DrandRound | SimulatedRound


class DrawAnnounced(Event, frozen=True):
    """A host announced a draw, with the beacon that is going to draw: the entrants are fixed before its value is known."""

    wire: ClassVar[str] = "fanfare.draw.announced.v1"
    draw: DrawId
    purpose: Purpose
    title: TextHash
    gets: TextHash
    """What one gets."""
    who: TextHash
    """Who may enter, in words."""
    seats: Annotated[int, msgspec.Meta(ge=1, le=100)]
    reserves: Annotated[int, msgspec.Meta(ge=0, le=100)]
    closes_at: Instant
    beacon: Beacon
    by: MemberId
    campaign: CampaignId | None = None
    open_to: OpenTo = "members"
    answer_h: _Hours = 0
    """Within how many hours a seat has to be accepted, or else a reserve gets it; 0: it is held unless it is declined."""
    shown_h: _Hours = 0
    """How many hours a spotlight lasts, from the drawing on."""

    def __post_init__(self) -> None:
        """Refuse what does not hold together: a beacon before the close, credit without a campaign, a spotlight without end."""
        check_utc(self.closes_at, self.beacon.at)
        if self.beacon.at <= self.closes_at:
            message = "the beacon's value comes after the close"
            raise ValueError(message)
        if self.open_to == "took-part" and self.campaign is None:
            message = "who took part is asked of a campaign"
            raise ValueError(message)
        if (self.purpose == "spotlight") != (self.shown_h > 0):
            message = "a spotlight lasts some hours, and nothing else does"
            raise ValueError(message)


class DrawEntered(Event, frozen=True):
    """A member wishes to be drawn. Of one member's turns in one draw the highest stands, so a repeat changes nothing."""

    wire: ClassVar[str] = "fanfare.draw.entered.v1"
    draw: DrawId
    member: MemberId
    turn: Turn

    def __post_init__(self) -> None:
        """Refuse an even turn."""
        check_turn(self.turn, odd=True)


class DrawLeft(Event, frozen=True):
    """A member no longer wishes to be drawn. After the entrants were fixed it changes nothing."""

    wire: ClassVar[str] = "fanfare.draw.left.v1"
    draw: DrawId
    member: MemberId
    turn: Turn

    def __post_init__(self) -> None:
        """Refuse an odd turn."""
        check_turn(self.turn, odd=False)


class EntrantsFixed(Event, frozen=True):
    """
    Nobody enters or leaves any more: whose highest turn in the first entries of partition 0 is an odd one is an entrant.

    It holds if it was written between the close and the time of the beacon's value.
    """

    wire: ClassVar[str] = "fanfare.draw.entrants-fixed.v1"
    draw: DrawId
    read_to: Count
    """How many entries of partition 0 were read."""
    count: Count
    root: Digest
    """Merkle tree hash (RFC 6962, section 2.1) of the entrants' member ids in ASCII, sorted."""


class DrawDone(Event, frozen=True):
    """
    The beacon's value is there, and draws.

    Entrants are ranked by SHA-256(randomness, draw id, member id): the first win, the next are reserves. Who wins is not
    written: it follows. It holds if it was written when the value was due or later.
    """

    wire: ClassVar[str] = "fanfare.draw.done.v1"
    draw: DrawId
    randomness: Digest
    signature: Signature
    """Of the beacon over its round; empty where it is simulated."""


class DrawVoided(Event, frozen=True):
    """A host called a draw off before it was done, with a reason. Nothing is drawn."""

    wire: ClassVar[str] = "fanfare.draw.voided.v1"
    draw: DrawId
    reason: TextHash
    by: MemberId


class SeatAccepted(Event, frozen=True):
    """A member takes the seat that she was drawn for. It counts until the time to answer is over."""

    wire: ClassVar[str] = "fanfare.seat.accepted.v1"
    draw: DrawId
    member: MemberId


class SeatDeclined(Event, frozen=True):
    """A member does not take her seat, or gives it back, for good. The next reserve gets it."""

    wire: ClassVar[str] = "fanfare.seat.declined.v1"
    draw: DrawId
    member: MemberId


DrawEvent = DrawAnnounced | EntrantsFixed | DrawDone | DrawVoided
"""The contested ones."""
Press = DrawEntered | DrawLeft
SeatAnswer = SeatAccepted | SeatDeclined
Status = Literal["open", "fixed", "done", "void"]


class Draw(msgspec.Struct, frozen=True):
    """A draw as its decisions have made it."""

    announced: DrawAnnounced
    announced_at: datetime
    status: Status = "open"
    fixed: EntrantsFixed | None = None
    done: DrawDone | None = None
    done_at: datetime | None = None
    reason: str = ""
    """The text hash of why it was called off."""


def evolve(state: Draw | None, event: DrawEvent, at: datetime) -> Draw | None:
    """
    Return *state* with *event* taken in; what makes no sense there changes nothing.

    Args:
        state: none before the announcement.
        at: the time of the event.
    """
    if state is None:
        return Draw(event, at) if isinstance(event, DrawAnnounced) else None
    change, announced = msgspec.structs.replace, state.announced
    match state.status, event:
        case "open", EntrantsFixed() if announced.closes_at <= at < announced.beacon.at:
            return change(state, status="fixed", fixed=event)
        case "fixed", DrawDone() if at >= announced.beacon.at:
            return change(state, status="done", done=event, done_at=at)
        case (("open" | "fixed"), DrawVoided(reason=reason)):
            return change(state, status="void", reason=reason)
        case _:
            return state
