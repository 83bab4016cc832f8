"""The worker process: projections and whatever has to be done again and again."""

from collections.abc import Awaitable, Callable, Sequence

from fanfare.platform.hosts.follower import Follower
from fanfare.platform.hosts.opening import Admit, Parts, opened
from fanfare.platform.hosts.rebuild import Rebuilds
from fanfare.platform.hosts.tasks import together
from fanfare.platform.hosts.worker import Worker, repeat
from fanfare.views.projection import Projection

Chore = tuple[str, float, Callable[[], Awaitable[object]]]
"""Name, pause between two runs in seconds, and what to do."""


async def work(
    conninfo: str, projections: Sequence[Projection], chores: Callable[[Parts], Sequence[Chore]], admit: Admit | None = None
) -> None:
    """Wait for the site's founding, then project and do the chores until cancelled."""
    async with opened(conninfo, admit=admit) as parts:
        await parts.founded()
        followers = [Follower(each, parts.pool, parts.log) for each in projections]
        worker = Worker(parts.log, followers, parts.log.partitions)
        rebuilds = Rebuilds(projections, parts.pool, parts.log, parts.log.partitions)
        await together(worker.run(), rebuilds.run(), *(repeat(action, every_s, name) for name, every_s, action in chores(parts)))
