"""The brokers under a site whose record is in Kafka: whether they answer, and keep what they acknowledge."""

from collections.abc import Iterator

from fanfare.operations.findings import Finding, ok, warning, wrong
from fanfare.platform.logs.kafka.administering import look
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.logs.kafka.reaching import KafkaUnfit, reach
from fanfare.platform.logs.kafka.topic import PARTITIONS, faults, unpromised
from fanfare.platform.logs.port import LogAway

_PATIENCE_S = 5.0


def examine(kafka: Kafka) -> Iterator[Finding]:
    """Look at the brokers and at the topic; where they do not let us in, only that is said."""
    try:
        reach(kafka, _PATIENCE_S)
        found = look(kafka)
    except KafkaUnfit as error:
        yield wrong("brokers", str(error), "Correct the setting that it names.")
        return
    except LogAway as error:
        yield wrong("brokers", str(error), "Start them, or correct FANFARE_KAFKA_BROKERS. Until then nothing can be written.")
        return
    yield ok("brokers", f"{found.brokers} of {kafka.brokers} are up")
    if lacking := faults(kafka, found, PARTITIONS):
        yield wrong("topic", " ".join(lacking), "Each says what mends it. No process starts before.")
    elif missing := unpromised(found):
        yield warning("topic", missing, "Three brokers, as docs/guides/production.md tells.")
    else:
        yield ok("topic", f"{kafka.topic}: {found.partitions} partitions, {found.replication} copies of each")
