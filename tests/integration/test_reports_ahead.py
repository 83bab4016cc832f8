"""Reports that take long are computed at the start of an API process, before anybody asks for one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import psycopg
import pytest

from fanfare.campaigns import live_reports
from fanfare.campaigns.live_reports import LiveReports
from fanfare.record.campaigns import Campaign, Round
from fanfare.record.position import Position
from fanfare.reports.report import RoundReport
from fanfare.web.app import create_app
from tests.integration.test_live_reports import vote
from tests.page_reader import all_read, an_open_round
from tests.site_fixture import SiteUnderTest, client_of

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


@pytest.fixture
async def voted(site: SiteUnderTest, monkeypatch: pytest.MonkeyPatch) -> tuple[Campaign, Round]:
    """A round with two ballots, which count as many, in its campaign."""
    monkeypatch.setattr(live_reports, "KEPT_FROM", 2)
    monkeypatch.setattr(live_reports, "_REST", 10**6)
    _, voting = await an_open_round(site)
    for _ in range(2):
        await vote(site, voting)
    found = site.parts.desk.streams.round(voting)
    assert found
    return found


async def received(reports: LiveReports, voted: tuple[Campaign, Round]) -> int:
    """Return how many ballots the report of the round is about."""
    return read(await reports.of_round(*voted)).ballots.received


def read(report: live_reports.LiveReport) -> RoundReport:
    """Return what a report says."""
    return msgspec.json.decode(report.body, type=RoundReport)


@asynccontextmanager
async def locked(site: SiteUnderTest, table: str) -> AsyncIterator[None]:
    """Let nobody read a table, as while a rebuild swaps it, until the block ends."""
    async with await psycopg.AsyncConnection.connect(site.database) as connection, connection.transaction(force_rollback=True):
        await connection.execute(f"lock table {table} in access exclusive mode")
        yield


async def is_waited_for(site: SiteUnderTest, table: str, *, waiting: int = 1) -> None:
    """Return once so many wait for a table."""
    query = "select count(*) from pg_locks where not granted and relation = %s::regclass"
    async with asyncio.timeout(10), await psycopg.AsyncConnection.connect(site.database, autocommit=True) as connection:
        found = None
        while found != (waiting,):
            await asyncio.sleep(0.02)
            found = await (await connection.execute(query, (table,))).fetchone()


async def test_a_round_with_many_ballots_has_its_report_ready(site: SiteUnderTest, voted: tuple[Campaign, Round]) -> None:
    reports = LiveReports(site.parts.desk)

    await reports.warm()
    await vote(site, voted[1].id)

    assert await received(reports, voted) == 2
    assert b'"received":2' in (await reports.of_campaign(voted[0])).body


async def test_nothing_is_computed_ahead_where_it_takes_no_time(
    site: SiteUnderTest, voted: tuple[Campaign, Round], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_reports, "KEPT_FROM", 3)
    reports = LiveReports(site.parts.desk)

    async with locked(site, "counted.quarantined"), asyncio.timeout(10):
        await reports.warm()
    await vote(site, voted[1].id)

    assert await received(reports, voted) == 3


async def test_who_asks_while_a_report_is_computed_ahead_is_answered_by_that_one(
    site: SiteUnderTest, voted: tuple[Campaign, Round]
) -> None:
    reports, before = LiveReports(site.parts.desk), read(await LiveReports(site.parts.desk).of_round(*voted))
    async with locked(site, "counted.quarantined"):
        ahead = asyncio.create_task(reports.warm())
        await is_waited_for(site, "counted.quarantined")
        asked = asyncio.create_task(reports.of_round(*voted))
        await site.fan()  # joins: a report that begins now counts one member more
        await all_read(site)

    assert read(await asked).turnout == before.turnout
    assert read(await asked).members == before.members
    await ahead
    assert read(await LiveReports(site.parts.desk).of_round(*voted)).members == before.members + 1


async def test_who_waits_for_her_own_write_is_not_answered_by_an_older_one(
    site: SiteUnderTest, voted: tuple[Campaign, Round]
) -> None:
    reports = LiveReports(site.parts.desk)
    async with locked(site, "counted.quarantined"):
        ahead = asyncio.create_task(reports.warm())
        await is_waited_for(site, "counted.quarantined")
        heads = await site.parts.log.heads()
        await site.fan()
        await all_read(site)
        joined = Position(0, heads[0], 0)
        asked = asyncio.create_task(reports.of_round(*voted, awaited=joined))

    assert (await asked).has_read(joined)
    await ahead


async def test_a_report_that_takes_longer_than_it_would_be_shown_is_given_up(
    site: SiteUnderTest, voted: tuple[Campaign, Round], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_reports, "_LONGEST_S", 0.3)
    async with locked(site, "counted.quarantined"), asyncio.timeout(10):
        answer = await site.stranger.get(f"/api/v1/rounds/{voted[1].id}/report")

    assert (answer.status_code, answer.json()["code"]) == (503, "database-away")


async def test_tables_that_are_not_there_yet_leave_the_report_to_its_first_reader(
    site: SiteUnderTest, voted: tuple[Campaign, Round]
) -> None:
    reports = LiveReports(site.parts.desk)
    async with await psycopg.AsyncConnection.connect(site.database, autocommit=True) as connection:
        await connection.execute("alter schema counted rename to elsewhere")
        await reports.warm()
        await connection.execute("alter schema elsewhere rename to counted")

    assert await received(reports, voted) == 2


async def test_a_start_computes_them_and_answers_meanwhile_and_a_stop_gives_them_up(
    site: SiteUnderTest, voted: tuple[Campaign, Round]
) -> None:
    del voted
    app = create_app(site.app.state.settings)
    async with locked(site, "counted.quarantined"), asyncio.timeout(20):
        async with app.router.lifespan_context(app):
            await is_waited_for(site, "counted.quarantined")
            answered = await client_of(app).get("/api/v1/campaigns")
        await is_waited_for(site, "counted.quarantined", waiting=0)

    assert answered.status_code == 200
