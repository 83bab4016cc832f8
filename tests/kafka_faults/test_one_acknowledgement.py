"""Planted: a writer that lets the leader alone acknowledge loses what was acknowledged, and the checks see it."""

import asyncio
import random
import signal
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fanfare.platform.logs.kafka import writing
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.logs.kafka.log import KafkaLog
from fanfare.platform.logs.port import LogAway
from fanfare.record.envelope import encode
from tests.builders import a_ballot, a_plan, recorded, terms_for, token
from tests.faults.checker import Evidence, acknowledged_ballots_are_in_place
from tests.faults.ground import LONG, SEED
from tests.faults.history import Asked, History, Told, ballots
from tests.kafka_faults import raw
from tests.kafka_faults.cluster import NODES, Cluster
from tests.kafka_faults.planted import ONE_ACKNOWLEDGEMENT

pytestmark = pytest.mark.anyio

PARTITION = 1
HONEST: Mapping[str, Any] = {}


async def cast(log: KafkaLog, history: History, numbers: range) -> None:
    """Cast ballots, and write down what is sent and what is told."""
    terms = terms_for(a_plan())

    async def one(number: int) -> None:
        voter = f"voter{number}"
        history.write(Asked(voter, voter, "final", token(voter), 1, ("a",), time.time()))
        event = recorded(a_ballot(terms, voter, "a"), id=f"{number:032}")
        try:
            position = await log.append(PARTITION, [encode(event)])
        except LogAway:
            history.write(Told(voter, 503, time.time()))
        else:
            history.write(Told(voter, 200, time.time(), event.id, str(position), "taken"))

    await asyncio.gather(*map(one, numbers))


async def lose_the_leader(cluster: Cluster, kafka: Kafka, folder: Path) -> History:
    """Cast ballots while nobody follows the leader, let it die, and return what was told once the others have gone on."""
    history = History(folder / "history.jsonl")
    with closing(history):
        log = KafkaLog(kafka, 4)
        try:
            await cast(log, history, range(10))
            leader = await cluster.leader(kafka, PARTITION)
            followers = [each for each in NODES if each != leader]
            for each in followers:
                cluster.send(each, signal.SIGSTOP)
            # The first lot may be on its way already: a follower asked before it stopped. The second is not.
            await cast(log, history, range(10, 30))
            await cast(log, history, range(30, 50))
            cluster.kill(leader)
            for each in followers:
                cluster.send(each, signal.SIGCONT)
        finally:
            await log.close()
        while await cluster.leader(kafka, PARTITION) == leader:  # noqa: ASYNC110 - the others elect one
            await asyncio.sleep(0.2)
        cluster.start_again(leader)
        await cluster.whole(kafka)
    return history


@pytest.mark.parametrize(
    ("options", "loses"), [(ONE_ACKNOWLEDGEMENT, True), (HONEST, False)][: 1 + LONG], ids=["planted", "honest"][: 1 + LONG]
)
async def test_what_a_leader_acknowledges_alone_is_lost_with_it_and_the_checks_see_that(
    brokers_of_our_own: Cluster,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: Mapping[str, Any],
    *,
    loses: bool,
) -> None:
    monkeypatch.setattr(writing, "_OPTIONS", {**writing._OPTIONS, **options})
    brokers_of_our_own.mend()
    kafka = brokers_of_our_own.topic(f"planted.{SEED}.{random.getrandbits(32):x}")
    await brokers_of_our_own.whole(kafka)

    history = ballots((await lose_the_leader(brokers_of_our_own, kafka, tmp_path)).lines)

    found = await asyncio.to_thread(raw.read_raw, kafka)
    told = sum(each.acknowledged is not None for each in history)
    assert (told == 50) == loses
    assert bool(raw.complaints(found, history, {})) == loses
    assert bool(acknowledged_ballots_are_in_place(Evidence(history, raw.entries(found)))) == loses
