"""Which site a command means: that of its home, or the demo that runs below it."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fanfare.operations.places import CONNECTION, DEMO, site_of
from fanfare.platform.postgres.embedded import LOCK
from fanfare.platform.settings import Settings
from fanfare.running import rebuild_site


@contextmanager
def running_in(home: Path) -> Iterator[None]:
    """Hold the lock of a home as whoever runs there does."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_the_demo_that_runs_below_a_home_without_a_site_is_meant(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)

    assert site_of(settings) == settings
    with running_in(tmp_path / DEMO):
        assert site_of(settings).home == tmp_path / DEMO
        assert site_of(Settings(home=tmp_path, database_url="postgresql://elsewhere")).home == tmp_path


def test_a_site_of_the_home_is_meant_whatever_demo_runs_below_it(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)

    with running_in(tmp_path / DEMO):
        with running_in(tmp_path):
            assert site_of(settings).home == tmp_path
        cluster = tmp_path / "postgresql" / "cluster"
        cluster.mkdir(parents=True)
        (cluster / "PG_VERSION").touch()
        assert site_of(settings).home == tmp_path


def test_a_command_that_needs_a_running_site_says_where_it_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FANFARE_HOME", str(tmp_path))
    monkeypatch.delenv("FANFARE_DATABASE_URL", raising=False)
    (tmp_path / DEMO).mkdir()
    (tmp_path / DEMO / CONNECTION).write_text("of a demo that was killed")

    assert rebuild_site([], everything=True) == 2
    assert "the demo's is demo below it" in capsys.readouterr().out
