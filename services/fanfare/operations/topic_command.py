"""``fanfare kafka init``: makes the topic that holds the record, and says what it is worth."""

import sys

from fanfare.platform.logs.kafka import topic
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.logs.kafka.reaching import PATIENCE_S, KafkaUnfit, reach
from fanfare.platform.logs.port import LogAway


def run_init(kafka: Kafka | None, partitions: int, replication: int | None, patience_s: float = PATIENCE_S) -> int:
    """Make the topic unless it is there, check it, and return the exit status: 0 where a site may run on it."""
    if kafka is None:
        return _say("FANFARE_KAFKA_BROKERS is not set: name the brokers in it, such as kafka1:9092,kafka2:9092,kafka3:9092.", 1)
    try:
        reach(kafka, patience_s)
        made = topic.create(kafka, partitions, replication)
        seen = topic.refuse_if_unfit(kafka, patience_s, warn=False)
    except (KafkaUnfit, LogAway) as refused:
        return _say(str(refused), 1)
    copies = "one copy" if seen.replication == 1 else f"{seen.replication} copies"
    done = "was made" if made else "was there already, and is right"
    _say(f"The topic {kafka.topic} {done}: {seen.partitions} partitions, {copies} of each.", 0)
    return _say(topic.unpromised(seen), 0)


def _say(line: str, status: int) -> int:
    if line:
        sys.stdout.write(f"{line}\n")
    return status
