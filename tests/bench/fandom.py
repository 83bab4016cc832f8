"""Fans who vote as fast as they are answered, and who know themselves how the round stands."""

import os
from collections.abc import Iterator
from time import perf_counter, sleep

import msgspec
import pytest

from fanfare.record.terms import RoundTerms
from tests.bench.filling import IN_ENTRY, fill
from tests.bench.load import Answered, http, put_load
from tests.bench.stand import Stand
from tests.bench.tables import Row

SECONDS = 8.0
MANY = int(os.environ.get("FANFARE_BENCH_BALLOTS", "1000000"))
_IN_TIME_S, _PATIENCE_S = 2.0, 600.0
"""A leaderboard that is right only later voids a run; one that never is right is a fault."""


class Fandom:
    """Fans who cast ballot after ballot in a round, and what they know themselves of how it stands."""

    def __init__(self, site: Stand, fans: int) -> None:
        """Open a round on *site* with so many fans."""
        self.site = site
        self.round = site.open_round()
        self.tokens = site.fans(fans)
        self.before: dict[str, int] = {}
        """Votes that others cast."""
        self._cast = 0
        self._filled = 0

    def ballots(self, path: str = "") -> Iterator[bytes]:
        """Yield a ballot of each fan in turn, then the next one of each, without end; with another *path*, none counts."""
        n = 0 if path else self._cast
        while True:
            number, fan = divmod(n, len(self.tokens))
            body = msgspec.json.encode({"number": number + 1, "options": [_option(fan, number)]})
            n += 1
            if not path:
                self._cast = n  # before it is sent: nobody may come back for another
            yield http("PUT", path or f"/api/v1/rounds/{self.round}/ballot", self.tokens[fan], body)

    def counted(self) -> dict[str, int]:
        """Return the votes as these fans and those before them count."""
        votes = dict(self.before)
        for fan in range(min(len(self.tokens), self._cast)):
            latest = (self._cast - 1 - fan) // len(self.tokens)
            votes[_option(fan, latest)] = votes.get(_option(fan, latest), 0) + 1
        return votes

    def level_s(self) -> float | None:
        """Return after how long the site's leaderboard shows what was counted here; none where it took longer."""
        began = perf_counter()
        with self.site.client as client:
            while perf_counter() - began < _PATIENCE_S:
                told = client.get(f"/api/v1/rounds/{self.round}/leaderboard").json()
                if {each["option"]: each["votes"] for each in told["places"] if each["votes"]} == self.counted():
                    return perf_counter() - began
                sleep(0.02)
        return None

    def cast(self, name: str, *, rate: float | None = None) -> Row:
        """Cast ballots as fast as they are acknowledged, or at a steady *rate*."""
        answered = put_load(self.site.port, self.ballots(), rate=rate, most_s=SECONDS)
        level_s = None if answered.wrong else self.level_s()
        wrong = answered.wrong or ("the leaderboard never showed what was counted here" if level_s is None else "")
        told = "leaderboard wrong" if level_s is None else f"leaderboard right after {level_s:.2f} s"
        voids = level_s is None or level_s > _IN_TIME_S
        return Row(name, answered.rate, f"{latencies(answered)}, {told}", voids, wrong)

    def fill(self, count: int, in_entry: int = IN_ENTRY) -> float:
        """Add *count* ballots of others to the record and return how long the workers took until all counted, in seconds."""
        with self.site.client as client:
            terms = msgspec.json.decode(client.get(f"/api/v1/rounds/{self.round}/terms").content, type=RoundTerms)
            source = str(client.get("/api/v1/site").json()["name"])
        began = fill(self.site.conninfo, terms, source, count, in_entry=in_entry, kafka=self.site.kafka, skip=self._filled)
        self._filled += count
        for n in range(3):
            self.before[f"o{n + 1}"] = len(range(n, self._filled, 3))
        if self.level_s() is None:
            pytest.fail("the leaderboard never showed what the record holds")
        return perf_counter() - began


def _option(fan: int, number: int) -> str:
    return f"o{(fan + number) % 3 + 1}"


def latencies(answered: Answered) -> str:
    """Say how long answers took."""
    if not answered.times_s:
        return answered.wrong
    wrong = f", {answered.wrong}" if answered.wrong else ""
    return f"p50 {answered.percentile_ms(0.5):.0f} ms, p99 {answered.percentile_ms(0.99):.0f} ms{wrong}"


def answers(name: str, site: Stand, requests: Iterator[bytes], seconds: float = SECONDS / 2) -> Row:
    """Send *requests* as fast as they are answered."""
    answered = put_load(site.port, requests, most_s=seconds)
    return Row(name, answered.rate, latencies(answered), wrong=answered.wrong)


def reads(path: str) -> Iterator[bytes]:
    """Yield a read of *path* without end."""
    while True:
        yield http("GET", path)
