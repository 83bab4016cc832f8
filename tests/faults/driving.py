"""
Fans who cast one ballot after the other, each over a connection of her own, and who repeat what nobody answered.

Where a site has several APIs, it is repeated at the next one.
"""

import asyncio
import random
import time
from array import array
from collections import Counter, deque
from collections.abc import Callable
from fcntl import ioctl
from itertools import count
from termios import FIONREAD
from typing import Any

import msgspec

from tests.faults.history import UNANSWERED, Asked, History, Told

ANSWER_WITHIN_S = 20.0
PAUSE_S = 0.1
"""How long a fan thinks between two ballots while no shot is near."""


class Answer(msgspec.Struct, frozen=True):
    """An answer over HTTP; status 0 where there was none."""

    status: int
    headers: dict[str, str]
    body: Any


SILENCE = Answer(UNANSWERED, {}, None)


class Connection:
    """One kept connection that takes one request at a time, opened anew where it broke."""

    def __init__(self, token: str, *ports: int) -> None:
        """Speak to the first of these *ports* of this machine with *token*, and to the next one after each ``move``."""
        self._ports, self._token = deque(ports), token
        self._home = False
        """Whether the next request goes to the port that was the first at the beginning."""
        self._first = ports[0]
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: object = None, key: str = "", within_s: float = ANSWER_WITHIN_S) -> Answer:
        """Send a request and return its answer, or SILENCE."""
        while self._home and self._ports[0] != self._first:
            self.move()
        self._home = False
        try:
            async with asyncio.timeout(within_s):
                return await self._ask(method, path, b"" if body is None else msgspec.json.encode(body), key)
        except (OSError, EOFError, TimeoutError, asyncio.IncompleteReadError):
            self.close()
            return SILENCE

    @property
    def is_silent(self) -> bool:
        """Tell whether not a byte of an answer has come in, neither to this process nor to the kernel."""
        if self._streams is None:
            return True
        reader, writer = self._streams
        waiting = array("i", [0])
        ioctl(writer.get_extra_info("socket").fileno(), FIONREAD, waiting)
        return not waiting[0] and not reader._buffer  # type: ignore[attr-defined]

    def go_home(self) -> None:
        """Speak to the first process again, from the next request on."""
        self._home = True

    def move(self) -> None:
        """Speak to the next process from now on, where there is more than one."""
        if len(self._ports) > 1:
            self.close()
            self._ports.rotate(-1)

    async def _ask(self, method: str, path: str, body: bytes, key: str) -> Answer:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._ports[0])
        reader, writer = self._streams
        head = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {self._token}"]
        head += [f"Content-Length: {len(body)}", "Content-Type: application/json"]
        head += [f"Idempotency-Key: {key}"] if key else []
        writer.write("\r\n".join([*head, "", ""]).encode() + body)
        status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines if line)}
        content = await reader.readexactly(int(headers.get("content-length", 0)))
        if headers.get("connection") == "close":
            self.close()
        is_json = "json" in headers.get("content-type", "")
        return Answer(int(status.split()[1]), headers, msgspec.json.decode(content) if is_json else content)

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


class Fan:
    """A fan in one round."""

    def __init__(self, name: str, connection: Connection) -> None:
        """Be *name*."""
        self.name, self.connection = name, connection
        self.round = self.voter = ""
        self.number = 0
        self.options: list[str] = []

    async def take_paper(self, round_id: str) -> None:
        """Learn her token and number in a round that is open."""
        answer = SILENCE
        while answer.status in (UNANSWERED, 503):  # she may come upon a kept connection that ended meanwhile
            answer = await self.connection.ask("GET", f"/api/v1/rounds/{round_id}/paper")
            if answer.status in (UNANSWERED, 503):
                self.connection.move()
        if answer.status != 200:
            message = f"no paper for {self.name}: {answer.status} {answer.body}"
            raise LookupError(message)
        self.round, self.voter = round_id, answer.body["voter"]
        self.number, self.options = answer.body["number"], answer.body["options"]


class Driver:
    """Lets fans cast until it is told to stop. Owned by one event loop."""

    def __init__(self, fans: list[Fan], history: History, seed: int) -> None:
        """Write down in *history* all that *fans* do."""
        self.fans, self._history = fans, history
        self._random = random.Random(seed)
        self._run = f"{seed}-{time.time_ns():x}"
        self._serial = count()
        self.pause_s = PAUSE_S
        self.answer_within_s = ANSWER_WITHIN_S
        """After this a fan holds a request for lost."""
        self._in_flight: dict[str, Connection] = {}
        self.unanswered: Counter[str] = Counter()
        """How often the ballot of a key was left without an answer that settles it."""
        self.statuses: Counter[str] = Counter()
        self.longest_s = 0.0
        self._acknowledged_at: dict[str, float] = {}
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin."""
        self._stopping = False
        self._tasks = [asyncio.create_task(self._keep_casting(fan)) for fan in self.fans]

    async def stop(self, within_s: float = 60) -> None:
        """Let each fan finish the ballot in her hand, until its outcome is known."""
        self._stopping = True
        async with asyncio.timeout(within_s):
            await asyncio.gather(*self._tasks)

    async def abandon(self) -> None:
        """Let everybody drop what she has in her hand; for a test that failed in the middle."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def until(self, is_so: Callable[[], bool], within_s: float = 30) -> None:
        """Return once *is_so* while the fans go on; a fan that fell over says so here."""
        async with asyncio.timeout(within_s):
            while not is_so():
                for task in self._tasks:
                    if task.done():
                        task.result()
                await asyncio.sleep(0.002)

    @property
    def in_flight(self) -> set[str]:
        """The keys of the requests that were sent and of whose answers nothing has arrived."""
        return {key for key, connection in self._in_flight.items() if connection.is_silent}

    async def everybody_was_answered(self, since: float, within_s: float = 60) -> None:
        """Return once every fan has an acknowledged ballot that was sent after *since*."""
        await self.until(lambda: all(self._acknowledged_at.get(fan.name, 0.0) > since for fan in self.fans), within_s)

    async def _keep_casting(self, fan: Fan) -> None:
        while not self._stopping:
            chosen = (self._random.choice(fan.options),)
            told = await self.cast(fan, chosen)
            if told.status == 200:
                fan.number += 1
            if self.pause_s:
                await asyncio.sleep(self._random.uniform(0, 2 * self.pause_s))

    async def cast(self, fan: Fan, chosen: tuple[str, ...]) -> Told:
        """Cast her next ballot, again under the same key until its outcome is known, and return the last answer."""
        key = f"{self._run}-{next(self._serial)}"
        pause_s = 0.05
        while True:
            told = await self._once(fan, chosen, key)
            if told.answered:
                return told
            self.unanswered[key] += 1
            fan.connection.move()
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, 0.5)

    async def _once(self, fan: Fan, chosen: tuple[str, ...], key: str) -> Told:
        began = time.time()
        self._history.write(Asked(key, fan.name, fan.round, fan.voter, fan.number, chosen, began))
        self._in_flight[key] = fan.connection
        body = {"number": fan.number, "options": list(chosen)}
        path = f"/api/v1/rounds/{fan.round}/ballot"
        answer = await fan.connection.ask("PUT", path, body, key, self.answer_within_s)
        del self._in_flight[key]
        told = _told(key, answer)
        self._history.write(told)
        self.statuses[f"{told.status} {told.code}".strip()] += 1
        if told.status == 200:
            self._acknowledged_at[fan.name] = began
            self.longest_s = max(self.longest_s, told.at - began)
        return told


def _told(key: str, answer: Answer) -> Told:
    body = answer.body if isinstance(answer.body, dict) else {}
    if answer.status == 200:
        return Told(key, 200, time.time(), body["event_id"], body["position"], body["state"])
    retry_after_s = int(answer.headers.get("retry-after", 0))
    return Told(key, answer.status, time.time(), code=str(body.get("code", "")), retry_after_s=retry_after_s)
