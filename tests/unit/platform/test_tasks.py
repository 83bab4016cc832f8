"""Tasks that swallow a cancellation end all the same, and no program outlives whoever started it."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from fanfare.platform.tasks import ended, program, together


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


def children() -> set[str]:
    """The processes that this one started."""
    return set(Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split())


@pytest.mark.parametrize("turns", [0, 1, 2, 5])
async def test_a_program_whose_start_is_cancelled_leaves_nothing_behind(turns: int) -> None:
    before = children()

    async def waits() -> None:
        async with program(sys.executable, "-c", "input()") as process:
            await process.wait()

    task = asyncio.create_task(waits())
    for _ in range(turns):
        await asyncio.sleep(0)
    await ended([task])

    assert task.cancelled()
    assert children() == before


async def test_a_program_that_does_not_exist_is_told_of() -> None:
    with pytest.raises(FileNotFoundError):
        async with program("/no/such/program"):
            pass


async def test_a_program_that_goes_on_ends_with_its_block() -> None:
    async with program(sys.executable, "-c", "input()") as process:
        pass

    assert process.returncode == -9
