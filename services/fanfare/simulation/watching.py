"""Watching a round from its opening to its seal."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from fanfare.simulation import news
from fanfare.simulation.client import Body, Client
from fanfare.simulation.news import Say

EVERY_S = 0.5
LAST_CALL_S = 10.0
ENDED = ("closed", "sealed", "void")


class Watch:
    """Looks at a round twice a second. Owned by one event loop."""

    def __init__(self, client: Client, round_id: str, say: Say) -> None:
        """Tell what happens through *say*."""
        self._client = client
        self._path = f"/api/v1/rounds/{round_id}"
        self._say = say
        self.over = asyncio.Event()
        """Set once the round takes nothing any more."""
        self.going = asyncio.Event()
        """Not set while a host has paused the round."""
        self.going.set()

    async def _now(self) -> Body:
        found: Body = (await self._client.must("round", "GET", self._path)).body
        if found["status"] in ENDED:
            self.over.set()
        if found["paused"]:
            self.going.clear()
        else:
            self.going.set()
        return found

    async def _board(self) -> Body:
        board: Body = (await self._client.must("leaderboard", "GET", f"{self._path}/leaderboard")).body
        return board

    async def until(self, *statuses: str) -> Body:
        """Return the round once it has one of these statuses."""
        return await self._until(lambda found: found["status"] in statuses)

    async def _until(self, reached: Callable[[Body], bool]) -> Body:
        while True:
            found = await self._now()
            if reached(found):
                return found
            await asyncio.sleep(EVERY_S)

    async def tell(self, *, last: bool) -> Body:
        """Say how a round goes on, until it is sealed or void, and return it."""
        found = await self.until("open", "closing", *ENDED)
        if found["status"] == "open":
            self._say(news.opened(found))
            await self._until(lambda now: now["status"] != "open" or _left_s(now) < _length_s(now) / 2)
            self._say(news.standing(await self._board()))
            extended = found = await self._until(lambda now: now["status"] != "open" or _left_s(now) < LAST_CALL_S)
            if extended["closes_at"] != extended["planned_close"]:
                self._say(f"Dora Lindqvist has moved the close: “{extended['reason']}”")
            if extended["status"] == "open":
                self._say(news.last_call(found, await self._board()))
        found = await self.until("sealed", "void")
        ending = news.sealed(found, await self._board(), last=last) if found["status"] == "sealed" else found["reason"]
        self._say(ending)
        return found


def _left_s(found: Body) -> float:
    return (datetime.fromisoformat(found["closes_at"]) - datetime.now(UTC)).total_seconds()


def _length_s(found: Body) -> float:
    return (datetime.fromisoformat(found["closes_at"]) - datetime.fromisoformat(found["opens_at"])).total_seconds()
