"""The worker on Kafka: Faust says which partitions are ours and brings what is new; the rest is as on one machine."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from time import monotonic

import structlog
from aiokafka.errors import KafkaConnectionError

from fanfare.platform.hosts.faust_app import App, Callbacks, new_app
from fanfare.platform.hosts.tail import Tail
from fanfare.platform.hosts.worker import Worker
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.metrics import HELD
from fanfare.platform.tasks import together

_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 10.0
_WELL_S = 60.0
"""An app that ran for so long begins anew without the pause of those that ended before it."""
_WATCH_S, _COMMIT_EVERY_S = 0.5, 5.0
_STOP_S = 8.0
"""How long an app may take to end; a supervisor waits for fifteen seconds."""
_log = structlog.get_logger()


class StuckApp(Exception):
    """Faust did not end. This process does, so that another worker takes its partitions."""


class FaustHost:
    """
    Runs a worker in the consumer group of its topic. Owned by one event loop.

    An app that ends for whatever reason is started again. Meanwhile the worker goes on with the partitions that it had: it sees
    in the log what is new; and where another worker has them by now, both do the same, which harms nothing.
    """

    def __init__(self, kafka: Kafka, tail: Tail, worker: Worker, alone: Callable[[], Coroutine[object, object, None]]) -> None:
        """
        Feed *worker*, which reads *tail*.

        Args:
            alone: makes what one worker of the site does: whoever holds partition 0. For a moment two may do it.
        """
        self._kafka = kafka
        self._tail = tail
        self._worker = worker
        self._alone = alone
        self._rebalanced = asyncio.Event()
        self._pause_s = 0.0

    async def run(self) -> None:
        """Work until cancelled; then leave the group, so that others have the partitions at once."""
        await together(self._worker.run(), self._keep_app(), self._keep_alone())

    # What is ours

    def _assigned(self, partitions: set[int]) -> None:
        _log.info("partitions assigned", partitions=sorted(partitions))
        self._tail.hold(partitions)
        self._worker.hold(partitions)
        HELD.become(partitions)
        self._rebalanced.set()

    async def _keep_alone(self) -> None:
        """Do what one worker of the site does, for as long as partition 0 is ours."""
        while True:
            await self._until(held=True)
            await together(self._alone(), self._until(held=False))

    async def _until(self, *, held: bool) -> None:
        while (0 in self._worker.partitions) != held:
            self._rebalanced.clear()
            await self._rebalanced.wait()

    # The app

    async def _keep_app(self) -> None:
        while True:
            began = monotonic()
            try:
                await self._run_app()
            except KafkaConnectionError as error:
                _log.warning("Kafka does not answer", error=str(error))
            except StuckApp:
                raise
            except Exception as error:  # noqa: BLE001 - whatever ended it, it is started again
                _log.error("Faust ended; it is started again", part="faust", exc_info=error)
            longer = 0.0 if monotonic() - began > _WELL_S else 2 * self._pause_s
            self._pause_s = min(_LONGEST_PAUSE_S, max(_SHORTEST_PAUSE_S, longer))
            await asyncio.sleep(self._pause_s)

    async def _run_app(self) -> None:
        """Run an app until it ends, and raise why."""
        loop = asyncio.get_running_loop()

        def passed_over(error: Exception) -> None:
            _log.warning("passed over what cannot be unpacked; the log reads it", error=f"{type(error).__name__}: {error}")
            loop.call_soon_threadsafe(self._tail.look_again)

        app = new_app(self._kafka, Callbacks(self._tail.deliver, self._assigned, passed_over))
        try:
            await app.start()
            committed_at = monotonic()
            while not (app.crashed or app.should_stop):
                await asyncio.sleep(_WATCH_S)
                if monotonic() - committed_at > _COMMIT_EVERY_S:
                    committed_at = monotonic()
                    await app.commit_positions(self._positions())
        finally:
            await _stopped(app)
        if app.crash_reason is not None:
            raise app.crash_reason

    def _positions(self) -> dict[int, int]:
        return {each: min(follower.next_offset(each) for follower in self._worker.followers) for each in self._worker.partitions}


async def _stopped(app: App) -> None:
    """
    Stop *app*, however often this is cancelled meanwhile.

    Raises:
        StuckApp: it goes on; as long as its thread lives, it keeps its partitions.
    """
    stopping = asyncio.ensure_future(app.stop())
    until = monotonic() + _STOP_S
    was_cancelled = False
    while not stopping.done() and monotonic() < until:
        try:
            await asyncio.wait([stopping], timeout=until - monotonic())
        except asyncio.CancelledError:
            was_cancelled = True
    if not stopping.done():
        raise StuckApp(StuckApp.__doc__)
    with suppress(Exception):  # it has ended, and why it did so is known
        stopping.result()
    if was_cancelled:
        raise asyncio.CancelledError
