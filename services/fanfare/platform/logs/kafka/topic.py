"""The topic that holds the record: made with settings that lose nothing, and refused at every start without them."""

import asyncio
from collections.abc import Mapping

import structlog

from fanfare.platform.logs.kafka.administering import Seen, administered, brokers, look, patiently
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.logs.kafka.reaching import PATIENCE_S, KafkaUnfit, reach
from fanfare.record.entry import MOST_BYTES, unpack
from fanfare.record.envelope import Recorded
from fanfare.record.site import SiteFounded

PARTITIONS = 4
"""What a new site's record has, and so the least that a topic without a record needs."""
MOST_BATCH_BYTES = MOST_BYTES + 1024
"""Room for the header of a batch (61 bytes), the fields of a record (12 at most) and its headers, such as a trace's."""
_FOR_EVER = "-1"
_WANTED: Mapping[str, str] = {
    "cleanup.policy": "delete",
    "retention.ms": _FOR_EVER,
    "retention.bytes": _FOR_EVER,
    "unclean.leader.election.enable": "false",
    "max.message.bytes": str(MOST_BATCH_BYTES),
    "compression.type": "uncompressed",  # a codec that a reader lacks would end its audit
    "message.timestamp.after.max.ms": str(2**63 - 1),  # a clock that is ahead must not stop the votes
    "remote.storage.enable": "false",
}
_OF_A_BROKER: Mapping[str, str] = {"auto.create.topics.enable": "false"}
_SAFE = "min.insync.replicas"
_log = structlog.get_logger()


def create(kafka: Kafka, partitions: int = PARTITIONS, replication: int | None = None) -> bool:
    """
    Make the topic, unless there is one, and tell whether it was made.

    Args:
        partitions: those of the record that it will hold.
        replication: copies of each; without it 3 where there are three brokers or more, else 1.

    Raises:
        KafkaUnfit: the brokers refuse.
    """
    from kafka.errors import KafkaError, TopicAlreadyExistsError

    with administered(kafka) as admin:
        copies = replication or (3 if len(brokers(admin)) >= 3 else 1)
        settings = {**_WANTED, _SAFE: str(min(copies, 2))}
        wanted = {"num_partitions": partitions, "replication_factor": copies, "configs": settings}
        try:
            admin.create_topics({kafka.topic: wanted}, wait_for_metadata=True)
        except TopicAlreadyExistsError:
            return False
        except KafkaError as error:
            raise KafkaUnfit(f"The topic {kafka.topic} could not be made: {error}") from error
        return True


def widen(kafka: Kafka, partitions: int) -> None:
    """
    Give the topic so many *partitions*, unless it has them. Not to be called from a running event loop.

    Raises:
        KafkaUnfit: the brokers refuse.
        LogAway: no broker answers.
    """
    from kafka.errors import KafkaError

    if patiently(lambda: look(kafka)).partitions >= partitions:
        return
    with administered(kafka) as admin:
        try:
            admin.create_partitions({kafka.topic: partitions})
        except KafkaError as error:
            raise KafkaUnfit(f"The topic {kafka.topic} could not be given {partitions} partitions: {error}") from error


def refuse_if_unfit(kafka: Kafka, patience_s: float = PATIENCE_S, *, warn: bool = True) -> Seen:
    """
    Read the settings of topic and brokers back, before anything is written. Not to be called from a running event loop.

    Args:
        warn: log what these brokers do not promise.

    Raises:
        KafkaUnfit: one is wrong, or we are not let in; the message names it, its value, the wanted one and what mends it.
        LogAway: no broker answered within *patience_s*.
    """
    reach(kafka, patience_s)
    found = patiently(lambda: look(kafka))
    if wrong := faults(kafka, found, _needed(kafka)):
        raise KafkaUnfit("\n- ".join(["Kafka is not set up so that the record is safe there:", *wrong]))
    if warn and (lacking := unpromised(found)):
        _log.warning("not promised by this Kafka", why=lacking)
    return found


def faults(kafka: Kafka, found: Seen, partitions: int) -> list[str]:
    """
    Return a sentence for each setting that is wrong, with what mends it; none where the record is safe.

    Args:
        partitions: those of the record.
    """
    return [*_of_the_topic(kafka, found), *_of_the_copies(kafka, found, partitions), *_of_the_brokers(found)]


def unpromised(found: Seen) -> str:
    """Return what fewer than three copies do not promise; nothing where there are three."""
    if found.replication >= 3:
        return ""
    if found.replication == 2:
        return "The record has two copies: while one of their two brokers is down, nothing can be written. With three it can."
    return (
        "The record has one copy, on one broker. While that is down, nothing can be written; if its disk is lost, so is what "
        "came after the last backup; and a power cut can take what was acknowledged in the last seconds, since Kafka does not "
        "wait for the disk. Three brokers guard against all three."
    )


def _of_the_topic(kafka: Kafka, found: Seen) -> list[str]:
    return [
        _wrong(f"{name} of the topic", found.settings.get(name), wanted, _altering(kafka, name, wanted))
        for name, wanted in _WANTED.items()
        if found.settings.get(name) != wanted
    ]


def _of_the_copies(kafka: Kafka, found: Seen, partitions: int) -> list[str]:
    wrong = []
    least, safe = min(found.replication, 2), found.settings.get(_SAFE) or ""
    if not (safe.isdecimal() and least <= int(safe) <= max(found.replication - 1, least)):
        wrong.append(_wrong(f"{_SAFE} of the topic", safe, str(least), _altering(kafka, _SAFE, str(least))))
    if found.replication < 3 <= found.brokers:
        mending = "kafka-reassign-partitions.sh, as docs/guides/production.md tells"
        wrong.append(_wrong("the replication factor of the topic", str(found.replication), "3", mending))
    if found.partitions < partitions:
        mending = f"kafka-topics.sh --bootstrap-server {kafka.brokers} --alter --topic {kafka.topic} --partitions {partitions}"
        wrong.append(_wrong("the number of the topic's partitions", str(found.partitions), f"{partitions} or more", mending))
    return wrong


def _of_the_brokers(found: Seen) -> list[str]:
    return [
        _wrong(f"{name} of broker {number}", settings.get(name), wanted, f"put {name}={wanted} into its server.properties")
        for number, settings in found.broker_settings.items()
        for name, wanted in _OF_A_BROKER.items()
        if settings.get(name) != wanted
    ]


def _altering(kafka: Kafka, name: str, value: str) -> str:
    topic = f"--entity-type topics --entity-name {kafka.topic}"
    return f"kafka-configs.sh --bootstrap-server {kafka.brokers} --alter {topic} --add-config {name}={value}"


def _wrong(what: str, value: str | None, wanted: str, mending: str) -> str:
    return f"{what} is {value or 'not told'} and must be {wanted}. Mend it: {mending}"


def _needed(kafka: Kafka) -> int:
    """Return how many partitions the record has, as its first event says; without a record, those of a new one."""
    from fanfare.platform.logs.kafka.reading import Reader

    async def first() -> bytes | None:
        reader = Reader(kafka)
        try:
            entries = await reader.read(0, 0, 1)
        finally:
            await reader.close()
        return entries[0].body if entries else None

    body = asyncio.run(first())
    if body is None:
        return PARTITIONS
    events = [each.event for each in unpack(0, 0, body).events if isinstance(each, Recorded)]
    return next((each.partitions for each in events if isinstance(each, SiteFounded)), 1)
