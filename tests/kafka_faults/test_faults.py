"""Eight faults at a site on three brokers: nothing that was acknowledged is lost, and nothing counts twice."""

import random
from pathlib import Path

import pytest

from tests.faults.ground import SEED, say
from tests.kafka_faults.cluster import Cluster
from tests.kafka_faults.faults import FAULTS
from tests.kafka_faults.nemesis import CLOSING, play

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

ALWAYS = ("leader killed", "leader cut off", "two brokers down", "API killed after Kafka had it")
"""Faults of every run; the others take turns, as the seed has it."""


def chosen(seed: int) -> list[str]:
    """Return seven faults, of which some are always there, in an order from the seed; the close is the eighth."""
    chance = random.Random(seed)
    some = [*ALWAYS, *chance.sample([each for each in FAULTS if each not in ALWAYS], 3)]
    return chance.sample(some, len(some))


async def test_eight_faults_lose_no_acknowledged_ballot_and_double_none(
    brokers_of_our_own: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    say(capsys, f"FANFARE_SEED={SEED}")

    leg = await play(brokers_of_our_own, tmp_path, chosen(SEED), SEED, 0, lambda line: say(capsys, line))

    say(capsys, f"{leg.ballots} ballots acknowledged, {leg.unanswered} requests unanswered, {leg.doubles} ballots there twice, ")
    say(capsys, f"{leg.voids} void, longest answer {leg.longest_s:.1f} s; answers: {leg.statuses}\n")
    assert leg.complaints == {}
    assert {shot.kind for shot in leg.shots} == {*chosen(SEED), CLOSING}
