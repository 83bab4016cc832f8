"""What travels compressed, and what must not."""

import gzip

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from fanfare.platform.compression import Compressed

PAGE = "<p>Seven sodas in ninety years.</p>" * 100


async def _page(_: Request) -> Response:
    return HTMLResponse(PAGE, headers={"Vary": "Cookie"})


async def _secret(_: Request) -> Response:
    return HTMLResponse(PAGE, headers={"Cache-Control": "no-store, no-transform"})


async def _short(_: Request) -> Response:
    return HTMLResponse("<p>Gone.</p>")


async def _figures(_: Request) -> Response:
    return JSONResponse({"fans": ["Noor A."] * 500})


async def _stream(_: Request) -> Response:
    return StreamingResponse(iter(["data: 1\n\n"] * 400), media_type="text/event-stream")


async def _endless(_: Request) -> Response:
    return StreamingResponse(iter([PAGE, PAGE]), media_type="text/html")


NAMED = (_page, _secret, _short, _figures, _stream, _endless)
APP = Compressed(Starlette(routes=[Route(f"/{each.__name__[1:]}", each, methods=["GET", "POST"]) for each in NAMED]))


async def asked(path: str, method: str = "GET", encoding: str = "gzip, br") -> httpx2.Response:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(APP), base_url="http://here") as client:
        return await client.request(method, path, headers={"accept-encoding": encoding})


async def test_a_page_travels_compressed_and_arrives_whole() -> None:
    answer = await asked("/page")

    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) == len(gzip.compress(PAGE.encode(), 5)) < len(PAGE) / 10
    assert answer.headers["vary"] == "Cookie, Accept-Encoding"
    assert answer.text == PAGE


@pytest.mark.parametrize("path", ["/secret", "/short", "/figures", "/stream", "/endless"])
async def test_a_one_time_secret_a_stream_and_what_is_small_or_no_page_travel_as_they_are(path: str) -> None:
    assert "content-encoding" not in (await asked(path)).headers


async def test_an_answer_to_a_form_travels_as_it_is() -> None:
    assert "content-encoding" not in (await asked("/page", "POST")).headers


async def test_whoever_does_not_read_gzip_gets_none() -> None:
    answer = await asked("/page", encoding="identity")

    assert "content-encoding" not in answer.headers
    assert answer.text == PAGE
