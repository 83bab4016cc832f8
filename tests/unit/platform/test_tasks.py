"""Tasks that swallow a cancellation end all the same, and no program outlives whoever started it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from fanfare.platform import tasks
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
        async with program(sys.executable, "-c", "input()", body=b"") as output:
            await output.read()
            await asyncio.Event().wait()

    task = asyncio.create_task(waits())
    for _ in range(turns):
        await asyncio.sleep(0)
    await ended([task])

    assert task.cancelled()
    assert children() == before


async def test_a_program_that_does_not_exist_is_told_of() -> None:
    with pytest.raises(FileNotFoundError):
        async with program("/no/such/program", body=b""):
            pass


async def test_a_program_has_its_whole_input_and_is_read_to_its_end() -> None:
    body = os.urandom(5_000_000)

    async with program(
        sys.executable, "-c", "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read()[::-1])", body=body
    ) as output:
        assert await output.read() == body[::-1]


async def test_a_program_that_ends_before_it_took_its_input_is_told_of() -> None:
    with pytest.raises(OSError, match=r"\[Errno"):
        async with program(sys.executable, "-c", "", body=bytes(5_000_000)) as output:
            await output.read()


async def test_a_program_that_ended_before_anything_was_written_to_it_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    started = tasks._started

    def and_ended(
        command: Sequence[str], line: int, stderr: int | None, env: Mapping[str, str] | None, cwd: str | None
    ) -> "subprocess.Popen[bytes]":
        process = started(command, line, stderr, env, cwd)
        process.wait()
        return process

    monkeypatch.setattr(tasks, "_started", and_ended)
    with pytest.raises(OSError, match=r"\[Errno"):
        async with program("true", body=bytes(5_000_000)) as output:
            await output.read()


async def test_a_program_that_goes_on_ends_with_its_block() -> None:
    before = children()

    async with program(sys.executable, "-c", "while True: pass", body=b""):
        assert len(children() - before) == 1

    assert children() == before


WHILE_THREADS_ENTER_PYTHON = """
import asyncio
import obstore
import uvloop
from fanfare.platform.tasks import program

async def keep(store):
    while True:
        await asyncio.gather(*(obstore.put_async(store, f"{n}", b"x") for n in range(16)))

async def main():
    store = obstore.store.MemoryStore()
    tasks = [asyncio.create_task(keep(store)) for _ in range(4)]
    for _ in range(200):
        async with program("true", body=b"") as output:
            await output.read()

uvloop.run(main())
"""


def test_a_program_starts_however_many_threads_of_another_library_come_into_python() -> None:
    command = [sys.executable, "-c", WHILE_THREADS_ENTER_PYTHON]  # where it hangs, it hangs for good

    assert subprocess.run(command, check=False, timeout=60).returncode == 0
