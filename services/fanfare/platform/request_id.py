"""
Each request has an id, which stands in its answer and in every line that is logged on its behalf; and each is counted.

Every answer passes here, so here is also added that what a member was answered is kept nowhere (`fanfare.platform.private`).

What is logged of a request: method, route, status, milliseconds, id, and of a write to partition 0 its position, by which the
lines of the worker are found. Never a path, a query, an address or a member. A ballot's line holds no position and no event id,
and its id is always ours: an id that somebody else chose, and knows whose it is, would tell when that fan voted. That no ballot
is in partition 0 keeps their positions out by construction.
"""

import re
from random import getrandbits
from time import perf_counter

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from fanfare.platform import tracing
from fanfare.platform.metrics import NO_ROUTE, REQUESTS, STREAMS
from fanfare.platform.private import kept_from_caches

HEADER = "Fanfare-Request"
SLOW_S = 1.0
"""A request that takes longer is logged."""
LIVE = "/campaigns/{campaign_id}/live"
_HEADER, _POSITION = HEADER.lower().encode(), b"fanfare-position"
_TRACE = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
# Source: W3C Trace Context, section 3.2: version ff and ids of zeros alone are invalid; later versions may append fields.
_log = structlog.get_logger()


def chosen_id(traceparent: bytes | None, path: str) -> str:
    """
    Return the id of a request, 32 hexadecimal digits: that of the trace it came with, else a new one.

    About a ballot it is always a new one.
    """
    if traceparent is not None and len(traceparent) < 200 and not tracing.OF_A_BALLOT.search(path):
        found = _TRACE.fullmatch(traceparent)
        if found and (len(traceparent) == 55 or not traceparent.startswith(b"00")):
            return found[1].decode()
    return f"{getrandbits(128):032x}"  # it names a request and opens nothing, so it need not be hard to guess


def route_of(scope: Scope) -> str:
    """Return the template of the route that a request was led to, such as `/api/v1/rounds/{round_id}/ballot`."""
    included = scope.get("fastapi")
    if included is not None:
        found = included.get("effective_route_context")
        if found is not None:
            return str(found.path_format)
    path: str | None = getattr(scope.get("route"), "path", None)
    return path or scope.get("root_path", "").removeprefix(scope.get("app_root_path", "")) or NO_ROUTE  # of mounted files: where


class RequestId:
    """Gives each request its id, counts it, and logs what was slow, broken, or written to partition 0."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap *app*."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back with its id."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        trace = next((value for name, value in scope["headers"] if name == b"traceparent"), None)
        request = chosen_id(trace, scope["path"])
        bind_contextvars(request=request)
        answer = _Answer(scope, send, request.encode(), began)
        traced = tracing.requested(scope["path"], request, trace if trace and request.encode() in trace else None)
        try:
            await self._app(scope, receive, answer)
        except BaseException as error:
            answer.status = answer.status or (500 if isinstance(error, Exception) else 499)  # 499: the client is gone
            raise
        finally:
            answer.ended()
            if traced is not None:
                tracing.answered(traced, scope["method"], route_of(scope), answer.status)


class _Answer:
    """The answer to one request, on its way out."""

    __slots__ = ("_began", "_is_stream", "_request", "_scope", "_send", "position", "seconds", "status")

    def __init__(self, scope: Scope, send: Send, request: bytes, began: float) -> None:
        self._scope, self._send, self._request, self._began = scope, send, request, began
        self.status = 0
        self.position = b""
        self.seconds = 0.0
        self._is_stream = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = message["headers"] = list(message.get("headers", ()))
            headers.append((_HEADER, self._request))
            headers.extend(kept_from_caches(self._scope, headers))
            if self._scope["method"] != "GET":
                self.position = next((value for name, value in headers if name == _POSITION), b"")
            elif self.status == 200 and route_of(self._scope) == LIVE:
                self._is_stream = True
                self.seconds = perf_counter() - self._began
                STREAMS.inc()
        await self._send(message)

    def ended(self) -> None:
        seconds = self.seconds or perf_counter() - self._began
        if self._is_stream:
            STREAMS.inc(-1)
        route, method = route_of(self._scope), self._scope["method"]
        REQUESTS.observe(method, route, self.status, seconds)
        written = self.position.startswith(b"0:")
        if written or self.status >= 500 or seconds > SLOW_S:
            line = {"position": self.position.decode()} if written else {}
            log = _log.warning if self.status >= 500 else _log.info
            log("request", method=method, route=route, status=self.status, ms=round(seconds * 1000, 1), **line)
