"""
Writing to Kafka with kafka-python, whose producer has a thread and no asyncio face.

What may block, connecting and the first look at the cluster, happens in a thread of our own. Nothing is believed but an
acknowledgement with an offset: whatever else comes back, the same bytes are sent again, because not finding them proves nothing.
What lands twice counts once.
"""

import asyncio
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import monotonic
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from fanfare.platform.logs.group import NewEntry
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.logs.kafka.producing import connected, end
from fanfare.platform.logs.port import LogAway, RecordShrunk
from fanfare.record.entry import MOST_BYTES

PATIENCE_S = 10.0
"""How long a write is tried, and a last time, before its callers are told that the outcome is unknown."""
_OPTIONS = {
    "acks": "all",
    "enable_idempotence": True,
    "linger_ms": 0,
    "batch_size": MOST_BYTES,
    "max_block_ms": 3_000,
    "request_timeout_ms": 3_000,
    "delivery_timeout_ms": 8_000,
    "retry_backoff_ms": 50,
    "reconnect_backoff_max_ms": 500,
    "bootstrap_timeout_ms": 3_000,
    "metrics_enabled": False,
    "client_id": "fanfare",
}
_RETRY_S = 0.1
_TURN_S = 0.0005
"""
How long one thread keeps Python to itself. A write goes back and forth between the event loop and the producer's thread several
times, and at Python's own five milliseconds each way waits for a busy loop: a third fewer ballots a second.
"""
_SHORTEST_S, _LONGEST_S = 3.0, 9.0
"""
How long the producer is waited for, at each try: a little more than it says that it tries. It does not always say so: where the
brokers have no controller, and so no id for a new producer, its batches never expire.
"""
_log = logging.getLogger(__name__)


class Writer:
    """Makes entries durable. Owned by one event loop; one write at a time."""

    def __init__(self, kafka: Kafka) -> None:
        """Write to the topic of *kafka*. From here on the threads of this process take turns more often."""
        sys.setswitchinterval(_TURN_S)
        self._kafka = kafka
        self._thread = ThreadPoolExecutor(1, "kafka-writer")
        self._producer: KafkaProducer | None = None
        self.floor: dict[int, int] = {}
        """Of each partition, the least offset that the next entry can have: what was acknowledged, signed or seen lies below."""
        self.shrunk: RecordShrunk | None = None
        """Why nothing is written any more."""

    async def write(self, entries: Sequence[NewEntry]) -> list[int | LogAway]:
        """
        Make entries durable and return the offset of each; where that could not be found out, why.

        Raises:
            RecordShrunk: an offset was handed out that is taken; this process writes no more.
        """
        outcomes: list[int | LogAway] = [LogAway("Kafka does not answer") for _ in entries]
        left, until = list(range(len(entries))), monotonic() + PATIENCE_S
        floor = dict(self.floor)  # as known before anything is sent: meanwhile others may write, and tell of it before we hear
        while left:
            if self.shrunk:
                raise self.shrunk
            wait_s = min(_LONGEST_S, max(_SHORTEST_S, until - monotonic()))
            answers = await self._send([entries[index] for index in left], wait_s)
            for index, answer in zip(left, answers, strict=True):
                outcomes[index] = self._believed(entries[index].partition, answer, floor)
            left = [index for index in left if isinstance(outcomes[index], LogAway)]
            if left:
                _log.warning("not acknowledged, sent again: %s", outcomes[left[0]])
                await self._start_anew()
                if monotonic() > until:
                    break
                await asyncio.sleep(_RETRY_S)
        return outcomes

    def _believed(self, partition: int, answer: int | Exception, floor: Mapping[int, int]) -> int | LogAway:
        if isinstance(answer, Exception):
            return LogAway(f"Kafka did not acknowledge: {type(answer).__name__}: {answer}")
        if answer < 0:
            return LogAway(f"Kafka acknowledged without an offset ({answer})")
        if answer < floor.get(partition, 0):
            self.shrunk = RecordShrunk(
                f"Kafka put an entry at {partition}:{answer}, and the record was there already up to {partition}:"
                f"{floor[partition] - 1}: the topic was cut, or is another one. Nothing more is written."
            )
            raise self.shrunk
        self.floor[partition] = max(answer + 1, self.floor.get(partition, 0))
        return answer

    async def _send(self, entries: Sequence[NewEntry], wait_s: float) -> list[int | Exception]:
        """Send entries and return each one's offset or error, after *wait_s* at most, without blocking the loop."""
        loop = asyncio.get_running_loop()
        answers: list[int | Exception] = [TimeoutError(f"no answer within {wait_s:.0f} s")] * len(entries)
        done = asyncio.Event()

        def tell() -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody asks any more
                loop.call_soon_threadsafe(done.set)

        await loop.run_in_executor(self._thread, self._hand_over, entries, answers, tell)
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await done.wait()
        return answers.copy()

    def _hand_over(self, entries: Sequence[NewEntry], answers: list[int | Exception], tell: Callable[[], None]) -> None:
        """
        Give entries to the producer, in our thread, up to the first that it does not take.

        Their *answers* come in whichever thread; *tell* is called after the last.
        """
        answered: list[None] = []  # appended to by two threads, which is one step

        def answer(index: int, value: Any) -> None:  # noqa: ANN401 - kafka-python has no types
            answers[index] = value if isinstance(value, Exception) else int(value.offset)
            answered.append(None)
            if len(answered) == len(entries):
                tell()

        refused: Exception | None = None
        for index, entry in enumerate(entries):
            if refused:  # each of the others would wait as long to be told the same
                answer(index, refused)
                continue
            try:
                if self._producer is None:
                    self._producer = connected(self._kafka, _OPTIONS)
                future = self._producer.send(
                    self._kafka.topic, value=entry.body, partition=entry.partition, headers=list(entry.headers)
                )
            except (KafkaError, OSError, ValueError, AssertionError) as error:
                refused = error
                answer(index, error)
            else:
                future.add_both(lambda value, index=index: answer(index, value))

    async def _start_anew(self) -> None:
        """Give the producer up: another has a new id, so what this one may still send is told from what we send again."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await asyncio.to_thread(end, producer)

    async def close(self) -> None:
        """End the producer; what was handed over has been answered."""
        await self._start_anew()
        self._thread.shutdown(wait=False)
