"""A load of HTTP/1.1 requests that costs little beside the server it measures, and that knows what was answered."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import cast

import uvloop


class Answered:
    """What came back: how many, how many of them were no 2xx, and how long each took in seconds."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.times_s: list[float] = []
        self.failed: list[bytes] = []
        self.unanswered = 0
        self.took_s = 0.0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.times_s) / self.took_s

    def percentile_ms(self, share: float) -> float:
        """Return the time that this share of the answers stayed below, in milliseconds."""
        ordered = sorted(self.times_s)
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))]

    @property
    def wrong(self) -> str:
        """What must not be, however slow it was: no answer at all, a refusal, or a request that was left alone; else empty."""
        if self.failed:
            return f"{len(self.failed)} refused: {self.failed[0][:200]!r}"
        if self.unanswered:
            return f"{self.unanswered} were cut off without an answer"
        return "" if self.times_s else "nothing was answered"


class _Connection(asyncio.Protocol):
    """One connection with at most one request on the way. Owned by one event loop."""

    def __init__(self, answered: Answered, on_free: Callable[["_Connection"], None]) -> None:
        self._answered = answered
        self._on_free = on_free
        self.is_lost = False
        self._began = 0.0
        self._held = b""
        self.is_busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def send(self, request: bytes, began: float) -> None:
        self._began, self.is_busy = began, True
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._held += data
        head = self._held.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self._held.find(b"content-length: ")
        length = int(self._held[at + 16 : self._held.index(b"\r", at)]) if 0 <= at < head else 0
        if len(self._held) < head + 4 + length:
            return
        answer, self._held = self._held, b""
        self._answered.times_s.append(perf_counter() - self._began)
        if answer[9:10] not in (b"2", b"3"):
            self._answered.failed.append(answer)
        self.is_busy = False
        self._on_free(self)

    def connection_lost(self, _: Exception | None) -> None:
        self.is_lost = True
        if self.is_busy:  # the load ends all the same, and tells
            self._answered.unanswered += 1
            self.is_busy = False
            self._on_free(self)

    def close(self) -> None:
        self._transport.close()


async def _run(port: int, requests: Iterator[bytes], connections: int, rate: float | None, most_s: float) -> Answered:
    answered, loop = Answered(), asyncio.get_running_loop()
    finished, free, lost, due = loop.create_future(), deque[_Connection](), deque[_Connection](), deque[float]()
    until = perf_counter() + most_s

    def next_request(connection: _Connection) -> None:
        now = perf_counter()
        if connection.is_lost:
            lost.append(connection)
        began = None if connection.is_lost else now if rate is None else due.popleft() if due else None
        request = next(requests, None) if began is not None and now < until else None
        if request is not None and began is not None:
            connection.send(request, began)
            return
        if not connection.is_lost:
            free.append(connection)
        if rate is None and len(free) + len(lost) == connections and not finished.done():
            finished.set_result(None)

    everyone = [
        (await loop.create_connection(lambda: _Connection(answered, next_request), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    began = perf_counter()
    until = began + most_s
    if rate is None:
        for each in everyone:
            next_request(each)
        await finished
    else:
        await _open_loop(rate, most_s, everyone, next_request, free, due)
    answered.took_s = perf_counter() - began
    for each in everyone:
        each.close()
    return answered


async def _open_loop(
    rate: float,
    most_s: float,
    everyone: list[_Connection],
    next_request: Callable[[_Connection], None],
    free: deque[_Connection],
    due: deque[float],
) -> None:
    """Send at a steady rate; a request's time runs from when it was due, so a server that stalls is not flattered."""
    free.extend(everyone)
    began = perf_counter()
    made = 0
    while (now := perf_counter()) < began + most_s:
        while made < (now - began) * rate:
            due.append(began + made / rate)
            made += 1
        while due and free:
            next_request(free.popleft())
        await asyncio.sleep(0.001)
    while any(each.is_busy for each in everyone):  # noqa: ASYNC110 - the load is over; nothing is measured any more
        await asyncio.sleep(0.01)


def put_load(
    port: int, requests: Iterator[bytes], *, connections: int = 64, rate: float | None = None, most_s: float = 10
) -> Answered:
    """
    Send *requests*, whole HTTP/1.1 messages, over as many connections until none is left or *most_s* are over.

    Args:
        rate: requests a second, whatever the answers (an open loop); none for as fast as they are answered (a closed one).
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(port, requests, connections, rate, most_s))


def http(method: str, path: str, token: str = "", body: bytes = b"") -> bytes:
    """Return a request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {token}" if token else "Accept: */*"]
    lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"] if body else []
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body
