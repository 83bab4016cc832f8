"""What was erased stays erased: a restored backup is swept, whichever way it came back, and again at every start."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import psycopg
import pytest

from fanfare.members import erasing, erasures, joining
from fanfare.members.erasures import ErasedMember, RemovedText
from fanfare.members.sessions import open_session
from fanfare.members.sweeping import Sweeper, sweep_at_start
from fanfare.operations.backup import backup
from fanfare.operations.restore import restore
from fanfare.platform.hosts.opening import opened
from fanfare.projecting import make_tables
from fanfare.record.entry import unpack
from fanfare.record.members import MemberErased
from fanfare.record.texts import TextRemoved
from tests.integration.traces import in_database
from tests.page_reader import all_read, an_ideas_round, browser
from tests.site_fixture import SiteUnderTest, client_of, running_site

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

NAME, MAIL, TITLE, DOXED = "Quetzalina Vorpal", "vorpal@zanzibor.example", "Brillig Toves Fizz", "She lives at Jubjub Lane 7"
HERS = (NAME, MAIL, TITLE)
EVERYTHING = (*HERS, DOXED)


async def a_story(site: SiteUnderTest) -> tuple[str, httpx2.AsyncClient, str]:
    """Let her raise an idea and somebody write where she lives; return her id, her browser and that comment's hash."""
    _, round_id = await an_ideas_round(site)
    member = await joining.join(site.parts.desk, NAME, email=MAIL)
    (await site.host.post(f"/api/v1/members/{member}/roles", json={"role": "host"})).raise_for_status()
    async with site.parts.pool.connection() as connection:
        token = await open_session(connection, member, "token", "test")
        she = browser(site, await open_session(connection, member, "browser", "test"))
    idea = await client_of(site.app, token).post(f"/api/v1/rounds/{round_id}/ideas", json={"title": TITLE, "body": "Cold."})
    path = f"/api/v1/ideas/{idea.raise_for_status().json()['id']}"
    other = await site.fan("Noor A.")
    await all_read(site)
    (await other.post(f"{path}/comments", json={"text": DOXED})).raise_for_status()
    await all_read(site)
    return member, she, (await site.stranger.get(path)).json()["discussion"][0]["text_hash"]


async def erase_all(site: SiteUnderTest, member: str, text_hash: str) -> None:
    """Remove the comment and erase her, and wait until both are on the list."""
    because = {"reason": "It gives away where somebody lives."}
    (await site.host.post(f"/api/v1/texts/{text_hash}/removal", json=because)).raise_for_status()
    await erasing.erase(site.parts.desk, site.app.state.settings.home, member)


async def told(conninfo: str) -> list[MemberErased | TextRemoved]:
    """Return the erasures that a record holds, each as often as it is there."""
    async with opened(conninfo) as parts:
        entries = [unpack(0, each.offset, each.body) for each in await parts.log.read(0, 0, 5000)]
    events = [each.event for entry in entries for _, each in entry.positioned()]
    return [each for each in events if isinstance(each, MemberErased | TextRemoved)]


async def test_a_backup_from_before_the_erasure_is_swept_at_its_start_and_its_record_told_again(
    database: str, empty: str, tmp_path: Path
) -> None:
    home, folder = tmp_path / "home", tmp_path / "backup"
    async with running_site(database, home=home) as site:
        member, _, text_hash = await a_story(site)
        await asyncio.to_thread(backup, database, home, folder, now=datetime.now(UTC))
        await erase_all(site, member, text_hash)
    listed = erasures.read(home)
    assert [type(each) for each in listed] == [RemovedText, ErasedMember]
    restore(folder, empty, home)
    assert {each for there in in_database(empty, EVERYTHING).values() for each in there} == set(EVERYTHING)

    async with opened(empty) as parts:
        await make_tables(parts)
        await sweep_at_start(parts.desk, home)

    assert in_database(empty, EVERYTHING) == {}
    assert await told(empty) == []
    async with running_site(empty, home=home, founded=False) as site:
        await until_told(empty, 2)
        await site.parts.desk.catch_up()
        await all_read(site)
        assert not any(holder == member for holder, _ in site.parts.desk.streams.site.roles)
    again = await told(empty)
    assert {type(each) for each in again} == {MemberErased, TextRemoved}
    assert len(again) == 2
    assert in_database(empty, EVERYTHING) == {}
    assert erasures.read(home) == listed


async def until_told(conninfo: str, count: int) -> None:
    """Wait until the record holds so many erasures."""
    async with asyncio.timeout(20):
        while True:
            if len(await told(conninfo)) >= count:
                return
            await asyncio.sleep(0.2)


async def test_a_vault_from_before_is_swept_by_what_the_record_says_though_the_list_was_lost(
    database: str, empty: str, tmp_path: Path
) -> None:
    home, folder, elsewhere = tmp_path / "home", tmp_path / "backup", tmp_path / "elsewhere"
    async with running_site(database, home=home) as site:
        member, _, text_hash = await a_story(site)
        await asyncio.to_thread(backup, database, home, folder, now=datetime.now(UTC))
        await erase_all(site, member, text_hash)
        with psycopg.connect(database) as here:
            newer = here.execute('select partition, "offset", body from record.entries').fetchall()
    restore(folder, empty, elsewhere)
    with psycopg.connect(empty) as there:
        there.cursor().executemany("insert into record.entries values (%s, %s, %s) on conflict do nothing", newer)

    async with opened(empty) as parts:
        await parts.desk.catch_up()
        await make_tables(parts)
        await sweep_at_start(parts.desk, elsewhere)

    assert in_database(empty, EVERYTHING) == {}


async def test_the_list_of_another_site_brings_nothing_into_the_record(site: SiteUnderTest) -> None:
    home = site.app.state.settings.home
    await all_read(site)
    erasures.add(home, [ErasedMember("m4saoirse"), RemovedText("9f2c" * 16, "m5dora")])

    await Sweeper(site.parts.desk, home).run()

    assert await told(site.database) == []


async def test_what_a_request_under_way_wrote_behind_the_erasure_is_swept_too(site: SiteUnderTest) -> None:
    member, she, _ = await a_story(site)
    await erasing.erase(site.parts.desk, site.app.state.settings.home, member)
    async with site.parts.pool.connection() as connection:
        query = "insert into record.texts (hash, salt, text, member) values ('late', '', %s, %s)"
        await connection.execute(query, (TITLE, member))
        await connection.execute("insert into vault.took_part values ('round0001', %s)", (member,))

    async with asyncio.timeout(20):
        while True:
            if in_database(site.database, HERS) == {}:
                break
            await asyncio.sleep(0.2)

    assert (await she.get("/me")).status_code == 303
