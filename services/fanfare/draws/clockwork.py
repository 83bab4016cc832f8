"""
The clockwork of draws: fixes the entrants of what has closed, draws when the beacon's value is there, and tells who was drawn.

It keeps nothing of its own. Each run looks at what the record says and does the next missing step under an id that follows from
the step, so it may crash anywhere and be started twice.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from time import monotonic

import structlog

from fanfare.draws import decide
from fanfare.draws.beacon import BeaconAway, Drand, Value
from fanfare.lots.beacon import simulated_value
from fanfare.platform.desk import Asked, Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import Refusal
from fanfare.platform.texts import read
from fanfare.platform.timekeeping import Clock, Timekeeper, database_time
from fanfare.record.decisions import Streams
from fanfare.record.draws import DrandRound, Draw
from fanfare.record.kinds import Event
from fanfare.views import draws as view

_log = structlog.get_logger()
SETTLE = timedelta(seconds=1)
"""How long what was pressed before the close may take to be appended. The API stops at the close."""
PATIENCE_S = 15.0
"""Between two tries to fetch a value."""
Tell = Callable[[str, str, str, str], Awaitable[object]]
"""Tells a member by mail: member, subject, body, and what names the occasion, so that nobody is told twice."""


class DrawClock:
    """Owned by one event loop. Several may run at once: contested decisions are taken once."""

    def __init__(self, desk: Desk, drand: Drand, settle: timedelta = SETTLE, clock: Clock = database_time) -> None:
        """Act through *desk* by *clock*, and ask *drand* for values."""
        self._desk = desk
        self._drand = drand
        self._settle = settle
        self._time = Timekeeper(clock)
        self._heads: dict[str, int] = {}
        """By draw that has closed: behind what was appended by then. Its entrants are read at least to there."""
        self._next_try: dict[str, float] = {}
        """By draw: not before when, in this machine's ticks, its value is fetched again."""

    async def run(self) -> None:
        """Do the next missing step of every draw."""
        await self._desk.catch_up()
        now = await self._time.read(self._desk)
        for draw in list(self._desk.streams.draws.values()):
            try:
                if draw.status == "open" and self._has_closed(draw, now):
                    await self._fix(draw)
                elif draw.status == "fixed" and draw.announced.beacon.at <= min(now, self._desk.now):
                    await self._draw(draw)
            except Refusal as refusal:
                _log.info("draw step refused", draw=draw.announced.draw, code=refusal.code)

    def _has_closed(self, draw: Draw, now: datetime) -> bool:
        """
        Both clocks, the database's and this machine's, have passed the close, and did not jump over it.

        After the beacon's value it is too late, and a host has to call the draw off. Drawing is never too late: the value is
        the same whenever it is asked for.
        """
        announced = draw.announced
        is_due = self._time.is_due(announced.closes_at, now) and announced.closes_at <= self._desk.now
        return is_due and announced.closes_at + self._settle <= now < announced.beacon.at

    async def _fix(self, draw: Draw) -> None:
        """
        Fix the entrants once the tables hold all that was appended before the close; on a busy site they are never level long.

        A crash before or after the append is harmless.
        """
        draw_id = draw.announced.draw
        head = self._heads.setdefault(draw_id, (await self._desk.log.heads())[0])
        async with self._desk.pool.connection() as connection:
            read_to, entrants = await view.entrants_now(connection, draw_id)
        if read_to >= head:  # else the next run looks again
            await self._decide(
                draw_id, "fix", lambda streams: decide.fix(streams.draws.get(draw_id), read_to, entrants, self._desk.now)
            )

    async def _draw(self, draw: Draw) -> None:
        draw_id, beacon = draw.announced.draw, draw.announced.beacon
        if isinstance(beacon, DrandRound):
            if monotonic() < self._next_try.get(draw_id, 0.0):
                return
            self._next_try[draw_id] = monotonic() + PATIENCE_S
            try:
                value = await self._drand.value(draw_id, beacon)
            except BeaconAway as error:
                _log.warning(
                    "the beacon's value is not there; it is fetched again", draw=draw_id, round=beacon.round, why=str(error)
                )
                return
        else:
            value = Value(simulated_value(draw_id, beacon.at), "")
        await self._decide(
            draw_id,
            "draw",
            lambda streams: decide.finish(streams.draws.get(draw_id), value.randomness, value.signature, self._desk.now),
        )

    async def _decide(self, draw_id: str, command: str, choose: Callable[[Streams], list[Event]]) -> None:
        asked = Asked(actor="clockwork", command=command, target=draw_id, key="")
        await self._desk.decide(draw_id, asked, choose)


async def tell_drawn(desk: Desk, tell: Tell, told: set[tuple[str, str]]) -> None:
    """
    Tell everybody by mail to whom a seat is offered, once.

    Args:
        told: draw and member of whom this process has told already; the mail's own key holds for all of them.
    """
    await desk.catch_up()
    for draw in list(desk.streams.draws.values()):
        if draw.status == "done":
            await _tell(desk, draw, tell, told)
        await asyncio.sleep(0)


async def _tell(desk: Desk, draw: Draw, tell: Tell, told: set[tuple[str, str]]) -> None:
    announced = draw.announced
    async with desk.pool.connection() as connection:
        seats = [each.seat for each in await view.drawn(connection, draw, desk.now)]
        words = await read(connection, [announced.title])
    for seat in seats:
        if seat.state in ("held", "offered") and (announced.draw, seat.member) not in told:
            subject, body = _drawn(words.get(announced.title, _("a draw")), seat.until)
            body += f"\n\n{desk.source}/draws/{announced.draw}"
            await tell(seat.member, subject, body, f"drawn:{announced.draw}")
            told.add((announced.draw, seat.member))


def _drawn(title: str, until: datetime | None) -> tuple[str, str]:
    """Return the subject and the words of the mail to somebody who was drawn; she has to answer *until* then, if at all."""
    subject = _("You were drawn: “%(title)s”", title=title)
    if until is None:
        return subject, _("You were drawn: “%(title)s”. You need not do anything.", title=title)
    when = f"{until:%Y-%m-%d %H:%M} UTC"
    return subject, _("You were drawn: “%(title)s”. Say by %(when)s whether you take it.", title=title, when=when)
