"""Which topic the settings lead to, and how much it holds. All of it blocks, and is for a process's start or a command."""

import asyncio

from fanfare.platform.logs.kafka.administering import administered, look, patiently
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.logs.place import Topic
from fanfare.platform.logs.port import LogAway


def which(kafka: Kafka) -> Topic:
    """
    Return the topic that *kafka* leads to, with the id that its cluster was given for ever.

    Raises:
        LogAway: the brokers do not answer.
    """
    return patiently(lambda: _which(kafka))


def _which(kafka: Kafka) -> Topic:
    from kafka.errors import KafkaError

    try:
        with administered(kafka) as admin:
            return Topic(str(admin.describe_cluster()["cluster_id"]), kafka.topic)
    except KafkaError as error:
        raise LogAway(f"The brokers {kafka.brokers} do not say which cluster they are: {error}") from error


def held(kafka: Kafka) -> int:
    """
    Return how many entries there are in the topic, in all its partitions.

    Raises:
        LogAway, KafkaUnfit: it cannot be asked.
    """
    from fanfare.platform.logs.kafka.reading import Reader

    partitions = patiently(lambda: look(kafka)).partitions

    async def heads() -> list[int]:
        reader = Reader(kafka)
        try:
            return await reader.heads(partitions)
        finally:
            await reader.close()

    return sum(asyncio.run(heads()))
