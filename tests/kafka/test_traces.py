"""Traces on Kafka: from the request over the record to every projection, in one trace; and nothing of a ballot."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from fanfare.platform import tracing
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.logs.kafka.log import KafkaLog
from fanfare.projecting import PROJECTIONS
from tests.collector import IDEA, PLANTED, Collector, attributes, traced
from tests.integration.traces import traces
from tests.page_reader import all_read, an_open_round
from tests.site_fixture import SiteUnderTest, running_site

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Trace into a collector of this test."""
    with traced() as found:
        yield found


@pytest.fixture
async def site(database: str, record_topic: Kafka) -> AsyncIterator[SiteUnderTest]:
    """A site whose record is in Kafka, with its worker running."""
    async with running_site(database, kafka=record_topic) as running:
        yield running


async def test_a_trace_leads_from_the_request_through_the_record_to_every_projection(
    site: SiteUnderTest, collector: Collector, record_topic: Kafka
) -> None:
    _, round_id = await an_open_round(site, name="Ideas", method="support.v1", options_from="ideas", options=[], advance=2)
    fan = await site.fan()

    raised = await fan.post(f"/api/v1/rounds/{round_id}/ideas", json=IDEA, headers=PLANTED)
    await all_read(site)
    await asyncio.to_thread(tracing.stop)

    position = raised.raise_for_status().headers["Fanfare-Position"]
    offset = int(position.split(":")[1])
    (asked,) = collector.named("POST /api/v1/rounds/{round_id}/ideas")
    (append,) = (each for each in collector.of_trace(asked.trace_id) if each.name == "append")
    projected = [each for each in collector.of_trace(asked.trace_id) if each.name.startswith("project ")]
    assert attributes(append) == {"fanfare.position": position}
    assert append.parent_span_id == asked.span_id
    assert sorted(each.name for each in projected) == sorted(f"project {each.name}" for each in PROJECTIONS)
    assert {each.parent_span_id for each in projected} == {append.span_id}
    assert {attributes(each)["fanfare.entry"] for each in projected} == {f"0:{offset}"}
    assert all(each.end_time_unix_nano >= each.start_time_unix_nano for each in projected)
    log = KafkaLog(record_topic, 4)
    (entry,) = await log.read(0, offset, 1)
    await log.close()
    assert [each.split(b"-")[1].hex() for each in entry.traceparents] == [append.trace_id.hex().encode().hex()]
    assert append.trace_id not in entry.body
    assert append.trace_id.hex().encode() not in entry.body  # it is beside the record, and no part of it
    assert traces(collector.bodies, ["planted", "203.0.113.77", round_id, "Quince", "Noor A."]) == []


async def test_no_span_and_no_header_is_of_a_ballot(site: SiteUnderTest, collector: Collector, record_topic: Kafka) -> None:
    _, round_id = await an_open_round(site)
    fan = await site.fan()
    member = (await fan.get("/api/v1/me", headers=PLANTED)).json()["id"]
    token = fan.headers["authorization"].removeprefix("Bearer ")

    cast = await fan.put(f"/api/v1/rounds/{round_id}/ballot", json={"number": 1, "options": ["o2"]}, headers=PLANTED)
    receipt = cast.raise_for_status().json()
    await all_read(site)
    await asyncio.to_thread(tracing.stop)

    log = KafkaLog(record_topic, 4)
    ballots = [entry for partition in (1, 2, 3) for entry in await log.read(partition, 0)]
    decisions = await log.read(0, 0)
    await log.close()
    assert [each.traceparents for each in ballots] == [()]
    assert any(each.traceparents for each in decisions)  # some were traced, or the rest proves nothing
    told = [value for _, span in collector.spans for value in attributes(span).values()]
    assert any(each.startswith("0:") for each in told)
    assert [each for each in told if each.startswith(("1:", "2:", "3:"))] == []
    assert [span.name for _, span in collector.spans if tracing.OF_A_BALLOT.search(span.name)] == []
    secrets = [receipt["event_id"], receipt["voter"], member, token, round_id, "planted", "203.0.113.77", "Noor A."]
    assert traces(collector.bodies, secrets) == []
