"""A record that was cut: noticed before anything is written, told in words, and mended byte for byte."""

import asyncio
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from fanfare.operations import cut
from fanfare.operations.backup import backup
from fanfare.operations.cut import RECORD_CUT, Guard, RecordCut, SeenUnreadable
from fanfare.operations.held import NotItsTail
from fanfare.operations.places import CONNECTION
from fanfare.operations.tail import restore_tail
from fanfare.platform.hosts.opening import opened
from fanfare.projecting import make_tables
from tests.integration.homes import asked, environment, fanfare, free_port, made, until_ready, up, with_parts
from tests.site_fixture import SiteUnderTest

pytestmark = pytest.mark.postgres
NOW = datetime(2026, 11, 11, 13, 2, tzinfo=UTC)
CUT = 'delete from record.entries where partition = 0 and "offset" >= 2'
ENTRIES = 'select "offset", body from record.entries order by 1'


def seen_up_to(home: Path) -> int:
    """Return how far partition 0 was seen."""
    return next((each.head for each in cut.last_seen(home).partitions if each.partition == 0), 0)


async def level(site: SiteUnderTest, home: Path) -> None:
    """Return when what was seen has come to the record's end."""
    while True:
        if seen_up_to(home) == (await site.parts.log.heads())[0]:
            return
        await asyncio.sleep(0.01)


def test_a_record_that_was_cut_stops_the_start_and_its_tail_is_put_back_byte_for_byte(tmp_path: Path) -> None:
    home, port = tmp_path / "home", free_port()
    made(home)
    with up(home, port):
        assert fanfare(home, "backup", tmp_path / "backup").returncode == 0
    before = asked(home, ENTRIES)
    asked(home, CUT)

    refused = fanfare(home, "up", "--port", str(port))
    mended = fanfare(home, "record", "restore", tmp_path / "backup")

    assert refused.returncode == RECORD_CUT
    assert "partition 0 ends before offset 2 and was seen up to 0:6" in refused.stdout
    assert "fanfare record restore SOURCE" in refused.stdout
    assert (mended.returncode, mended.stdout) == (0, "Partition 0: 5 entries are back at their offsets, byte for byte.\n")
    assert asked(home, ENTRIES) == before
    with up(home, port):
        pass


@pytest.mark.anyio
async def test_an_entry_that_reads_differently_is_noticed_and_nothing_is_put_over_it(site: SiteUnderTest, tmp_path: Path) -> None:
    cut.refuse_if_cut(site.database, tmp_path)
    backup(site.database, tmp_path, tmp_path / "backup", now=NOW)
    with psycopg.connect(site.database) as connection:
        last = connection.execute('select max("offset") from record.entries where partition = 0').fetchone()
        connection.execute("update record.entries set body = body || ' ' where \"offset\" = %s", last)
    assert last is not None

    with pytest.raises(RecordCut, match=f"entry 0:{last[0]} reads differently from what was seen there"):
        cut.refuse_if_cut(site.database, tmp_path)
    with pytest.raises(NotItsTail, match=f"entry 0:{last[0]} here is another than the one there"):
        restore_tail(site.database, tmp_path / "backup", tmp_path)


@pytest.mark.anyio
async def test_what_no_source_holds_is_named_and_the_site_waits_for_it(site: SiteUnderTest, tmp_path: Path) -> None:
    backup(site.database, tmp_path, tmp_path / "backup", now=NOW)
    end = (await site.parts.log.heads())[0]
    cut.keep(tmp_path, cut.Seen((cut.Last(0, end + 2, "00" * 32),)))

    done = restore_tail(site.database, tmp_path / "backup", tmp_path)

    assert f"entries 0:{end} to 0:{end + 1} are missing" in done.missing[0]
    with pytest.raises(RecordCut):
        cut.refuse_if_cut(site.database, tmp_path)


@pytest.mark.anyio
async def test_what_is_seen_is_written_down_a_moment_later_and_never_goes_back(site: SiteUnderTest, tmp_path: Path) -> None:
    told: list[RecordCut] = []
    seeing = asyncio.create_task(cut.keep_seen(site.database, tmp_path, 0.01, told.append))
    async with asyncio.timeout(20):
        await site.fan()
        await level(site, tmp_path)
        before = seen_up_to(tmp_path)
        async with site.parts.pool.connection() as connection:
            await connection.execute(CUT)
        await seeing

    assert f"and was seen up to 0:{before - 1}" in str(told[0])
    assert seen_up_to(tmp_path) == before


def test_a_site_whose_record_is_cut_while_it_runs_ends_by_itself_and_is_not_started_again(tmp_path: Path) -> None:
    home, port = tmp_path / "home", free_port()
    made(home)
    command = [sys.executable, "-m", "fanfare.cli", "up", "--port", str(port)]
    with subprocess.Popen(command, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        assert '"ready"' in list(until_ready(running))[-1]
        with psycopg.connect((home / CONNECTION).read_text(), autocommit=True) as connection:
            connection.execute(CUT)
        said, _ = running.communicate(timeout=60)

    assert running.returncode == RECORD_CUT
    assert "partition 0 ends before offset 2" in said
    assert said.count('"part": "worker"') <= 4, "it was not started again"


@pytest.mark.parametrize("name", ["api", "worker"])
def test_a_process_that_finds_the_record_cut_ends_before_it_wrote_anything(database: str, tmp_path: Path, name: str) -> None:
    asyncio.run(with_parts(database, make_tables))
    with psycopg.connect(database) as connection:
        connection.execute("delete from vault.keys")
    cut.keep(tmp_path, cut.Seen((cut.Last(0, 1000, "00" * 32),)))

    done = fanfare(tmp_path, name, FANFARE_DATABASE_URL=database, FANFARE_PORT=str(free_port()))

    assert done.returncode == RECORD_CUT
    assert "and was seen up to 0:999" in done.stderr
    with psycopg.connect(database) as connection:
        assert connection.execute("select from vault.keys").fetchall() == []


@pytest.mark.anyio
async def test_a_writer_that_lost_its_connections_looks_again_before_it_writes(site: SiteUnderTest, tmp_path: Path) -> None:
    told: list[RecordCut] = []
    conninfo = f"{site.database}&application_name=writer"
    async with opened(conninfo, 2, Guard(tmp_path, told.append)) as parts:
        assert told == []
        cut.refuse_if_cut(site.database, tmp_path)
        with psycopg.connect(site.database, autocommit=True) as connection:
            connection.execute('delete from record.entries where partition = 0 and "offset" > 0')
            connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'writer'")
            async with asyncio.timeout(60):
                while not told:
                    with suppress(psycopg.OperationalError):
                        await parts.log.append(0, [b"{}"])
            # What the site's own worker writes meanwhile is no matter of this writer: the test gave it no guard.
            assert connection.execute("select count(*) from record.entries where body = '{}'").fetchone() == (0,)

    assert "partition 0 ends before offset 1" in str(told[0])


@pytest.mark.anyio
async def test_a_home_that_has_seen_nothing_yet_lets_every_record_pass(site: SiteUnderTest, tmp_path: Path) -> None:
    told: list[RecordCut] = []

    async with opened(site.database, 2, Guard(tmp_path, told.append)) as parts:
        assert parts.desk.streams.site.founded is not None

    assert told == []


def test_what_was_seen_and_cannot_be_read_is_no_reason_to_go_on(tmp_path: Path) -> None:
    (tmp_path / cut.SEEN).write_text('{"partitions":[')

    with pytest.raises(SeenUnreadable, match="cannot be read"):
        cut.last_seen(tmp_path)


FINAL = """
import sys
from pathlib import Path
from fanfare.platform.hosts import supervise
child = supervise.Child("refusing", [sys.executable, "-c", "import sys; sys.exit(65)"], final=frozenset({65}))
other = supervise.Child("other", [sys.executable, "-c", "import signal; signal.pause()"])
sys.exit(supervise.Supervisor([other, child]).run())
"""


def test_a_child_that_says_that_starting_it_again_is_no_use_stops_everything_with_its_status() -> None:
    done = subprocess.run([sys.executable, "-c", FINAL], capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 65
    assert done.stderr.count("refusing") < 5
