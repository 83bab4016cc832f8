"""Rebuilding projections of a site that is voted and read on: nobody sees it, and it ends equal to a clean replay."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from fanfare.platform.hosts.rebuild_command import COULD_NOT, DONE, rebuild
from fanfare.projecting import PROJECTIONS
from fanfare.record.terms import RoundTerms
from tests.integration.rebuilding import (
    NAMES,
    ballots,
    fresh_database,
    level,
    replayed,
    store,
    stored,
    tables,
)
from tests.site_fixture import SiteUnderTest, round_of

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


class Watch:
    """Reads a round over HTTP again and again, and checks each answer against the ones before."""

    def __init__(self, site: SiteUnderTest, round_id: str, least: int) -> None:
        self.site, self.url = site, f"/api/v1/rounds/{round_id}"
        self.counted = self.received = self.least = least
        self.boards = self.reports = self.cast = 0
        self.is_over = False

    async def read_boards(self) -> None:
        while not self.is_over:
            answer = await self.site.stranger.get(f"{self.url}/leaderboard")
            assert answer.status_code == 200, answer.text
            board = answer.json()
            assert board["counted"] >= self.counted, "a board counts fewer ballots than the one before"
            assert sum(place["votes"] for place in board["places"]) == board["counted"]
            self.counted, self.boards = board["counted"], self.boards + 1
            await asyncio.sleep(0.01)

    async def read_reports(self) -> None:
        while not self.is_over:
            answer = await self.site.stranger.get(f"{self.url}/report")
            assert answer.status_code == 200, answer.text
            report = answer.json()
            assert report["ballots"]["received"] >= self.received, "a report knows fewer ballots than the one before"
            assert sum(each["votes"] for each in report["ranking"]) == report["ballots"]["counted"]
            self.received, self.reports = report["ballots"]["received"], self.reports + 1
            await asyncio.sleep(0.3)

    async def vote(self, fan: httpx2.AsyncClient) -> None:
        """Cast a ballot after another, and look for each where the writer of it has to see it."""
        number = 1
        while not self.is_over:
            body = {"number": number, "options": [f"o{1 + number % 3}"]}
            cast = await fan.put(f"{self.url}/ballot", json=body)
            assert cast.status_code == 200, cast.text
            paper = await fan.get(f"{self.url}/paper", headers={"Fanfare-Wait": cast.headers["Fanfare-Position"]})
            assert paper.status_code == 200, paper.text
            assert paper.json()["chosen"] == body["options"]
            number, self.cast = cast.json()["next_number"], self.cast + 1
            await asyncio.sleep(0.02)

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Read and vote until the block ends, and a last time after it; what went wrong is raised."""
        fans = [await self.site.fan(f"Fan {n}") for n in range(3)]
        works = [self.read_boards(), self.read_boards(), self.read_reports(), *(self.vote(fan) for fan in fans)]
        tasks = [asyncio.create_task(work) for work in works]
        try:
            yield
        finally:
            self.is_over = True
            await asyncio.gather(*tasks)


async def an_open_round(site: SiteUnderTest, how_many: int) -> tuple[str, RoundTerms]:
    """Publish an open round, put so many ballots into the record at once, and wait until all of them are counted."""
    campaign = await site.publish(round_of())
    round_id = campaign["rounds"][0]["id"]
    await site.until(round_id, "open")
    await site.parts.desk.catch_up()
    found = site.parts.desk.streams.round(round_id)
    assert found is not None
    terms = found[1].terms
    assert terms is not None
    await store(site.parts.pool, ballots(terms, how_many, await site.parts.log.heads()))
    for name in NAMES:
        await level(site.parts.pool, name, sum(await site.parts.log.heads()))
    return round_id, terms


@pytest.mark.parametrize(("names", "how_many"), [(["standings"], 100_000), (NAMES, 3_000)], ids=["standings", "all"])
async def test_a_rebuild_of_a_busy_site_is_never_seen_and_ends_equal_to_a_clean_replay(
    site: SiteUnderTest, postgres: str, names: list[str], how_many: int
) -> None:
    round_id, _ = await an_open_round(site, how_many)
    watch = Watch(site, round_id, how_many)

    async with watch.going_on():
        await asyncio.sleep(0.3)
        code = await rebuild(site.parts.pool, site.parts.log, names)
        await asyncio.sleep(0.3)

    assert code == DONE
    assert min(watch.boards, watch.cast) > 3
    assert watch.reports > 1
    assert watch.counted > how_many
    for name in names:
        await level(site.parts.pool, name, sum(await site.parts.log.heads()))
    async with fresh_database(postgres) as fresh:
        await store(fresh, await stored(site.parts.pool))
        await replayed(fresh, [each for each in PROJECTIONS if each.name in names])
        for name in names:
            assert await tables(site.parts.pool, name) == await tables(fresh, name), name
    health = (await site.stranger.get("/readyz")).json()
    assert (health["status"], health["filling"]) == ("ok", {})
    assert len(health["lag"]) == len(PROJECTIONS)


async def test_a_name_that_there_is_not_is_answered_with_those_that_there_are(
    site: SiteUnderTest, capsys: pytest.CaptureFixture[str]
) -> None:
    codes = [await rebuild(site.parts.pool, site.parts.log, names) for names in (["boards"], ["standings", "standings_next"], [])]

    assert codes == [COULD_NOT] * 3
    said = capsys.readouterr().out
    assert "no projection named boards. There are: activity, answers," in said
    assert "no projection named standings_next. There are: activity, answers," in said
    assert "Name a projection. There are: activity, answers," in said
