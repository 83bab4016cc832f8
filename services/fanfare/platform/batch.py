"""Work that arrives together is done together: one statement for many requests."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from math import inf
from typing import Generic, TypeVar

from fanfare.platform.tasks import ended

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")


class Pace:
    """Keeps the beginnings of runs apart, where each costs much and those who wait for it share that. Owned by one event loop."""

    def __init__(self, apart_s: float) -> None:
        """Let at least *apart_s* pass between two turns."""
        self._apart_s = apart_s
        self._next_at = -inf

    async def turn(self) -> None:
        """Return when the next run may begin: at once where the last one is long ago."""
        loop = asyncio.get_running_loop()
        if (pause_s := self._next_at - loop.time()) > 0:
            await asyncio.sleep(pause_s)
        self._next_at = loop.time() + self._apart_s

    def skip(self) -> None:
        """Let the next turn come at once."""
        self._next_at = -inf


class Batcher(Generic[Ask, Answer]):
    """
    Gathers asks while a run is under way and answers them in one run.

    Owned by one event loop. It waits on purpose only behind a run that answered more than one.
    """

    def __init__(
        self, run: Callable[[Sequence[Ask]], Awaitable[Sequence[Answer]]], most: int = 500, apart_s: float = 0.0
    ) -> None:
        """
        Use *run*, which answers at most *most* asks, in their order.

        Args:
            apart_s: least time between the beginnings of two runs, where the first of them answered more than one.
        """
        self._run = run
        self._most = most
        self._pace = Pace(apart_s)
        self._waiting: list[tuple[Ask, asyncio.Future[Answer]]] = []
        self._runner: asyncio.Task[None] | None = None

    async def __call__(self, ask: Ask) -> Answer:
        """Return the answer to *ask*; an error of the run is raised to everybody in it."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((ask, answer))
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._drain())
        return await answer

    async def close(self) -> None:
        """End the run that is under way, if one is; whoever waits for an answer is cancelled."""
        waiting, self._waiting = self._waiting, []
        await ended([self._runner] if self._runner else [])
        for _, answer in waiting:
            answer.cancel()

    async def _drain(self) -> None:
        while self._waiting:
            await self._pace.turn()
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            if len(batch) == 1:
                self._pace.skip()
            try:
                answers = await self._run([ask for ask, _ in batch])
            except asyncio.CancelledError:
                for _, future in batch:
                    future.cancel()
                raise
            except Exception as error:  # noqa: BLE001 - everybody who asked is told
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
            else:
                for (_, future), answer in zip(batch, answers, strict=True):
                    if not future.done():
                        future.set_result(answer)
