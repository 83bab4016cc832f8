"""`fanfare migrate`, and what `fanfare api` and `fanfare worker` do before it was run."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fanfare.platform.hosts.alive import keep_touching
from fanfare.platform.settings import Settings
from fanfare.preparing import migrate_site, run_prepared

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
LINK = re.compile(r"https://taste\.example\.org/setup\?token=\S+")


def begun(database: str, home: Path, command: str = "migrate") -> subprocess.Popen[str]:
    settings = {"FANFARE_DATABASE_URL": database, "FANFARE_HOME": str(home), "FANFARE_URL": "https://taste.example.org/"}
    return subprocess.Popen(
        [sys.executable, "-m", "fanfare.cli", command], env={**os.environ, **settings}, stdout=subprocess.PIPE, text=True
    )


def test_a_process_that_comes_before_the_migration_says_what_to_run_and_one_that_comes_after_runs(
    empty: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, ran = Settings(database_url=empty, home=tmp_path), list[Settings]()

    early = run_prepared(settings, ran.append, within_s=0)
    said = capsys.readouterr().out
    migrated = migrate_site(settings)
    late = run_prepared(settings, ran.append, within_s=0)

    assert (early, migrated, late) == (1, 0, 0)
    assert ran == [settings]
    assert "Run `fanfare migrate` once" in said


def test_a_process_without_a_database_says_which_setting_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_prepared(Settings(database_url=""), lambda _: None, within_s=0) == 1
    assert "FANFARE_DATABASE_URL is not set" in capsys.readouterr().out


def test_of_two_migrations_at_once_both_succeed_and_a_third_prints_a_link_at_the_public_address(
    empty: str, tmp_path: Path
) -> None:
    both = [begun(empty, tmp_path) for _ in range(2)]
    ended = [each.communicate(timeout=60) for each in both]
    third = begun(empty, tmp_path)
    said, _ = third.communicate(timeout=60)

    assert [each.returncode for each in (*both, third)] == [0, 0, 0], ended
    assert len(LINK.findall(said)) == 1


async def test_a_sign_of_life_makes_an_old_file_new(tmp_path: Path) -> None:
    file = tmp_path / "alive"
    file.touch()
    os.utime(file, (0, 0))

    living = asyncio.create_task(keep_touching(file))
    await asyncio.sleep(0)
    living.cancel()

    assert file.stat().st_mtime > 0
