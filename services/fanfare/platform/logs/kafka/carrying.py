"""
Carrying a record into a topic: one Kafka record an entry, each at the offset that it has already.

Unlike the writer of a running site, this one sends nothing a second time: an entry that is there twice would move all behind it.
What became of a page that was not acknowledged is for its caller to find out, by reading.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.logs.port import LogAway, StoredEntry
from fanfare.record.entry import MOST_BYTES

if TYPE_CHECKING:
    from kafka import KafkaProducer

_ANSWER_S = 15.0
_OPTIONS = {
    "acks": "all",
    "enable_idempotence": True,
    "max_in_flight_requests_per_connection": 1,  # so that nothing can overtake what was sent before it
    "batch_size": MOST_BYTES,
    "linger_ms": 2,
    "max_block_ms": 5_000,
    "request_timeout_ms": 5_000,
    "delivery_timeout_ms": 12_000,
    "bootstrap_timeout_ms": 5_000,
    "metrics_enabled": False,
    "client_id": "fanfare-copy",
}


class Displaced(Exception):
    """An entry landed at another offset than its own: something else was written to the topic."""


class Carrier:
    """Writes entries to a topic at their own offsets. Blocks; owned by one block of one thread."""

    def __init__(self, kafka: Kafka) -> None:
        """Write to the topic of *kafka*."""
        self._kafka = kafka
        self._producer: KafkaProducer | None = None

    def __enter__(self) -> Self:
        """Connect at the first write."""
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget what is not sent yet: all that was written has been answered, or given up."""
        if self._producer is not None:
            from fanfare.platform.logs.kafka.producing import end

            end(self._producer)

    def write(self, entries: Sequence[StoredEntry]) -> None:
        """
        Make consecutive entries of a partition durable.

        Raises:
            Displaced: one has another offset there.
            LogAway: it was not acknowledged; which of them are there is unknown, and this carrier writes no more.
        """
        from kafka.errors import KafkaError

        from fanfare.platform.logs.kafka.producing import connected

        try:
            if self._producer is None:
                self._producer = connected(self._kafka, _OPTIONS)
            sent = [self._producer.send(self._kafka.topic, value=each.body, partition=each.partition) for each in entries]
            self._producer.flush(_ANSWER_S)
            found = [int(each.get(timeout=_ANSWER_S).offset) for each in sent]
        except (KafkaError, OSError, AssertionError) as error:
            raise LogAway(f"Kafka did not acknowledge: {type(error).__name__}: {error}") from error
        for each, offset in zip(entries, found, strict=True):
            if offset != each.offset:
                raise Displaced(f"entry {each.partition}:{each.offset} landed at {each.partition}:{offset}")
