"""The topic gets more partitions while the site runs on it, and takes ballots in all of them."""

import asyncio

import pytest

from fanfare.operations.growing import grow
from fanfare.platform.logs.kafka.connecting import Kafka
from tests.kafka.test_outgrowing import vote
from tests.site_fixture import round_of, running_site

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
FANS = 12


async def test_a_running_site_on_kafka_takes_ballots_in_partitions_that_its_topic_got_just_now(
    database: str, record_topic: Kafka
) -> None:
    async with running_site(database, kafka=record_topic) as site:
        fans = [await site.fan(f"Fan {number}") for number in range(FANS)]
        (first,) = (each["id"] for each in (await site.publish(round_of()))["rounds"])
        await site.until(first, "open", timeout_s=60)  # so the worker has the partitions that there were

        assert await grow(site.parts.desk, record_topic, 8) == 4

        (round_id,) = (each["id"] for each in (await site.publish(round_of()))["rounds"])
        await site.until(round_id, "open", timeout_s=60)
        cast = [(await vote(fan, round_id, "o1")).raise_for_status() for fan in fans]
        positions = {int(each.headers["Fanfare-Position"].split(":")[0]) for each in cast}
        assert positions - {1, 2, 3}
        async with asyncio.timeout(60):
            while (await site.stranger.get(f"/api/v1/rounds/{round_id}/leaderboard")).json()["counted"] < FANS:  # noqa: ASYNC110 - over HTTP
                await asyncio.sleep(0.2)
