"""How fast a running site is: PostgreSQL, API, worker and client on one machine, each ratio to a baseline of the same run."""

import asyncio
import threading
from itertools import islice
from operator import attrgetter
from time import perf_counter, sleep

import psycopg
import pytest
import uvloop

from tests.bench.fandom import MANY, SECONDS, Fandom, answers, latencies, reads
from tests.bench.load import http, put_load
from tests.bench.stand import Stand, stand
from tests.bench.tables import Row, faults, shown

pytestmark = [pytest.mark.postgres]
FANS = 20_000
_WATCHERS = 1000
_TURNS = 5


def test_ballots_and_leaderboards(capsys: pytest.CaptureFixture[str]) -> None:
    with stand() as site:
        fans = Fandom(site, FANS)
        board = f"/api/v1/rounds/{fans.round}/leaderboard"
        answers("warming up", site, fans.ballots("/bench/at-once"))
        rows = [
            answers("decode the ballot and answer at once", site, fans.ballots("/bench/at-once")),
            answers("the same by a route that is declared as the others of the API", site, fans.ballots("/bench/as-others")),
            answers("find whose session it is, decode, answer at once", site, fans.ballots("/bench/at-once-for-fans")),
        ]
        empty = fans.cast("cast it durably, on an almost empty record")
        rows += [empty, fans.cast("cast it at half of that load (latency from when it was due)", rate=empty.rate / 2)]
        boards = [answers("with some 10^5 ballots", site, reads(board))]
        assert faults(rows) == {}  # or what follows would fail and not say why
        took_s = fans.fill(MANY // 10)
        memory = {name: site.memory_mb(name) for name in ("api", "worker")}
        took_s += fans.fill(MANY - MANY // 10)
        pairs = _in_turn(fans)
        boards.append(answers(f"with {MANY:,} ballots more", site, reads(board)))
        grown = ", ".join(f"{name} {before:.0f} -> {site.memory_mb(name):.0f} MB" for name, before in memory.items())
    told = f"memory from the first tenth of {MANY:,} ballots to the last: {grown}"
    shown(capsys, "a ballot over HTTP, 64 connections, one API process", rows, [told])
    worked = f"all projections took {MANY:,} ballots behind a running site at {MANY / took_s:,.0f} a second"
    ratios = ", ".join(f"{grown.rate / empty.rate:.2f}" for empty, grown in pairs)
    middle = [sorted(each, key=attrgetter("rate"))[_TURNS // 2] for each in zip(*pairs, strict=True)]
    shown(capsys, f"two sites in turn, {_TURNS} times each: the one in the middle", middle, [f"each turn's ratio: {ratios}"])
    shown(capsys, "the leaderboard from the API, 64 connections", boards, [worked])
    assert faults([*rows, *(row for pair in pairs for row in pair), *boards]) == {}
    assert took_s > 0


def _in_turn(grown: Fandom) -> list[tuple[Row, Row]]:
    """Cast on an empty site and on one that has grown, in turn: the machine's pace changes more in a minute than they differ."""
    with stand() as other:
        empty = Fandom(other, FANS)
        warm = empty.cast("warming up")
        assert faults([warm]) == {}
        return [(empty.cast("cast it with none there"), grown.cast(f"cast it with {MANY:,} there")) for _ in range(_TURNS)]


def test_live_pages(capsys: pytest.CaptureFixture[str]) -> None:
    with stand() as site:
        fans = Fandom(site, 2000)
        with site.client as client:
            campaign = client.get(f"/api/v1/rounds/{fans.round}").json()["campaign"]
        cores = {"nobody watches": _cores(site, fans)}
        stop, pages = threading.Event(), [bytearray() for _ in range(_WATCHERS)]
        watching = threading.Thread(target=lambda: uvloop.run(_watch(site.port, f"/campaigns/{campaign}/live", stop, pages)))
        watching.start()
        sleep(4)
        before = [len(page) for page in pages]
        cores[f"{_WATCHERS:,} pages are open"] = _cores(site, fans)
        level_s = fans.level_s()
        stop.set()
        watching.join()
    rows = [Row(f"{name}, 30 ballots a second", 30, f"the API takes {share:.3f} of a core") for name, share in cores.items()]
    first, second = cores.values()
    shown(capsys, "live pages", rows, [f"{_WATCHERS:,} open pages cost {second - first:.3f} of a core"])
    assert min(first, second) > 0
    assert level_s is not None, "the leaderboard never showed what was counted here"
    assert {page[:15] for page in map(bytes, pages)} == {b"HTTP/1.1 200 OK"}
    assert [n for n, page in enumerate(pages) if b"event: board" not in page[before[n] :]] == [], "were told nothing new"


def _cores(site: Stand, fans: Fandom) -> float:
    """Return how much of a core the API takes while thirty ballots a second are cast."""
    before, began = site.cpu_s()["api"], perf_counter()
    answered = put_load(site.port, fans.ballots(), rate=30, most_s=SECONDS)
    share = (site.cpu_s()["api"] - before) / (perf_counter() - began)
    assert answered.wrong == ""
    return share


async def _watch(port: int, path: str, stop: threading.Event, pages: list[bytearray]) -> None:
    """Keep as many live pages open as there are *pages*, and write down what each is told."""

    async def page(told: bytearray) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(http("GET", path))
        try:
            while more := await reader.read(65536):
                told += more
        finally:
            writer.transport.abort()

    watching = []
    for n, told in enumerate(pages):
        watching.append(asyncio.create_task(page(told)))
        if n % 50 == 0:
            await asyncio.sleep(0.05)
    while not stop.is_set():  # noqa: ASYNC110 - it is set from another thread
        await asyncio.sleep(0.1)
    for each in watching:
        each.cancel()
    await asyncio.gather(*watching, return_exceptions=True)


def test_latency_of_one_append(capsys: pytest.CaptureFixture[str]) -> None:
    with stand() as site, psycopg.connect(site.conninfo, autocommit=True) as connection:
        connection.execute("create table public.bare (n bigint)")
        began = perf_counter()
        for n in range(300):
            connection.execute("insert into public.bare values (%s)", (n,))
        bare = 300 / (perf_counter() - began)
        fans = Fandom(site, 300)
        answered = put_load(site.port, islice(fans.ballots(), 300), connections=1, most_s=600)
        level_s = fans.level_s()
        inserted = connection.execute("select count(*) from public.bare").fetchone()
    row = Row("a ballot over HTTP", answered.rate, latencies(answered), wrong=answered.wrong)
    rows = [Row("a bare insert that is committed", bare), row]
    shown(capsys, "one after another", rows)
    assert faults(rows) == {}
    assert inserted == (300,)
    assert len(answered.times_s) == sum(fans.counted().values()) == 300
    assert level_s is not None, "the leaderboard never showed what was counted here"
