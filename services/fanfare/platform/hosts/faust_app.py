"""The Faust app that brings the tail of the record: one agent over the record's topic, in a consumer group of all workers."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import faust
from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.app.base import BootStrategy
from faust.transport.consumer import RecordMap
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, StreamT
from mode.threads import WorkerThread
from yarl import URL

from fanfare.platform import tracing
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.logs.port import StoredEntry
from fanfare.record.void import leaf

SESSION_S, HEARTBEAT_S = 10.0, 3.0
"""A worker that is silent for so long has lost its partitions; the others hear of it with their next heartbeat."""
_LOOKS_S = 3.0
"""How often a worker looks whether the topic has more partitions. By the client's five minutes, theirs would wait for as long."""
_FETCH_BYTES = 1024 * 1024
_WAIT_MS = 500
_BUFFER = 512
"""Entries that Faust keeps for the agent at most; what is fetched beyond waits with the client."""
_WATCH_S, _THREAD_ENDS_S = 1.0, 3.0


class Callbacks(NamedTuple):
    """What the app tells; all are called in the loop in which it was started, but for *passed_over*."""

    deliver: Callable[[StoredEntry], Awaitable[None]]
    assigned: Callable[[set[int]], None]
    passed_over: Callable[[Exception], None]
    """What stands in the topic could not be unpacked; called in the thread of Faust's consumer."""


class _Daemon(WorkerThread):
    """Faust's thread, which would otherwise hold up the end of a process, and its loop, for as long as Kafka does not answer."""

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - whatever mode hands over
        super().__init__(*given, **named)
        self.daemon = True

    def stop(self) -> None:
        self.is_stopped.wait(_THREAD_ENDS_S)


class _Thread(driver.AIOKafkaConsumerThread):
    """
    Reads the tail and nothing else.

    It begins at the end whatever was committed, since what came before is read through the log; and what its client cannot
    unpack it passes over, since the log makes a void line of it.
    """

    Worker = _Daemon
    app: "App"

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        del transport
        return AIOKafkaConsumer(
            **self.app.kafka.options(),
            client_id="fanfare-worker",
            group_id=self.app.conf.id,
            partition_assignment_strategy=[RoundRobinPartitionAssignor],
            enable_auto_commit=False,
            auto_offset_reset="latest",
            max_poll_interval_ms=300_000,
            max_partition_fetch_bytes=_FETCH_BYTES,
            fetch_max_wait_ms=_WAIT_MS,
            session_timeout_ms=int(SESSION_S * 1000),
            rebalance_timeout_ms=int(SESSION_S * 1000),
            heartbeat_interval_ms=int(HEARTBEAT_S * 1000),
            metadata_max_age_ms=int(_LOOKS_S * 1000),
        )

    async def on_start(self) -> None:
        """Start the client, and watch it."""
        await super().on_start()
        self.add_future(self._watch())

    async def _watch(self) -> None:
        """Faust never asks whether its client's background tasks have ended; where they have, nothing would come any more."""
        while not self.should_stop:
            await self.sleep(_WATCH_S)
            consumer = self._ensure_consumer()
            fetching = consumer._fetcher.error_future  # noqa: SLF001 - what aiokafka's own getmany looks at, and Faust passes by
            if fetching.done():
                fetching.result()
            consumer._coordinator.check_errors()  # noqa: SLF001 - the same

    async def _fetch_records(
        self,
        consumer: AIOKafkaConsumer,
        active_partitions: set[TP],
        timeout: float | None = None,  # noqa: ASYNC109 - Faust's signature
        max_records: int | None = None,
    ) -> RecordMap:
        try:
            return await super()._fetch_records(consumer, active_partitions, timeout, max_records)
        except self.consumer.consumer_stopped_errors:
            raise
        except Exception as error:  # noqa: BLE001 - a codec that is lacking, a sum that is wrong: whatever the client makes of it
            self.app.callbacks.passed_over(error)
            await self._to_the_end(consumer)
            return {}

    async def _to_the_end(self, consumer: AIOKafkaConsumer) -> None:
        if consumer.assignment():
            await consumer.seek_to_end()

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek to the end, and say where that is not known yet."""
        await self.call_thread(self._to_the_end, self._ensure_consumer())
        return {}

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        """Commit *offsets*. Nothing relies on it, so a commit that fails is no error: the next one comes soon."""
        held = {TopicPartition(tp.topic, tp.partition): OffsetAndMetadata(offset, "") for tp, offset in offsets.items()}
        consumer = self._ensure_consumer()
        try:
            await consumer.commit({tp: offset for tp, offset in held.items() if tp in consumer.assignment()})
        except KafkaError:
            return False
        return True

    def on_crash(self, msg: str, *fmt: Any, **named: Any) -> None:  # noqa: ANN401 - mode's signature
        """Print nothing: whoever runs the app logs why it ended."""


class _Consumer(driver.Consumer):
    def _new_consumer_thread(self) -> _Thread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)

    async def commit_now(self, offsets: Mapping[TP, int]) -> None:
        """Commit *offsets* of what is held; Faust itself has nothing to commit, since nothing is acknowledged to it."""
        await self._commit(offsets)


class _Transport(driver.Transport):
    Consumer = _Consumer


class _Boot(BootStrategy):
    """Neither a producer, which would be another connection for nothing, nor a web server."""

    enable_kafka_consumer = True
    enable_kafka_producer = False
    enable_web = False
    enable_sensors = False


class App(faust.App):
    """Delivers what is appended to the topic of *kafka*, in the partitions that the group gives it."""

    BootStrategy = _Boot
    kafka: Kafka
    callbacks: Callbacks

    def _create_directories(self) -> None:
        """Make none: there are no tables of Faust's to keep."""

    async def commit_positions(self, positions: Mapping[int, int]) -> None:
        """Commit how far the tables are, for whoever looks at the group with Kafka's own tools."""
        await self.consumer.commit_now({TP(self.kafka.topic, each): offset for each, offset in positions.items()})  # type: ignore[attr-defined]


def new_app(kafka: Kafka, callbacks: Callbacks) -> App:
    """Return an app that delivers once it is started, in the loop in which this is called."""
    address = URL(f"kafka://{kafka.brokers.split(',')[0].strip()}")
    app = App(
        f"{kafka.topic}.workers",
        broker=address,
        store="memory://",
        autodiscover=False,
        web_enabled=False,
        key_serializer="raw",
        value_serializer="raw",
        topic_allow_declare=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="latest",
        stream_wait_empty=False,
        stream_buffer_maxsize=_BUFFER,
        broker_session_timeout=SESSION_S,
        broker_heartbeat_interval=HEARTBEAT_S,
        broker_rebalance_timeout=SESSION_S,
        broker_request_timeout=SESSION_S + HEARTBEAT_S,
    )
    app.kafka, app.callbacks = kafka, callbacks
    app.transport = _Transport([address], app)

    async def bring(stream: StreamT[bytes]) -> None:
        # One by one: the tail makes batches of what comes while the last one is applied. Faust's own `take` looks at its clock
        # all the time, so that an idle worker costs five times as much, and holds each entry back until its time is over.
        async for event in stream.events():
            found = event.message
            traceparents = () if found.partition else tracing.found(found.headers or ())
            await callbacks.deliver(StoredEntry(found.partition, found.offset, leaf(found.value), traceparents))

    async def on_assigned(*given: Any, **_: Any) -> None:  # noqa: ANN401 - the app and the partitions, as Faust's signals have it
        callbacks.assigned({tp.partition for tp in given[-1]})

    app.agent(app.topic(kafka.topic, key_type=bytes, value_type=bytes, acks=False))(bring)
    app.on_partitions_assigned.connect(on_assigned)
    return app
