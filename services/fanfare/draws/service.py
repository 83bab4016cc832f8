"""Draws: announced and called off by hosts, entered and left by members, and the seats that members take or give away."""

from datetime import UTC, datetime

import msgspec

from fanfare.draws import decide
from fanfare.draws.decide import Ground
from fanfare.draws.refusals import DrawRefused
from fanfare.platform import requests, texts
from fanfare.platform.desk import Acknowledged, Asked, Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.turns import next_turn
from fanfare.record.draws import Draw, DrawAnnounced, OpenTo, Purpose
from fanfare.views import draws as view

GETS = 1000
"""The most characters of what one gets, and of who may enter."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A draw in words, before it is announced."""

    purpose: Purpose
    title: str
    gets: str
    who: str
    seats: int
    reserves: int
    closes_at: datetime
    simulated: bool = False
    campaign: str | None = None
    open_to: OpenTo = "members"
    answer_h: int = 0
    shown_h: int = 0

    def checked(self) -> "Plan":
        """Return it as it would be kept. Raises: TextRefused, DrawRefused."""
        for wrong, sentence, field in (
            (self.open_to == "took-part" and not self.campaign, _("Name the campaign in which they took part."), "campaign"),
            (self.purpose == "spotlight" and not self.shown_h, _("Say for how many hours the spotlight lasts."), "shown_h"),
            (self.purpose != "spotlight" and self.shown_h, _("Only a spotlight lasts some hours. Leave that empty."), "shown_h"),
        ):
            if wrong:
                raise DrawRefused(sentence, field=field)
        return msgspec.structs.replace(
            self,
            title=texts.checked(self.title, "title", texts.TITLE),
            gets=texts.checked(self.gets, "gets", GETS, lines=True),
            who=texts.checked(self.who, "who", GETS, lines=True),
            closes_at=self.closes_at.replace(microsecond=0),
        )


class Draws:
    """Owned by one event loop."""

    def __init__(self, desk: Desk) -> None:
        """Decide through *desk*."""
        self._desk = desk

    async def draw(self, draw_id: str) -> Draw:
        """Return a draw as it stands. Raises: DrawNotFound."""
        await self._desk.catch_up()
        return decide.known(self._desk.streams.draws.get(draw_id))

    async def announce(self, asked: Asked, plan: Plan) -> tuple[str, Acknowledged]:
        """
        Announce a draw and return its id; the same request twice announces one.

        Raises:
            TextRefused, DrawRefused, Overtaken, KeyReused, Busy.
        """
        plan = plan.checked()
        draw_id = asked.event_id(self._desk.vault_key)[:16]
        if done := await requests.earlier(self._desk.pool, asked):
            return draw_id, done
        await self._desk.catch_up()
        ground, nothing = self._ground(), {"title": "0" * 64, "gets": "0" * 64, "who": "0" * 64}
        if (done := self._desk.taken(asked)) is None:
            decide.announce(None, _announced(draw_id, plan, nothing, asked.actor), ground)  # refuses before words are kept
            async with self._desk.pool.connection() as connection:
                # What a brand announces is its own, and stays when its author leaves.
                kept = await texts.keep(connection, [plan.title, plan.gets, plan.who], None)
            hashes = {"title": kept[plan.title], "gets": kept[plan.gets], "who": kept[plan.who]}
            event = _announced(draw_id, plan, hashes, asked.actor)
            done = await self._desk.decide(
                draw_id, asked, lambda streams: decide.announce(streams.draws.get(draw_id), event, ground)
            )
        return draw_id, await requests.finished(self._desk.pool, asked, done)

    def _ground(self) -> Ground:
        streams = self._desk.streams
        founded, public = streams.site.founded, frozenset(each for each, campaign in streams.campaigns.items() if campaign.id)
        return Ground(self._desk.now, simulation=bool(founded and founded.simulation), campaigns=public)

    async def press(self, draw_id: str, asked: Asked, *, enters: bool) -> Acknowledged:
        """
        Enter a draw, or leave it. What she pressed last counts.

        Raises:
            DrawNotFound, DrawClosed, NotInvited, TurnsSpent, KeyReused, Busy.
        """
        if done := await requests.earlier(self._desk.pool, asked):
            return done
        state = await self.draw(draw_id)
        may_enter = not enters or await self.may_enter(state, asked.actor)
        decide.press(
            state, asked.actor, 1 if enters else 2, self._desk.now, may_enter=may_enter
        )  # refuses before a turn is claimed
        event_id = asked.event_id(self._desk.vault_key)
        async with self._desk.pool.connection() as connection:
            turn = await next_turn(connection, draw_id, asked.actor, event_id, parity=int(enters))
        events = decide.press(state, asked.actor, turn, self._desk.now, may_enter=may_enter)
        done = await self._desk.publish(asked, events, draw_id)
        return await requests.finished(self._desk.pool, asked, done)

    async def may_enter(self, draw: Draw, member: str) -> bool:
        """Tell whether a draw is open to a member."""
        if draw.announced.open_to == "members":
            return True
        campaign = self._desk.streams.campaigns.get(draw.announced.campaign or "")
        rounds = [each.id for each in campaign.rounds] if campaign else []
        async with self._desk.pool.connection() as connection:
            return await view.has_taken_part(connection, member, rounds)

    async def answer(self, draw_id: str, asked: Asked, *, accepts: bool) -> Acknowledged:
        """
        Take the seat that one was drawn for, or give it to a reserve.

        Raises:
            DrawNotFound, NotDrawn, SeatGone, KeyReused, Busy.
        """
        if done := await requests.earlier(self._desk.pool, asked):
            return done
        state = await self.draw(draw_id)
        async with self._desk.pool.connection() as connection:
            seats = [each.seat for each in await view.drawn(connection, state, self._desk.now)]
        events = decide.answer(state, seats, asked.actor, accepts=accepts)
        done = await self._desk.publish(asked, events, draw_id)
        return await requests.finished(self._desk.pool, asked, done)

    async def void(self, draw_id: str, asked: Asked, reason: str) -> Acknowledged:
        """Call a draw off, with a reason. Raises: DrawNotFound, DrawHasEnded, TextRefused, Overtaken, KeyReused, Busy."""
        reason = texts.checked(reason, "reason", texts.LINE)
        if done := await requests.earlier(self._desk.pool, asked):
            return done
        decide.void(await self.draw(draw_id), "0" * 64, asked.actor)
        async with self._desk.pool.connection() as connection:
            because = (await texts.keep(connection, [reason], None))[reason]
        done = await self._desk.decide(
            draw_id, asked, lambda streams: decide.void(streams.draws.get(draw_id), because, asked.actor)
        )
        return await requests.finished(self._desk.pool, asked, done)


def _announced(draw_id: str, plan: Plan, hashes: dict[str, str], by: str) -> DrawAnnounced:
    closes_at = plan.closes_at.astimezone(UTC)
    return DrawAnnounced(
        draw=draw_id,
        purpose=plan.purpose,
        seats=plan.seats,
        reserves=plan.reserves,
        closes_at=closes_at,
        beacon=decide.beacon_for(closes_at, simulated=plan.simulated),
        by=by,
        campaign=plan.campaign,
        open_to=plan.open_to,
        answer_h=plan.answer_h,
        shown_h=plan.shown_h,
        **hashes,
    )
