"""Tasks that end when they are told to, and programs that end with their block."""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any


async def ended(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """
    Cancel *tasks*, again and again until each has ended, and return.

    Once is not enough: up to Python 3.11 ``asyncio.wait_for``, which the connection pool waits with, swallows a cancellation that
    comes at the moment it is done (cpython issue 86296).
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=0.2)


async def together(*works: Coroutine[Any, Any, object]) -> None:
    """Run *works* until one of them ends, or this is cancelled; then end the others. An error of one is raised."""
    tasks = [asyncio.ensure_future(each) for each in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await ended(tasks)
    for task in done:
        task.result()


@asynccontextmanager
async def program(
    *command: str,
    limit: int = 2**16,
    stderr: int | None = None,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
) -> AsyncIterator[Process]:
    """
    Start a program with pipes for its input and output, and give it; the end of the block kills it where it still runs.

    The options are those of ``asyncio.create_subprocess_exec``. However often this is cancelled, also while the program starts
    (which leaves uvloop with a child that nobody knows of), none is left behind.
    """
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=stderr, limit=limit, env=env, cwd=cwd)
    )
    try:
        yield await asyncio.shield(starting)
    finally:
        await _whatever_comes(asyncio.ensure_future(_killed(starting)))


async def _killed(starting: asyncio.Future[Process]) -> None:
    await asyncio.wait([starting])
    if starting.exception() is None:
        process = starting.result()
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _whatever_comes(task: asyncio.Future[None]) -> None:
    cancelled = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled:
        raise cancelled
