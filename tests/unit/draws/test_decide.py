"""What may happen to a draw, and what is refused."""

from datetime import timedelta

import msgspec
import pytest

from fanfare.draws import decide, refusals
from fanfare.lots.beacon import QUICKNET, published_at, simulated_value
from fanfare.lots.root import entrants_root
from fanfare.lots.seats import Seat
from fanfare.record.draws import (
    Draw,
    DrawAnnounced,
    DrawDone,
    DrawEntered,
    DrawLeft,
    DrawVoided,
    EntrantsFixed,
    SeatAccepted,
    SeatDeclined,
    SimulatedRound,
    evolve,
)
from tests.builders import HOST, text
from tests.unit.lots.test_beacon import SIGNATURE, VALUE

DUE = published_at(QUICKNET, 1000)
CLOSE = DUE - decide.MARGIN
BEFORE = CLOSE - timedelta(days=3)


def announced(**changes: object) -> DrawAnnounced:
    """Return a draw of two seats and one reserve that round 1000 of quicknet draws, changed as asked."""
    made = DrawAnnounced(
        draw="draw4b",
        purpose="seats",
        title=text("Two seats"),
        gets=text("An evening"),
        who=text("Everybody"),
        seats=2,
        reserves=1,
        closes_at=CLOSE,
        beacon=decide.beacon_for(CLOSE, simulated=False),
        by=HOST,
    )
    return msgspec.structs.replace(made, **changes)


def ground(**changes: object) -> decide.Ground:
    return msgspec.structs.replace(decide.Ground(BEFORE, simulation=False, campaigns=frozenset({"flavour"})), **changes)


OPEN = Draw(announced(), BEFORE)
FIXED = EntrantsFixed(draw="draw4b", read_to=7, count=1, root=entrants_root(["anna"]))


def state(*steps: tuple[object, timedelta]) -> Draw:
    """Return the draw after these steps, each so long after the close."""
    found: Draw | None = OPEN
    for event, later in steps:
        found = evolve(found, event, CLOSE + later)  # type: ignore[arg-type]
    assert found is not None
    return found


IS_FIXED = state((FIXED, timedelta(seconds=1)))
DONE = DrawDone(draw="draw4b", randomness=VALUE, signature=SIGNATURE)
IS_DONE = state((FIXED, timedelta(seconds=1)), (DONE, decide.MARGIN))


def test_an_announcement_names_the_first_round_that_comes_ten_minutes_after_the_close() -> None:
    event = announced()

    assert decide.announce(None, event, ground()) == [event]
    assert (event.beacon.round, event.beacon.at) == (1000, DUE)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("event", "changes", "field"),
    [
        (announced(), {"now": CLOSE}, "closes_at"),
        (announced(beacon=decide.beacon_for(CLOSE, simulated=True)), {}, "beacon"),
        (announced(beacon=decide.beacon_for(CLOSE + timedelta(hours=1), simulated=False)), {}, "beacon"),
        (announced(campaign="another"), {}, "campaign"),
    ],
)
def test_an_announcement_that_does_not_hold_together_is_refused_by_its_field(
    event: DrawAnnounced, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(refusals.DrawRefused) as refused:
        decide.announce(None, event, ground(**changes))

    assert refused.value.extra == {"field": field}


def test_a_simulation_may_draw_with_a_simulated_beacon() -> None:
    event = announced(beacon=decide.beacon_for(CLOSE, simulated=True))

    assert decide.announce(None, event, ground(simulation=True)) == [event]


def test_a_draw_is_announced_once() -> None:
    with pytest.raises(refusals.DrawIsAnnounced):
        decide.announce(OPEN, announced(), ground())


def test_an_odd_turn_enters_and_an_even_one_leaves() -> None:
    assert decide.press(OPEN, "anna", 1, BEFORE, may_enter=True) == [DrawEntered(draw="draw4b", member="anna", turn=1)]
    assert decide.press(OPEN, "anna", 2, BEFORE, may_enter=False) == [DrawLeft(draw="draw4b", member="anna", turn=2)]


@pytest.mark.parametrize("draw", [IS_FIXED, IS_DONE, state((DrawVoided(draw="draw4b", reason=text("r"), by=HOST), timedelta()))])
def test_nobody_enters_what_is_not_open(draw: Draw) -> None:
    with pytest.raises(refusals.DrawClosed):
        decide.press(draw, "anna", 1, BEFORE, may_enter=True)


def test_nobody_enters_from_the_close_on_nor_without_an_invitation_nor_nowhere() -> None:
    with pytest.raises(refusals.DrawClosed):
        decide.press(OPEN, "anna", 1, CLOSE, may_enter=True)
    with pytest.raises(refusals.NotInvited):
        decide.press(OPEN, "anna", 1, BEFORE, may_enter=False)
    with pytest.raises(refusals.DrawNotFound):
        decide.press(None, "anna", 1, BEFORE, may_enter=True)


def test_entrants_are_fixed_between_the_close_and_the_value_and_at_no_other_time() -> None:
    assert decide.fix(OPEN, 7, ["anna"], CLOSE) == [FIXED]
    for never in (CLOSE - timedelta(seconds=1), DUE, DUE + timedelta(days=1)):
        with pytest.raises(refusals.BeaconNotDue):
            decide.fix(OPEN, 7, ["anna"], never)
    with pytest.raises(refusals.DrawClosed):
        decide.fix(IS_FIXED, 7, ["anna"], CLOSE)


@pytest.mark.parametrize("late", [timedelta(seconds=-1), decide.MARGIN, timedelta(days=1)])
def test_the_fold_passes_over_entrants_that_were_fixed_too_early_or_when_the_value_was_known(late: timedelta) -> None:
    assert state((FIXED, late)).status == "open"


def test_the_fold_passes_over_a_value_before_its_time_or_before_the_entrants() -> None:
    assert state((FIXED, timedelta(seconds=1)), (DONE, timedelta(minutes=9))).status == "fixed"
    assert state((DONE, decide.MARGIN)).status == "open"


def test_the_value_draws_when_it_is_due_and_only_if_it_is_the_beacons() -> None:
    assert decide.finish(IS_FIXED, VALUE, SIGNATURE, DUE) == [DONE]
    with pytest.raises(refusals.BeaconNotDue):
        decide.finish(IS_FIXED, VALUE, SIGNATURE, DUE - timedelta(seconds=1))
    with pytest.raises(refusals.BeaconNotDue):
        decide.finish(OPEN, VALUE, SIGNATURE, DUE)
    with pytest.raises(refusals.DrawHasEnded):
        decide.finish(IS_DONE, VALUE, SIGNATURE, DUE)
    with pytest.raises(refusals.DrawRefused):
        decide.finish(IS_FIXED, simulated_value("draw4b", DUE), "", DUE)


def test_a_draw_is_called_off_before_it_is_done_and_not_after() -> None:
    for draw in (OPEN, IS_FIXED):
        assert decide.void(draw, text("r"), HOST) == [DrawVoided(draw="draw4b", reason=text("r"), by=HOST)]
    with pytest.raises(refusals.DrawHasEnded):
        decide.void(IS_DONE, text("r"), HOST)
    assert evolve(IS_DONE, DrawVoided(draw="draw4b", reason=text("r"), by=HOST), DUE) == IS_DONE


def test_who_is_offered_a_seat_takes_it_or_declines_it_and_nobody_else() -> None:
    seats = [Seat("anna", 1, DUE, "offered", None), Seat("bert", 2, DUE, "declined", None), Seat("carl", 3, DUE, "lapsed", None)]

    assert decide.answer(IS_DONE, seats, "anna", accepts=True) == [SeatAccepted(draw="draw4b", member="anna")]
    assert decide.answer(IS_DONE, seats, "anna", accepts=False) == [SeatDeclined(draw="draw4b", member="anna")]
    for member, refusal in (("bert", refusals.SeatGone), ("carl", refusals.SeatGone), ("dora", refusals.NotDrawn)):
        with pytest.raises(refusal):
            decide.answer(IS_DONE, seats, member, accepts=True)


@pytest.mark.parametrize(
    "changes",
    [
        {"beacon": SimulatedRound(at=CLOSE)},
        {"open_to": "took-part", "campaign": None},
        {"purpose": "spotlight", "shown_h": 0},
        {"purpose": "prize", "shown_h": 4},
        {"seats": 0},
        {"seats": 101},
        {"reserves": 101},
    ],
)
def test_an_announcement_that_makes_no_sense_cannot_be_read_from_the_record(changes: dict[str, object]) -> None:
    plain = msgspec.to_builtins(announced()) | {name: msgspec.to_builtins(value) for name, value in changes.items()}

    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(plain, DrawAnnounced)
