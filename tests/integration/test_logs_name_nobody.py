"""Logs name nobody: neither ours, nor a library's, nor PostgreSQL's own, whatever goes wrong over somebody's words."""

import contextlib
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from fanfare.platform.postgres.embedded import EmbeddedPostgres
from tests.house.tree import ROOT
from tests.integration.faulty_site import FAULTS
from tests.integration.traces import traces

NAME = "Quetzalina Vorpal"


def test_a_fault_over_somebodys_words_is_logged_without_them() -> None:
    command = [sys.executable, "-m", "tests.integration.faulty_site", NAME]

    ended = subprocess.run(command, capture_output=True, cwd=ROOT, timeout=60, check=False)

    assert [line[:3] for line in ended.stdout.splitlines()] == [b"500"] * len(FAULTS)
    assert ended.stderr.count(b"Exception in ASGI application") == len(FAULTS)
    assert ended.stderr.count(b'"event": "fault"') == len(FAULTS)
    assert ended.stderr.rstrip().endswith("builtins.KeyError: …".encode())
    assert traces(ended.stdout + ended.stderr, [NAME]) == []


@pytest.mark.postgres
def test_postgresqls_own_log_holds_no_row_and_no_parameter(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "home")
    try:
        with psycopg.connect(server.start(), autocommit=True) as connection:
            connection.execute("create table people (name text primary key, age integer check (age > 0))")
            for statement in (
                "insert into people values (%s, 1)",
                "insert into people values (%s, 1)",
                "insert into people values (%s, 0)",
                "insert into nobody values (%s)",
                f"insert into people values ('{NAME}')",
                f"insert into people values ('{NAME}', 1) broken",
            ):
                with contextlib.suppress(psycopg.Error):
                    connection.execute(statement.encode(), (NAME,) if "%s" in statement else None)
    finally:
        server.stop()

    logged = (tmp_path / "home" / "log" / "postgresql.log").read_bytes()
    assert logged.count(b"duplicate key value") == 2
    assert b'violates check constraint "people_age_check"' in logged
    assert traces(logged, [NAME]) == []
