"""The worker process: projections and whatever has to be done again and again."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from fanfare.platform.hosts.follower import Follower
from fanfare.platform.hosts.opening import Admit, Parts, opened
from fanfare.platform.hosts.rebuild import Rebuilds
from fanfare.platform.hosts.tail import Tail
from fanfare.platform.hosts.worker import Worker, repeat
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.metrics import HELD
from fanfare.platform.presence import Presence
from fanfare.platform.tasks import together
from fanfare.views.projection import Projection

Chore = tuple[str, float, Callable[[], Awaitable[object]]]
"""Name, pause between two runs in seconds, and what to do."""


async def work(
    conninfo: str,
    projections: Sequence[Projection],
    chores: Callable[[Parts], Sequence[Chore]],
    admit: Admit | None = None,
    kafka: Kafka | None = None,
) -> None:
    """
    Wait for the site's founding, then project and do the chores until cancelled.

    On *kafka* the workers of a site share its partitions, and whoever holds partition 0 does the chores and the rebuilding.
    """
    async with opened(conninfo, admit=admit, kafka=kafka) as parts:
        await parts.founded()

        async def alone() -> None:
            rebuilds = Rebuilds(projections, parts.pool, parts.log)
            await together(rebuilds.run(), *(repeat(action, every_s, name) for name, every_s, action in chores(parts)))

        presence = Presence(parts.pool, "worker")
        if kafka is None:
            worker = Worker(parts.log, [Follower(each, parts.pool, parts.log) for each in projections])
            await together(worker.run(), alone(), presence.keep_telling(), _keep_noting(worker))
            return
        from fanfare.platform.hosts.faust_host import FaustHost  # whoever runs on one machine never loads Faust

        tail = Tail(parts.log)
        worker = Worker(tail, [Follower(each, parts.pool, tail) for each in projections])
        worker.hold(())  # until Faust assigns some
        await together(FaustHost(kafka, tail, worker, alone).run(), presence.keep_telling())


async def _keep_noting(worker: Worker) -> None:
    """Note what a worker drains that has no other beside it: all there is, which may become more."""
    noted: frozenset[int] = frozenset()
    while True:
        if worker.partitions != noted:
            noted = worker.partitions
            HELD.become(noted)
        await asyncio.sleep(1)
