"""How fast a running site is: PostgreSQL, API, worker and client on one machine, each ratio to a baseline of the same run."""

import asyncio
import os
import threading
from collections.abc import Iterator
from time import perf_counter, sleep

import msgspec
import psycopg
import pytest
import uvloop

from fanfare.record.terms import RoundTerms
from tests.bench.filling import fill
from tests.bench.load import Answered, http, put_load
from tests.bench.stand import Stand, stand
from tests.bench.tables import Row, shown

pytestmark = [pytest.mark.postgres]
FANS, MANY = 20_000, int(os.environ.get("FANFARE_BENCH_BALLOTS", "1000000"))
_SECONDS, _WATCHERS = 8.0, 1000


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

    def level_s(self, patience_s: float = 2.0) -> float | None:
        """Return after how long the site's leaderboard shows what was counted here; none where it took longer."""
        began = perf_counter()
        with self.site.client as client:
            while perf_counter() - began < patience_s:
                told = client.get(f"/api/v1/rounds/{self.round}/leaderboard").json()
                if {each["option"]: each["votes"] for each in told["places"] if each["votes"]} == self.counted():
                    return perf_counter() - began
                sleep(0.02)
        return None

    def cast(self, name: str, *, rate: float | None = None) -> Row:
        """Cast ballots as fast as they are acknowledged, or at a steady *rate*."""
        answered = put_load(self.site.port, self.ballots(), rate=rate, most_s=_SECONDS)
        level_s = self.level_s()
        right = level_s is not None and not answered.failed
        told = f"leaderboard right after {level_s:.2f} s" if level_s is not None else "leaderboard wrong"
        return Row(name, answered.rate, f"{_latencies(answered)}, {told}", voids=not right)

    def fill(self, count: int) -> float:
        """Add *count* ballots of others to the record and return how long the worker took until all counted, in seconds."""
        with self.site.client as client:
            terms = msgspec.json.decode(client.get(f"/api/v1/rounds/{self.round}/terms").content, type=RoundTerms)
            source = str(client.get("/api/v1/site").json()["name"])
        fill(self.site.conninfo, terms, source, count)
        for n in range(3):
            self.before[f"o{n + 1}"] = self.before.get(f"o{n + 1}", 0) + len(range(n, count, 3))
        began = perf_counter()
        if self.level_s(600) is None:
            pytest.fail("the leaderboard never showed what the record holds")
        return perf_counter() - began


def _option(fan: int, number: int) -> str:
    return f"o{(fan + number) % 3 + 1}"


def _latencies(answered: Answered) -> str:
    failed = f", {len(answered.failed)} refused: {answered.failed[0][:200]!r}" if answered.failed else ""
    return f"p50 {answered.percentile_ms(0.5):.0f} ms, p99 {answered.percentile_ms(0.99):.0f} ms{failed}"


def _answers(name: str, site: Stand, requests: Iterator[bytes], seconds: float = _SECONDS / 2) -> Row:
    answered = put_load(site.port, requests, most_s=seconds)
    return Row(name, answered.rate, _latencies(answered))


def _reads(path: str) -> Iterator[bytes]:
    while True:
        yield http("GET", path)


def test_ballots_and_leaderboards(capsys: pytest.CaptureFixture[str]) -> None:
    with stand() as site:
        fans = Fandom(site, FANS)
        board = f"/api/v1/rounds/{fans.round}/leaderboard"
        _answers("warming up", site, fans.ballots("/bench/at-once"))
        rows = [
            _answers("decode the ballot and answer at once", site, fans.ballots("/bench/at-once")),
            _answers("find whose session it is, decode, answer at once", site, fans.ballots("/bench/at-once-for-fans")),
        ]
        empty = fans.cast("cast it durably, on an almost empty record")
        rows += [empty, fans.cast("cast it at half of that load (latency from when it was due)", rate=empty.rate / 2)]
        boards = [_answers("with some 10^5 ballots", site, _reads(board))]
        memory = {name: site.memory_mb(name) for name in ("api", "worker")}
        took_s = fans.fill(MANY)
        rows.append(fans.cast(f"cast it with {MANY:,} ballots already there"))
        boards.append(_answers(f"with {MANY:,} ballots more", site, _reads(board)))
        grown = ", ".join(f"{name} {before:.0f} -> {site.memory_mb(name):.0f} MB" for name, before in memory.items())
    shown(capsys, "a ballot over HTTP, 64 connections, one API process", rows, [f"memory over {MANY:,} ballots: {grown}"])
    worked = f"all projections took {MANY:,} ballots behind a running site at {MANY / took_s:,.0f} a second"
    shown(capsys, "the leaderboard from the API, 64 connections", boards, [worked])


def test_live_pages(capsys: pytest.CaptureFixture[str]) -> None:
    with stand() as site:
        fans = Fandom(site, 2000)
        with site.client as client:
            campaign = client.get(f"/api/v1/rounds/{fans.round}").json()["campaign"]
        cores = {"nobody watches": _cores(site, fans)}
        stop = threading.Event()
        watching = threading.Thread(target=lambda: uvloop.run(_watch(site.port, f"/campaigns/{campaign}/live", stop)))
        watching.start()
        sleep(4)
        cores[f"{_WATCHERS:,} pages are open"] = _cores(site, fans)
        stop.set()
        watching.join()
    rows = [Row(f"{name}, 30 ballots a second", 30, f"the API takes {share:.3f} of a core") for name, share in cores.items()]
    first, second = cores.values()
    shown(capsys, "live pages", rows, [f"{_WATCHERS:,} open pages cost {second - first:.3f} of a core"])


def _cores(site: Stand, fans: Fandom) -> float:
    """Return how much of a core the API takes while thirty ballots a second are cast."""
    before, began = site.cpu_s()["api"], perf_counter()
    put_load(site.port, fans.ballots(), rate=30, most_s=_SECONDS)
    return (site.cpu_s()["api"] - before) / (perf_counter() - began)


async def _watch(port: int, path: str, stop: threading.Event) -> None:
    """Keep so many live pages open."""

    async def page() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(http("GET", path))
        try:
            while await reader.read(65536):
                pass
        finally:
            writer.transport.abort()

    pages = []
    for n in range(_WATCHERS):
        pages.append(asyncio.create_task(page()))
        if n % 50 == 0:
            await asyncio.sleep(0.05)
    while not stop.is_set():  # noqa: ASYNC110 - it is set from another thread
        await asyncio.sleep(0.1)
    for each in pages:
        each.cancel()
    await asyncio.gather(*pages, return_exceptions=True)


def test_latency_of_one_append(capsys: pytest.CaptureFixture[str]) -> None:
    with stand() as site, psycopg.connect(site.conninfo, autocommit=True) as connection:
        connection.execute("create table public.bare (n bigint)")
        began = perf_counter()
        for n in range(300):
            connection.execute("insert into public.bare values (%s)", (n,))
        bare = 300 / (perf_counter() - began)
        fans = Fandom(site, 300)
        answered = put_load(site.port, (each for each, _ in zip(fans.ballots(), range(300), strict=False)), connections=1)
    rows = [Row("a bare insert that is committed", bare), Row("a ballot over HTTP", answered.rate, _latencies(answered))]
    shown(capsys, "one after another", rows)
