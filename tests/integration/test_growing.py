"""A record gets more partitions while its site runs: rounds that open later use them, and every figure holds."""

from datetime import UTC, datetime
from pathlib import Path

import httpx2
import psycopg
import pytest

from fanfare.audit.commands import run_export, run_replay
from fanfare.operations.backup import backup
from fanfare.operations.growing import HasMore, grow
from fanfare.operations.verify import verify
from tests.site_fixture import SiteUnderTest, round_of, served

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FANS = 24


async def open_round(site: SiteUnderTest) -> str:
    """Publish a campaign of one round and return the round's id once it is open."""
    round_id = str((await site.publish(round_of()))["rounds"][0]["id"])
    await site.until(round_id, "open")
    return round_id


async def partitions_of(voters: list[httpx2.AsyncClient], round_id: str) -> set[int]:
    """Let everybody vote, and return the partitions that their ballots went to."""
    positions = []
    for fan in voters:
        number = (await fan.get(f"/api/v1/rounds/{round_id}/paper")).raise_for_status().json()["number"]
        done = await fan.put(f"/api/v1/rounds/{round_id}/ballot", json={"number": number, "options": ["o1"]})
        positions.append(done.raise_for_status().headers["Fanfare-Position"])
    return {int(position.split(":")[0]) for position in positions}


async def seal(site: SiteUnderTest, round_id: str) -> None:
    """Close a round and wait for its seal."""
    (await site.host.post(f"/api/v1/rounds/{round_id}/close")).raise_for_status()
    await site.until(round_id, "sealed")


async def test_rounds_that_open_later_use_the_new_partitions_and_all_replays(site: SiteUnderTest, tmp_path: Path) -> None:
    voters = [await site.fan(f"Fan {number}") for number in range(FANS)]
    before, during = await open_round(site), await open_round(site)
    await partitions_of(voters, before)
    await seal(site, before)

    assert await grow(site.parts.desk, None, 7) == 4

    assert await partitions_of(voters, during) <= {1, 2, 3}
    after = await open_round(site)
    assert await partitions_of(voters, after) - {1, 2, 3}
    for round_id in (during, after):
        await seal(site, round_id)
        report = (await site.stranger.get(f"/api/v1/rounds/{round_id}/report")).raise_for_status().json()
        assert report["ballots"]["counted"] == FANS
    async with served(site.app) as url, site.parts.pool.connection() as connection:
        assert await run_export(site.parts.log, connection, url, tmp_path / "grown.fanfare", now=NOW) == 0
    assert run_replay(tmp_path / "grown.fanfare", json=True) == 0
    backup(site.database, tmp_path / "home", tmp_path / "copy", now=NOW, progress=lambda *_: None)
    assert verify(tmp_path / "copy", lambda *_: None).exit_code == 0


async def test_a_record_never_gets_fewer_partitions(site: SiteUnderTest) -> None:
    with psycopg.connect(site.database) as connection:
        entries = connection.execute("select count(*) from record.entries").fetchone()

    with pytest.raises(HasMore):
        await grow(site.parts.desk, None, 4)

    with psycopg.connect(site.database) as connection:
        assert connection.execute("select count(*) from record.entries").fetchone() == entries
