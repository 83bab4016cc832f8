"""Fans who comment below an idea while a site is attacked, and who repeat what nobody answered: their deeds earn at once."""

import asyncio
import random
import time
from collections.abc import Sequence

from tests.faults.driving import ANSWER_WITHIN_S, Fan
from tests.faults.history import History, Remarked

MOST = 25
"""Comments of one fan: the site takes thirty in ten minutes."""


class Remarks:
    """Lets fans comment until it is told to stop. Owned by one event loop."""

    def __init__(self, fans: Sequence[Fan], idea: str, history: History, seed: int) -> None:
        """Write down in *history* all that *fans* say below *idea*."""
        self._fans, self._idea, self._history = fans, idea, history
        self._random = random.Random(seed)
        self._run = f"{seed}-{time.time_ns():x}"
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin."""
        self._tasks = [asyncio.create_task(self._keep_saying(fan)) for fan in self._fans]

    async def stop(self, within_s: float = 60) -> None:
        """Let each fan finish the comment in her hand, until its outcome is known."""
        self._stopping = True
        async with asyncio.timeout(within_s):
            await asyncio.gather(*self._tasks)

    async def abandon(self) -> None:
        """Let everybody drop what she has in her hand; for a test that failed in the middle."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keep_saying(self, fan: Fan) -> None:
        for number in range(MOST):
            if self._stopping:
                return
            await self.say(fan, number)
            await asyncio.sleep(self._random.uniform(0, 1.5))

    async def say(self, fan: Fan, number: int) -> None:
        """Write her comment of that number, again under the same key until it is acknowledged or refused."""
        key, path = f"{self._run}-{fan.name}-{number}", f"/api/v1/ideas/{self._idea}/comments"
        while True:
            answer = await fan.connection.ask("POST", path, {"text": f"I would drink it {number} times."}, key, ANSWER_WITHIN_S)
            done = answer.body if answer.status == 201 else {}
            where = {"event_id": done.get("event", ""), "position": done.get("position", "")}
            self._history.write(Remarked(key, fan.name, self._idea, answer.status, time.time(), **where))
            if 0 < answer.status < 500:
                return
            fan.connection.move()
            await asyncio.sleep(self._random.uniform(0.05, 0.4))
