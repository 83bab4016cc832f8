"""What a site logs: enough to follow a request to the worker, and nothing that names a person or leads to her ballot."""

import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from fanfare.platform import logging, request_id
from tests.page_reader import all_read, an_open_round
from tests.site_fixture import ADDRESS, SiteUnderTest, client_of, round_of

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
ADA = "ada@example.org"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    """Gather what is logged, as it would be written."""
    with capture_logs(processors=[merge_contextvars, logging.note, logging.without_details]) as found:
        yield found


async def test_a_request_takes_its_id_from_the_trace_it_belongs_to_and_else_gets_its_own(site: SiteUnderTest) -> None:
    traced = await site.stranger.get("/healthz", headers={"traceparent": TRACEPARENT})
    plain = [await site.stranger.get("/healthz") for _ in range(2)]
    page = await site.stranger.get("/no/such/page", headers={"accept": "text/html"})

    assert traced.headers["Fanfare-Request"] == TRACE
    assert all(re.fullmatch("[0-9a-f]{32}", each.headers["Fanfare-Request"]) for each in [*plain, page])
    assert plain[0].headers["Fanfare-Request"] != plain[1].headers["Fanfare-Request"]


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "00-4bf92f3577b34da6a3ce929d0e0e4736",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\n{}",
    ],
)
def test_a_trace_that_is_none_is_not_taken(wrong: str) -> None:
    assert request_id.chosen_id(wrong.encode(), "/healthz") != TRACE


def test_a_later_version_of_a_trace_is_taken_as_far_as_we_know_it() -> None:
    assert request_id.chosen_id(f"01-{TRACE}-00f067aa0ba902b7-01-more".encode(), "/healthz") == TRACE


async def test_a_write_is_logged_with_its_id_and_the_position_by_which_the_worker_knows_it(
    site: SiteUnderTest, lines: list[Any]
) -> None:
    _, round_id = await an_open_round(site, name="Ideas", method="support.v1", options_from="ideas", options=[], advance=2)
    fan = await site.fan()
    lines.clear()

    form = {"title": "Quince & Tonic", "body": "Tart, and a little bitter.", "tags": "fruit"}
    raised = await fan.post(f"/api/v1/rounds/{round_id}/ideas", json=form, headers={"traceparent": TRACEPARENT})

    await all_read(site)
    told = [each for each in lines if each["event"] == "request"]
    offset = int(raised.headers["Fanfare-Position"].split(":")[1])
    assert raised.status_code < 300
    assert any(each["first"] <= offset <= each["last"] for each in lines if each["event"] == "applied")
    assert [(each["route"], each["request"], each["position"]) for each in told] == [
        ("/api/v1/rounds/{round_id}/ideas", TRACE, raised.headers["Fanfare-Position"])
    ]
    assert "Quince" not in str(lines)
    assert round_id not in str(told)


async def test_no_line_leads_from_a_member_to_her_ballot(site: SiteUnderTest, lines: list[Any]) -> None:
    _, round_id = await an_open_round(site)
    fan = await site.fan()
    trace = {"traceparent": TRACEPARENT}
    member = (await fan.get("/api/v1/me")).json()["id"]
    before = request_id.SLOW_S
    request_id.SLOW_S = 0.0  # every request is slow, so every line that there could be is there
    try:
        cast = await fan.put(f"/api/v1/rounds/{round_id}/ballot", json={"number": 1, "options": ["o2"]}, headers=trace)
        receipt = cast.json()
        await all_read(site)
        for path in (f"receipts/{receipt['event_id']}", f"rounds/{round_id}/paper", f"rounds/{round_id}/my-ballots"):
            (await fan.get(f"/api/v1/{path}", headers={**trace, "Fanfare-Wait": receipt["position"]})).raise_for_status()
        await fan.put(f"/api/v1/rounds/{round_id}/ballot", json={"number": 1, "options": ["o1"]}, headers=trace)
        await fan.get("/api/v1/me", headers=trace)
    finally:
        request_id.SLOW_S = before

    of_ballots = [each for each in lines if "ballot" in str(each.get("route")) or "receipt" in str(each.get("route"))]
    text = str(lines)
    assert len(of_ballots) >= 4  # she was logged, or the rest proves nothing
    assert all("position" not in each for each in of_ballots)
    assert [each for each in of_ballots if each["request"] == TRACE] == []  # her trace, which others may know, is not there
    assert [each["request"] for each in lines if each.get("route") == "/api/v1/me"][-1] == TRACE
    assert all(each["position"].startswith("0:") for each in lines if "position" in each)
    assert {each["partition"] for each in lines if each["event"] == "applied"} <= {0}
    for secret in (receipt["event_id"], receipt["voter"], member, receipt["position"] + "'", "'o2'", "Noor", round_id):
        assert secret not in text, secret


async def test_a_fault_is_logged_with_its_request_and_noted_without_the_words_of_anybody(
    site: SiteUnderTest, lines: list[Any]
) -> None:
    app = FastAPI()

    @app.get("/broken/{name}")
    async def broken(name: str) -> None:
        async with site.parts.pool.connection() as connection:
            query = "insert into vault.members (id, email, name, secret) select id, %s, %s, 'x' from unnest(%s::text[]) as id"
            await connection.execute(query, (ADA, "Ada", [name, f"{name} 2"]))

    site.app.router.routes.insert(0, app.routes[-1])
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(site.app, raise_app_exceptions=False), base_url=ADDRESS
    ) as client:
        answer = await client.get(f"/broken/planted?mail={ADA}")
    noted = logging.noted()[-1]

    fault = next(each for each in lines if each["event"] == "fault")
    assert answer.status_code == 500
    assert fault["id"] == answer.json()["id"] == noted.id
    assert fault["route"] == noted.where == "/broken/{name}"
    assert fault["request"] == noted.request
    assert noted.error.startswith("UniqueViolation")
    assert 'duplicate key value violates unique constraint "members_email_key"' in fault["exception"]
    assert "example.org" not in str(lines)
    assert "planted" not in str(lines)


async def test_reads_that_go_well_are_not_logged(site: SiteUnderTest, lines: list[Any]) -> None:
    await site.publish(round_of())
    lines.clear()

    await site.stranger.get("/api/v1/campaigns")
    await client_of(site.app).get("/healthz")

    assert [each for each in lines if each["event"] == "request"] == []
