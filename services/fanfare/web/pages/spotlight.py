"""The spotlight of the front page: fans who wished it and were drawn, for a set time."""

from datetime import datetime, timedelta

from psycopg import AsyncConnection

from fanfare.platform.desk import Desk
from fanfare.platform.language import gettext as _
from fanfare.record.draws import Draw, SimulatedRound
from fanfare.views import draws as view
from fanfare.views import light
from fanfare.web import urls, words
from fanfare.web.contexts.draws import DrawnSeat, Heard, Spotlight


def seats(drawn: list[view.Drawn]) -> list[DrawnSeat]:
    """Return seats as pages show them."""
    return [
        DrawnSeat(
            name=each.name or _(words.GONE),
            state=each.seat.state,
            place=each.seat.place,
            href=urls.fan(each.seat.member) if each.shown else "",
            until=each.seat.until,
        )
        for each in drawn
    ]


async def now(connection: AsyncConnection, desk: Desk) -> Spotlight | None:
    """Return the spotlight that was drawn last, if its time is not over and somebody stands in it."""
    shining = [each for each in desk.streams.draws.values() if _shines(each, desk)]
    if not shining:
        return None
    draw = max(shining, key=lambda each: each.done_at or each.announced_at)
    held = [each for each in seats(await view.drawn(connection, draw, desk.now)) if each.state in ("held", "offered")]
    if not held or draw.done_at is None or draw.fixed is None:
        return None
    return Spotlight(
        draw_id=draw.announced.draw,
        seats=held,
        since=draw.done_at,
        until=draw.done_at + timedelta(hours=draw.announced.shown_h),
        entrants=draw.fixed.count,
        simulated=isinstance(draw.announced.beacon, SimulatedRound),
    )


async def effect(connection: AsyncConnection, draw: Draw, drawn: list[view.Drawn], now: datetime) -> list[Heard]:
    """Return what the record shows of a spotlight's effect, so far where it still shines; nothing of any other draw."""
    lit = [each.seat.member for each in drawn if each.seat.state in ("held", "offered")]
    if draw.done_at is None or not lit or draw.announced.purpose != "spotlight":
        return []
    week = draw.done_at + light.BEFORE  # beyond it, both times would overlap
    until = min(now, week, draw.done_at + timedelta(hours=draw.announced.shown_h))
    found = await light.heard(connection, lit, draw.done_at, until)
    return [
        Heard(_("Supports of her ideas"), found.supports, found.supports_before),
        Heard(_("Comments under them"), found.comments, found.comments_before),
        Heard(_("Kudos"), found.kudos, found.kudos_before),
    ]


def _shines(draw: Draw, desk: Desk) -> bool:
    until = draw.done_at + timedelta(hours=draw.announced.shown_h) if draw.done_at else None
    return draw.announced.purpose == "spotlight" and until is not None and desk.now < until
