"""Circles: opened, changed and closed by hosts, entered and left by fans."""

from collections.abc import Callable, Mapping

import msgspec

from fanfare.circles import decide
from fanfare.platform import requests, texts
from fanfare.platform.desk import Acknowledged, Asked, Desk
from fanfare.platform.language import marked
from fanfare.platform.turns import next_turn
from fanfare.record.circles import (
    STREAM,
    Circle,
    CircleChanged,
    CircleClosed,
    CircleOpened,
    CircleTier,
)
from fanfare.record.kinds import Event
from fanfare.views import circles as view

WORDS = 2000
"""The most characters of what a circle is for."""
_NOTHING = "0" * 64


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A circle in words."""

    title: str
    words: str
    tier: CircleTier | None = None
    campaign: str | None = None

    def checked(self) -> "Plan":
        """Return it as it would be kept. Raises: TextRefused."""
        return msgspec.structs.replace(
            self,
            title=texts.checked(self.title, marked("title"), texts.TITLE),
            words=texts.checked(self.words, marked("words"), WORDS, lines=True),
        )


class Circles:
    """Owned by one event loop."""

    def __init__(self, desk: Desk) -> None:
        """Decide through *desk*."""
        self.desk = desk

    async def circle(self, circle: str) -> Circle:
        """Return a circle as it stands, open or closed. Raises: CircleNotFound."""
        await self.desk.catch_up()
        return decide.known(self.desk.streams.circles, circle)

    def _ground(self) -> decide.Ground:
        streams = self.desk.streams
        return decide.Ground(streams.recognition, [each for each, campaign in streams.campaigns.items() if campaign.id])

    async def open(self, asked: Asked, plan: Plan) -> tuple[str, Acknowledged]:
        """
        Open a circle and return its id; the same request twice opens one.

        Raises:
            TextRefused, CircleRefused, Overtaken, KeyReused, Busy.
        """
        plan, circle = plan.checked(), asked.event_id(self.desk.vault_key)[:16]

        def event(title: str, words: str) -> CircleOpened:
            return CircleOpened(circle=circle, title=title, words=words, tier=plan.tier, campaign=plan.campaign, by=asked.actor)

        def choose(circles: Mapping[str, Circle], kept: Mapping[str, str]) -> list[Event]:
            opened = event(kept.get(plan.title, _NOTHING), kept.get(plan.words, _NOTHING))
            return decide.open_circle(circles, opened, self._ground())

        return circle, await self._decide(asked, [plan.title, plan.words], choose)

    async def change(self, circle: str, asked: Asked, plan: Plan) -> Acknowledged:
        """
        Change what a circle is called, what it is for, and which tier opens it.

        Raises:
            CircleNotFound, CircleIsClosed, TextRefused, CircleRefused, Overtaken, KeyReused, Busy.
        """
        plan = plan.checked()

        def choose(circles: Mapping[str, Circle], kept: Mapping[str, str]) -> list[Event]:
            title, words = kept.get(plan.title, _NOTHING), kept.get(plan.words, _NOTHING)
            changed = CircleChanged(circle=circle, title=title, words=words, tier=plan.tier, by=asked.actor)
            return decide.change(circles, changed, self._ground())

        return await self._decide(asked, [plan.title, plan.words], choose)

    async def close(self, circle: str, asked: Asked, reason: str) -> Acknowledged:
        """Close a circle for good. Raises: CircleNotFound, CircleIsClosed, TextRefused, Overtaken, KeyReused, Busy."""
        reason = texts.checked(reason, marked("reason"), texts.LINE)

        def choose(circles: Mapping[str, Circle], kept: Mapping[str, str]) -> list[Event]:
            closed = CircleClosed(circle=circle, reason=kept.get(reason, _NOTHING), by=asked.actor)
            return decide.close(circles, closed)

        return await self._decide(asked, [reason], choose)

    async def _decide(
        self, asked: Asked, words: list[str], choose: Callable[[Mapping[str, Circle], Mapping[str, str]], list[Event]]
    ) -> Acknowledged:
        """Refuse before words are kept, keep them, then decide. What a brand writes is its own, and stays when she leaves."""
        if done := await requests.earlier(self.desk.pool, asked):
            return done
        await self.desk.catch_up()
        if (done := self.desk.taken(asked)) is None:
            choose(self.desk.streams.circles, {})
            async with self.desk.pool.connection() as connection:
                kept = await texts.keep(connection, words, None)
            done = await self.desk.decide(STREAM, asked, lambda streams: choose(streams.circles, kept))
        return await requests.finished(self.desk.pool, asked, done)

    async def come(self, circle: str, asked: Asked, *, enters: bool) -> Acknowledged:
        """
        Enter a circle, or leave it, which also declines an invitation. What she pressed last counts.

        Raises:
            CircleNotFound, CircleIsClosed, NotOpenToYou, TurnsSpent, KeyReused, Busy.
        """
        if done := await requests.earlier(self.desk.pool, asked):
            return done
        await self.desk.catch_up()
        circles, member = self.desk.streams.circles, asked.actor
        async with self.desk.pool.connection() as connection:
            open_to_her = (await view.standing(connection, circle, member)).is_open
            decide.come(circles, circle, member, 1 if enters else 2, open_to_her=open_to_her)  # refuses before a turn is claimed
            event_id = asked.event_id(self.desk.vault_key)
            turn = await next_turn(connection, f"circle {circle}", member, event_id, parity=int(enters))
        events = decide.come(circles, circle, member, turn, open_to_her=open_to_her)
        return await requests.finished(self.desk.pool, asked, await self.desk.publish(asked, events, circle))

    async def uninvite(self, circle: str, asked: Asked, member: str, reason: str) -> Acknowledged:
        """
        Take an invitation back, with a reason.

        Raises:
            CircleNotFound, CircleIsClosed, NotInvitedHere, TextRefused, KeyReused, Busy.
        """
        reason = texts.checked(reason, marked("reason"), texts.LINE)
        if done := await requests.earlier(self.desk.pool, asked):
            return done
        await self.desk.catch_up()
        async with self.desk.pool.connection() as connection:
            invited = await view.invited_turn(connection, circle, member)
            decide.uninvite(self.desk.streams.circles, circle, member, invited, _NOTHING, asked.actor)  # before a reason is kept
            why = (await texts.keep(connection, [reason], member))[reason]
        event = decide.uninvite(self.desk.streams.circles, circle, member, invited, why, asked.actor)
        return await requests.finished(self.desk.pool, asked, await self.desk.publish(asked, event, circle))
