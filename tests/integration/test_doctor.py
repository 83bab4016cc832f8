"""The doctor finds each fault that was planted, and nothing on a site that is well."""

import asyncio
import json
import resource
import socket
from pathlib import Path

import psycopg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink

from fanfare.operations import cut, database, findings, machine, outside
from fanfare.operations.doctor import examine
from fanfare.operations.findings import Finding
from fanfare.operations.places import started
from fanfare.platform.migrations.run import migrate
from fanfare.platform.postgres import embedded
from fanfare.platform.settings import Settings
from tests.integration.homes import fanfare, free_port, made, up
from tests.site_fixture import SiteUnderTest, served

pytestmark = pytest.mark.postgres

RECORD = {"record", "record not cut", "projections"}


def by_name(found: list[Finding]) -> dict[str, Finding]:
    """Return findings by what they are about."""
    return {each.name: each for each in found}


def told(conninfo: str, home: Path, *, running: bool = True) -> dict[str, Finding]:
    """Return what is found in a database."""
    return by_name(list(database.examine(conninfo, home, running=running)))


async def level(site: SiteUnderTest) -> None:
    """Return when every projection is level."""
    async with asyncio.timeout(30):
        while True:
            health = (await site.stranger.get("/readyz")).json()
            if health["lag"] and not any(health["lag"].values()):
                return
            await asyncio.sleep(0.05)


def test_a_site_that_is_well_has_nothing_wrong_running_or_stopped_and_a_machine_can_read_that(tmp_path: Path) -> None:
    home, port = tmp_path / "home", str(free_port())
    made(home, url=f"http://127.0.0.1:{port}")
    stopped = fanfare(home, "doctor", "--json", FANFARE_PORT=port)
    with up(home, int(port)):
        running = fanfare(home, "doctor", FANFARE_PORT=port)

    assert [each for each in json.loads(stopped.stdout)["findings"] if each["state"] == "wrong"] == []
    assert (stopped.returncode, running.returncode) == (0, 0), running.stdout
    assert "a Fanfare answers on" in running.stdout
    assert f"http://127.0.0.1:{port} answers, and is this site" in running.stdout
    assert "wrong" not in running.stdout


@pytest.mark.anyio
async def test_a_database_that_is_well_has_nothing_to_be_done(site: SiteUnderTest, tmp_path: Path) -> None:
    await level(site)

    found = told(site.database, tmp_path)

    assert [each for each in found.values() if each.state != "ok"] == []
    assert {"database", "durability", "clock", "migrations", "place of the record", *RECORD} == set(found)


@pytest.mark.anyio
async def test_a_gap_is_found_with_its_position(site: SiteUnderTest, tmp_path: Path) -> None:
    async with site.parts.pool.connection() as connection:
        await connection.execute('delete from record.entries where partition = 0 and "offset" = 1')

    found = told(site.database, tmp_path)["record"]

    assert (found.state, found.found) == ("wrong", "1 entries are missing from partition 0, 0:1 first")
    assert "fanfare record restore" in found.advice


@pytest.mark.anyio
async def test_a_record_that_was_cut_is_found(site: SiteUnderTest, tmp_path: Path) -> None:
    cut.keep(tmp_path, cut.Seen((cut.Last(1, 3, "00" * 32),)))

    found = told(site.database, tmp_path)["record not cut"]

    assert found.state == "wrong"
    assert "entries 1:0 to 1:2 are missing" in found.found


@pytest.mark.anyio
async def test_a_projection_that_stopped_is_found_with_its_place(site: SiteUnderTest, tmp_path: Path) -> None:
    await level(site)
    async with site.parts.pool.connection() as connection:
        await connection.execute("update platform.projections set stopped = '2:41: ValueError: no' where name = 'standings'")

    found = told(site.database, tmp_path)["projections"]

    assert (found.state, found.found) == ("wrong", "stopped: standings at 2:41: ValueError: no")


def test_a_database_of_another_version_is_found(database: str, tmp_path: Path) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("insert into platform.migrations values (9001, '9001_of_tomorrow.sql', 'ab')")

    assert "9001_of_tomorrow.sql" in told(database, tmp_path)["migrations"].found
    assert told(database, tmp_path)["migrations"].state == "wrong"


def test_a_server_that_does_not_keep_what_it_acknowledges_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(embedded._SETTINGS, "fsync", "off")
    with started(tmp_path / "home") as conninfo:
        migrate(conninfo)

        found = told(conninfo, tmp_path)["durability"]

    assert (found.state, found.found) == ("wrong", "fsync = off")


def test_a_database_that_does_not_answer_is_found(tmp_path: Path) -> None:
    found = told(f"postgresql://127.0.0.1:{free_port()}/fanfare", tmp_path)

    assert [(each.name, each.state) for each in found.values()] == [("database", "wrong")]


def test_a_port_that_somebody_else_has_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        found = machine.port(Settings(port=listening.getsockname()[1]), running=False)

    assert found.state == "wrong"
    assert "Address already in use" in found.found


def test_a_site_that_runs_and_does_not_answer_is_found() -> None:
    assert machine.port(Settings(port=free_port()), running=True).state == "wrong"


def test_a_folder_that_cannot_be_written_to_is_found() -> None:
    found = machine.folder(Path("/proc"))  # where not even root can make a file

    assert found.state == "wrong"
    assert "cannot be written to" in found.found


@pytest.mark.parametrize(("free_mib", "state"), [(50, "wrong"), (500, "warning"), (5000, "ok")])
def test_a_disk_that_is_full_is_found(free_mib: int, state: str) -> None:
    assert machine.space(free_mib * machine.MIB, 10_000 * machine.MIB).state == state


def test_a_folder_that_others_can_look_into_is_found(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home").chmod(0o755)

    found = machine.folder(tmp_path / "home")

    assert (found.state, found.advice) == ("warning", f"chmod 700 {tmp_path / 'home'}")


def test_few_file_descriptors_are_found() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
    try:
        found = machine.files()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert found.state == "wrong"
    assert "200 files" in found.found


def test_a_mail_server_is_knocked_at_and_gets_no_mail_unasked() -> None:
    class Counting(Sink):
        taken = 0

        async def handle_DATA(self, *_: object) -> str:  # noqa: N802 - aiosmtpd's name
            self.taken += 1
            return "250 OK"

    handler = Counting()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        settings = Settings(smtp_url=f"smtp://127.0.0.1:{controller.port}")
        unasked, before = outside.mail(settings), handler.taken
        on_request = outside.mail(settings, "dora@example.org")
    finally:
        controller.stop()

    assert (unasked.state, before) == ("ok", 0)
    assert (on_request.state, handler.taken) == ("ok", 1)
    assert "a mail went to dora@example.org" in on_request.found


def test_a_wrong_smtp_port_and_a_wrong_url_are_found() -> None:
    closed = outside.mail(Settings(smtp_url=f"smtp://127.0.0.1:{free_port()}"))
    garbled = outside.mail(Settings(smtp_url="http://mail.example.org"))

    assert (closed.state, garbled.state) == ("wrong", "wrong")
    assert outside.mail(Settings()).state == "warning"


def test_a_public_url_at_which_nobody_answers_is_found() -> None:
    [found] = outside.public_url(f"http://127.0.0.1:{free_port()}", running=True)

    assert found.state == "wrong"
    assert "does not answer as a Fanfare" in found.found


@pytest.mark.anyio
async def test_a_public_url_that_leads_to_another_site_is_found(site: SiteUnderTest) -> None:
    async with served(site.app) as url:
        [found] = await asyncio.to_thread(outside.public_url, url, running=True)

    assert found.state == "wrong"
    assert found.found == f"at {url} there is the record of http://localhost:8000"


@pytest.mark.parametrize(("apart_s", "state"), [(0.4, "ok"), (20.0, "warning"), (90.0, "wrong")])
def test_a_clock_that_is_off_is_found(apart_s: float, state: str) -> None:
    assert database.told("clock", "the database's", apart_s).state == state


def test_a_home_without_a_site_is_told_how_to_get_one_and_nothing_is_made(tmp_path: Path) -> None:
    found = by_name(list(examine(Settings(home=tmp_path / "home", port=free_port()))))

    assert found["database"].advice == "fanfare up"
    assert findings.exit_code(list(found.values())) == 0
    assert list(tmp_path.iterdir()) == []
