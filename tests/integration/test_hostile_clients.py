"""Clients that are slow, endless, packed or rude, over real sockets: they are answered or cut off, all others are served."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.requests import Request
from starlette.responses import Response

from fanfare.platform.limits.connections import GuardedProtocol, protocol
from tests.integration.test_live_pages import until
from tests.page_reader import an_open_round
from tests.site_fixture import SiteUnderTest, listening

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
NESTED = 100_000


class Hurried(GuardedProtocol):
    """The protocol with the same rules and less patience."""

    look_s, head_s, grace_s, floor_bytes_s, body_s, stalled_s = 0.05, 0.4, 0.3, 2000, 1.0, 0.5


@asynccontextmanager
async def served(app: FastAPI, kind: type[GuardedProtocol] = Hurried) -> AsyncIterator[tuple[uvicorn.Server, int]]:
    """Serve *app* over a socket with a protocol of that kind, and give the server and its port."""
    async with listening(app, kind) as (server, address):
        yield server, urlsplit(address).port or 0


async def told(port: int, *parts: bytes, pause_s: float = 0.0, timeout_s: float = 5.0) -> tuple[bytes, float]:
    """Send *parts* over one connection, *pause_s* apart; return all that comes back, and after how long it ended."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.monotonic()

    async def send() -> None:
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(pause_s)
        except OSError:
            return

    sending = asyncio.create_task(send())
    try:
        async with asyncio.timeout(timeout_s):
            answer = b""
            try:
                while chunk := await reader.read(65536):
                    answer += chunk
            except OSError:
                pass
        return answer, time.monotonic() - began
    finally:
        sending.cancel()
        writer.close()


def post(path: str, *headers: str, length: int | None = None) -> bytes:
    """Return the head of a write of JSON."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", *headers]
    return "\r\n".join([*lines, *([] if length is None else [f"Content-Length: {length}"]), "", ""]).encode()


def code_of(answer: bytes) -> tuple[int, str]:
    """Return status and code of an answer that is a problem."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head, answer[:300]
    return int(head.split()[1]), json.loads(body)["code"]


async def test_a_head_that_never_ends_is_answered_and_closed_and_so_is_a_connection_that_says_nothing(
    site: SiteUnderTest,
) -> None:
    async with served(site.app) as (_, port):
        slow, slow_s = await told(
            port, b"GET / HTTP/1.1\r\n", *(b"X-%d: a\r\n" % n for n in range(100)), pause_s=0.2, timeout_s=19
        )
        silent, silent_s = await told(port)
        kept, kept_s = await told(
            port, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", *([b"\r\n"] * 100), pause_s=0.2, timeout_s=19
        )

    assert code_of(slow) == code_of(silent) == (408, "too-slow")
    assert kept.startswith(b"HTTP/1.1 200")
    assert max(slow_s, silent_s, kept_s) < 10  # sent at this pace, the heads would take twice as long


async def test_a_body_that_trickles_is_answered_and_closed_and_one_that_comes_steadily_is_taken(site: SiteUnderTest) -> None:
    email = json.dumps({"email": "anna@example.org", "next": "/" + "x" * 1200}).encode()
    head = post("/api/v1/sign-in", "Connection: close", length=len(email))
    async with served(site.app) as (_, port):
        trickled, trickled_s = await told(port, head, *(email[n : n + 1] for n in range(len(email))), pause_s=0.02)
        stopped, _ = await told(port, head + email[:-1])
        steady, steady_s = await told(port, head, *(email[n : n + 250] for n in range(0, len(email), 250)), pause_s=0.1)
        endless, endless_s = await told(
            port, post("/api/v1/sign-in", length=200_000), *([b" " * 300] * 60), pause_s=0.2, timeout_s=11
        )

    assert code_of(trickled) == code_of(stopped) == code_of(endless) == (408, "too-slow")
    assert steady.startswith(b"HTTP/1.1 202")
    assert trickled_s < 4
    assert steady_s > 0.4
    assert endless_s < 6


async def test_five_hundred_connections_without_a_request_are_gone_soon_and_others_are_served_meanwhile(
    site: SiteUnderTest,
) -> None:
    async with served(site.app) as (server, port), httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as fan:
        hung = [await asyncio.open_connection("127.0.0.1", port) for _ in range(500)]
        for _, writer in hung:
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        times = []
        for _ in range(20):
            began = time.monotonic()
            assert (await fan.get("/healthz")).status_code == 200
            times.append(time.monotonic() - began)
        await until(lambda: len(server.server_state.connections) <= 2)
        for _, writer in hung:
            writer.close()

    assert sorted(times)[10] < 0.25


async def test_where_connections_run_short_the_oldest_idle_ones_make_room(site: SiteUnderTest) -> None:
    kept = type("Small", (GuardedProtocol,), {"most_connections": 50})
    async with served(site.app, kept) as (server, port), httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as fan:
        hung = []
        for _ in range(500):
            hung.append(await asyncio.open_connection("127.0.0.1", port))
            hung[-1][1].write(b"GET / HTTP/1.1\r\nX-Slow: ")
        answered = await fan.get("/healthz")
        count = len(server.server_state.connections)
        for _, writer in hung:
            writer.close()

    assert answered.status_code == 200
    assert count <= 50


async def test_one_network_has_a_share_of_the_connections_and_no_more(
    site: SiteUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fanfare.platform.limits.connections.network_of", lambda _: "203.0.113.7")
    kept = type("Small", (Hurried,), {"most_of_network": 10, "head_s": 5.0})
    async with served(site.app, kept) as (_, port):
        hung = [await asyncio.open_connection("127.0.0.1", port) for _ in range(10)]
        answer, _ = await told(port)
        for _, writer in hung:
            writer.close()

    assert code_of(answer) == (503, "crowded")
    assert b"retry-after: 5" in answer


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(150)) + b"\r\n", 431, "head-too-large"),
        (b"GET / HTTP/1.1\r\nCookie: " + b"a=b; " * 9_000 + b"\r\n\r\n", 431, "head-too-large"),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "link-too-long"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello, is this TLS?\r\n\r\n", 400, "not-http"),
        (b"GET / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400, "not-http"),
        (b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, "not-http"),
        (post("/api/v1/sign-in", "Transfer-Encoding: chunked") + b"ffffffffffffffffffff\r\n", 400, "not-http"),
        (post("/api/v1/sign-in", "Connection: close", length=10**18), 413, "too-large"),
        (post("/api/v1/sign-in", "Connection: close", "Content-Encoding: gzip", length=3) + b"abc", 415, "body-encoded"),
    ],
)
async def test_what_is_too_much_or_no_request_is_answered_with_a_problem(
    site: SiteUnderTest, request_: bytes, status: int, code: str
) -> None:
    async with served(site.app) as (_, port):
        answer, took_s = await told(port, request_)

    assert code_of(answer) == (status, code)
    assert took_s < 4


@pytest.mark.parametrize("begin", [b"GET / HTTP/1.1\r\nX-Endless: ", b"GET /?a=1&"])
async def test_a_head_without_an_end_is_cut_off_while_it_is_still_being_sent(site: SiteUnderTest, begin: bytes) -> None:
    async with served(site.app) as (server, port):
        answer, took_s = await told(port, begin, *([b"a" * 65_536] * 400))
        await until(lambda: not server.server_state.connections)

    # Whoever goes on sending may lose the answer with the connection.
    assert answer == b"" or code_of(answer) in ((431, "head-too-large"), (414, "link-too-long"))
    assert took_s < 4


async def test_a_body_too_large_is_answered_as_it_comes_and_not_read_to_its_end(site: SiteUnderTest) -> None:
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    async with served(site.app) as (server, port):
        chunked, _ = await told(port, post("/api/v1/sign-in", "Transfer-Encoding: chunked"), *([chunk] * 200), timeout_s=10)
        tiny, tiny_s = await told(port, post("/api/v1/sign-in", "Transfer-Encoding: chunked") + b"1\r\n \r\n" * 270_000)
        await until(lambda: not server.server_state.connections)

    assert chunked.startswith(b"HTTP/1.1 413")
    assert tiny.startswith(b"HTTP/1.1 413")
    assert tiny_s < 4


async def test_a_reader_who_takes_nothing_of_a_large_answer_is_cut_off_and_a_slow_one_is_not(site: SiteUnderTest) -> None:
    whole = 40_000_000

    async def large(request: Request) -> Response:
        del request
        return Response(b"x" * whole)

    site.app.router.add_route("/large", large)
    site.app.router.routes.insert(0, site.app.router.routes.pop())
    async with served(site.app) as (server, port):
        lazy = socket.create_connection(("127.0.0.1", port))
        lazy.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            await until(lambda: len(server.server_state.connections) == 1)
            await until(lambda: not server.server_state.connections)
        finally:
            lazy.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        size = 0
        while chunk := await reader.read(1_000_000):
            size += len(chunk)
            await asyncio.sleep(0.02)
        writer.close()

    assert size > whole


async def test_a_live_page_stays_open_far_longer_than_any_patience_with_a_request(site: SiteUnderTest) -> None:
    campaign, _ = await an_open_round(site)
    async with served(site.app) as (server, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /campaigns/{campaign}/live HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        first = await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(1.5)

        assert b"200 OK" in first
        assert len(server.server_state.connections) == 1
        writer.close()


async def test_requests_sent_far_ahead_are_not_all_kept(site: SiteUnderTest) -> None:
    async with served(site.app) as (server, port):
        answer, _ = await told(port, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 5000)
        few, _ = await told(port, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 10, timeout_s=5)
        await until(lambda: not server.server_state.connections)

    assert answer.count(b"200 OK") < 100
    assert few.count(b"200 OK") == 10


def test_the_protocol_of_a_site_leaves_a_network_a_quarter_of_what_the_system_allows() -> None:
    kept = protocol(())

    assert kept.most_of_network == kept.most_connections // 4
    assert kept.most_connections >= 100


HOSTILE: dict[str, bytes] = {
    "lists in lists": b"[" * NESTED + b"]" * NESTED,
    "objects in objects": b'{"a":' * 30_000 + b"1" + b"}" * 30_000,
    "brackets that open": b"[" * NESTED,
    "a number of many digits": b'{"number":' + b"9" * 100_000 + b"}",
    "a number out of all bounds": b'{"number": 1e999, "options": [NaN, -Infinity]}',
    "one key twice": b'{"number": 1, "number": 2, "options": [], "options": ["o1"]}',
    "no UTF-8": b'{"email": "\xff\xfe"}',
    "half of a pair": b'{"email": "\\ud800@example.org"}',
    "nothing": b"",
    "a string": b'"' + b"a" * 200_000 + b'"',
}


def json_routes(app: FastAPI) -> list[tuple[str, str]]:
    """Return method and address of every route of the API that writes."""
    return [
        (method, str(route.path_format).replace("{", "").replace("}", ""))
        for route in iter_route_contexts(app.routes)
        for method in sorted(route.methods or ())
        if method in ("POST", "PUT", "PATCH", "DELETE") and str(route.path_format).startswith("/api/")
    ]


@pytest.mark.parametrize("name", sorted(HOSTILE))
async def test_no_route_of_the_api_breaks_or_labours_over_a_hostile_body(site: SiteUnderTest, name: str) -> None:
    slow: dict[str, Any] = {}
    broken: dict[str, Any] = {}
    routes = json_routes(site.app)
    for method, path in routes:
        times = []
        for _ in range(2):
            began = time.process_time()
            answer = await site.host.request(method, path, content=HOSTILE[name], headers={"Content-Type": "application/json"})
            times.append(time.process_time() - began)
            if answer.status_code >= 500 or (answer.status_code >= 400 and "problem" not in answer.headers["content-type"]):
                broken[f"{method} {path}"] = answer.text[:200]
        if min(times) > 0.1:
            slow[f"{method} {path}"] = min(times)

    assert len(routes) > 20
    assert broken == {}
    assert slow == {}


@pytest.mark.parametrize(
    "kind", ["text/xml", "application/x-www-form-urlencoded", "multipart/form-data", "", "application/json; charset=utf-16"]
)
async def test_a_body_of_another_kind_is_refused_with_a_problem(site: SiteUnderTest, kind: str) -> None:
    for method, path in (("POST", "/api/v1/sign-in"), ("POST", "/api/v1/drafts"), ("PUT", "/api/v1/rounds/r1/ballot")):
        answer = await site.host.request(method, path, content=b"<a/>", headers={"Content-Type": kind})

        assert 400 <= answer.status_code < 500
        assert answer.json()["code"]


FORMS: dict[str, tuple[str, bytes]] = {
    "a hundred thousand fields": ("application/x-www-form-urlencoded", b"a=&" * 85_000),
    "fields without names": ("application/x-www-form-urlencoded", b"&" * 250_000),
    "one field": ("application/x-www-form-urlencoded", b"text=" + b"%41" * 80_000),
    "parts": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * 4000 + b"--b--\r\n",
    ),
    "files": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\nx\r\n' * 3500 + b"--b--\r\n",
    ),
    "no boundary": ("multipart/form-data", b"--b\r\n\r\n"),
    "no end": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"\r\n--" * 60_000,
    ),
    "headers of a part": ("multipart/form-data; boundary=b", b"--b\r\n" + b"X: a\r\n" * 40_000),
}


@pytest.mark.parametrize("name", sorted(FORMS))
async def test_a_hostile_form_is_answered_quickly_on_every_kind_of_page(site: SiteUnderTest, name: str) -> None:
    kind, body = FORMS[name]
    _, round_id = await an_open_round(site)
    headers = {"content-type": kind, "accept": "text/html", "origin": "http://localhost:8000", "sec-fetch-site": "same-origin"}
    for path in ("/sign-in", "/sign-in/confirm", f"/rounds/{round_id}/ballot", "/me/access/name", "/host/campaigns", "/setup"):
        times = []
        for _ in range(2):
            began = time.process_time()
            answer = await site.stranger.post(path, content=body, headers=headers)
            times.append(time.process_time() - began)
            assert answer.status_code < 500, path

        assert min(times) < 0.4, path
