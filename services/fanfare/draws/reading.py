"""Draws in words, as the API and the pages show them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from psycopg import AsyncConnection
from pydantic import BaseModel

from fanfare.platform.texts import read
from fanfare.record.draws import DrandRound, Draw, OpenTo, Purpose
from fanfare.views import draws as view

DrawState = Literal["open", "closed", "fixed", "done", "void", "missed"]
"""``closed``: its entrants are about to be fixed. ``fixed``: it waits for the beacon. ``missed``: they were not in time."""


class BeaconRead(BaseModel):
    """What draws."""

    kind: Literal["drand", "simulated"]
    chain: str
    """Empty where it is simulated."""
    round: int
    """0 where it is simulated."""
    at: datetime
    """When its value is published."""


class SeatRead(BaseModel):
    """A seat that was offered to a member."""

    member: str
    name: str
    """As she is called today; empty for one who left."""
    has_page: bool
    """Everybody may read her page."""
    place: int
    """In the order of the draw, from 1."""
    state: Literal["held", "offered", "declined", "lapsed"]
    offered_at: datetime
    until: datetime | None


class DrawRead(BaseModel):
    """A draw in words, and what came of it."""

    id: str
    purpose: Purpose
    title: str
    gets: str
    who: str
    campaign: str | None
    open_to: OpenTo
    seats: int
    reserves: int
    announced_at: datetime
    closes_at: datetime
    answer_h: int
    shown_h: int
    beacon: BeaconRead
    state: DrawState
    entrants: int
    """So far, while it is open."""
    root: str | None
    """Of the entrants, once they are fixed."""
    read_to: int | None
    """How many entries of partition 0 the entrants were read from."""
    randomness: str | None
    signature: str | None
    done_at: datetime | None
    reason: str
    """Why it was called off."""
    drawn: list[SeatRead]
    """The seats as they stand, by place: those of winners, and of reserves who were lifted."""


def state_of(draw: Draw, now: datetime, drawn: Sequence[view.Drawn]) -> DrawState:
    """Return where a draw is; it is not done before the tables hold its seats, or else it read as if nobody was drawn."""
    if draw.status == "done" and not drawn and draw.fixed and draw.fixed.count:
        return "fixed"
    if draw.status != "open":
        return draw.status
    if now >= draw.announced.beacon.at:
        return "missed"
    return "open" if now < draw.announced.closes_at else "closed"


async def read_draws(connection: AsyncConnection, draws: Sequence[Draw], now: datetime) -> list[DrawRead]:
    """Return draws in words; an erased text is empty."""
    hashes = {each for draw in draws for each in (draw.announced.title, draw.announced.gets, draw.announced.who, draw.reason)}
    words = dict(await read(connection, hashes))
    return [await _read(connection, each, words, now) for each in draws]


async def _read(connection: AsyncConnection, draw: Draw, words: dict[str, str], now: datetime) -> DrawRead:
    announced, fixed, done = draw.announced, draw.fixed, draw.done
    drawn = await view.drawn(connection, draw, now)
    return DrawRead(
        id=announced.draw,
        purpose=announced.purpose,
        title=words.get(announced.title, ""),
        gets=words.get(announced.gets, ""),
        who=words.get(announced.who, ""),
        campaign=announced.campaign,
        open_to=announced.open_to,
        seats=announced.seats,
        reserves=announced.reserves,
        announced_at=draw.announced_at,
        closes_at=announced.closes_at,
        answer_h=announced.answer_h,
        shown_h=announced.shown_h,
        beacon=_beacon(draw),
        state=state_of(draw, now, drawn),
        entrants=fixed.count if fixed else await view.entered(connection, announced.draw),
        root=fixed.root if fixed else None,
        read_to=fixed.read_to if fixed else None,
        randomness=done.randomness if done else None,
        signature=done.signature if done else None,
        done_at=draw.done_at,
        reason=words.get(draw.reason, ""),
        drawn=[_seat(each) for each in drawn],
    )


def _beacon(draw: Draw) -> BeaconRead:
    beacon = draw.announced.beacon
    if isinstance(beacon, DrandRound):
        return BeaconRead(kind="drand", chain=beacon.chain, round=beacon.round, at=beacon.at)
    return BeaconRead(kind="simulated", chain="", round=0, at=beacon.at)


def _seat(drawn: view.Drawn) -> SeatRead:
    seat = drawn.seat
    return SeatRead(
        member=seat.member,
        name=drawn.name,
        has_page=drawn.shown,
        place=seat.place,
        state=seat.state,
        offered_at=seat.offered_at,
        until=seat.until,
    )
