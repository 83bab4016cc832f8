"""Asking the brokers what they are set to. All of it blocks, and is for a process's start or a thread."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import structlog

from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.logs.kafka.reaching import KafkaUnfit
from fanfare.platform.logs.port import LogAway

if TYPE_CHECKING:
    from kafka import KafkaAdminClient

_ANSWER_MS = 10_000
_log = structlog.get_logger()


_Answer = TypeVar("_Answer")
_AGAIN_S, _PAUSE_S = 10.0, 0.5
"""A broker that went away just now is still named by the others for as long as they wait for it."""


class Seen(msgspec.Struct, frozen=True):
    """What the brokers say of the topic and of themselves."""

    cluster_id: str
    brokers: int
    """How many there are, those left out that are down just now."""
    partitions: int
    replication: int
    """Copies of the partition that has the fewest."""
    settings: dict[str, str | None]
    """What holds for the topic, wherever it was set."""
    broker_settings: dict[int, dict[str, str | None]]
    """Of each broker that answered."""


@contextmanager
def administered(kafka: Kafka) -> "Iterator[KafkaAdminClient]":
    """Give a client that may ask for and change the settings of the cluster."""
    from kafka import KafkaAdminClient

    options: dict[str, Any] = {
        "client_id": "fanfare",
        "request_timeout_ms": _ANSWER_MS,
        "bootstrap_timeout_ms": _ANSWER_MS,
        "reconnect_backoff_max_ms": 500,
    }
    client = KafkaAdminClient(**kafka.options(), **options)
    try:
        yield client
    finally:
        client.close()


def patiently(ask: Callable[[], _Answer]) -> _Answer:
    """
    Return what *ask* returns, asked again where a broker went away meanwhile: one of three that is down must not stop a start.

    Raises:
        LogAway: it is so for ten seconds.
    """
    ends = time.monotonic() + _AGAIN_S
    while True:
        try:
            return ask()
        except LogAway as error:
            if time.monotonic() > ends:
                raise
            _log.warning("the brokers are asked again", error=str(error))
            time.sleep(_PAUSE_S)


def brokers(admin: "KafkaAdminClient") -> list[int]:
    """Return the numbers of the brokers that are up."""
    return _up(admin.describe_cluster())


def look(kafka: Kafka) -> Seen:
    """
    Ask the brokers for the topic's settings and their own.

    Raises:
        KafkaUnfit: there is no such topic, or we may not ask.
        LogAway: the brokers do not answer for it.
    """
    from kafka.errors import AuthorizationError, KafkaError

    try:
        with administered(kafka) as admin:
            return _look(admin, kafka.topic)
    except AuthorizationError as error:
        who = kafka.username or "whoever comes without a name"
        raise KafkaUnfit(
            f"The brokers do not tell {who} their settings: {error}. Allow it Describe, DescribeConfigs, Read and Write on the "
            f"topic {kafka.topic}, and DescribeConfigs on the cluster (kafka-acls.sh)."
        ) from error
    except KafkaError as error:
        raise LogAway(
            f"A broker of {kafka.brokers} answers, but not for the topic {kafka.topic}: {error}. Brokers tell their clients "
            "where to connect (advertised.listeners): this machine must reach those addresses, too."
        ) from error


def _look(admin: "KafkaAdminClient", topic: str) -> Seen:
    from kafka.errors import UnknownTopicOrPartitionError, for_code

    told = admin.describe_topics([topic])[0]
    if told["error_code"] == UnknownTopicOrPartitionError.errno:
        raise KafkaUnfit(f"There is no topic {topic}. Make it: fanfare kafka init")
    if told["error_code"]:
        raise for_code(told["error_code"])(topic)
    cluster = admin.describe_cluster()
    up = _up(cluster)
    return Seen(
        cluster_id=cluster["cluster_id"],
        brokers=len(up),
        partitions=len(told["partitions"]),
        replication=min(len(each["replica_nodes"]) for each in told["partitions"]),
        settings=_settings(admin, "TOPIC", topic),
        broker_settings=_of_brokers(admin, up),
    )


def _up(cluster: dict[str, Any]) -> list[int]:
    return sorted(each["broker_id"] for each in cluster["brokers"] if not each.get("is_fenced"))


def _of_brokers(admin: "KafkaAdminClient", up: list[int]) -> dict[int, dict[str, str | None]]:
    """Return the settings of each broker; one that dies meanwhile must not keep a site from starting, so it is only told of."""
    from kafka.errors import AuthorizationError, KafkaError

    found: dict[int, dict[str, str | None]] = {}
    for number in up:
        try:
            found[number] = _settings(admin, "BROKER", str(number))
        except AuthorizationError:
            raise
        except KafkaError as error:
            _log.warning("a broker does not tell its settings", broker=number, error=str(error))
    return found


def _settings(admin: "KafkaAdminClient", kind: str, name: str) -> dict[str, str | None]:
    from kafka.admin import ConfigResource
    from kafka.errors import ClusterAuthorizationFailedError

    told = admin.describe_configs([ConfigResource(kind, name)], config_filter="all")[kind.lower()][name]
    if not told:  # the client does not look at the error that came instead
        raise ClusterAuthorizationFailedError(f"no settings of the {kind.lower()} {name}")
    return {setting: each["value"] for setting, each in told.items()}
