"""Work that arrives together is done together: one statement for many requests."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from fanfare.platform.tasks import ended

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")


class Batcher(Generic[Ask, Answer]):
    """
    Gathers asks while a run is under way and answers them in one run.

    Owned by one event loop. It never waits on purpose.
    """

    def __init__(self, run: Callable[[Sequence[Ask]], Awaitable[Sequence[Answer]]], most: int = 500) -> None:
        """Use *run*, which answers at most *most* asks, in their order."""
        self._run = run
        self._most = most
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
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
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
