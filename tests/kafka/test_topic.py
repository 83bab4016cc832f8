"""The topic that holds the record: what it is made with, and which setting of which name keeps a site from starting."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import msgspec
import pytest
from kafka import KafkaProducer
from kafka.admin import ConfigResource
from kafka.errors import MessageSizeTooLargeError

from fanfare import running
from fanfare.campaigns.founding import Founding
from fanfare.platform.logs.kafka import topic
from fanfare.platform.logs.kafka.administering import Seen, administered, look
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.logs.kafka.reaching import KAFKA_UNFIT, KafkaUnfit
from fanfare.platform.logs.port import LogAway
from fanfare.record.entry import MOST_BYTES
from fanfare.record.site import SiteFounded
from tests.builders import body, recorded, text

WRONG = {
    "cleanup.policy": "compact",
    "retention.ms": "604800000",
    "retention.bytes": "1000000",
    "unclean.leader.election.enable": "true",
    "max.message.bytes": str(MOST_BYTES),
    "compression.type": "producer",
    "message.timestamp.after.max.ms": "3600000",
    "min.insync.replicas": "2",
}


def alter(kafka: Kafka, **settings: str) -> None:
    """Change settings of the topic, and return when the broker goes by them."""
    with administered(kafka) as admin:
        admin.alter_configs([ConfigResource("TOPIC", kafka.topic, settings)])
    while any(look(kafka).settings[name] != value for name, value in settings.items()):
        pass


def fanfare(kafka: Kafka, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line on these brokers."""
    named = {"FANFARE_KAFKA_BROKERS": kafka.brokers, "FANFARE_KAFKA_TOPIC": kafka.topic, **environment}
    command = [sys.executable, "-m", "fanfare.cli", *arguments]
    return subprocess.run(command, env={**os.environ, **named}, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def seen(record_topic: Kafka) -> Seen:
    """What the brokers say of a topic that is right."""
    return look(record_topic)


@pytest.fixture
def unmade(kafka: str) -> Iterator[Kafka]:
    """A topic that is not there; deleted, if a test made it."""
    named = Kafka(brokers=kafka, topic="not-yet-made")
    yield named
    with administered(named) as admin:
        if named.topic in admin.list_topics():
            admin.delete_topics([named.topic])


def test_a_topic_that_we_made_is_fit_on_the_brokers_of_the_tests(record_topic: Kafka) -> None:
    found = topic.refuse_if_unfit(record_topic)

    assert (found.partitions, found.replication, found.brokers) == (4, 1, 1)


@pytest.mark.parametrize("setting", WRONG)
def test_a_setting_of_the_topic_that_loses_entries_is_refused_by_its_name(record_topic: Kafka, setting: str) -> None:
    alter(record_topic, **{setting: WRONG[setting]})

    with pytest.raises(KafkaUnfit) as refused:
        topic.refuse_if_unfit(record_topic)

    (told,) = str(refused.value).splitlines()[1:]
    assert told.startswith(f"- {setting} of the topic is {WRONG[setting]} and must be ")
    assert f"kafka-configs.sh --bootstrap-server {record_topic.brokers} --alter --entity-type topics" in told


def test_every_setting_that_is_wanted_has_been_wrong_once() -> None:
    """But for remote storage, which a broker without it lets nobody switch on: see the next one."""
    assert {*WRONG, "remote.storage.enable"} == {*topic._WANTED, topic._SAFE}


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"settings": {"remote.storage.enable": "true"}}, "remote.storage.enable of the topic is true"),
        ({"settings": {"min.insync.replicas": "1"}, "replication": 3}, "min.insync.replicas of the topic is 1 and must be 2"),
        ({"settings": {"min.insync.replicas": "3"}, "replication": 3}, "min.insync.replicas of the topic is 3 and must be 2"),
        ({"brokers": 3}, "the replication factor of the topic is 1 and must be 3"),
        ({"partitions": 3}, "the number of the topic's partitions is 3 and must be 4 or more"),
        ({"broker_settings": {7: {"auto.create.topics.enable": "true"}}}, "auto.create.topics.enable of broker 7 is true"),
        ({"broker_settings": {7: {}}}, "auto.create.topics.enable of broker 7 is not told"),
    ],
)
def test_what_one_broker_cannot_show_is_refused_by_its_name_too(seen: Seen, changes: dict[str, object], name: str) -> None:
    settings = {**seen.settings, **msgspec.convert(changes.pop("settings", {}), dict[str, str])}
    found = msgspec.structs.replace(seen, settings=settings, **changes)

    (told,) = topic.faults(Kafka(brokers="kafka1:9092"), found, 4)

    assert told.startswith(name)


def test_three_copies_of_which_two_must_answer_are_fit_and_leave_nothing_unpromised(seen: Seen) -> None:
    settings = {**seen.settings, "min.insync.replicas": "2"}
    found = msgspec.structs.replace(seen, settings=settings, replication=3, brokers=3)

    assert topic.faults(Kafka(brokers="kafka1:9092"), found, 4) == []
    assert topic.unpromised(found) == ""


def test_one_copy_says_what_it_does_not_promise(seen: Seen) -> None:
    assert "a power cut can take what was acknowledged" in topic.unpromised(seen)


def test_a_topic_with_fewer_partitions_than_a_new_record_is_refused(unmade: Kafka) -> None:
    topic.create(unmade, partitions=3)

    with pytest.raises(KafkaUnfit, match="partitions is 3 and must be 4 or more"):
        topic.refuse_if_unfit(unmade)


def test_a_topic_with_fewer_partitions_than_its_record_is_refused(record_topic: Kafka) -> None:
    founded = SiteFounded(name="https://a.example", brand=text("A"), colour="#ff5c7c", zone="UTC", partitions=6, simulation=False)
    with closing(KafkaProducer(**record_topic.options())) as producer:
        producer.send(record_topic.topic, value=body(recorded(founded, stream="site")), partition=0).get(10)

    with pytest.raises(KafkaUnfit, match="partitions is 4 and must be 6 or more"):
        topic.refuse_if_unfit(record_topic)


def test_a_new_site_has_the_partitions_that_a_topic_must_have() -> None:
    assert Founding(url="", brand="", colour="", zone="").partitions == topic.PARTITIONS


def test_an_entry_of_the_largest_size_fits_and_a_kilobyte_and_more_on_top_does_not(record_topic: Kafka) -> None:
    with closing(KafkaProducer(**record_topic.options(), max_request_size=2**20)) as producer:
        headers = [("traceparent", b"0" * 55), ("tracestate", b"0" * 512)]
        producer.send(record_topic.topic, value=b"x" * MOST_BYTES, partition=1, headers=headers).get(10)
        with pytest.raises(MessageSizeTooLargeError):
            producer.send(record_topic.topic, value=b"x" * (MOST_BYTES + 1024), partition=1).get(10)


def test_a_topic_that_is_not_there_is_refused_with_the_command_that_makes_it(unmade: Kafka) -> None:
    with pytest.raises(KafkaUnfit, match=r"There is no topic not-yet-made\. Make it: fanfare kafka init"):
        topic.refuse_if_unfit(unmade)


def test_brokers_that_nobody_runs_are_waited_for_and_then_named() -> None:
    with pytest.raises(LogAway, match=r"FANFARE_KAFKA_BROKERS is 127\.0\.0\.1:1, FANFARE_KAFKA_SECURITY is PLAINTEXT"):
        topic.refuse_if_unfit(Kafka(brokers="127.0.0.1:1"), patience_s=0)


def test_init_makes_the_topic_once_and_says_what_one_broker_does_not_promise(unmade: Kafka) -> None:
    first, second = fanfare(unmade, "kafka", "init"), fanfare(unmade, "kafka", "init")

    assert first.stdout.splitlines()[0] == "The topic not-yet-made was made: 4 partitions, one copy of each."
    assert "one broker" in first.stdout
    assert "was there already, and is right" in second.stdout
    assert (first.returncode, second.returncode) == (0, 0)


def test_init_on_a_topic_that_is_wrong_changes_nothing_and_fails(record_topic: Kafka) -> None:
    alter(record_topic, **{"retention.ms": "1000"})

    done = fanfare(record_topic, "kafka", "init")

    assert done.returncode == 1
    assert "retention.ms of the topic is 1000 and must be -1" in done.stdout
    assert look(record_topic).settings["retention.ms"] == "1000"


def test_a_start_on_an_unfit_topic_ends_with_a_status_that_nobody_starts_again(record_topic: Kafka, empty: str) -> None:
    alter(record_topic, **{"retention.bytes": "1000"})

    done = fanfare(record_topic, "migrate", FANFARE_DATABASE_URL=empty)

    assert done.returncode == KAFKA_UNFIT
    assert "retention.bytes of the topic is 1000 and must be -1" in done.stdout
    assert KAFKA_UNFIT in running._FINAL
