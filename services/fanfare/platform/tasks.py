"""Tasks that end when they are told to, and programs that end with their block."""

import asyncio
import socket
import subprocess
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
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
    body: bytes,
    limit: int = 2**16,
    stderr: int | None = None,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
) -> AsyncIterator[asyncio.StreamReader]:
    """
    Start a program, write *body* to it as all of its input, and give its output; the end of the block kills what still runs.

    Reading raises an OSError where the program ended before it took its input. *limit* is the longest line in bytes, the other
    options are those of ``subprocess.Popen``; however often this is cancelled, no program is left behind.

    It is not ``asyncio.create_subprocess_exec``: under uvloop that runs Python code between fork and exec, and where a thread of
    another library was just entering Python the child waits for a lock that nobody holds, and the whole loop for the child
    (uvloop issue 749).
    """
    ours, theirs = socket.socketpair()
    with ours, theirs:
        reader, writer = await asyncio.open_unix_connection(sock=ours, limit=limit)
        with closing(writer):
            process = _started(command, theirs.fileno(), stderr, env, cwd)
            theirs.close()  # or its end would not be the end of what is read here
            try:
                writer.write(body)
                writer.write_eof()
                yield reader
            finally:
                process.kill()
                await _whatever_comes(asyncio.ensure_future(asyncio.to_thread(process.wait)))


def _started(
    command: Sequence[str], line: int, stderr: int | None, env: Mapping[str, str] | None, cwd: str | None
) -> subprocess.Popen[bytes]:
    """Start a program right here: it holds the loop up for two milliseconds at most, as measured."""
    return subprocess.Popen(command, stdin=line, stdout=line, stderr=stderr, env=env, cwd=cwd)


async def _whatever_comes(task: asyncio.Future[Any]) -> None:
    cancelled = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled:
        raise cancelled
