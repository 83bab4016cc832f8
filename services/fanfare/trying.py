"""
Trying a draft of a rule on the whole record, in a process of its own: ``python -m fanfare.trying``.

What is to be tried comes on standard input; how far it is, a line each, and at the end what was found go to standard output. So
a trial of minutes takes no time from those who ask the API for pages, and ends with whoever asked for it: nobody reads its lines.
"""

import asyncio
import gc
import os
import sys
from time import monotonic

import msgspec

from fanfare.platform.hosts.opening import opened
from fanfare.recognition.preview import preview
from fanfare.recognition.trial_lines import Found, Line, Step, Trying

TELLING_S = 0.3


def _say(line: Line) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()


async def _try(asked: Trying) -> None:
    told_at = 0.0

    def tell(done: int, of: int) -> None:
        nonlocal told_at
        if monotonic() - told_at >= TELLING_S:
            told_at = monotonic()
            _say(Step(done, of))

    async with opened(asked.database, 2, kafka=asked.kafka) as parts:
        _say(Found(await preview(parts.desk, asked.rule, tell)))


def main() -> None:
    """Read standard input and answer on standard output."""
    os.nice(10)
    gc.disable()  # the fold makes no cycles, and to look for some among all that it keeps costs a sixth of its time
    asyncio.run(_try(msgspec.json.decode(sys.stdin.buffer.read(), type=Trying)))


if __name__ == "__main__":
    main()
