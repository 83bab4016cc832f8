"""Playing acts at their times: one schedule a round, no fan has a loop of her own."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from heapq import heapify, heappop, heappush

from fanfare.simulation.acting import Acting, Ballot
from fanfare.simulation.client import MOST_AT_ONCE, Client, SiteSilent, Told
from fanfare.simulation.hosting import Host
from fanfare.simulation.plan import AnyAct
from fanfare.simulation.scene import Scene
from fanfare.simulation.watching import Watch

VISITORS_EVERY_S = 2.0
PAUSED_AGAIN_S = 1.5


class Player:
    """Plays acts. Owned by one event loop; at most so many requests are under way at once, over all rounds."""

    def __init__(self, client: Client, scene: Scene, host: Host) -> None:
        """Play in *scene*."""
        self.scene = scene
        self._client = client
        self._slots = asyncio.Semaphore(MOST_AT_ONCE)
        self._afterwards: set[asyncio.Task[None]] = set()
        self._acting = Acting(client, scene, host, self._later)

    async def play(self, acts: Sequence[AnyAct], ballot: Ballot, opened_at: datetime, watch: Watch) -> None:
        """
        Play the acts of a round.

        Args:
            opened_at: what the times of the acts count from.
            watch: tells when the round is closed or void, so that what is left of its acts is dropped, and when it is paused.
        """
        loop = asyncio.get_running_loop()
        zero = loop.time() - (datetime.now(UTC) - opened_at).total_seconds()
        due = [(act.at, number, act) for number, act in enumerate(acts)]
        heapify(due)

        def put_back(number: int, act: AnyAct, done: asyncio.Task[Told | None]) -> None:
            if _refused_by_pause(done):
                heappush(due, (loop.time() - zero + PAUSED_AGAIN_S, number, act))

        async with asyncio.TaskGroup() as group:
            while due and not watch.over.is_set():
                await watch.going.wait()
                at, number, act = heappop(due)
                if (wait_s := zero + at - loop.time()) > 0:
                    await asyncio.sleep(wait_s)
                await self._slots.acquire()
                key = f"{type(act).__name__.lower()} {ballot.round} {number} {at:.3f}"  # a later try may choose otherwise
                task = group.create_task(self._one(act, ballot, key))
                task.add_done_callback(partial(put_back, number, act))

    async def _one(self, act: AnyAct, ballot: Ballot, key: str) -> Told | None:
        try:
            return await self._acting.do(act, ballot, key)
        except SiteSilent:
            return None  # counted by the client; the fan gives up
        finally:
            self._slots.release()

    def _later(self, after_s: float, what: Callable[[], Awaitable[Told]]) -> None:
        async def wait_and_do() -> None:
            await asyncio.sleep(after_s)
            with suppress(SiteSilent):  # counted by the client
                await what()

        task = asyncio.create_task(wait_and_do())
        self._afterwards.add(task)
        task.add_done_callback(self._afterwards.discard)

    async def notice_visitors(self, campaign: str) -> None:
        """Look for ideas that visitors raise, so that the fans can like them; until cancelled."""
        while True:
            await asyncio.sleep(VISITORS_EVERY_S)
            with suppress(SiteSilent):
                told = await self._client.ask("look", "GET", f"/api/v1/campaigns/{campaign}/ideas?limit=30")
                for each in told.body["ideas"] if told.done else ():
                    self.scene.noticed(each["id"], each["tags"], withdrawn=each["withdrawn"])


def _refused_by_pause(done: asyncio.Task[Told | None]) -> bool:
    """Tell whether a paused round refused the act, so that the fan tries again later."""
    if done.cancelled() or done.exception():
        return False
    told = done.result()
    return told is not None and told.code == "round-paused"
