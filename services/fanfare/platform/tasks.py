"""Tasks that end when they are told to."""

import asyncio
from collections.abc import Coroutine, Iterable
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
