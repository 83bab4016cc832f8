"""What must hold of rewards in whatever order things happen: no more given than there are, and nobody waits beside a free one."""

from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fanfare.platform.refusals import Refusal
from fanfare.record.kinds import Event
from fanfare.record.rewards import (
    FALLEN,
    PLACELESS,
    OfferAccepted,
    OfferDeclined,
    OfferHandled,
    OfferLapsed,
    OfferWithdrawn,
    Reward,
    RewardAdded,
    RewardClosed,
    RewardEvent,
    RewardOffered,
    StockSet,
    evolve,
)
from fanfare.rewards import decide
from tests.builders import HOST, NOON, text

FANS, OFFERS = ("anna", "bert", "carl"), tuple(f"offer{n}" for n in range(5))
WHY, OF = text("Because."), "bottle"


def added(stock: int, answer_h: int) -> RewardAdded:
    return RewardAdded(reward=OF, kind="thing", title=WHY, words=WHY, stock=stock, answer_h=answer_h, by=HOST)


def anything(random: Random) -> RewardEvent:
    """Return an event of any kind, also what no service would ever write."""
    number = random.randrange(len(OFFERS))
    offer, member = OFFERS[number], FANS[number % len(FANS)] if random.random() < 0.9 else random.choice(FANS)
    match random.choices(
        ("offer", "accept", "decline", "lapse", "withdraw", "handle", "stock", "close"), (30, 15, 8, 8, 5, 20, 12, 1)
    )[0]:
        case "offer":
            return RewardOffered(reward=OF, offer=offer, member=member, by=HOST, reason=WHY, waits=random.random() < 0.5)
        case "accept":
            return OfferAccepted(reward=OF, offer=offer, member=member)
        case "decline":
            return OfferDeclined(reward=OF, offer=offer, member=member)
        case "lapse":
            return OfferLapsed(reward=OF, offer=offer, why=random.choice(("unanswered", "erased")))
        case "withdraw":
            return OfferWithdrawn(reward=OF, offer=offer, by=HOST, reason=WHY)
        case "handle":
            return OfferHandled(reward=OF, offer=offer, state=random.choice(("prepared", "sent", "arrived", "failed")), by=HOST)
        case "stock":
            return StockSet(reward=OF, stock=random.randint(1, 4), by=HOST, reason=WHY)
        case _:
            return RewardClosed(reward=OF, by=HOST, reason=WHY)


Steps = list[tuple[int, RewardEvent]]
"""Minutes after the step before, and what happens."""


def steps_of(seed: int) -> Steps:
    """Return sixty steps that a seed makes, so that a failure can be told again."""
    random = Random(seed)
    return [(random.choice((0, 0, 0, 20, 70)), anything(random)) for _ in range(60)]


_stock, STEPS = st.integers(1, 4), st.integers(0, 2**32).map(steps_of)


def held(reward: Reward) -> None:
    """Check what must hold of a reward, counted from its offers alone."""
    placed = [each for each in reward.offers.values() if each.state not in PLACELESS]
    waiting = [each.offered.offer for each in reward.offers.values() if each.state == "waiting"]
    assert len(placed) == reward.taken <= reward.stock
    assert list(reward.waiting) == waiting
    assert not waiting or (reward.left == 0 and reward.closed_at is None)
    live = [each.offered.member for each in reward.offers.values() if each.state not in FALLEN]
    assert len(live) == len(set(live))
    assert all((each.until is None) or each.state == "offered" for each in reward.offers.values())


def told(stock: int, answer_h: int, steps: Steps) -> Reward:
    """Fold what happened, and check after every step."""
    state, at = evolve(None, added(stock, answer_h), NOON), NOON
    for minutes, event in steps:
        at += timedelta(minutes=minutes)
        state = evolve(state, event, at)
        assert state is not None
        held(state)
    assert state is not None
    return state


@settings(max_examples=600)
@given(_stock, st.sampled_from((0, 1)), STEPS)
def test_whatever_stands_in_the_record_no_more_is_given_than_there_is(stock: int, answer_h: int, steps: Steps) -> None:
    told(stock, answer_h, steps)


@settings(max_examples=300)
@given(_stock, st.sampled_from((0, 1)), STEPS)
def test_an_event_that_comes_twice_changes_nothing_the_second_time(stock: int, answer_h: int, steps: Steps) -> None:
    twice = [step for minutes, event in steps for step in ((minutes, event), (0, event))]

    assert told(stock, answer_h, twice) == told(stock, answer_h, steps)


def decided(state: Reward, event: RewardEvent, now: datetime) -> list[Event]:
    """Let the service answer the command that would make *event* true."""
    match event:
        case RewardOffered():
            return decide.offer(state, event)
        case OfferAccepted(offer=offer, member=member):
            return decide.accept(state, offer, member, now)
        case OfferDeclined(offer=offer, member=member):
            return decide.decline(state, offer, member)
        case OfferLapsed(offer=offer, why=why):
            return decide.lapse(state, offer, now, erased=why == "erased")
        case OfferWithdrawn(offer=offer):
            return decide.withdraw(state, offer, WHY, HOST)
        case OfferHandled(offer=offer, state=to):
            return decide.handle(state, offer, to, HOST, None)
        case StockSet(stock=stock):
            return decide.set_stock(state, stock, WHY, HOST)
        case RewardClosed():
            return decide.close(state, WHY, HOST)
        case _:
            return decide.add(state, event, frozenset())


@settings(max_examples=600)
@given(_stock, st.sampled_from((0, 1)), STEPS)
def test_what_is_decided_takes_effect_and_what_is_refused_would_have_had_none(stock: int, answer_h: int, steps: Steps) -> None:
    state, at = evolve(None, added(stock, answer_h), NOON), NOON
    for minutes, event in steps:
        at += timedelta(minutes=minutes)
        assert state is not None
        if isinstance(event, RewardOffered) and event.offer in state.offers:
            continue  # an id follows from the request: the same is the same request
        try:
            (event_decided,) = decided(state, event, at)
        except Refusal:
            assert evolve(state, event, at) == state
            continue
        after = evolve(state, event_decided, at)  # type: ignore[arg-type]
        assert after is not None
        assert after != state or (isinstance(event, StockSet) and event.stock == state.stock)
        state = after


@pytest.mark.parametrize("answer_h", [0, 1])
def test_the_first_who_waits_is_the_first_who_is_offered_and_her_time_begins_then(answer_h: int) -> None:
    steps: Steps = [
        (0, RewardOffered(offer=offer, member=fan, waits=True, by=HOST, reason=WHY, reward=OF))
        for offer, fan in zip(OFFERS, FANS, strict=False)
    ]
    steps += [(30, OfferDeclined(offer=OFFERS[0], member="anna", reward=OF))]

    found = told(1, answer_h, steps)

    assert [each.state for each in found.offers.values()] == ["declined", "offered", "waiting"]
    at = NOON + timedelta(minutes=30)
    assert (found.offers[OFFERS[1]].since, found.offers[OFFERS[1]].until) == (at, at + timedelta(hours=1) if answer_h else None)
