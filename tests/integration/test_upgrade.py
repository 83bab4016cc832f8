"""Upgrading: migrations run by themselves, once, whole or not at all, and the sites of earlier releases come along."""

import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from fanfare.audit.archives.archive import Archive
from fanfare.audit.checks.replay import replay
from fanfare.audit.claims import silent
from fanfare.operations.backup import backup
from fanfare.operations.restore import restore
from fanfare.platform.migrations import run
from fanfare.platform.migrations.run import DatabaseNewer, MigrationChanged, MigrationFailed, migrate
from tests.integration.test_backup import level
from tests.site_fixture import running_site

pytestmark = [pytest.mark.long, pytest.mark.postgres]
MIGRATE = "import sys; from fanfare.platform.migrations.run import migrate; print(len(migrate(sys.argv[1])))"
LEDGER = "select name, sha256 from platform.migrations order by name"


def ledger(conninfo: str) -> list[tuple[str, str]]:
    """Return which migrations were applied."""
    with psycopg.connect(conninfo) as connection:
        return connection.execute(LEDGER).fetchall()


def test_of_processes_that_start_at_once_one_migrates_and_the_others_wait_and_find_nothing_to_do(empty: str) -> None:
    command = [sys.executable, "-c", MIGRATE, empty]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = sorted(int(each.communicate(timeout=60)[0] or -1) for each in running)

    assert [each.returncode for each in running] == [0] * 4
    assert said == [0, 0, 0, len(ledger(empty))]


def test_a_migration_that_fails_is_named_and_leaves_the_database_as_it_was_before_it(empty: str) -> None:
    migrate(empty, only=("0001_base.sql", "0002_projections.sql"))
    before = ledger(empty)
    with psycopg.connect(empty) as connection:
        # Its last step fails, so everything before it in the file has to be undone.
        connection.execute("alter table platform.migrations add constraint planted check (number <> 3)")

    with pytest.raises(MigrationFailed, match=r"0003_members\.sql could not be applied.*planted"):
        migrate(empty)

    assert ledger(empty) == before
    with psycopg.connect(empty) as connection:
        query = "select from information_schema.columns where table_name = 'members' and column_name = 'recorded'"
        assert connection.execute(query).fetchall() == []
    with psycopg.connect(empty) as connection:
        connection.execute("alter table platform.migrations drop constraint planted")
    assert migrate(empty)[0] == "0003_members.sql"


def test_a_database_that_a_newer_fanfare_migrated_is_refused_by_name(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("insert into platform.migrations values (9001, '9001_of_tomorrow.sql', 'ab')")

    with pytest.raises(DatabaseNewer, match=r"9001_of_tomorrow\.sql: applied by a newer Fanfare than this one"):
        migrate(database)


def test_a_migration_that_was_altered_after_it_was_applied_is_refused_by_name(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("update platform.migrations set sha256 = 'ab' where name = '0002_projections.sql'")

    with pytest.raises(MigrationChanged, match=r"0002_projections\.sql was applied with SHA-256 ab"):
        migrate(database)


def test_a_migration_waits_for_whoever_migrates_already(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("select pg_advisory_lock(%s)", (run.LOCK,))
        waiting = subprocess.Popen([sys.executable, "-c", MIGRATE, database], stdout=subprocess.PIPE, text=True)
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(3)

    assert waiting.communicate(timeout=30)[0] == "0\n"


RELEASES = sorted(each for each in (Path(__file__).parents[1] / "releases").iterdir() if (each / "site.tar").exists())


def published(archive: Path) -> dict[str, bytes]:
    """Return the reports of an archive by the path at which a site publishes them."""
    with archive.open("rb") as stream:
        read = Archive(stream, silent)
        return {urlsplit(each.url).path: read.body(each.member) for each in read.manifest.reports}


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
def test_the_archive_of_every_release_replays_to_the_reports_that_it_published(release: Path) -> None:
    outcome = replay(release / "site.tar")

    assert outcome.unchecked == ""
    assert [(each.name, each.differences) for each in outcome.claims if not each.passed] == []


@pytest.mark.anyio
@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
async def test_the_site_of_every_release_is_restored_brought_up_to_date_and_publishes_the_same_reports(
    release: Path, empty: str, tmp_path: Path
) -> None:
    wanted = published(release / "site.tar")
    restored = restore(release / "backup", empty, tmp_path)

    assert migrate(empty) == []
    async with running_site(empty, founded=False) as site:
        await level(site, restored.backup.moment)
        found = {path: (await site.stranger.get(path)).content for path in wanted}

    assert len(wanted) == 5
    assert found == wanted


def test_the_present_version_has_its_sample() -> None:
    assert version("fanfare") in {each.name for each in RELEASES}


def test_a_backup_of_tables_as_an_older_version_had_them_is_loaded_and_then_brought_up_to_date(
    empty: str, database: str, tmp_path: Path
) -> None:
    older = ["0001_base.sql", "0002_projections.sql"]
    migrate(empty, only=older)
    with (RELEASES[0] / "site.tar").open("rb") as stream:
        _, first = next(Archive(stream, silent).entries(0))
    with psycopg.connect(empty) as connection:
        connection.execute("insert into record.entries values (0, 0, %s)", (first,))
        connection.execute("insert into vault.members (id, name, secret) values ('fade0000', 'Noor A.', '')")
    saved = backup(empty, tmp_path, tmp_path / "backup", now=datetime(2026, 11, 11, 13, 2, tzinfo=UTC))

    restore(tmp_path / "backup", database, tmp_path)

    assert list(saved.migrations) == older
    assert ledger(database)[:2] == ledger(empty)
    assert migrate(database) == []
    with psycopg.connect(database) as connection:
        assert connection.execute("select name, recorded from vault.members").fetchall() == [("Noor A.", False)]
