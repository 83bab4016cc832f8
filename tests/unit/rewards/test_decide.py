"""Who may have a reward, how far an offer goes, and what is refused."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from fanfare.platform.refusals import Refusal, TextRefused
from fanfare.record.rewards import (
    OfferAccepted,
    OfferHandled,
    OfferWithdrawn,
    Reward,
    RewardAdded,
    RewardClosed,
    RewardEvent,
    RewardOffered,
    StockSet,
    evolve,
)
from fanfare.rewards import decide, refusals
from fanfare.rewards.countries import COUNTRIES
from fanfare.rewards.plan import Address, Answer, Plan
from tests.builders import HOST, NOON, text

OF, WHY = "bottle", text("Because.")
ADDED = RewardAdded(reward=OF, kind="thing", title=WHY, words=WHY, stock=1, answer_h=24, by=HOST)
TODAY = date(2026, 11, 22)
GRAZ = Address("Noor Aziz", "Annenstraße 9\n8020 Graz")


def offered(offer: str, member: str, **changes: Any) -> RewardOffered:  # noqa: ANN401 - fields of an event
    return msgspec.structs.replace(RewardOffered(reward=OF, offer=offer, member=member, by=HOST, reason=WHY), **changes)


def complete(reward: RewardAdded, answer: Answer, *, said_before: bool = False) -> None:
    given = answer.address is not None
    decide.complete(reward, answer.birth, answer.country, has_address=given, said_before=said_before, today=TODAY)


def after(*events: RewardEvent) -> Reward:
    """Return the reward after these events, all at noon."""
    state = evolve(None, ADDED, NOON)
    for each in events:
        state = evolve(state, each, NOON)
    assert state is not None
    return state


GIVEN = after(offered("offer1", "anna"))
ACCEPTED = after(offered("offer1", "anna"), OfferAccepted(reward=OF, offer="offer1", member="anna"))
SENT = evolve(ACCEPTED, OfferHandled(reward=OF, offer="offer1", state="sent", by=HOST), NOON)
CLOSED = after(RewardClosed(reward=OF, by=HOST, reason=WHY))


@pytest.mark.parametrize(
    ("born", "years"),
    [((2013, 11, 22), 13), ((2013, 11, 23), 12), ((2012, 2, 29), 14), ((2026, 11, 22), 0), ((2026, 11, 23), -1)],
)
def test_somebody_is_as_old_as_she_had_birthdays(born: tuple[int, int, int], years: int) -> None:
    assert decide.age(date(*born), TODAY) == years


def test_who_was_born_on_the_29th_of_february_is_a_year_older_on_the_first_of_march() -> None:
    assert decide.age(date(2012, 2, 29), date(2026, 2, 28)) == 13
    assert decide.age(date(2012, 2, 29), date(2026, 3, 1)) == 14


@pytest.mark.parametrize(
    ("born", "standing"),
    [
        (date(2013, 11, 23), "too-young"),
        (date(2013, 11, 22), "needs-guardian"),
        (date(2008, 11, 23), "needs-guardian"),
        (date(2008, 11, 22), "old-enough"),
        (None, "old-enough"),
    ],
)
def test_an_age_means_old_enough_or_a_guardian_or_too_young(born: date | None, standing: str) -> None:
    reward = msgspec.structs.replace(ADDED, min_age=13, guardian_below=18)

    assert decide.standing(reward, born, TODAY) == standing
    assert decide.standing(ADDED, date(2026, 1, 1), TODAY) == "old-enough"


@pytest.mark.parametrize(
    ("changes", "answer", "field"),
    [
        ({"min_age": 13}, Answer(), "birth"),
        ({"guardian_below": 16}, Answer(), "birth"),
        ({"min_age": 13}, Answer(date(2026, 11, 23)), "birth"),
        ({"min_age": 13}, Answer(date(1895, 1, 1)), "birth"),
        ({"countries": ("AT",)}, Answer(), "country"),
        ({"sent": True}, Answer(), "country"),
        ({"sent": True}, Answer(country="AT"), "lines"),
    ],
)
def test_what_the_reward_needs_is_asked_for_and_nothing_else(changes: dict[str, Any], answer: Answer, field: str) -> None:
    reward = msgspec.structs.replace(ADDED, **changes)
    with pytest.raises(refusals.AnswerIncomplete) as refused:
        complete(reward, answer)

    assert refused.value.extra == {"field": field}
    complete(reward, Answer(date(2000, 1, 1), "AT", GRAZ))
    complete(ADDED, Answer())


def test_what_was_said_of_the_age_before_need_not_be_said_again() -> None:
    complete(msgspec.structs.replace(ADDED, min_age=13), Answer(), said_before=True)


def test_an_offer_is_refused_by_the_state_that_forbids_it() -> None:
    for state, event, refusal in (
        (None, offered("offer2", "bert"), refusals.RewardNotFound),
        (CLOSED, offered("offer2", "bert", waits=True), refusals.RewardIsClosed),
        (GIVEN, offered("offer2", "bert"), refusals.NoneLeft),
        (GIVEN, offered("offer2", "anna", waits=True), refusals.AlreadyOffered),
        (after(), offered("offer2", HOST), refusals.OfferToYourself),
    ):
        with pytest.raises(refusal):
            decide.offer(state, event)
    assert decide.offer(GIVEN, offered("offer2", "bert", waits=True))


def test_nobody_answers_an_offer_of_another_or_after_its_time_or_twice() -> None:
    for state, member, at, refusal in (
        (GIVEN, "bert", NOON, refusals.OfferNotFound),
        (GIVEN, "anna", NOON + timedelta(hours=24), refusals.OfferOver),
        (ACCEPTED, "anna", NOON, refusals.OfferOver),
    ):
        with pytest.raises(refusal):
            decide.accept(state, "offer1", member, at)
    assert decide.accept(GIVEN, "offer1", "anna", NOON + timedelta(hours=24, seconds=-1))


def test_what_was_sent_is_neither_declined_nor_withdrawn_before_it_failed() -> None:
    with pytest.raises(refusals.NotThatFar):
        decide.decline(SENT, "offer1", "anna")
    with pytest.raises(refusals.NotThatFar):
        decide.withdraw(SENT, "offer1", WHY, HOST)
    failed = evolve(SENT, OfferHandled(reward=OF, offer="offer1", state="failed", by=HOST, reason=WHY), NOON)

    assert decide.withdraw(failed, "offer1", WHY, HOST) == [OfferWithdrawn(reward=OF, offer="offer1", by=HOST, reason=WHY)]
    with pytest.raises(refusals.NotThatFar):
        decide.handle(GIVEN, "offer1", "sent", HOST, None)


def test_a_stock_is_never_below_what_was_given() -> None:
    more = StockSet(reward=OF, stock=2, by=HOST, reason=WHY)
    with pytest.raises(refusals.StockTaken):
        decide.set_stock(after(more, offered("offer1", "anna"), offered("offer2", "bert")), 1, WHY, HOST)
    with pytest.raises(refusals.RewardIsClosed):
        decide.set_stock(CLOSED, 5, WHY, HOST)
    assert decide.set_stock(GIVEN, 2, WHY, HOST) == [more]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"stock": 0}, "stock"),
        ({"stock": 10_001}, "stock"),
        ({"answer_h": 2161}, "answer_h"),
        ({"min_age": 100}, "min_age"),
        ({"guardian_below": 100}, "guardian_below"),
        ({"min_age": 14, "guardian_below": 13}, "guardian_below"),
        ({"countries": ("AT", "XX")}, "countries"),
        ({"countries": tuple(COUNTRIES)}, "countries"),
    ],
)
def test_a_plan_that_does_not_hold_together_is_refused_by_its_field(changes: dict[str, Any], field: str) -> None:
    plan = Plan(**{"kind": "thing", "title": "A bottle", "words": "By hand.", "stock": 1, **changes})
    with pytest.raises(Refusal) as refused:
        plan.checked()

    assert refused.value.extra == {"field": field}


def test_a_plan_is_kept_with_its_countries_in_order_and_once() -> None:
    plan = Plan(kind="thing", title=" A bottle ", words="By hand.", stock=1, countries=("de", "AT", "DE ", ""))

    assert (plan.checked().countries, plan.checked().title) == (("AT", "DE"), "A bottle")
    with pytest.raises(TextRefused):
        msgspec.structs.replace(plan, words="").checked()


@pytest.mark.parametrize(
    "changes", [{"countries": ("DE", "AT")}, {"countries": ("AT", "AT")}, {"guardian_below": 12, "min_age": 13}, {"stock": 0}]
)
def test_a_reward_that_makes_no_sense_cannot_be_read_from_the_record(changes: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(msgspec.to_builtins(ADDED) | changes, RewardAdded)
