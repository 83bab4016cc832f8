"""What a server named by FANFARE_DATABASE_URL is asked for, and how what is missing is named."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from fanfare.platform.migrations.run import LOCK
from fanfare.platform.postgres import server
from fanfare.platform.postgres.errors import ServerUnfit
from fanfare.platform.postgres.server import check_server
from tests.integration.postgres_runs import started

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def conninfo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with started(tmp_path_factory.mktemp("server")) as (_, conninfo):
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute("create role guest login")
            connection.execute("create role owner login")
            connection.execute("create database owned owner owner")
            connection.execute("create database ascii encoding 'SQL_ASCII' locale_provider libc locale 'C' template template0")
        yield conninfo


def test_a_fit_server_passes_and_keeps_nothing_of_the_check(conninfo: str) -> None:
    check_server(conninfo)

    with psycopg.connect(conninfo) as connection:
        assert connection.execute("select from pg_namespace where nspname like 'fanfare%'").rowcount == 0
        assert connection.execute("select from pg_extension where extname = 'pg_trgm'").rowcount == 0


def test_the_owner_of_a_database_needs_no_further_right(conninfo: str) -> None:
    check_server(make_conninfo(conninfo, user="owner", dbname="owned"))


def test_a_check_beside_a_migration_waits_for_it_and_does_not_fail_on_what_it_makes(conninfo: str) -> None:
    owned = make_conninfo(conninfo, user="owner", dbname="owned")
    with ThreadPoolExecutor() as threads:
        with psycopg.connect(owned) as migrating:
            migrating.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
            migrating.execute("create extension pg_trgm")
            beside = threads.submit(check_server, owned)
            with pytest.raises(TimeoutError):
                beside.result(0.3)
        beside.result(30)


def test_a_role_that_may_create_nothing_is_told_which_rights_are_missing(conninfo: str) -> None:
    with pytest.raises(ServerUnfit) as refusal:
        check_server(make_conninfo(conninfo, user="guest"))

    rights, trigrams, accents = refusal.value.missing
    assert 'grant create on database "fanfare" to "guest"' in rights
    assert "create extension pg_trgm" in trigrams
    assert "create extension unaccent" in accents


def test_a_database_that_is_not_unicode_is_refused(conninfo: str) -> None:
    with pytest.raises(ServerUnfit, match="encoding is SQL_ASCII and UTF8 is needed"):
        check_server(make_conninfo(conninfo, dbname="ascii"))


def test_a_server_that_is_too_old_is_refused_by_its_version(conninfo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "OLDEST_MAJOR", 99)

    with pytest.raises(ServerUnfit, match="PostgreSQL 99 or later is needed and this is 18: upgrade the server"):
        check_server(conninfo)


def test_an_extension_that_is_not_installed_is_named(conninfo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_EXTENSIONS", ("pg_trgm", "no_such_extension"))

    with pytest.raises(ServerUnfit, match="no_such_extension is not installed on the server: install its contrib package"):
        check_server(conninfo)


def test_a_server_that_does_not_answer_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ServerUnfit, match=r"FANFARE_DATABASE_URL: The server cannot be reached or asked: .*check address"):
        check_server(make_conninfo("", host=str(tmp_path), dbname="fanfare"))
