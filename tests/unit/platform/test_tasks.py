"""Tasks that swallow a cancellation end all the same."""

import asyncio

import pytest

from fanfare.platform.tasks import ended, together


async def deaf(times: int) -> None:
    """Swallow so many cancellations, as ``asyncio.wait_for`` may, then obey."""
    for _ in range(times):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue
    await asyncio.Event().wait()


async def test_a_task_that_swallows_a_cancellation_is_cancelled_again() -> None:
    task = asyncio.create_task(deaf(2))
    await asyncio.sleep(0)

    await ended([task])

    assert task.cancelled()


async def test_what_runs_together_ends_together_and_tells_the_error() -> None:
    async def fails() -> None:
        await asyncio.sleep(0)
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        await together(deaf(1), fails())
