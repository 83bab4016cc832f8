"""Checkpoints that are kept: as they were published, fewer the older they are, and read by strangers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from psycopg_pool import AsyncConnectionPool

from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.keys import Kind, SignerKey
from fanfare.ledger.notes import Note
from fanfare.notary import history, keys
from fanfare.operations.backup import backup
from fanfare.operations.restore import restore
from fanfare.platform.logs.postgres import PostgresLog
from tests.integration.test_notary_served import signed
from tests.notarised import NAME, Notarised, execute, level, notarised
from tests.site_fixture import SiteUnderTest, running_site

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
LOG = SignerKey.generate("fanfare.example/record/0")
WITNESS = SignerKey.generate("witness.example", Kind.COSIGNATURE)


@pytest.fixture
async def notary_site(pool: AsyncConnectionPool, log: PostgresLog, tmp_path: Path) -> Notarised:
    return await notarised(pool, log, tmp_path)


@pytest.fixture
async def site(database: str) -> AsyncIterator[SiteUnderTest]:
    async with running_site(database) as found:
        yield found


def note(size: int, root: bytes = b"r" * 32, *, cosigned: bool = False) -> bytes:
    """Return a checkpoint of partition 0."""
    made = Note(Checkpoint("fanfare.example/record/0", size, root).text).signed(LOG)
    return bytes(made.signed(WITNESS, 1_800_000_000) if cosigned else made)


async def kept(pool: AsyncConnectionPool) -> list[int]:
    """Return the sizes that are kept."""
    async with pool.connection() as connection:
        return [each.size for each in await history.kept(connection)]


async def test_every_checkpoint_that_the_notary_publishes_is_kept_byte_for_byte(notary_site: Notarised) -> None:
    published = []
    for _ in range(3):
        await notary_site.append(1, 5)
        await level(notary_site)
        published.append((notary_site.folder / "record" / "1" / "checkpoint").read_bytes())

    async with notary_site.pool.connection() as connection:
        found = await history.since(connection, 1)
        everything = await history.kept(connection)

    assert [each.note for each in found] == published[::-1]
    assert [each.size for each in found] == [15, 10, 5]
    assert [(each.partition, each.size) for each in everything] == sorted((each.partition, each.size) for each in everything)
    assert [each.root for each in found] == [Checkpoint.parse(Note.parse(each).text).root for each in published[::-1]]
    assert not any(each.cosigned for each in everything)


async def test_a_rotated_key_leaves_one_checkpoint_of_a_size_with_its_signature(notary_site: Notarised) -> None:
    await level(notary_site)
    await keys.rotate(notary_site.desk)
    await level(notary_site)

    async with notary_site.pool.connection() as connection:
        (found,) = await history.since(connection, 2)

    assert found.note == (notary_site.folder / "record" / "2" / "checkpoint").read_bytes()


async def test_of_one_size_the_note_with_cosignatures_stays_and_another_root_changes_nothing(pool: AsyncConnectionPool) -> None:
    async with pool.connection() as connection:
        await history.keep(connection, 0, note(7))
        await history.keep(connection, 0, note(7, cosigned=True))
        await history.keep(connection, 0, note(7))
        await history.keep(connection, 0, note(7, b"x" * 32, cosigned=True))
        found = await history.one(connection, 0, 7)

    assert found
    assert found.note == note(7, cosigned=True)
    assert found.cosigned


async def test_the_last_hour_stays_whole_then_one_an_hour_then_one_a_day(notary_site: Notarised) -> None:
    pool, day, hour = notary_site.pool, timedelta(days=1), timedelta(hours=1)
    midday = "date_trunc('day', now(), 'UTC') + interval '12 hours'"
    ages = {
        **dict.fromkeys((10, 11, 12), 40 * day),
        **dict.fromkeys((20, 21), 39 * day),
        **dict.fromkeys((30, 31, 32), 3 * day),
        **dict.fromkeys((40, 41), 3 * day - hour),
    }
    async with pool.connection() as connection:
        for size in ages:
            await history.keep(connection, 0, note(size, cosigned=size == 31))
        for size in (50, 51):
            await history.keep(connection, 0, note(size))
    for size, age in ages.items():
        await execute(notary_site, f"update notary.checkpoints set signed_at = {midday} - %s where size = %s", age, size)

    await history.thin(pool)
    await history.thin(pool)

    assert await kept(pool) == [12, 21, 31, 41, 50, 51]


async def test_the_newest_checkpoint_of_a_partition_stays_however_old_it_is(notary_site: Notarised) -> None:
    async with notary_site.pool.connection() as connection:
        await history.keep(connection, 0, note(10, cosigned=True))
        await history.keep(connection, 0, note(11))
    await execute(notary_site, "update notary.checkpoints set signed_at = now() - interval '40 days'")

    await history.thin(notary_site.pool)

    assert await kept(notary_site.pool) == [10, 11]


async def test_strangers_read_the_history_page_by_page_and_take_one_along(site: SiteUnderTest) -> None:
    newest = await signed(site)
    for name in ("Noor A.", "Imani O.", "Tomasz W."):
        await site.fan(name)
        newest = await signed(site)

    first = await site.stranger.get("/api/v1/record/checkpoints", params={"limit": 2})
    rest = await site.stranger.get("/api/v1/record/checkpoints", params={"before": first.json()["next"]})
    listed = [*first.json()["checkpoints"], *rest.json()["checkpoints"]]
    taken = await site.stranger.get(f"/api/v1/record/checkpoints/0/{newest.size}")
    missing = await site.stranger.get("/api/v1/record/checkpoints/0/99999")
    page = await site.stranger.get("/check/checkpoints")
    nowhere = await site.stranger.get("/check/checkpoints", params={"partition": 9})

    sizes = [each["size"] for each in listed]
    assert len(first.json()["checkpoints"]) == 2
    assert sizes == sorted(set(sizes), reverse=True)
    assert sizes[0] == newest.size
    assert rest.json()["next"] is None
    assert taken.text == listed[0]["note"]
    assert taken.content == (await site.stranger.get("/record/0/checkpoint")).content
    for answer in (first, taken):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "set-cookie" not in answer.headers
    assert (missing.status_code, nowhere.status_code) == (404, 404)
    assert f"/api/v1/record/checkpoints/0/{newest.size}" in page.text
    assert NAME not in page.text


@asynccontextmanager
async def doubted(site: SiteUnderTest, why: str) -> AsyncIterator[None]:
    """Write a doubt of partition 2 down, and keep the notary's sweep, which would settle it at once, from doing so."""
    async with site.parts.pool.connection() as connection:
        while True:
            await connection.execute("update notary.trees set doubt = %s where partition = 2", (why,))
            await connection.commit()
            held = await connection.execute("select doubt from notary.trees where partition = 2 for update")
            if await held.fetchone() == (why,):
                break
        yield


async def test_the_auditors_room_says_how_far_the_notary_is_and_why_it_doubts(site: SiteUnderTest) -> None:
    await signed(site)
    well = (await site.stranger.get("/check")).text
    async with doubted(site, "The record was cut."):
        unwell = (await site.stranger.get("/check")).text

    assert "fanfare audit http://localhost:8000" in well
    assert "No witnesses yet" in well
    assert "In doubt" not in well
    assert "In doubt" in unwell
    assert "The record was cut." in unwell
    assert str(site.parts.desk.streams.notary.in_force("localhost:8000")[0]) in well


async def test_the_auditors_room_names_the_witnesses_and_those_who_are_silent(site: SiteUnderTest) -> None:
    insert = "insert into notary.cosignatures (partition, witness, size, at, silent_since) values (%s, %s, %s, %s, %s)"
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    silent_since = at + timedelta(hours=1)
    rows = [
        *((p, "news.example/witness+1f2e3d4c+BA==", 5, at, None) for p in (0, 1)),
        (0, "club.example+2f2e3d4c+BA==", 3, at, silent_since),
    ]
    async with site.parts.pool.connection() as connection:
        for row in rows:
            await connection.execute(insert, row)

    page = (await site.stranger.get("/check")).text

    assert "No witnesses yet" not in page
    assert page.count("news.example/witness") == 1
    assert page.count("Last cosigned") == 2
    assert page.index("club.example") < page.index("Silent") < page.index("news.example/witness") < page.index("Cosigns")


async def test_after_a_restore_the_kept_checkpoints_are_there_byte_for_byte(
    site: SiteUnderTest, empty: str, tmp_path: Path
) -> None:
    kept = await served(site)
    await asyncio.to_thread(backup, site.database, tmp_path, tmp_path / "backup", now=datetime.now(UTC))

    restore(tmp_path / "backup", empty, tmp_path / "elsewhere")

    async with running_site(empty, founded=False) as restored:
        again = await served(restored)
    assert [each for each in kept if each not in again] == []


async def served(site: SiteUnderTest) -> list[dict[str, str]]:
    """Return what a site keeps of the first partition's checkpoints, once there is one."""
    async with asyncio.timeout(30):
        while True:
            found: dict[str, list[dict[str, str]]] = (await site.stranger.get("/api/v1/record/checkpoints")).json()
            if found["checkpoints"]:
                return found["checkpoints"]
            await asyncio.sleep(0.05)
