"""A leg: a site, a round, some faults while fans cast ballots, the close, and the checks over all that was written."""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from tests.faults.driving import PAUSE_S, Driver
from tests.faults.failing import Failpoint
from tests.kafka_faults import raw
from tests.kafka_faults.cluster import Cluster
from tests.kafka_faults.faults import APPEND, FAULTS, LEAST_IN_FLIGHT, REFUSED_WITHIN_S, SERVED_WITHIN_S, WHEN, Scene
from tests.kafka_faults.site import WORKERS, Site, site

FANS = 64
CLOSING = "worker killed while it closes"
ANSWER_WITHIN_S = 40.0
"""Longer than a refusal may take, so that one that takes too long is seen."""
Say = Callable[[str], None]


class Shot(msgspec.Struct, frozen=True):
    """A fault that counted."""

    kind: str
    in_flight: int
    """Requests on their way when it struck."""
    unanswered: int
    """Of these, how many got no answer that settles them, and were repeated under the same key."""
    recovered_s: float
    """From the stroke until every fan had a ballot acknowledged that she sent after it and after what the fault itself lasted."""
    note: str = ""

    def __str__(self) -> str:
        """Say it in a line."""
        served = f"everybody served {self.recovered_s:.1f} s after it struck"
        return f"{self.kind:<31} {self.in_flight:>2} in flight, {self.unanswered:>2} unanswered, {served}  {self.note}"


class Leg(msgspec.Struct):
    """What was seen in a leg."""

    shots: list[Shot] = []
    voids: int = 0
    ballots: int = 0
    """Acknowledged, each key once."""
    unanswered: int = 0
    doubles: int = 0
    """Ballots that are in the record a second time, and count once."""
    longest_s: float = 0.0
    statuses: dict[str, int] = {}
    complaints: dict[str, list[str]] = {}


class Nemesis:
    """Strikes at a site while a driver drives it."""

    def __init__(self, site: Site, driver: Driver, seed: int) -> None:
        """Choose moments, brokers and processes from *seed*."""
        self._site, self._driver = site, driver
        self._random = random.Random(seed)
        self.voids = 0

    async def strike(self, kind: str) -> Shot:
        """Let a fault happen, again where it struck at nothing; return when all are served and every broker has everything."""
        while True:
            shot = await self._strike(kind)
            if shot.in_flight >= LEAST_IN_FLIGHT:
                return shot
            self.voids += 1

    async def _strike(self, kind: str) -> Shot:
        scene = Scene(self._site, self._driver, self._random)
        before = Counter(self._driver.unanswered)
        for fan in self._driver.fans:
            fan.connection.go_home()
        await FAULTS[kind](scene)
        mended_at = time.time()
        self._driver.pause_s = PAUSE_S
        await scene.everybody_is_served(mended_at)
        recovered_s = time.time() - scene.struck_at
        assert self._site.kafka is not None
        await self._site.cluster.whole(self._site.kafka)
        return self._shot(kind, scene, before, recovered_s)

    async def close(self, round_id: str) -> Shot:
        """Close the round while fans go on, and kill the worker at some step of that."""
        scene = Scene(self._site, self._driver, self._random)
        before = Counter(self._driver.unanswered)
        point = Failpoint("worker", APPEND, self._random.choice(WHEN), self._random.randint(1, 6))
        scene.note = str(point)
        await scene.moment()
        self._site.revive()  # one that began while brokers were away may have given up: its supervisor starts it again
        for name in WORKERS:
            self._site.arm(name, point)
        await self._site.must("POST", f"/api/v1/rounds/{round_id}/close", key=f"close-{round_id}")
        await self._site.fired(*WORKERS, within_s=SERVED_WITHIN_S)
        await self._site.disarm(*WORKERS)
        self._site.revive()
        await self._site.until(round_id, "sealed", within_s=SERVED_WITHIN_S)
        return self._shot(CLOSING, scene, before, time.time() - scene.struck_at)

    def _shot(self, kind: str, scene: Scene, before: Counter[str], recovered_s: float) -> Shot:
        self.voids += scene.voids
        unanswered = sum(self._driver.unanswered[key] > before[key] for key in scene.in_flight)
        return Shot(kind, len(scene.in_flight), unanswered, recovered_s, scene.note)


async def play(cluster: Cluster, folder: Path, kinds: Sequence[str], seed: int, ballots: int, say: Say) -> Leg:
    """
    Play a leg on a topic and a database of its own and return what was seen.

    Args:
        ballots: how many are to be acknowledged before the round is closed.
    """
    cluster.mend()
    kafka = cluster.topic(f"fanfare.record.{seed}.{time.time_ns():x}")
    await cluster.whole(kafka)
    async with site(cluster, kafka, folder) as made:
        fans = await made.fans(FANS)
        round_id = await made.open_round()
        driver = await made.driver(fans, round_id, seed)
        driver.answer_within_s = ANSWER_WITHIN_S
        nemesis = Nemesis(made, driver, seed)
        leg = Leg()
        driver.start()
        for kind in kinds:
            leg.shots.append(await nemesis.strike(kind))
            say(str(leg.shots[-1]))
        driver.pause_s = 0
        await driver.until(lambda: driver.statuses["200"] >= ballots, within_s=1800)
        leg.shots.append(await nemesis.close(round_id))
        say(str(leg.shots[-1]))
        await driver.stop()
        leg.complaints = await made.complaints()
        leg.voids, leg.longest_s, leg.statuses = nemesis.voids, driver.longest_s, dict(driver.statuses)
        leg.ballots, leg.unanswered = driver.statuses["200"], sum(driver.unanswered.values())
        leg.doubles = raw.doubles(made.seen_raw)
        leg.complaints |= _of_the_answers(made, leg)
        return leg


def _of_the_answers(made: Site, leg: Leg) -> dict[str, list[str]]:
    """Return what is wrong with the answers: errors, and refusals that do not say when to come again or that came too late."""
    odd = [each for each in leg.statuses if each[0] == "5" and each[:3] != "503"]
    mute = [each for each in made.refusals if not each.retry_after_s]
    found = {"errors": odd, "refusals without Retry-After": [each.key for each in mute[:5]]}
    found["refused too late"] = [f"{each:.1f} s" for each in made.waits_for_refusals_s if each > REFUSED_WITHIN_S][:5]
    found["too few in flight"] = [each.kind for each in leg.shots if each.in_flight < LEAST_IN_FLIGHT]
    return {name: each for name, each in found.items() if each}
