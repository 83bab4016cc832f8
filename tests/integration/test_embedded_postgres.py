"""The embedded PostgreSQL's life, on the real thing: started, killed, orphaned, refused."""

import os
import select
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from fanfare.platform.postgres import lodging
from fanfare.platform.postgres.cluster import take_over
from fanfare.platform.postgres.embedded import EmbeddedPostgres
from fanfare.platform.postgres.errors import HomeInUse, PostgresUnavailable
from fanfare.platform.postgres.tether import Identity, tethered
from tests.integration.postgres_runs import application, count_kept, said, setting, started, wait_until_gone

pytestmark = pytest.mark.postgres


def test_a_first_start_is_ready_in_under_three_seconds(tmp_path: Path) -> None:
    took_s = []
    # The best of three: other suites may be busy on the same machine, and what they take is not ours.
    for attempt in ("first", "second", "third"):
        began = time.monotonic()
        with started(tmp_path / attempt) as (_, conninfo), psycopg.connect(conninfo) as connection:
            took_s.append(time.monotonic() - began)
            assert connection.info.server_version >= 180000
        if took_s[-1] < 3:
            break

    assert min(took_s) < 3


def test_durable_settings_stay_on_and_no_network_listens(tmp_path: Path) -> None:
    with started(tmp_path) as (postgres, conninfo):
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute("alter system set fsync = off")
            connection.execute("alter system set full_page_writes = off")
            connection.execute("alter system set listen_addresses = '*'")
        again = postgres.restart()
        settings = [setting(again, name) for name in ("fsync", "full_page_writes", "synchronous_commit", "listen_addresses")]

    assert settings == ["on", "on", "on", ""]


def test_text_is_sorted_by_bytes_and_extensions_for_similar_titles_can_be_made(tmp_path: Path) -> None:
    with started(tmp_path) as (_, conninfo), psycopg.connect(conninfo) as connection:
        connection.execute("create extension pg_trgm")
        connection.execute("create extension unaccent")
        folded = connection.execute("select unaccent('é'), upper('é'), similarity('fanfare', 'fanfair') > 0.4").fetchone()
        ordered = connection.execute("select string_agg(x, '' order by x) from unnest(array['b', 'a', 'B']) x").fetchone()

    assert folded == ("e", "É", True)
    assert ordered == ("Bab",)


def test_an_application_killed_takes_postgresql_with_it_and_loses_nothing(tmp_path: Path) -> None:
    with application(tmp_path, "write") as running:
        postmaster = int(said(running, "ready")[1])
        while int(said(running, "kept")[1]) < 100:
            pass
        running.kill()
        assert running.stdout is not None
        rest = [line.split() for line in running.stdout.read().split("\n")[:-1]]
    acknowledged = int(rest[-1][1]) if rest else 100
    wait_until_gone(postmaster)

    with started(tmp_path) as (_, conninfo):
        kept = count_kept(conninfo)

    assert kept >= acknowledged


def test_a_postmaster_killed_is_started_again_and_loses_nothing(tmp_path: Path) -> None:
    with started(tmp_path) as (postgres, conninfo):
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute("create table kept (number int)")
            for number in range(100):
                connection.execute("insert into kept values (%s)", [number])
            # A backend that is busy outlives its postmaster, and holds the old shared memory.
            busy = subprocess.Popen([sys.executable, "-c", BUSY, conninfo], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            assert busy.stdout is not None
            busy.stdout.readline()
            first = postgres.pid
            assert first is not None
            os.kill(first, signal.SIGKILL)
            wait_until_ended(postgres)
            deadline = time.monotonic() + 60
            try:
                again = postgres.restart(lambda: time.monotonic() > deadline)
            finally:
                busy.kill()
                busy.communicate()
        kept = count_kept(again)

    assert again == conninfo
    assert postgres.pid is None
    assert kept == 100


BUSY = """
import sys, psycopg
with psycopg.connect(sys.argv[1]) as connection:
    print(flush=True)
    connection.execute("do $$ begin loop end loop; end $$")
"""


def wait_until_ended(postgres: EmbeddedPostgres) -> None:
    deadline = time.monotonic() + 30
    while postgres.poll() is None:
        assert time.monotonic() < deadline
        select.select([], [], [], 0.01)


def test_a_stale_pid_file_that_names_a_living_process_is_not_believed(tmp_path: Path) -> None:
    with started(tmp_path):
        pass
    (tmp_path / "postgresql" / "cluster" / "postmaster.pid").write_text(f"{os.getppid()}\n/elsewhere\n1\n5432\n\n\n\nready\n")
    (tmp_path / "postgresql" / "run" / ".s.PGSQL.5432.lock").write_text(f"{os.getppid()}\n")

    with started(tmp_path) as (_, conninfo):
        answers = setting(conninfo, "port")

    assert answers == "5432"


def test_an_orphan_that_is_still_shutting_down_is_waited_for(tmp_path: Path) -> None:
    with application(tmp_path, "write") as running:
        orphan = int(said(running, "ready")[1])
        said(running, "kept")
        os.kill(orphan, signal.SIGSTOP)
        running.kill()
        running.wait()
        with application(tmp_path, "nothing") as second:
            said(second, "earlier")
            os.kill(orphan, 0)
            os.kill(orphan, signal.SIGCONT)
            successor = int(said(second, "ready")[1])
            still_there = Path(f"/proc/{orphan}/cwd").exists()
            second.wait()

    assert successor != orphan
    assert not still_there


def test_an_orphan_that_nobody_told_to_stop_is_stopped(tmp_path: Path) -> None:
    with started(tmp_path):
        pass
    place = lodging.settle(tmp_path)
    program = [str(place.binaries.folder / "postgres"), "-D", str(place.cluster), "-c", "listen_addresses=", "-k", str(tmp_path)]
    with subprocess.Popen(tethered(program, place.identity, signal.SIGCONT, place.cluster), stderr=subprocess.PIPE) as orphan:
        assert orphan.stderr is not None
        while b"ready to accept" not in orphan.stderr.readline():
            pass

        try:
            with started(tmp_path) as (_, conninfo):
                answers = setting(conninfo, "port")
                status = orphan.wait(30)
        finally:
            orphan.kill()

    assert answers == "5432"
    assert status == 0


def test_a_server_lock_held_by_a_process_that_cannot_be_seen_is_waited_for(tmp_path: Path) -> None:
    with started(tmp_path):
        pass
    place = lodging.settle(tmp_path)
    held = take_over(place, lambda: False)

    with pytest.raises(PostgresUnavailable, match="waiting for an earlier PostgreSQL"):
        EmbeddedPostgres(tmp_path).start(lambda: True)

    os.close(held)


def test_a_second_fanfare_on_the_same_home_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with started(tmp_path) as (first, conninfo):
        with pytest.raises(HomeInUse, match=rf"already runs on {tmp_path} \(process {os.getpid()}\): stop it first"):
            EmbeddedPostgres(tmp_path).start()

        assert first.poll() is None
        assert setting(conninfo, "port") == "5432"


def test_a_long_home_gets_a_short_private_socket_folder(tmp_path: Path) -> None:
    home = tmp_path / "/".join(["a-rather-long-name-of-a-folder"] * 8)

    with started(home) as (_, conninfo):
        socket = Path(str(conninfo_to_dict(conninfo)["host"]))
        mode = stat.S_IMODE(socket.stat().st_mode)
        answers = setting(conninfo, "port")
    shutil.rmtree(socket)

    assert answers == "5432"
    assert mode == 0o700
    assert len(str(socket / ".s.PGSQL.5432")) <= 107


def test_a_socket_folder_that_somebody_else_could_enter_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "postgresql" / "run").mkdir(parents=True)
    (tmp_path / "postgresql" / "run").chmod(0o777)

    with started(tmp_path) as (_, conninfo):
        socket = Path(str(conninfo_to_dict(conninfo)["host"]))
    shutil.rmtree(socket)

    assert socket != tmp_path / "postgresql" / "run"


def test_what_postgresql_said_is_shown_when_it_ends_before_it_is_ready(tmp_path: Path) -> None:
    with started(tmp_path):
        pass
    with (tmp_path / "postgresql" / "cluster" / "postgresql.conf").open("a") as configuration:
        configuration.write("no such thing\n")

    with pytest.raises(PostgresUnavailable, match=r"ended before it was ready:(.|\n)*syntax error"):
        EmbeddedPostgres(tmp_path).start()


def test_a_cluster_that_was_cut_short_while_it_was_made_is_made_again(tmp_path: Path) -> None:
    unfinished = tmp_path / "postgresql" / "cluster.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")

    with started(tmp_path) as (_, conninfo):
        answers = setting(conninfo, "port")

    assert answers == "5432"
    assert not unfinished.exists()


def test_a_cluster_of_another_version_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "postgresql" / "cluster").mkdir(parents=True)
    (tmp_path / "postgresql" / "cluster" / "PG_VERSION").write_text("11\n")

    with pytest.raises(PostgresUnavailable, match="written by PostgreSQL 11"):
        EmbeddedPostgres(tmp_path).start()


def test_it_is_not_started_from_a_thread_that_would_take_it_along(tmp_path: Path) -> None:
    refused: list[str] = []

    def start() -> None:
        try:
            EmbeddedPostgres(tmp_path).start()
        except RuntimeError as refusal:
            refused.append(str(refusal))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()

    assert refused == ["PostgreSQL would die with this thread: start it from the main thread"]


def test_a_child_whose_parent_is_already_gone_does_not_start(tmp_path: Path) -> None:
    command = tethered(["/bin/true"], Identity(), signal.SIGINT, tmp_path)
    orphaned = [part if part != str(os.getpid()) else "1" for part in command]

    run = subprocess.run(orphaned, capture_output=True, text=True, check=False)

    assert run.returncode == 1
    assert "the parent is gone" in run.stderr
