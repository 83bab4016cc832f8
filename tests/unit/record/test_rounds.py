"""The life of a round: given what happened, when something more happens, then it is so."""

from datetime import datetime, timedelta, timezone

import msgspec
import pytest

from fanfare.record.campaigns import (
    Campaign,
    PassedOver,
    Round,
    RoundClosed,
    RoundClosing,
    RoundExtended,
    RoundOpened,
    RoundPaused,
    RoundResumed,
    RoundReworded,
    RoundRuled,
    RoundSealed,
    RoundVoided,
    evolve,
)
from fanfare.record.kinds import Event
from fanfare.record.members import MemberJoined
from fanfare.record.terms import hash_terms, slot
from tests.builders import ASK, HOST, NOON, a_plan, planned, published, terms_for, text, token

PLAN = a_plan()
TERMS = terms_for(PLAN)
LATER = NOON + timedelta(hours=5)

PLANNED = (published(), planned(PLAN))
OPENED = RoundOpened(terms=TERMS)
PAUSED = RoundPaused(round="final", reason=text("Rain."), by=HOST)
RESUMED = RoundResumed(round="final", by=HOST)
EXTENDED = RoundExtended(round="final", closes_at=LATER, reason=text("Snow."), by=HOST)
REWORDED = RoundReworded(
    round="final", ask=msgspec.structs.replace(ASK, question=text("Really?")), reason=text("A typo."), by=HOST
)
VOIDED = RoundVoided(round="final", reason=text("A fault."), by=HOST)
UNREAD = PassedOver(position="2:7:1", sha256=text("rubbish"))
RULED = RoundRuled(round="final", events=(UNREAD,), reason=text("A disk failed."), by=HOST)
CLOSING = RoundClosing(round="final")
CLOSED = RoundClosed(round="final")
SEALED = RoundSealed(round="final", moment=(9, 1, 1, 1), report=text("report"))
OPEN = (*PLANNED, OPENED)
LIVES = {
    "planned": PLANNED,
    "open": OPEN,
    "closing": (*OPEN, CLOSING),
    "closed": (*OPEN, CLOSING, CLOSED),
    "sealed": (*OPEN, CLOSING, CLOSED, SEALED),
    "void": (*OPEN, VOIDED),
}
STEPS: dict[str, Event] = {
    "opened": OPENED,
    "extended": EXTENDED,
    "reworded": REWORDED,
    "paused": PAUSED,
    "resumed": RESUMED,
    "voided": VOIDED,
    "closing": CLOSING,
    "closed": CLOSED,
    "ruled": RULED,
    "sealed": SEALED,
}
ALLOWED = {
    ("planned", "opened"): "open",
    ("planned", "voided"): "void",
    ("open", "extended"): "open",
    ("open", "ruled"): "open",
    ("closing", "ruled"): "closing",
    ("closed", "ruled"): "closed",
    ("open", "reworded"): "open",
    ("open", "paused"): "open",
    ("open", "resumed"): "open",
    ("open", "closing"): "closing",
    ("open", "voided"): "void",
    ("closing", "closed"): "closed",
    ("closing", "voided"): "void",
    ("closed", "sealed"): "sealed",
    ("closed", "voided"): "void",
    ("sealed", "voided"): "void",
}


def given(*events: Event) -> Campaign:
    """Return the campaign after *events*."""
    state = Campaign()
    for event in events:
        state = evolve(state, event)
    return state


def final(*events: Event) -> Round:
    """Return the round ``final`` after *events*."""
    found = given(*events).round("final")
    assert found is not None
    return found


@pytest.mark.parametrize("status", LIVES)
@pytest.mark.parametrize("step", STEPS)
def test_a_round_changes_only_as_its_life_allows(status: str, step: str) -> None:
    before = final(*LIVES[status])

    after = final(*LIVES[status], STEPS[step])

    assert before.status == status
    assert after.status == ALLOWED.get((status, step), status)
    assert (status, step) in ALLOWED or after == before


def test_a_campaign_is_published_once_and_keeps_the_order_of_its_rounds() -> None:
    state = given(*PLANNED, planned(PLAN, "bonus"), msgspec.structs.replace(published(), title=text("Another")))

    assert (state.id, state.title, state.by) == ("flavour", published().title, HOST)
    assert [each.id for each in state.rounds] == ["final", "bonus"]
    assert state.round("semifinal") is None


def test_a_plan_is_replaced_until_the_round_opens() -> None:
    other = a_plan("x", "y", advance=2)

    assert final(*PLANNED, planned(other)).plan == other
    assert final(*OPEN, planned(other)).plan == PLAN


def test_opening_freezes_the_terms_and_what_they_say_holds() -> None:
    terms = terms_for(msgspec.structs.replace(PLAN, opens_at=NOON - timedelta(hours=1), closes_at=LATER))

    found = final(*PLANNED, RoundOpened(terms=terms))

    assert (found.terms, found.terms_hash) == (terms, hash_terms(terms))
    assert (found.plan, found.closes_at, found.ask) == (terms.plan, LATER, ASK)


def test_an_extension_moves_the_close_and_leaves_the_terms() -> None:
    found = final(*OPEN, EXTENDED, EXTENDED)

    assert (found.closes_at, found.extended, found.reason) == (LATER, 2, text("Snow."))
    assert (found.terms, found.terms_hash) == (TERMS, hash_terms(TERMS))


def test_a_new_wording_leaves_the_terms() -> None:
    found = final(*OPEN, REWORDED)

    assert found.ask == REWORDED.ask
    assert found.terms == TERMS


def test_a_pause_ends_with_its_resumption_its_closing_or_its_void() -> None:
    assert final(*OPEN, PAUSED).paused
    assert not any(final(*OPEN, PAUSED, end).paused for end in (RESUMED, CLOSING, VOIDED))


def test_a_sealed_round_holds_what_was_sealed() -> None:
    assert final(*LIVES["sealed"]).sealed == SEALED


def test_what_is_not_about_the_campaign_changes_nothing() -> None:
    state = given(*OPEN)

    assert evolve(state, MemberJoined(member="noor")) == state
    assert evolve(state, RoundClosing(round="unknown")) == state


@pytest.mark.parametrize("time", [datetime(2026, 11, 1, 9), datetime(2026, 11, 1, 9, tzinfo=timezone(timedelta(hours=1)))])  # noqa: DTZ001 - that is the fault
def test_a_time_that_is_not_in_utc_is_refused(time: datetime) -> None:
    with pytest.raises(ValueError, match="UTC"):
        a_plan(closes_at=time)
    with pytest.raises(ValueError, match="UTC"):
        RoundExtended(round="final", closes_at=time, reason=text("x"), by=HOST)


def test_the_hash_of_terms_follows_from_every_field_and_only_from_these() -> None:
    assert hash_terms(terms_for(a_plan())) == hash_terms(TERMS)
    others = [
        terms_for(a_plan(advance=2)),
        terms_for(a_plan(zone="UTC")),
        terms_for(PLAN, partitions=(3, 2, 1)),
        terms_for(PLAN, options=("b", "a", "c")),
    ]
    assert len({hash_terms(each) for each in [TERMS, *others]}) == 5


def test_a_voter_has_one_partition_of_those_listed_and_voters_spread_over_all() -> None:
    slots = [slot(token(f"voter {n}"), (1, 2, 3)) for n in range(300)]

    assert slots == [slot(token(f"voter {n}"), (1, 2, 3)) for n in range(300)]
    assert all(70 < slots.count(partition) < 130 for partition in (1, 2, 3))
    assert slot("00" * 16, (4,)) == 4
    assert slot("00" * 16, tuple(range(1000))) == 239  # the first 32 bits of SHA-256 of sixteen zero bytes, mod 1000
