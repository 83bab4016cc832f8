"""When something is due: by PostgreSQL's clock, which all workers share, and not where that clock jumped over it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from time import CLOCK_BOOTTIME, clock_gettime

import structlog

from fanfare.platform.desk import Desk

TOO_LATE = timedelta(minutes=10)
"""A due command that is later than this waits for a host: the site was down, or its clock jumped."""
JUMP = timedelta(minutes=1)
"""A clock that moved this much otherwise than time did has jumped: whatever became due by that waits for a host."""
Clock = Callable[[Desk], Awaitable[datetime]]
"""Tells the time by which things are due."""
_log = structlog.get_logger()


async def database_time(desk: Desk) -> datetime:
    """Return the time of PostgreSQL's clock."""
    async with desk.pool.connection() as connection:
        row = await (await connection.execute("select clock_timestamp()")).fetchone()
    time: datetime = row[0] if row else datetime.now(UTC)
    return time


def boot_ticks() -> float:
    """Return seconds that go on while the machine sleeps: waking up is being late, not a jump."""
    return clock_gettime(CLOCK_BOOTTIME)


class Timekeeper:
    """Reads a clock and notes what it jumped over. Owned by one event loop."""

    def __init__(self, clock: Clock = database_time, ticks: Callable[[], float] = boot_ticks) -> None:
        """Read *clock*, and compare it with *ticks*, in seconds."""
        self._clock = clock
        self._ticks = ticks
        self._reading: tuple[float, datetime] | None = None
        """The ticks and the clock's time of the last reading."""
        self._gone_over: list[tuple[datetime, datetime]] = []
        """Times that the clock jumped over: from after the first to the second of each."""

    async def read(self, desk: Desk) -> datetime:
        """Return the time of the clock, noted."""
        now = await self._now(desk)
        self.note(now)
        return now

    async def _now(self, desk: Desk) -> datetime:
        return await self._clock(desk)

    def note(self, now: datetime) -> None:
        """Note that the clock shows *now*, and where it moved otherwise than time did since it was noted before."""
        ticks = self._ticks()
        before, self._reading = self._reading, (ticks, now)
        if before is None:
            return
        expected = before[1] + timedelta(seconds=ticks - before[0])
        if abs(now - expected) > JUMP:
            _log.warning("the clock jumped; what was due in between waits for a host", by_s=int((now - expected).total_seconds()))
            self._gone_over = [each for each in self._gone_over if each[1] <= now]  # a jump back undoes one ahead
            if now > expected:
                self._gone_over.append((expected, now))

    def is_due(self, due: datetime, now: datetime) -> bool:
        """Tell whether what was set for *due* is to be done at *now*: not too late, and not where the clock jumped."""
        return due <= now <= due + TOO_LATE and not any(start < due <= end for start, end in self._gone_over)
