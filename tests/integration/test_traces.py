"""Traces: a decision's goes as far as the log carries it, and nothing of a ballot is in any."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Sequence

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from fanfare.platform import request_id, tracing
from fanfare.platform.logs.group import GroupCommit, NewEntry
from tests.collector import HERS, IDEA, PLANTED, Collector, attributes, traced
from tests.integration.traces import traces
from tests.page_reader import all_read, an_open_round
from tests.site_fixture import SiteUnderTest, round_of

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Trace into a collector of this test."""
    with traced() as found:
        yield found


def links(span: Span) -> list[str]:
    """Return the traces that a span is linked to."""
    return [each.trace_id.hex() for each in span.links]


async def test_an_idea_is_traced_from_its_request_to_its_place_in_the_record(site: SiteUnderTest, collector: Collector) -> None:
    _, round_id = await an_open_round(site, name="Ideas", method="support.v1", options_from="ideas", options=[], advance=2)
    fan = await site.fan()

    raised = await fan.post(f"/api/v1/rounds/{round_id}/ideas?note=planted-query", json=IDEA, headers=PLANTED)
    tracing.stop()

    raised.raise_for_status()
    (asked,) = collector.named("POST /api/v1/rounds/{round_id}/ideas")
    append = next(each for each in collector.of_trace(asked.trace_id) if each.name == "append")
    assert append.parent_span_id == asked.span_id
    assert attributes(append) == {"fanfare.position": raised.headers["Fanfare-Position"]}
    assert attributes(asked) == {
        "fanfare.request": HERS,
        "http.request.method": "POST",
        "http.route": "/api/v1/rounds/{round_id}/ideas",
        "http.response.status_code": "201",
    }
    assert links(asked) == [HERS]
    assert asked.trace_id.hex() != HERS  # hers is not continued: it would stay in Kafka for ever
    assert traces(collector.bodies, ["planted", "203.0.113.77", round_id, "Quince", "Noor A.", "127.0.0.1"]) == []


async def test_nothing_of_a_ballot_is_in_any_trace(site: SiteUnderTest, collector: Collector) -> None:
    _, round_id = await an_open_round(site)
    fan = await site.fan()
    member = (await fan.get("/api/v1/me", headers=PLANTED)).json()["id"]
    token = fan.headers["authorization"].removeprefix("Bearer ")

    cast = await fan.put(f"/api/v1/rounds/{round_id}/ballot", json={"number": 1, "options": ["o2"]}, headers=PLANTED)
    receipt = cast.raise_for_status().json()
    await all_read(site)
    for path in (f"receipts/{receipt['event_id']}", f"rounds/{round_id}/paper", f"rounds/{round_id}/my-ballots"):
        (await fan.get(f"/api/v1/{path}", headers={**PLANTED, "Fanfare-Wait": receipt["position"]})).raise_for_status()
    for path in (f"/rounds/{round_id}/ballot", f"/rounds/{round_id}/receipt"):
        await fan.get(path, headers=PLANTED)
    await fan.put(f"/api/v1/rounds/{round_id}/ballot", json={"number": 1, "options": ["o1"]}, headers=PLANTED)
    tracing.stop()

    assert len(collector.named("GET /api/v1/me")) == 1  # she was traced, or the rest proves nothing
    assert [span.name for _, span in collector.spans if tracing.OF_A_BALLOT.search(span.name)] == []
    positions = [value for _, span in collector.spans for name, value in attributes(span).items() if name == "fanfare.position"]
    assert positions
    assert all(each.startswith("0:") for each in positions)
    secrets = [receipt["event_id"], receipt["voter"], member, token, round_id, "planted", "203.0.113.77", "127.0.0.1", "Noor A."]
    assert traces(collector.bodies, secrets) == []
    assert cast.headers[request_id.HEADER] not in {attributes(span).get("fanfare.request") for _, span in collector.spans}


async def test_whatever_the_request_only_partition_0_is_traced_since_ballots_are_in_the_others(collector: Collector) -> None:
    written: list[NewEntry] = []

    async def write(entries: Sequence[NewEntry]) -> Sequence[int]:
        written.extend(entries)
        return [len(written) - 1 for _ in entries]

    group = GroupCommit(write)
    token = tracing.requested("/api/v1/anything", "0" * 32, None)
    assert token is not None
    await asyncio.gather(group.append(1, [b"{}"]), *(group.append(0, [b"{}"]) for _ in range(12)))
    tracing.answered(token, "POST", "/api/v1/anything", 201)
    tracing.stop()

    assert {each.partition: len(each.headers) for each in written} == {1: 0, 0: tracing.MOST_HEADERS}
    assert len(collector.named("append")) == 12
    assert written[0].headers == ()


async def test_a_request_that_fails_is_marked_by_the_kind_of_its_error_only(site: SiteUnderTest, collector: Collector) -> None:
    async def away(*_: object, **__: object) -> None:
        raise ValueError("planted words of somebody")

    site.parts.log._group._write = away  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="planted"):
        await site.publish(round_of())
    tracing.stop()

    assert "ValueError" in {attributes(span).get("error.type") for span in collector.named("append")}
    assert traces(collector.bodies, ["planted"]) == []


async def test_a_collector_that_does_not_answer_holds_nothing_up(site: SiteUnderTest) -> None:
    tracing.start("http://127.0.0.1:9", "test")
    try:
        answer = await site.stranger.get("/api/v1/campaigns")
    finally:
        tracing.stop()

    assert answer.status_code == 200


def test_without_a_collector_not_even_the_library_is_loaded() -> None:
    program = (
        "import sys, fanfare.processes, fanfare.serving; from fanfare.platform import tracing; tracing.start('', 'api'); "
        "print([each for each in sys.modules if each.startswith(('opentelemetry.sdk', 'opentelemetry.exporter'))])"
    )

    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert said.stdout == "[]\n"
