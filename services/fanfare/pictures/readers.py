"""The process that reads a file: started for one file, waited for, and killed where it takes too long."""

import asyncio
import subprocess
import sys

import msgspec

from fanfare.pictures.refusals import REFUSED, PicturesBusy, PictureTooHard
from fanfare.pictures.sizes import Made, Reading
from fanfare.platform.tasks import program

WAIT_S = 60.0
AT_ONCE = 2
WAITING = 20
"""Files that wait for their turn; whoever comes then is sent away, since each is held in memory."""
_answer = msgspec.msgpack.Decoder(Reading)


class Readers:
    """Reads files, a few at once. Owned by one event loop."""

    def __init__(self, program: tuple[str, ...] = (sys.executable, "-m", "fanfare.pictures.reading")) -> None:
        """Read with *program*."""
        self._program = program
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._inside = 0

    async def read(self, body: bytes) -> tuple[Made, ...]:
        """
        Return the three sizes of a picture, the largest first.

        Raises:
            PicturesBusy: too many wait already.
            PictureTooHard: it took too long, too much memory, or broke the process.
            Refusal: one of ``fanfare.pictures.refusals.REFUSED``.
        """
        if self._inside >= AT_ONCE + WAITING:
            raise PicturesBusy
        self._inside += 1
        try:
            async with self._turn:
                reading = await self._ask(body)
        finally:
            self._inside -= 1
        if reading.refused:
            raise REFUSED[reading.refused]
        return reading.made

    async def _ask(self, body: bytes) -> Reading:
        async with program(*self._program, body=body, stderr=subprocess.DEVNULL, env={}, cwd="/") as answer:
            try:
                async with asyncio.timeout(WAIT_S):
                    return _answer.decode(await answer.read())
            except (OSError, msgspec.MsgspecError) as error:  # among the former, that it took too long
                raise PictureTooHard from error
