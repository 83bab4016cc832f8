"""Producers of kafka-python that begin and end cleanly; by itself neither does where brokers are away."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError
from kafka.net.compat import KafkaNetClient

from fanfare.platform.logs.kafka.connecting import Kafka

_ENDS_S = 3.0


def connected(kafka: Kafka, options: Mapping[str, Any]) -> KafkaProducer:
    """Return a producer that has found a broker. One that has not would leave its sockets open."""
    clients: list[KafkaNetClient] = []

    def client(**given: Any) -> KafkaNetClient:  # noqa: ANN401 - kafka-python has no types
        clients.append(KafkaNetClient(**given))
        return clients[-1]

    try:
        return KafkaProducer(**kafka.options(), **options, kafka_client=client)
    except BaseException:
        for each in clients:
            each.close()
        raise


def end(producer: KafkaProducer) -> None:
    """End a producer, whatever it still holds: its own ``close`` alone raises where a batch waits, and leaves it at work."""
    producer._sender.force_close()  # noqa: SLF001 - no other way
    with suppress(KafkaError):
        producer.close(_ENDS_S)
