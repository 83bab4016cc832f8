"""What is done to a site on Kafka while fans cast ballots. Each fault strikes and is mended; then everybody is to be served."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable
from typing import Literal

import msgspec

from tests.faults.driving import Answer, Driver
from tests.faults.failing import Failpoint
from tests.faults.history import Asked, Told
from tests.kafka_faults.cluster import NODES, SMALL_DISK, Cluster
from tests.kafka_faults.site import APIS, WORKERS, Site

LEAST_IN_FLIGHT = 32
SERVED_WITHIN_S = 120.0
REFUSED_WITHIN_S = 30.0
"""The longest that a client waits for a 503: what a write is tried for, and the last try's own patience."""
BALLOTS = (1, 2, 3)
"""The partitions that ballots go to."""
APPEND, WRITE = "fanfare.platform.logs.kafka.log:KafkaLog.append", "fanfare.platform.logs.kafka.writing:Writer.write"
FOLLOWER, APPLY = "fanfare.platform.hosts.follower:Follower._commit", "fanfare.views.projection:Projection.apply"
POSITION = "sql:with moved as"
WHEN: tuple[Literal["before", "after"], ...] = ("before", "after")
STEPS = tuple((at, when) for at in (FOLLOWER, APPLY, POSITION) for when in WHEN)
"""What a worker does for every page."""


class Scene(msgspec.Struct):
    """Where a fault happens, and what was seen of it. Owned by one nemesis."""

    site: Site
    driver: Driver
    random: random.Random
    in_flight: frozenset[str] = frozenset()
    """The requests that were on their way when it struck."""
    struck_at: float = 0.0
    voids: int = 0
    """Moments at which too few were."""
    note: str = ""
    """What chance chose."""

    @property
    def cluster(self) -> Cluster:
        """The brokers."""
        return self.site.cluster

    async def moment(self) -> None:
        """Return at a moment at which enough requests are on their way."""
        self.driver.pause_s = 0
        while True:
            await asyncio.sleep(self.random.uniform(0.05, 0.3))
            in_flight = self.driver.in_flight
            if len(in_flight) >= LEAST_IN_FLIGHT:
                self.in_flight, self.struck_at = frozenset(in_flight), time.time()
                return
            self.voids += 1

    def struck(self) -> None:
        """Count what is on its way now: the fault came a while after the moment that was chosen for it."""
        self.in_flight, self.struck_at = frozenset(self.driver.in_flight), time.time()

    async def everybody_is_served(self, since: float | None = None) -> None:
        """Return once every fan has a ballot acknowledged that she sent after the fault, or after *since*."""
        await self.driver.everybody_was_answered(since or self.struck_at, SERVED_WITHIN_S)

    async def leader(self) -> int:
        """Return the broker that leads some partition of ballots."""
        assert self.site.kafka is not None
        return await self.cluster.leader(self.site.kafka, self.random.choice(BALLOTS))

    def some_s(self, least: float, most: float) -> float:
        """Choose a length of time, and note it."""
        chosen = self.random.uniform(least, most)
        self.note = f"{self.note} {chosen:.0f} s".strip()
        return chosen


Strike = Callable[[Scene], Awaitable[None]]


# Brokers


async def _broker_killed(scene: Scene, number: int) -> None:
    await scene.moment()
    scene.cluster.kill(number)
    await scene.everybody_is_served()
    scene.cluster.start_again(number)


async def leader_killed(scene: Scene) -> None:
    """`kill -9` of the leader of a partition of ballots; the other two go on."""
    await _broker_killed(scene, await scene.leader())


async def follower_killed(scene: Scene) -> None:
    """`kill -9` of a broker that does not lead that partition."""
    leader = await scene.leader()
    await _broker_killed(scene, scene.random.choice([each for each in NODES if each != leader]))


async def controller_killed(scene: Scene) -> None:
    """`kill -9` of the active controller."""
    await _broker_killed(scene, scene.cluster.controller())


async def leader_stopped(scene: Scene) -> None:
    """SIGSTOP of a leader: sometimes for less than the others wait for it, sometimes until another leads. Then SIGCONT."""
    leader = await scene.leader()
    await scene.moment()
    scene.cluster.send(leader, signal.SIGSTOP)
    await asyncio.sleep(scene.some_s(3, 16))
    scene.cluster.send(leader, signal.SIGCONT)


async def leader_cut_off(scene: Scene) -> None:
    """A leader that neither brokers nor clients reach, and that is not told so; another leads when it comes back."""
    leader = await scene.leader()
    await scene.moment()
    scene.cluster.pull(leader)
    await asyncio.sleep(scene.some_s(8, 20))
    scene.cluster.plug(leader)


async def disk_full(scene: Scene) -> None:
    """The disk of a broker fills until the broker gives up; the other two go on."""
    await scene.moment()
    scene.cluster.fill()
    async with asyncio.timeout(SERVED_WITHIN_S):
        while scene.cluster.lives(SMALL_DISK):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)
    gave_up_at = time.time()
    await scene.everybody_is_served(gave_up_at)
    scene.cluster.free()
    scene.cluster.start_again(SMALL_DISK)


async def two_brokers_down(scene: Scene) -> None:
    """Two of three are killed: nothing is acknowledged, everybody is told when to come again, and it goes on later."""
    dead = scene.random.sample(NODES, 2)
    await scene.moment()
    for each in dead:
        scene.cluster.kill(each)
    dead_at = time.time()
    waiting = {fan.name for fan in scene.driver.fans}
    await scene.driver.until(lambda: waiting <= _refused(scene, dead_at), REFUSED_WITHIN_S + 10)
    false = _acknowledged(scene, dead_at)
    assert not false, f"acknowledged while two of three brokers were dead: {false[0]}"
    for each in dead:
        scene.cluster.start_again(each)


def _since(scene: Scene, moment: float) -> tuple[dict[str, Asked], list[Told]]:
    """Return the latest requests by their keys, and what was told since."""
    asked: dict[str, Asked] = {}
    told: list[Told] = []
    for line in reversed(scene.site.history.lines):
        if line.at < moment - REFUSED_WITHIN_S:
            break
        if isinstance(line, Asked):
            asked.setdefault(line.key, line)
        elif isinstance(line, Told) and line.at > moment:
            told.append(line)
    return asked, told


def _refused(scene: Scene, moment: float) -> set[str]:
    asked, told = _since(scene, moment)
    return {asked[each.key].fan for each in told if each.status == 503 and each.retry_after_s and each.key in asked}


def _acknowledged(scene: Scene, moment: float) -> list[Told]:
    asked, told = _since(scene, moment)
    return [each for each in told if each.status == 200 and each.key in asked and asked[each.key].at > moment]


# APIs


async def api_killed(scene: Scene) -> None:
    """`kill -9` of an API; its fans repeat what was not answered at the other one."""
    name = scene.random.choice(APIS)
    await scene.moment()
    scene.site.kill(name)
    await scene.everybody_is_served()
    scene.site.launch(name)
    await scene.site.answers(name)


async def _api_dies(scene: Scene, at: str, when: Literal["before", "after"]) -> None:
    name, nth = scene.random.choice(APIS), scene.random.randint(1, 9)
    await scene.moment()
    scene.site.arm(name, Failpoint("api", at, when, nth))
    await scene.site.fired(name, within_s=SERVED_WITHIN_S)
    scene.struck()
    await scene.site.ended(name)
    await scene.everybody_is_served()
    scene.site.launch(name)
    await scene.site.answers(name)


async def api_killed_before_kafka_had_it(scene: Scene) -> None:
    """`kill -9` of an API that was about to write: the number is claimed, the ballot is nowhere."""
    await _api_dies(scene, WRITE, "before")


async def api_killed_after_kafka_had_it(scene: Scene) -> None:
    """`kill -9` of an API right after Kafka's acknowledgement: the ballot is there, and nobody was told."""
    await _api_dies(scene, WRITE, "after")


async def api_stopped_before_it_appends(scene: Scene) -> None:
    """An API stops between deciding and appending; its fans cast the same ballots at the other, and then it goes on."""
    name = scene.random.choice(APIS)
    scene.driver.answer_within_s, usual_s = 3.0, scene.driver.answer_within_s
    try:
        await scene.moment()
        scene.site.arm(name, Failpoint("api", APPEND, "before", scene.random.randint(1, 99), "stops"))
        await scene.site.fired(name, within_s=SERVED_WITHIN_S)
        scene.struck()
        await scene.everybody_is_served()
        scene.site.send(name, signal.SIGCONT)
    finally:
        scene.driver.answer_within_s = usual_s


async def host_overtaken(scene: Scene) -> None:
    """An API stops between a host's decision and its append; she decides at the other one, and the late entry is passed over."""
    late, other = APIS
    path = f"/api/v1/rounds/{scene.driver.fans[0].round}"
    scene.driver.answer_within_s, usual_s = 3.0, scene.driver.answer_within_s
    try:
        await scene.moment()
        scene.site.arm(late, Failpoint("api", f"{APPEND} alone", "before", 1, "stops"))
        deciding = asyncio.create_task(_host(scene, late, f"{path}/pause", f"late-{scene.struck_at}"))
        await scene.site.fired(late, within_s=SERVED_WITHIN_S)
        scene.struck()
        decided = await _host(scene, other, f"{path}/pause", f"other-{scene.struck_at}")
        scene.site.send(late, signal.SIGCONT)
        overtaken = await deciding
        resumed = await _host(scene, other, f"{path}/resume", f"resumed-{scene.struck_at}")
    finally:
        scene.driver.answer_within_s = usual_s
    assert (decided.status, overtaken.status, resumed.status) == (200, 409, 200), (decided, overtaken, resumed)


async def _host(scene: Scene, api: str, path: str, key: str) -> Answer:
    """Send a decision of the host to one API and return its answer."""
    connection = scene.site.connection_to(api)
    try:
        return await connection.ask("POST", path, {"reason": "We look at something."}, key, SERVED_WITHIN_S)
    finally:
        connection.close()


# Workers and the database


async def worker_killed(scene: Scene) -> None:
    """`kill -9` of a worker at some step of its work."""
    at, when = scene.random.choice(STEPS)
    point = Failpoint("worker", at, when, scene.random.randint(1, 20))
    scene.note = str(point)
    await scene.moment()
    for name in WORKERS:
        scene.site.arm(name, point)
    await scene.site.fired(*WORKERS, within_s=SERVED_WITHIN_S)
    scene.struck()
    await scene.site.disarm(*WORKERS)
    scene.site.revive()


async def rebalance_storm(scene: Scene) -> None:
    """Workers come and go in quick succession, some by SIGTERM, some by `kill -9`, and a third one joins for a while."""
    await scene.moment()
    for turn in range(6):
        name = scene.random.choice(("worker-3", *WORKERS))
        if not scene.site.lives(name):
            scene.site.launch(name)
        elif scene.random.random() < 0.5:
            scene.site.kill(name)
        else:
            scene.site.send(name, signal.SIGTERM)
        scene.note = f"{scene.note}{' ' if turn else ''}{name[-1]}"
        await asyncio.sleep(scene.random.uniform(0.2, 2.5))
    if scene.site.lives("worker-3"):
        scene.site.kill("worker-3")
    for name in WORKERS:
        if scene.site.lives(name):
            scene.site.send(name, signal.SIGTERM)
            await scene.site.ended(name)
    scene.site.revive()


async def postgres_killed(scene: Scene) -> None:
    """`kill -9` of PostgreSQL's postmaster; it is started again as a supervisor would."""
    await scene.moment()
    assert scene.site.postgres.pid is not None
    os.kill(scene.site.postgres.pid, signal.SIGKILL)
    scene.site.postgres.restart()


FAULTS: dict[str, Strike] = {
    "leader killed": leader_killed,
    "follower killed": follower_killed,
    "controller killed": controller_killed,
    "leader stopped": leader_stopped,
    "leader cut off": leader_cut_off,
    "disk full": disk_full,
    "two brokers down": two_brokers_down,
    "API killed": api_killed,
    "API killed before Kafka had it": api_killed_before_kafka_had_it,
    "API killed after Kafka had it": api_killed_after_kafka_had_it,
    "API stopped before it appends": api_stopped_before_it_appends,
    "host overtaken": host_overtaken,
    "worker killed": worker_killed,
    "rebalance storm": rebalance_storm,
    "PostgreSQL killed": postgres_killed,
}
