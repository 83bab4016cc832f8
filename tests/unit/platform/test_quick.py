"""The quick door: what goes through it, and what becomes of refusals and faults there."""

import httpx2
import pytest
from fastapi import FastAPI, Request, Response

from fanfare.platform.edge import RawRoute
from fanfare.platform.quick import QuickDoor
from fanfare.platform.refusals import NotFound
from fanfare.platform.request_id import RequestId
from fanfare.web import problems


async def _cast(request: Request, round_id: str) -> Response:
    if round_id == "gone":
        raise NotFound
    if round_id == "broken":
        raise LookupError(round_id)
    return Response(round_id, headers={"route": request.scope["route"].path})


async def _behind(request: Request, round_id: str) -> Response:
    return Response(f"{request.method} {round_id} behind the door")


async def asked(method: str, path: str) -> httpx2.Response:
    app = FastAPI()
    route = RawRoute("/rounds/{round_id}/ballot", _cast, methods=["PUT"])
    app.add_api_route("/rounds/{round_id}/ballot", _behind, methods=["GET", "PUT"])
    app.add_middleware(QuickDoor, routes=[route], handlers=app.exception_handlers)
    app.add_middleware(RequestId)
    problems.handle(app)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://here") as client:
        return await client.request(method, path)


async def test_a_raw_route_is_answered_at_the_door_and_known_by_its_template() -> None:
    answer = await asked("PUT", "/rounds/r1/ballot")

    assert (answer.text, answer.headers["route"]) == ("r1", "/rounds/{round_id}/ballot")


async def test_another_method_and_another_address_are_handed_on() -> None:
    assert (await asked("GET", "/rounds/r1/ballot")).text == "GET r1 behind the door"
    assert (await asked("PUT", "/rounds/r1/paper")).status_code == 404


async def test_a_refusal_at_the_door_is_the_problem_that_it_is_everywhere() -> None:
    answer = await asked("PUT", "/rounds/gone/ballot")

    assert (answer.status_code, answer.json()["code"]) == (404, NotFound.code)


async def test_a_fault_at_the_door_goes_on_to_what_logs_it() -> None:
    with pytest.raises(LookupError):
        await asked("PUT", "/rounds/broken/ballot")
