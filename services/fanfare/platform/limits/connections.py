"""
Connections that are too slow, too many or too talkative: uvicorn's protocol with an eye on the clock.

uvicorn waits for the end of a request's head, and for a body, as long as the client likes, and keeps any number of headers. Here
each connection is looked at every few seconds; a request on its way sets no timer.
"""

import asyncio
import resource
from collections import Counter
from collections.abc import Sequence
from enum import Enum
from typing import ClassVar, cast

import msgspec
import structlog
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from fanfare.platform.edge import PROBLEM, problem, problem_response
from fanfare.platform.limits.clients import Network, Proxies, network_of
from fanfare.platform.limits.refusals import Crowded, HeadTooLarge, LinkTooLong, NotHttp, TooSlow
from fanfare.platform.refusals import Refusal

_log = structlog.get_logger()
_SPARE = 200
"""Descriptors that are no connections of clients: the database's, files, libraries."""
_MOST_DESCRIPTORS = 65_536
_TOLD_EVERY_S = 60.0
_PHRASES = {
    400: "Bad Request",
    408: "Request Timeout",
    414: "URI Too Long",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}


class Stage(Enum):
    """What a connection waits for."""

    HEAD = "head"
    """The rest of a request's head, or its first byte on a new connection."""
    BODY = "body"
    ANSWER = "answer"
    """Our own answer: as long as it takes, which for a live page is hours."""
    IDLE = "idle"
    """The next request, if one comes."""


class GuardedProtocol(HttpToolsProtocol):
    """A connection that ends when its client keeps it waiting. Owned by one event loop."""

    look_s: ClassVar[float] = 5.0
    head_s: ClassVar[float] = 10.0
    """For a head from its first byte, for the first byte of a connection, and between requests."""
    grace_s: ClassVar[float] = 10.0
    """For a body however small; from then on it has to have come at `floor_bytes_s` on average."""
    floor_bytes_s: ClassVar[int] = 2048
    body_s: ClassVar[float] = 60.0
    """For a body, however steadily it comes."""
    stalled_s: ClassVar[float] = 30.0
    """For a client that takes nothing of what waits to be sent to it."""
    most_head_bytes: ClassVar[int] = 32 * 1024
    most_headers: ClassVar[int] = 100
    most_link_bytes: ClassVar[int] = 8 * 1024
    most_queued: ClassVar[int] = 16
    """Requests that a client sends ahead on one connection."""
    most_passed_over_bytes: ClassVar[int] = 1024 * 1024
    """Of a body that is not wanted: so much is read, that the client finds the time to read why."""
    most_connections: ClassVar[int] = 800
    most_of_network: ClassVar[int] = 200
    proxies: ClassVar[Proxies] = Proxies()
    _networks: ClassVar[Counter[str]] = Counter()
    _told: ClassVar[dict[str, float]] = {}

    _stage: Stage = Stage.HEAD
    since = 0.0
    """When the stage began, by the loop's clock."""
    _head_bytes = 0
    _body_bytes = 0
    _is_first_chunk = True
    _unsent = 0
    _stalled_since = 0.0
    _network = ""
    _look_again: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection in, if there is room for it or can be made."""
        super().connection_made(transport)
        self.since = self._stalled_since = self.loop.time()
        self._look_again = self.loop.call_later(self.look_s, self._look)
        peer = self.client[0] if self.client else ""
        self._network = "" if self.proxies.trusts(peer) else network_of(peer)
        self._networks[self._network] += 1
        is_greedy = self._network and self._networks[self._network] > self.most_of_network
        if is_greedy or (len(self.connections) > self.most_connections and not self._make_room()):
            self._end_with(Crowded())

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        if self._look_again:
            self._look_again.cancel()
        self._networks[self._network] -= 1
        if not self._networks[self._network]:
            del self._networks[self._network]

    def data_received(self, data: bytes) -> None:
        """Read on; a head that does not end is not kept."""
        self._is_first_chunk = self._stage is not Stage.HEAD
        super().data_received(data)
        if self._stage is Stage.HEAD and not self._is_first_chunk:
            self._head_bytes += len(data)
            if self._head_bytes > self.most_head_bytes:
                self._end_with(HeadTooLarge() if self.headers else LinkTooLong())

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._stage, self.since = Stage.HEAD, self.loop.time()
        self._head_bytes = self._body_bytes = 0
        self._is_first_chunk = True

    def on_headers_complete(self) -> None:
        """Start the request, or answer that its head is too much."""
        self._stage, self.since = Stage.BODY, self.loop.time()
        if len(self.pipeline) >= self.most_queued:
            self.transport.abort()
            return
        refusal = self._wrong_with_head()
        if refusal is None:
            super().on_headers_complete()
            self.cycle.transport = cast("asyncio.Transport", InOne(self.transport, self.loop))  # its task has not begun yet
            return
        kept, self.app = self.app, cast("ASGI3Application", _refusing(refusal))
        self.url = self.url[:100].partition(b"?")[0] or b"/"  # a longer one cannot even be parsed
        super().on_headers_complete()
        self.app = kept

    def on_body(self, body: bytes) -> None:
        """Take a part of a body in; of one that was refused, so much that the client may come to read the answer."""
        super().on_body(body)
        self._body_bytes += len(body)
        if self.cycle.response_complete and self._body_bytes > self.most_passed_over_bytes:
            self.transport.abort()

    def on_message_complete(self) -> None:
        """Wait for the answer, or for the next request where it was given early."""
        super().on_message_complete()
        self._stage, self.since = Stage.IDLE if self.cycle.response_complete else Stage.ANSWER, self.loop.time()

    def on_response_complete(self) -> None:
        """Wait for the next request, unless the body or the head of one is still coming."""
        super().on_response_complete()
        if self._stage is Stage.ANSWER and not self.pipeline and self.cycle.response_complete:
            self._stage, self.since = Stage.IDLE, self.loop.time()

    def send_400_response(self, msg: str) -> None:
        """Answer bytes that are no HTTP."""
        del msg
        self._end_with(NotHttp())

    def _wrong_with_head(self) -> Refusal | None:
        if len(self.url) > self.most_link_bytes:
            return LinkTooLong()
        size = sum([len(name) + len(value) for name, value in self.headers])
        return HeadTooLarge() if len(self.headers) > self.most_headers or size > self.most_head_bytes else None

    def _look(self) -> None:
        now = self.loop.time()
        self._look_again = self.loop.call_later(self.look_s, self._look)
        if self._has_stalled(now):
            self.transport.abort()
        elif self.transport.is_closing() or self.flow.read_paused:
            return  # it ends, or we are the ones who keep it waiting
        elif self._stage is Stage.IDLE and now - self.since > self.head_s:
            self.transport.close()
        elif (self._stage is Stage.HEAD and now - self.since > self.head_s) or (
            self._stage is Stage.BODY and now - self.since > self._body_may_take_s()
        ):
            self._end_with(TooSlow())

    def _body_may_take_s(self) -> float:
        return min(self.body_s, self.grace_s + self._body_bytes / self.floor_bytes_s)

    def _has_stalled(self, now: float) -> bool:
        unsent, before = self.transport.get_write_buffer_size(), self._unsent
        self._unsent = unsent
        if not unsent or unsent < before:
            self._stalled_since = now
            return False
        return now - self._stalled_since > self.stalled_s

    def _make_room(self) -> bool:
        """Close the tenth of the waiting connections that has waited longest, and tell whether there was one."""
        others = [each for each in self.connections if isinstance(each, GuardedProtocol) and each is not self]
        waiting = sorted((each for each in others if each.is_waiting), key=lambda each: each.since)
        for each in waiting[: len(waiting) // 10 + 1]:
            each.transport.abort()
            self.connections.discard(each)
        if self.loop.time() - self._told.get("full", -_TOLD_EVERY_S) > _TOLD_EVERY_S:
            self._told["full"] = self.loop.time()
            _log.warning("connections are full", open=len(self.connections), waiting=len(waiting))
        return bool(waiting)

    @property
    def is_waiting(self) -> bool:
        """Whether nothing would be lost with it: it waits for a request, or for the rest of a head."""
        return self._stage in (Stage.HEAD, Stage.IDLE) and not self._answers

    @property
    def _answers(self) -> bool:
        cycle = cast("RequestResponseCycle | None", self.cycle)  # none before the first request
        return cycle is not None and not cycle.response_complete

    def _end_with(self, refusal: Refusal) -> None:
        """Answer, where no answer has begun, and close."""
        if self.transport.is_closing():
            return
        cycle = self.cycle
        if self._answers:
            has_begun = cycle.response_started
            cycle.disconnected = True  # whoever waits for the body is told that nobody is there
            cycle.message_event.set()
            if has_begun or self._stage is Stage.HEAD:  # an answer to an earlier request is on its way: ours would be read as its
                self.transport.abort()
                return
        self.transport.write(_message(refusal))
        self.transport.close()


class InOne:
    """The way out of one answer: its head goes with the first of its body, in one write, since each wakes the client."""

    __slots__ = ("_has_begun", "_head", "_loop", "_transport", "is_closing")

    def __init__(self, transport: asyncio.WriteTransport, loop: asyncio.AbstractEventLoop) -> None:
        """Write through *transport*."""
        self._transport, self._loop = transport, loop
        self._has_begun, self._head = False, b""
        self.is_closing = transport.is_closing

    def write(self, part: bytes) -> None:
        """Write a part; the first one is the head, and waits for the second until the loop's next turn."""
        if self._has_begun:
            self._transport.write(self._head + part)
            self._head = b""
        else:
            self._has_begun, self._head = True, part
            self._loop.call_soon(self._flush)  # where the body takes its time, as a live page's does

    def close(self) -> None:
        """Close the connection behind what was written."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._head and not self.is_closing():
            self.write(b"")


def _message(refusal: Refusal) -> bytes:
    body = msgspec.json.encode(problem(refusal, ""))
    head = [
        f"HTTP/1.1 {refusal.status} {_PHRASES[refusal.status]}",
        f"content-type: {PROBLEM}",
        f"content-length: {len(body)}",
        "connection: close",
        *(["retry-after: 5"] if refusal.status == 503 else []),
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


def _refusing(refusal: Refusal) -> ASGIApp:
    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        response = problem_response(refusal, scope["path"])
        response.headers["Connection"] = "close"
        await response(scope, receive, send)

    return refuse


def protocol(trusted: Sequence[Network]) -> type[GuardedProtocol]:
    """Return the protocol of a site behind *trusted* proxies. As many descriptors as this process may have are asked for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    most = max(100, (wanted if soft == resource.RLIM_INFINITY else min(soft, _MOST_DESCRIPTORS)) - _SPARE)
    kept = {"most_connections": most, "most_of_network": most // 4, "proxies": Proxies(trusted), "_networks": Counter()}
    return type("SiteProtocol", (GuardedProtocol,), kept)
