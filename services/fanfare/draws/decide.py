"""What may happen to a draw. Pure: state, time and ids come in as arguments, facts or a refusal go out."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from fanfare.draws import refusals
from fanfare.lots.beacon import QUICKNET, fault, first_round_from
from fanfare.lots.root import entrants_root
from fanfare.lots.seats import Seat
from fanfare.platform.language import gettext as _
from fanfare.record.draws import (
    Beacon,
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
)
from fanfare.record.kinds import Event

MARGIN = timedelta(minutes=10)
"""Between the close and the beacon's value. A site that is down for so long misses the value, and has to announce anew."""
SIMULATED_MARGIN = timedelta(seconds=5)


def beacon_for(closes_at: datetime, *, simulated: bool) -> Beacon:
    """Return the beacon that draws what closes at *closes_at*."""
    if simulated:
        return SimulatedRound(at=closes_at.astimezone(UTC) + SIMULATED_MARGIN)
    return first_round_from(QUICKNET, closes_at.astimezone(UTC) + MARGIN)


class Ground(msgspec.Struct, frozen=True):
    """What an announcement is judged by."""

    now: datetime
    simulation: bool
    """The site was founded as one."""
    campaigns: frozenset[str]
    """The public ones."""


def announce(state: Draw | None, event: DrawAnnounced, ground: Ground) -> list[Event]:
    """
    Announce a draw.

    Raises:
        DrawIsAnnounced: there is one of that id.
        DrawRefused: with a sentence that names what to change.
    """
    if state is not None:
        raise refusals.DrawIsAnnounced
    simulated, of = isinstance(event.beacon, SimulatedRound), event.campaign
    for wrong, sentence, field in (
        (event.closes_at <= ground.now, _("The draw closes in the past. Set a later close."), "closes_at"),
        (simulated and not ground.simulation, _("Only a simulation draws with a simulated beacon. Choose drand."), "beacon"),
        (
            of is not None and of not in ground.campaigns,
            _("There is no such public campaign."),
            "campaign",
        ),
        (event.beacon != beacon_for(event.closes_at, simulated=simulated), _("The beacon follows from the close."), "beacon"),
    ):
        if wrong:
            raise refusals.DrawRefused(sentence, field=field)
    return [event]


def known(state: Draw | None) -> Draw:
    """Return a draw that is there. Raises: DrawNotFound."""
    if state is None:
        raise refusals.DrawNotFound
    return state


def press(state: Draw | None, member: str, turn: int, now: datetime, *, may_enter: bool) -> list[DrawEntered | DrawLeft]:
    """
    Enter a draw (an odd turn) or leave it (an even one).

    Raises:
        DrawNotFound, DrawClosed.
        NotInvited: only those who took part may enter; whoever has entered may always leave.
    """
    announced = known(state).announced
    if known(state).status != "open" or now >= announced.closes_at:
        raise refusals.DrawClosed
    if turn % 2 and not may_enter:
        raise refusals.NotInvited
    kind = DrawEntered if turn % 2 else DrawLeft
    return [kind(draw=announced.draw, member=member, turn=turn)]


def fix(state: Draw | None, read_to: int, entrants: Sequence[str], now: datetime) -> list[Event]:
    """
    Fix who the entrants are.

    Raises:
        DrawNotFound, DrawClosed: they are fixed, or it was called off.
        BeaconNotDue: it is not the time between the close and the beacon's value.
    """
    announced = known(state).announced
    if known(state).status != "open":
        raise refusals.DrawClosed
    if not announced.closes_at <= now < announced.beacon.at:
        raise refusals.BeaconNotDue
    return [EntrantsFixed(draw=announced.draw, read_to=read_to, count=len(entrants), root=entrants_root(entrants))]


def finish(state: Draw | None, randomness: str, signature: str, now: datetime) -> list[Event]:
    """
    Draw, with the beacon's value.

    Raises:
        DrawNotFound, DrawHasEnded.
        BeaconNotDue: it is too early, or the entrants are not fixed.
        DrawRefused: it is not the beacon's value.
    """
    announced = known(state).announced
    if known(state).status in ("done", "void"):
        raise refusals.DrawHasEnded
    if known(state).status != "fixed" or now < announced.beacon.at:
        raise refusals.BeaconNotDue
    if why := fault(announced.draw, announced.beacon, randomness, signature):
        message = _("This is not the beacon’s value: %(why)s.", why=why)
        raise refusals.DrawRefused(message)
    return [DrawDone(draw=announced.draw, randomness=randomness, signature=signature)]


def void(state: Draw | None, reason: str, by: str) -> list[Event]:
    """Call a draw off. Raises: DrawNotFound, DrawHasEnded."""
    if known(state).status in ("done", "void"):
        raise refusals.DrawHasEnded
    return [DrawVoided(draw=known(state).announced.draw, reason=reason, by=by)]


def answer(state: Draw | None, seats: Sequence[Seat], member: str, *, accepts: bool) -> list[SeatAccepted | SeatDeclined]:
    """
    Take a seat, or give it to a reserve. A seat that is taken can still be given back.

    Raises:
        DrawNotFound, NotDrawn.
        SeatGone: she has declined it, or the time is over.
    """
    draw = known(state).announced.draw
    seat = next((each for each in seats if each.member == member), None)
    if seat is None:
        raise refusals.NotDrawn
    if seat.state in ("declined", "lapsed"):
        raise refusals.SeatGone
    return [SeatAccepted(draw=draw, member=member) if accepts else SeatDeclined(draw=draw, member=member)]
