"""Where the notary doubts: a record or a file that is not as it was signed; and how a doubt ends."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool
from structlog.testing import capture_logs

from fanfare.notary import notary as notaries
from fanfare.notary.history import one
from fanfare.notary.notary import Notary
from fanfare.platform.logs.postgres import PostgresLog
from tests.notarised import Notarised, execute, expire, level, notarised

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


@pytest.fixture
async def site(pool: AsyncConnectionPool, log: PostgresLog, tmp_path: Path) -> Notarised:
    return await notarised(pool, log, tmp_path / "objects")


async def test_it_refuses_a_record_that_is_shorter_than_what_it_signed_and_goes_on_with_the_others(site: Notarised) -> None:
    notary = site.notary()
    await site.append(1, 10)
    await level(site, notary)
    await execute(site, 'delete from record.entries where partition = 1 and "offset" >= 7')
    await site.append(2, 1)

    await notary.run()

    assert "7 entries, and 10 were signed" in (await site.state(1)).doubt
    assert (await site.state(2)).signed_size == 1
    await site.append(1, 20)
    await notary.run()
    await expire(site)
    await site.notary().run()
    assert site.checkpoint(1).size == 10  # type: ignore[union-attr]


async def test_it_refuses_another_tail_where_its_own_rows_were_set_back_with_the_record(site: Notarised) -> None:
    await site.append(1, 10)
    await level(site)
    await execute(site, 'delete from record.entries where partition = 1 and "offset" >= 7')
    await execute(site, "truncate notary.trees")
    await site.append(1, 20, size_bytes=41)
    await expire(site)

    await site.notary().run()

    assert "The first 10 entries of partition 1 have another root" in (await site.state(1)).doubt
    assert site.checkpoint(1).size == 10  # type: ignore[union-attr]


async def test_it_goes_on_from_what_was_published_where_its_rows_are_lost(site: Notarised) -> None:
    await site.append(1, 300)
    await level(site)
    await execute(site, "truncate notary.trees")
    await site.append(1, 7)

    assert await level(site) == [2, 307, 0, 0]
    assert not (await site.state(1)).doubt


async def test_an_entry_altered_in_the_last_bundle_is_found_when_a_notary_begins(site: Notarised) -> None:
    await site.append(1, 300)
    await level(site)
    await execute(site, "update record.entries set body = 'x' where partition = 1 and \"offset\" = 290")
    await site.append(1, 1)
    await expire(site)

    await site.notary().run()

    assert (await site.state(1)).doubt == "Entry 1:290 of the record reads differently from what was signed."
    assert site.checkpoint(1).size == 300  # type: ignore[union-attr]


async def sweep_until(notary: Notary, is_so: Callable[[], Awaitable[bool]]) -> None:
    """Run a notary that need not rest until something is so."""
    for _ in range(40):
        notary._sweeping._rests_until = 0.0
        notary._sweeping._whole.clear()
        notary._doubted = dict.fromkeys(notary._doubted, -notaries._DOUBT_S)
        await notary.run()
        if await is_so():
            return
    raise AssertionError


async def test_the_sweep_finds_an_entry_that_was_altered_long_ago_and_ends_the_doubt_when_it_is_put_right(
    site: Notarised,
) -> None:
    notary = site.notary()
    await site.append(1, 600)
    await level(site, notary)
    await execute(site, "update record.entries set body = body || ' ' where partition = 1 and \"offset\" = 17")

    async def doubts() -> bool:
        return bool((await site.state(1)).doubt)

    await sweep_until(notary, doubts)

    assert (await site.state(1)).doubt == "Entry 1:17 of the record reads differently from what was signed."
    await execute(
        site, 'update record.entries set body = substr(body, 1, length(body) - 1) where partition = 1 and "offset" = 17'
    )
    await site.append(1, 1)

    async def is_well() -> bool:
        return not await doubts() and (await site.state(1)).signed_size == 601

    await sweep_until(notary, is_well)
    assert await site.audit(1) == 601


@pytest.mark.parametrize("path", ["tile/entries/000", "tile/0/001", "tile/1/000.p/2", "tile/entries/002.p/88"])
async def test_the_sweep_finds_a_file_that_was_altered(site: Notarised, path: str) -> None:
    notary = site.notary()
    await site.append(1, 600)
    await level(site, notary)
    file = site.folder / "record" / "1" / path
    file.write_bytes(file.read_bytes()[:-1] + b"!")

    async def doubts() -> bool:
        return bool((await site.state(1)).doubt)

    await sweep_until(notary, doubts)

    assert path in (await site.state(1)).doubt or "Entry 1:" in (await site.state(1)).doubt


@pytest.mark.parametrize("path", ["tile/entries/000", "tile/0/001", "tile/1/000.p/2"])
async def test_a_file_that_is_missing_is_written_again(site: Notarised, path: str) -> None:
    await site.append(1, 600)
    await level(site)
    (site.folder / "record" / "1" / path).unlink()
    await expire(site)
    notary = site.notary()

    async def is_there() -> bool:
        return (site.folder / "record" / "1" / path).exists()

    await sweep_until(notary, is_there)
    await site.append(1, 1)

    async def is_well() -> bool:
        return (await site.state(1)).signed_size == 601

    await sweep_until(notary, is_well)
    assert await site.audit(1) == 601


async def test_what_could_not_be_noted_of_a_checkpoint_is_noted_by_the_next_run_though_nothing_is_new(site: Notarised) -> None:
    notary = site.notary()
    await level(site, notary)
    await site.append(1, 5)
    await execute(site, "alter table notary.checkpoints rename to hidden")
    with pytest.raises(psycopg.Error):
        await notary.run()
    await execute(site, "alter table notary.hidden rename to checkpoints")

    await notary.run()

    assert (await site.state(1)).signed_size == 5
    async with site.pool.connection() as connection:
        assert await one(connection, 1, 5)


async def test_a_key_that_is_missing_is_told_of_once_and_not_twice_a_second(site: Notarised) -> None:
    await level(site)
    await execute(site, "delete from vault.keys where name like 'notary %%'")
    await expire(site)
    notary = site.notary()

    with capture_logs() as told:
        for _ in range(3):
            await notary.run()

    assert [each["partition"] for each in told if each["log_level"] == "error"] == [0, 1, 2, 3]
