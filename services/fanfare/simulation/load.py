"""
A load against a simulation site: an open loop, so that a site that stalls is not flattered, and a count of its own to compare.

Each request is sent when it is due, whatever became of those before it, and its latency counts from then. What was not answered
is sent again under the same key until it is known whether it counts.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from time import perf_counter

import msgspec

from fanfare.simulation.client import Body, Client
from fanfare.simulation.hosting import Host
from fanfare.simulation.load_plan import FLAVOURS, Due, DueBallot, DueIdea, Load, make_load
from fanfare.simulation.wire import Answer, Unanswered, Wire

EQUAL_WITHIN_S = 2.0
_GRACE_S = 600
"""How much longer than planned the round stays open, for a site that does not keep up."""
_AGAIN_S = (0.2, 0.5, 1.0, 2.0, 4.0)
Progress = Callable[[int], None]
"""Told how many requests have been answered so far."""


class NoSimulation(Exception):
    """The site was founded for people. A load is only made on a site that was founded as a simulation."""


class Measured(msgspec.Struct):
    """What became of requests of one kind. Owned by the run."""

    sent: int = 0
    acknowledged: int = 0
    refused: Counter[str] = msgspec.field(default_factory=Counter)
    """By code."""
    unanswered: int = 0
    again: int = 0
    """How often one was sent again because no answer came."""
    latencies_s: list[float] = msgspec.field(default_factory=list)
    """Of every answer, from the time that it was due."""


class Loaded(msgspec.Struct, frozen=True):
    """What came of a load."""

    round: str
    ballots: Measured
    ideas: Measured
    took_s: float
    """From the first due time to the last answer."""
    own: Mapping[str, int]
    """Votes of each option by our own count: of each fan the latest ballot that was acknowledged."""
    sites: Mapping[str, int]
    """Votes of each option by the site's leaderboard."""
    equal_after_s: float | None
    """How long after the last answer the two were equal; none where they were not within two seconds."""


class Run:
    """One load. Owned by one event loop."""

    def __init__(self, client: Client, wire: Wire, token: str, load: Load) -> None:
        """Prepare through *client* with the *token* of a host, then load through *wire*."""
        self._client = client
        self._wire = wire
        self._host = Host(client, token)
        self._load = load
        self._latest: dict[int, tuple[int, str]] = {}
        self._tokens: list[str] = []
        self._options: list[str] = []
        self._rounds: dict[type, str] = {}
        self.ballots, self.ideas = Measured(), Measured()

    async def prepare(self) -> None:
        """
        Make the fans and open the rounds.

        Raises:
            NoSimulation: the site is none.
            SiteSilent: it does not answer, or refuses the token.
        """
        founded = (await self._client.must("site", "GET", "/api/v1/site")).body
        if not founded.get("simulation"):
            raise NoSimulation
        self._tokens = await self._host.make_fans([f"Fan {number + 1}" for number in range(self._load.fans)])
        until = datetime.now(UTC) + timedelta(seconds=self._load.length_s * 1.5 + _GRACE_S)
        self._rounds[DueBallot] = await self._open("Load: flavours", until, "plurality.v1", FLAVOURS)
        if self._load.ideas:
            self._rounds[DueIdea] = await self._open("Load: ideas", until, "support.v1", ())

    async def _open(self, title: str, until: datetime, method: str, options: tuple[str, ...]) -> str:
        there = await self._host.publish_round(title, until, method, options)
        async with asyncio.timeout(30):
            while True:
                found: Body = (await self._client.must("round", "GET", f"/api/v1/rounds/{there}")).body
                if found["status"] == "open":
                    break
                await asyncio.sleep(0.1)
        if options:
            self._options = [each["id"] for each in found["options"]]
        return there

    async def go(self, progress: Progress) -> Loaded:
        """Send what is due when it is due, then compare. Raises: SiteSilent: nobody tells the leaderboard."""
        due = make_load(self._load)
        began = perf_counter()
        answered = 0

        async def one(each: Due) -> None:
            nonlocal answered
            await self._send(each, began)
            answered += 1
            progress(answered)

        async with asyncio.TaskGroup() as group:
            for each in due:
                if (wait_s := began + each.at - perf_counter()) > 0:
                    await asyncio.sleep(wait_s)
                group.create_task(one(each))
        ended = perf_counter()
        sites, equal_after_s = await self._compare(ended)
        voting = self._rounds[DueBallot]
        return Loaded(voting, self.ballots, self.ideas, ended - began, self._own(), sites, equal_after_s)

    async def _send(self, due: Due, began: float) -> None:
        measured = self.ballots if isinstance(due, DueBallot) else self.ideas
        path, method, form, key = self._request(due)
        headers = {
            "Authorization": f"Bearer {self._tokens[due.fan]}",
            "Idempotency-Key": key,
            "Content-Type": "application/json",
        }
        measured.sent += 1
        answer = await self._until_known(measured, method, path, headers, msgspec.json.encode(form))
        if answer is None:
            measured.unanswered += 1
            return
        measured.latencies_s.append(perf_counter() - began - due.at)
        told = msgspec.json.decode(answer.body) if answer.body.startswith(b"{") else {}
        if answer.status >= 300:
            measured.refused[str(told.get("code", answer.status))] += 1
            return
        measured.acknowledged += 1
        if isinstance(due, DueBallot) and told.get("state") == "taken" and due.number > self._latest.get(due.fan, (0, ""))[0]:
            self._latest[due.fan] = (due.number, self._options[due.option])

    def _request(self, due: Due) -> tuple[str, str, Body, str]:
        round_id = self._rounds[type(due)]
        if isinstance(due, DueBallot):
            form: Body = {"number": due.number, "options": [self._options[due.option]]}
            return f"/api/v1/rounds/{round_id}/ballot", "PUT", form, f"load {due.number}"
        form = {"title": due.title, "body": "A program raised this, to see what the site bears.", "tags": "load"}
        return f"/api/v1/rounds/{round_id}/ideas", "POST", form, f"load {due.title}"

    async def _until_known(
        self, measured: Measured, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Answer | None:
        for pause_s in (*_AGAIN_S, None):
            try:
                answer = await self._wire.ask(method, path, headers, body)
                if answer.status < 500 or b'"code":"busy"' in answer.body:  # busy: nothing was written
                    return answer
            except Unanswered:
                pass
            if pause_s is not None:
                measured.again += 1
                await asyncio.sleep(pause_s)
        return None

    def _own(self) -> dict[str, int]:
        count = Counter(option for _, option in self._latest.values())
        return {option: count[option] for option in self._options}

    async def _compare(self, ended: float) -> tuple[dict[str, int], float | None]:
        own, path = self._own(), f"/api/v1/rounds/{self._rounds[DueBallot]}/leaderboard"
        while True:
            asked = perf_counter()
            board = (await self._client.must("leaderboard", "GET", path)).body
            sites = dict.fromkeys(own, 0) | {each["option"]: each["votes"] for each in board["places"]}
            if sites == own:
                return sites, max(0.0, asked - ended)
            if asked - ended > EQUAL_WITHIN_S:
                return sites, None
            await asyncio.sleep(0.05)
