"""`kill -9` at a moment when many requests are on their way."""

import asyncio
import os
import random
import signal
import time

import msgspec

from tests.faults.attacked import Attacked, Part
from tests.faults.driving import PAUSE_S, Driver

LEAST_IN_FLIGHT = 32


class Shot(msgspec.Struct, frozen=True):
    """A kill that counted."""

    part: Part
    in_flight: int
    """Requests on their way when the signal was sent."""
    unanswered: int
    """Of these, how many got no answer that settles them, and were repeated under the same key."""
    recovered_s: float
    """From the kill until every fan had a ballot acknowledged that she sent after it."""

    def __str__(self) -> str:
        """Say it in a line."""
        return (
            f"kill -9 {self.part:<10} {self.in_flight:>3} in flight, {self.unanswered:>3} unanswered, "
            f"everybody served again after {self.recovered_s:.1f} s"
        )


class Nemesis:
    """Shoots at the parts of a site while a driver drives it."""

    def __init__(self, site: Attacked, driver: Driver, seed: int) -> None:
        """Choose moments and backends from *seed*."""
        self._site, self._driver = site, driver
        self._random = random.Random(seed)
        self.voids = 0
        """Shots that were not fired, since too few requests were on their way."""

    async def shoot(self, part: Part) -> Shot:
        """Kill a part at a moment with enough in flight, bring the site back where that is not its own work, and wait."""
        self._driver.pause_s = 0
        while True:
            await asyncio.sleep(self._random.uniform(0.05, 0.3))
            pids = self._site.pids(part)
            in_flight = self._driver.in_flight
            if pids and len(in_flight) >= LEAST_IN_FLIGHT:
                os.kill(self._random.choice(pids), signal.SIGKILL)
                break
            self.voids += 1
        killed_at = time.time()
        self._driver.pause_s = PAUSE_S
        before = dict.fromkeys(in_flight, 0) | {key: self._driver.unanswered[key] for key in in_flight}
        if part == "supervisor":
            await self._driver.until(self._site.has_ended)
            await self._site.start()
        await self._driver.everybody_was_answered(since=killed_at, within_s=120)
        unanswered = sum(self._driver.unanswered[key] > before[key] for key in in_flight)
        return Shot(part, len(in_flight), unanswered, time.time() - killed_at)
