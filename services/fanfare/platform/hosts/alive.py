"""A sign of life for whoever watches a process that answers no requests: a file that its event loop touches."""

import asyncio
import os
from pathlib import Path

EVERY_S = 5.0


async def keep_touching(file: Path, every_s: float = EVERY_S) -> None:
    """Touch *file* for as long as the event loop turns. Where that hangs, or the process is stopped, the file grows old."""
    while True:
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
        os.utime(file)
        await asyncio.sleep(every_s)
