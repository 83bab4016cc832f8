"""Rewards: things and experiences that hosts give to fans, from the stock to the doorstep. One contested stream a reward."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal

import msgspec

from fanfare.record.draws import DrawId
from fanfare.record.kinds import CampaignId, ContentId, Event, MemberId, TextHash

RewardId = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]{4,40}(?!\n)$", description="Of a reward; its contested stream, too.")]
OfferId = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]{4,40}(?!\n)$", description="Of one reward to one member.")]
Kind = Literal["thing", "experience"]
Country = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}(?!\n)$", description="ISO 3166-1 alpha-2, such as AT.")]
Stock = Annotated[int, msgspec.Meta(ge=1, le=10_000, description="How many there are in all, with those that were given.")]
_Years = Annotated[int, msgspec.Meta(ge=0, le=99)]
Handled = Literal["prepared", "sent", "arrived", "failed"]
State = Literal["waiting", "offered", "accepted", "prepared", "sent", "arrived", "failed", "declined", "lapsed", "withdrawn"]
"""``waiting``: on the reserve list, without a place. ``failed``: it did not reach her. The last three have fallen."""
FALLEN: frozenset[State] = frozenset({"declined", "lapsed", "withdrawn"})
PLACELESS = FALLEN | {"waiting"}
"""In every other state an offer takes one of the stock."""


class RewardAdded(Event, frozen=True):
    """A host put a reward on the shelf: what it is, how many there are, and who may have it."""

    wire: ClassVar[str] = "fanfare.reward.added.v1"
    reward: RewardId
    kind: Kind
    title: TextHash
    words: TextHash
    stock: Stock
    by: MemberId
    answer_h: Annotated[int, msgspec.Meta(ge=0, le=2160)] = 0
    """Within how many hours an offer has to be accepted, or else the next on the reserve list gets it; 0: it waits for ever."""
    min_age: _Years = 0
    guardian_below: _Years = 0
    """Who is younger needs the consent of a guardian; 0: nobody does."""
    countries: Annotated[tuple[Country, ...], msgspec.Meta(max_length=60)] = ()
    """Where one has to live; empty: anywhere."""
    sent: bool = False
    """It goes by post, so a postal address is asked for. No address is ever in the record."""
    campaign: CampaignId | None = None

    def __post_init__(self) -> None:
        """Refuse a guardian for those who are too young anyway, and countries that are not sorted, each once."""
        if self.guardian_below and self.guardian_below < self.min_age:
            message = "a guardian consents for those who are old enough"
            raise ValueError(message)
        if self.countries != tuple(sorted(set(self.countries))):
            message = "countries are sorted, each once"
            raise ValueError(message)


class StockSet(Event, frozen=True):
    """A host said how many there are in all from now on: never fewer than have been given. It may free the reserve list."""

    wire: ClassVar[str] = "fanfare.reward.stock-set.v1"
    reward: RewardId
    stock: Stock
    by: MemberId
    reason: TextHash


class RewardClosed(Event, frozen=True):
    """Nobody is offered it any more. Offers that were made stay; who waited on the reserve list waits no longer."""

    wire: ClassVar[str] = "fanfare.reward.closed.v1"
    reward: RewardId
    by: MemberId
    reason: TextHash


class RewardOffered(Event, frozen=True):
    """
    A host offered a reward to a member, with a reason. It takes one of the stock.

    With none left it changes nothing, unless it waits: then she is on the reserve list, in the order of the record, and is
    offered one as soon as one becomes free. That is not written: it follows.
    """

    wire: ClassVar[str] = "fanfare.reward.offered.v1"
    reward: RewardId
    offer: OfferId
    member: MemberId
    by: MemberId
    reason: TextHash
    because: Annotated[tuple[ContentId, ...], msgspec.Meta(max_length=20)] = ()
    """The contributions that justify it."""
    draw: DrawId | None = None
    """In which she won it."""
    waits: bool = False


class OfferAccepted(Event, frozen=True):
    """A member takes what she was offered. What she said of her age and her country is in the vault alone."""

    wire: ClassVar[str] = "fanfare.offer.accepted.v1"
    reward: RewardId
    offer: OfferId
    member: MemberId
    guardian: bool = False
    """A guardian consented, as reported."""


class OfferDeclined(Event, frozen=True):
    """A member does not take it, or gives it back before it is prepared, or her guardian said no. It goes to the next."""

    wire: ClassVar[str] = "fanfare.offer.declined.v1"
    reward: RewardId
    offer: OfferId
    member: MemberId


class OfferLapsed(Event, frozen=True):
    """Nobody answered an offer in time, or whoever it was for was erased before it was sent. It goes to the next."""

    wire: ClassVar[str] = "fanfare.offer.lapsed.v1"
    reward: RewardId
    offer: OfferId
    why: Literal["unanswered", "erased"] = "unanswered"


class OfferWithdrawn(Event, frozen=True):
    """A host took an offer back before it was sent, or after that failed, with a reason. It goes to the next."""

    wire: ClassVar[str] = "fanfare.offer.withdrawn.v1"
    reward: RewardId
    offer: OfferId
    by: MemberId
    reason: TextHash


class OfferHandled(Event, frozen=True):
    """A host says how far it has come: prepared, sent, arrived or failed. That it arrived, the member may say herself."""

    wire: ClassVar[str] = "fanfare.offer.handled.v1"
    reward: RewardId
    offer: OfferId
    state: Handled
    by: MemberId
    reason: TextHash | None = None


OfferEvent = OfferAccepted | OfferDeclined | OfferLapsed | OfferWithdrawn | OfferHandled
RewardEvent = RewardAdded | StockSet | RewardClosed | RewardOffered | OfferEvent
"""All are contested."""


class Offer(msgspec.Struct, frozen=True):
    """An offer as its decisions have made it."""

    offered: RewardOffered
    at: datetime
    """When a host made it."""
    state: State
    since: datetime
    until: datetime | None = None
    """By when it has to be accepted; none while it waits for a place, and where it waits for ever."""
    guardian: bool = False
    reason: str = ""
    """The text hash of why it was withdrawn or failed."""

    def is_over(self, now: datetime) -> bool:
        """Tell whether the time to answer is over; the lapse may not be written yet."""
        return self.state == "offered" and self.until is not None and now >= self.until


class Reward(msgspec.Struct, frozen=True):
    """A reward as its decisions have made it."""

    added: RewardAdded
    added_at: datetime
    stock: int
    offers: dict[str, Offer] = {}
    """By id, in the order of the record."""
    of: dict[str, str] = {}
    """The latest offer of each member."""
    taken: int = 0
    waiting: tuple[str, ...] = ()
    """The reserve list, the first first. Empty while there are any left."""
    closed_at: datetime | None = None
    reason: str = ""
    """The text hash of why it was closed."""

    @property
    def left(self) -> int:
        """How many can still be offered."""
        return 0 if self.closed_at else self.stock - self.taken

    def of_member(self, member: str) -> Offer | None:
        """Return the offer of a member that has not fallen."""
        found = self.offers.get(self.of.get(member, ""))
        return found if found and found.state not in FALLEN else None


BEFORE: dict[type[Event], frozenset[State]] = {
    OfferAccepted: frozenset({"offered"}),
    OfferDeclined: frozenset({"waiting", "offered", "accepted"}),
    OfferWithdrawn: frozenset({"waiting", "offered", "accepted", "prepared", "failed"}),
}
HANDLED_FROM: dict[Handled, frozenset[State]] = {
    "prepared": frozenset({"accepted", "failed"}),
    "sent": frozenset({"accepted", "prepared", "failed"}),
    "arrived": frozenset({"accepted", "prepared", "sent", "failed"}),
    "failed": frozenset({"accepted", "prepared", "sent"}),
}
LAPSES_ERASED: frozenset[State] = frozenset({"waiting", "offered", "accepted", "prepared", "failed"})


def evolve(state: Reward | None, event: RewardEvent, at: datetime) -> Reward | None:
    """
    Return *state* with *event* taken in; what makes no sense there changes nothing: no order of events gives more than there is.

    Args:
        state: none before the reward was added.
        at: the time of the event.
    """
    if state is None:
        return Reward(event, at, event.stock) if isinstance(event, RewardAdded) else None
    change = msgspec.structs.replace
    match event:
        case StockSet(stock=stock) if stock >= state.taken and state.closed_at is None:
            return _lifted(change(state, stock=stock), at)
        case RewardClosed(reason=reason) if state.closed_at is None:
            ended = {each: change(state.offers[each], state="lapsed", since=at) for each in state.waiting}
            return change(state, offers=state.offers | ended, waiting=(), closed_at=at, reason=reason)
        case RewardOffered():
            return _offered(state, event, at)
        case OfferAccepted() | OfferDeclined() | OfferLapsed() | OfferWithdrawn() | OfferHandled():
            return _moved(state, event, at)
        case _:
            return state


def _offered(state: Reward, event: RewardOffered, at: datetime) -> Reward:
    if state.closed_at or event.offer in state.offers or state.of_member(event.member):
        return state
    if not state.left and not event.waits:
        return state
    made = Offer(event, at, "waiting", at)
    changed = {"offers": state.offers | {event.offer: made}, "of": state.of | {event.member: event.offer}}
    return _lifted(msgspec.structs.replace(state, waiting=(*state.waiting, event.offer), **changed), at)


def _moved(state: Reward, event: OfferEvent, at: datetime) -> Reward:
    offer = state.offers.get(event.offer)
    to = offer and _next(offer, event, at)
    if offer is None or to is None:
        return state
    change, reason = msgspec.structs.replace, getattr(event, "reason", None)
    guardian = event.guardian if isinstance(event, OfferAccepted) else offer.guardian
    moved = change(offer, state=to, since=at, until=None, guardian=guardian, reason=reason or "")
    freed = (offer.state not in PLACELESS) - (to not in PLACELESS)
    waiting = tuple(each for each in state.waiting if each != event.offer) if offer.state == "waiting" else state.waiting
    changed = change(state, offers=state.offers | {event.offer: moved}, taken=state.taken - freed, waiting=waiting)
    return _lifted(changed, at) if freed else changed


def _next(offer: Offer, event: OfferEvent, at: datetime) -> State | None:
    """Return what an event makes of an offer; none where it makes no sense."""
    match event:
        case OfferAccepted(member=member) if offer.state == "offered" and member == offer.offered.member:
            return None if offer.is_over(at) else "accepted"
        case OfferDeclined(member=member) if offer.state in BEFORE[OfferDeclined] and member == offer.offered.member:
            return "declined"
        case OfferLapsed(why="unanswered") if offer.is_over(at):
            return "lapsed"
        case OfferLapsed(why="erased") if offer.state in LAPSES_ERASED:
            return "lapsed"
        case OfferWithdrawn() if offer.state in BEFORE[OfferWithdrawn]:
            return "withdrawn"
        case OfferHandled(state=to) if offer.state in HANDLED_FROM[to]:
            return to
        case _:
            return None


def _lifted(state: Reward, at: datetime) -> Reward:
    """Offer what is free to those who wait, the first first; their time to answer begins at *at*."""
    lifted = state.waiting[: max(0, state.left)]
    if not lifted:
        return state
    change, until = msgspec.structs.replace, at + timedelta(hours=state.added.answer_h) if state.added.answer_h else None
    made = {each: change(state.offers[each], state="offered", since=at, until=until) for each in lifted}
    return change(state, offers=state.offers | made, taken=state.taken + len(lifted), waiting=state.waiting[len(lifted) :])


def handed_over(rewards: Iterable[Reward]) -> int:
    """Return how many offers arrived: what people gave, beside titles and kudos."""
    return sum(each.state == "arrived" for reward in rewards for each in reward.offers.values())
