"""How soon pages begin to come, with a hundred thousand ideas in one campaign and a million ballots in another."""

import asyncio
import os
from collections.abc import Mapping
from statistics import median
from time import perf_counter

import httpx2
import pytest
from rich.console import Console
from rich.table import Table

from fanfare.members import joining
from fanfare.web.app import create_app
from tests.bench import filling, ideas
from tests.page_reader import an_ideas_round, an_open_round
from tests.site_fixture import SiteUnderTest, client_of, running_site, served

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
IDEAS = int(os.environ.get("FANFARE_BENCH_IDEAS", "100000"))
BALLOTS = int(os.environ.get("FANFARE_BENCH_BALLOTS", "1000000"))
TIMES = 7


async def test_pages_beside_many_ideas_and_ballots(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    async with running_site(database) as site:
        campaign, round_id = await an_ideas_round(site)
        ideas.fill(database, campaign, round_id, await joining.join(site.parts.desk, "Noor A."), IDEAS)
        async with site.parts.pool.connection() as connection:
            query = """select idea, text from ideas.ideas join ideas.versions using (idea, version)
                         join record.texts on hash = title order by place limit 1"""
            idea, title = (await (await connection.execute(query)).fetchone()) or ("", "")
        word = max(title.split(), key=len)
        wrong = word[:3] + word[4] + word[3] + word[5:]
        lists = f"/campaigns/{campaign}/ideas"
        addresses = {
            "most supported": lists,
            "newest": f"{lists}?sort=new",
            "rising": f"{lists}?sort=rising",
            "grid": f"{lists}?look=grid",
            "search": f"{lists}?q={word}",
            "search, misspelt": f"{lists}?q={wrong}",
            "search, nothing found": f"{lists}?q=xylophonist",
            "alike, while typing": f"{lists}/similar?title={wrong}",
            "an idea": f"/ideas/{idea}",
            "its supporters": f"/ideas/{idea}/supporters",
        }
        addresses |= await _of_a_vote(site, database)
        async with served(site.app) as url, httpx2.AsyncClient(base_url=url, timeout=60) as client:
            found = {name: await _first_bytes(client, path) for name, path in addresses.items()}
        report = f"/api/v1{addresses['its report, still open']}"
        for name, wait in (("its report, JSON, right at a start", False), ("its report, JSON, some time after a start", True)):
            found[name] = [await _after_a_start(site, report, wait=wait)]
    _show(capsys, found)


async def _after_a_start(site: SiteUnderTest, path: str, *, wait: bool) -> float:
    """Return after how many milliseconds a new API process answers its first reader, who may wait until it is at rest."""
    app = create_app(site.app.state.settings)
    async with app.router.lifespan_context(app):
        if wait:
            await app.state.reports.warm()
        began = perf_counter()
        (await client_of(app).get(path)).raise_for_status()
        return (perf_counter() - began) * 1000


async def _of_a_vote(site: SiteUnderTest, database: str) -> Mapping[str, str]:
    """Fill a round of another campaign with ballots, wait until they are counted, and return the pages that tell of it."""
    campaign, voting = await an_open_round(site)
    await site.parts.desk.catch_up()
    _, found = site.parts.desk.streams.round(voting) or (None, None)
    assert found
    assert found.terms
    filling.fill(database, found.terms, site.parts.desk.source, BALLOTS)
    counted = 0
    async with asyncio.timeout(600):
        while counted < BALLOTS:
            await asyncio.sleep(1)
            counted = (await site.stranger.get(f"/api/v1/rounds/{voting}/leaderboard")).json()["counted"]
    return {
        "front page": "/",
        "campaign with a vote": f"/campaigns/{campaign}",
        "its leaderboard, JSON": f"/api/v1/rounds/{voting}/leaderboard",
        "its ballot paper, to a stranger": f"/rounds/{voting}/ballot",
        "its report, still open": f"/rounds/{voting}/report",
    }


async def _first_bytes(client: httpx2.AsyncClient, path: str) -> list[float]:
    """Return after how many milliseconds the answer began, of each of some times."""
    found = []
    for _ in range(TIMES):
        began = perf_counter()
        async with client.stream("GET", path) as answer:
            found.append((perf_counter() - began) * 1000)
            assert answer.status_code in (200, 303), path
            await answer.aread()
    return found


def _show(capsys: pytest.CaptureFixture[str], found: Mapping[str, list[float]]) -> None:
    load, _, _ = os.getloadavg()
    table = Table(
        "page",
        "median ms",
        "least ms",
        title=f"{IDEAS:,} ideas, {BALLOTS:,} ballots; {load:.1f} processes want {os.cpu_count()} cores",
    )
    for name, times in found.items():
        table.add_row(name, f"{median(times):.0f}", f"{min(times):.0f}")
    with capsys.disabled():
        Console(width=100).print(table)
