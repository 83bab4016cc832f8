"""What may happen to a reward and its offers. Pure: state, time and ids come in as arguments, facts or a refusal go out."""

from datetime import date, datetime
from typing import Literal

import msgspec

from fanfare.platform.language import gettext as _
from fanfare.record.kinds import Event
from fanfare.record.rewards import (
    BEFORE,
    FALLEN,
    HANDLED_FROM,
    LAPSES_ERASED,
    Handled,
    Offer,
    OfferAccepted,
    OfferDeclined,
    OfferHandled,
    OfferLapsed,
    OfferWithdrawn,
    Reward,
    RewardAdded,
    RewardClosed,
    RewardOffered,
    StockSet,
)
from fanfare.rewards import refusals

Age = Literal["old-enough", "needs-guardian", "too-young"]
"""What follows from a date of birth for one reward."""


def known(state: Reward | None) -> Reward:
    """Return a reward that is there. Raises: RewardNotFound."""
    if state is None:
        raise refusals.RewardNotFound
    return state


def made(state: Reward | None, offer: str, member: str = "") -> Offer:
    """Return an offer of a reward, of *member* where one is named. Raises: RewardNotFound, OfferNotFound."""
    found = known(state).offers.get(offer)
    if found is None or (member and found.offered.member != member):
        raise refusals.OfferNotFound
    return found


def add(state: Reward | None, event: RewardAdded, campaigns: frozenset[str]) -> list[Event]:
    """
    Put a reward on the shelf.

    Args:
        campaigns: the public ones.

    Raises:
        RewardIsThere, RewardRefused.
    """
    if state is not None:
        raise refusals.RewardIsThere
    if event.campaign is not None and event.campaign not in campaigns:
        raise refusals.RewardRefused(_("There is no such public campaign."), field="campaign")
    return [event]


def set_stock(state: Reward | None, stock: int, reason: str, by: str) -> list[Event]:
    """Say how many there are in all. Raises: RewardNotFound, RewardIsClosed, StockTaken."""
    reward = _open(state)
    if stock < reward.taken:
        raise refusals.StockTaken(field="stock")
    return [StockSet(reward=reward.added.reward, stock=stock, by=by, reason=reason)]


def close(state: Reward | None, reason: str, by: str) -> list[Event]:
    """Offer a reward to nobody any more. Raises: RewardNotFound, RewardIsClosed."""
    return [RewardClosed(reward=_open(state).added.reward, by=by, reason=reason)]


def _open(state: Reward | None) -> Reward:
    if known(state).closed_at:
        raise refusals.RewardIsClosed
    return known(state)


def offer(state: Reward | None, event: RewardOffered) -> list[Event]:
    """
    Offer a reward to a member.

    Raises:
        RewardNotFound, RewardIsClosed, OfferToYourself, AlreadyOffered.
        NoneLeft: and the offer does not wait.
    """
    reward = _open(state)
    if event.member == event.by:
        raise refusals.OfferToYourself
    if reward.of_member(event.member):
        raise refusals.AlreadyOffered
    if not reward.left and not event.waits:
        raise refusals.NoneLeft
    return [event]


def accept(state: Reward | None, offer_id: str, member: str, now: datetime, *, guardian: bool = False) -> list[Event]:
    """Accept an offer. Raises: RewardNotFound, OfferNotFound, OfferOver."""
    found = made(state, offer_id, member)
    if found.state not in BEFORE[OfferAccepted] or found.is_over(now):
        raise refusals.OfferOver
    return [OfferAccepted(reward=found.offered.reward, offer=offer_id, member=member, guardian=guardian)]


def decline(state: Reward | None, offer_id: str, member: str) -> list[Event]:
    """Decline an offer, or give it back. Raises: RewardNotFound, OfferNotFound, OfferOver, NotThatFar."""
    found = made(state, offer_id, member)
    if found.state in FALLEN:
        raise refusals.OfferOver
    if found.state not in BEFORE[OfferDeclined]:
        raise refusals.NotThatFar
    return [OfferDeclined(reward=found.offered.reward, offer=offer_id, member=member)]


def withdraw(state: Reward | None, offer_id: str, reason: str, by: str) -> list[Event]:
    """Take an offer back. Raises: RewardNotFound, OfferNotFound, OfferOver, NotThatFar."""
    found = made(state, offer_id)
    if found.state in FALLEN:
        raise refusals.OfferOver
    if found.state not in BEFORE[OfferWithdrawn]:
        raise refusals.NotThatFar
    return [OfferWithdrawn(reward=found.offered.reward, offer=offer_id, by=by, reason=reason)]


def handle(state: Reward | None, offer_id: str, to: Handled, by: str, reason: str | None) -> list[Event]:
    """Say how far an offer has come. Raises: RewardNotFound, OfferNotFound, NotThatFar."""
    found = made(state, offer_id)
    if found.state not in HANDLED_FROM[to]:
        raise refusals.NotThatFar
    return [OfferHandled(reward=found.offered.reward, offer=offer_id, state=to, by=by, reason=reason)]


def lapse(state: Reward | None, offer_id: str, now: datetime, *, erased: bool = False) -> list[Event]:
    """Let an offer lapse that nobody answered, or whose member is gone. Raises: RewardNotFound, OfferNotFound, OfferOver."""
    found = made(state, offer_id)
    if erased and found.state in LAPSES_ERASED:
        return [OfferLapsed(reward=found.offered.reward, offer=offer_id, why="erased")]
    if erased or not found.is_over(now):
        raise refusals.OfferOver
    return [OfferLapsed(reward=found.offered.reward, offer=offer_id)]


class Needs(msgspec.Struct, frozen=True):
    """What has to be said to accept a reward."""

    birth: bool
    country: bool
    address: bool


def needs(added: RewardAdded) -> Needs:
    """Return what a reward asks of whoever accepts it: nothing that it does not need."""
    return Needs(bool(added.min_age or added.guardian_below), bool(added.countries or added.sent), added.sent)


def complete(added: RewardAdded, birth: date | None, country: str, *, has_address: bool, said_before: bool, today: date) -> None:
    """
    Check that an answer says what the reward needs.

    Args:
        said_before: she has told her age already; it stands.

    Raises:
        AnswerIncomplete, NotInCountry.
    """
    wanted = needs(added)
    for missing, sentence, field in (
        (wanted.birth and birth is None and not said_before, _("Say when you were born. It is not kept."), "birth"),
        (
            birth is not None and not 0 <= age(birth, today) <= 130,
            _("This is no date of birth. Check the year."),
            "birth",
        ),
        (wanted.country and not country, _("Choose the country that you live in."), "country"),
        (wanted.address and not has_address, _("Say where the parcel goes."), "lines"),
    ):
        if missing:
            raise refusals.AnswerIncomplete(sentence, field=field)
    if added.countries and country not in added.countries:
        raise refusals.NotInCountry(field="country")


def standing(added: RewardAdded, birth: date | None, today: date) -> Age:
    """Return what a date of birth means for a reward; without one nothing was asked."""
    if birth is None or not needs(added).birth:
        return "old-enough"
    years = age(birth, today)
    if years < added.min_age:
        return "too-young"
    return "needs-guardian" if years < added.guardian_below else "old-enough"


def age(birth: date, today: date) -> int:
    """Return how many birthdays somebody has had; who was born on 29 February has hers on 1 March in other years."""
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
