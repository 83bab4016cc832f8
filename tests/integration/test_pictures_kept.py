"""Pictures are kept as long as somebody needs them: through a backup and a restore, and not a day longer than wanted."""

import asyncio
import io
import os
import tarfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psycopg
import pytest

from fanfare.members import erasures
from fanfare.operations import folder, picture_file
from fanfare.operations.backup import backup
from fanfare.operations.folder import PICTURES
from fanfare.operations.restore import restore
from fanfare.operations.verify import verify
from fanfare.pictures import tidying
from fanfare.pictures.sizes import NAMES, object_name
from fanfare.platform.objects import FOLDER, objects
from fanfare.record.kinds import picture_hash
from tests.page_reader import all_read, an_ideas_round
from tests.pictures import files, picture, sent, written
from tests.site_fixture import SiteUnderTest, running_site

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

NOW = datetime(2026, 11, 12, 9, 0, tzinfo=UTC)


async def test_a_restored_site_shows_its_pictures_but_for_those_that_were_removed_since(
    site: SiteUnderTest, empty: str, tmp_path: Path
) -> None:
    _, round_id = await an_ideas_round(site)
    fan, home = await site.fan("Saoirse K."), site.app.state.settings.home
    stays, goes = await sent(fan), await sent(fan)
    shown = [{"picture": each["picture"], "words": "A pine cone"} for each in (stays, goes)]
    words = {"title": "Pine & Lime", "body": "Steep.", "tags": "", "pictures": shown}
    (await fan.post(f"/api/v1/rounds/{round_id}/ideas", json=words)).raise_for_status()
    await all_read(site)
    there = {name: (home / FOLDER / object_name(stays["picture"], name)).read_bytes() for name in NAMES}
    await asyncio.to_thread(backup, site.database, home, tmp_path / "backup", now=NOW)
    (await fan.post(f"/api/v1/texts/{goes['picture']}/removal", json={})).raise_for_status()

    outcome = verify(tmp_path / "backup")
    (tmp_path / "new").mkdir()
    erasures.add(tmp_path / "new", erasures.read(home))
    restore(tmp_path / "backup", empty, tmp_path / "new")

    assert [each for each in outcome.claims if not each.passed] == []
    assert "2 pictures match their salted hashes" in [each.detail for each in outcome.claims]
    async with running_site(empty, founded=False, home=tmp_path / "new") as again:
        async with asyncio.timeout(30):
            while True:
                if len(files(again)) == 3:
                    break
                await asyncio.sleep(0.1)
        assert {each.stem: each.read_bytes() for each in files(again)} == there
        assert {each.parent.name for each in files(again)} == {stays["picture"]}


async def test_a_picture_that_was_changed_in_a_backup_is_named(site: SiteUnderTest, tmp_path: Path) -> None:
    fan, home = await site.fan("Saoirse K."), site.app.state.settings.home
    one, other = await sent(fan), await sent(fan, written(picture()))
    await asyncio.to_thread(backup, site.database, home, tmp_path / "backup", now=NOW)

    with tarfile.open(tmp_path / "swapped.tar", "w", format=tarfile.USTAR_FORMAT) as archive:
        for mine, its in ((one, other), (other, other)):
            path = home / FOLDER / object_name(its["picture"], "large")
            archive.add(path, object_name(mine["picture"], "large"))
    with psycopg.connect(site.database) as connection:
        found = picture_file.compared(connection, tmp_path / "swapped.tar")
    (tmp_path / "swapped.tar").replace(tmp_path / "backup" / PICTURES)

    assert found.differences == (f"{one['picture']}: is not the hash of its salt and its largest size",)
    assert len(folder.damage(tmp_path / "backup", folder.read(tmp_path / "backup"))) == 1


async def test_what_nobody_used_is_gone_after_a_day_and_what_an_idea_shows_is_not(site: SiteUnderTest) -> None:
    _, round_id = await an_ideas_round(site)
    fan, desk = await site.fan("Saoirse K."), site.parts.desk
    shown, unused, fresh = [await sent(fan) for _ in range(3)]
    words = {"title": "Pine", "body": "Steep.", "tags": "", "pictures": [{"picture": shown["picture"], "words": "A pine cone"}]}
    (await fan.post(f"/api/v1/rounds/{round_id}/ideas", json=words)).raise_for_status()
    await all_read(site)
    old = [shown["picture"], unused["picture"]]
    async with site.parts.pool.connection() as connection:
        await connection.execute("update record.pictures set kept_at = now() - interval '25 hours' where hash = any(%s)", (old,))

    await tidying.forget_unused(desk)
    await tidying.clear_litter(desk, site.app.state.objects)

    assert {each.parent.name for each in files(site)} == {shown["picture"], fresh["picture"]}


async def test_objects_that_a_crash_left_without_a_row_are_gone_after_a_day(site: SiteUnderTest) -> None:
    fan, store, day_ago = await site.fan("Saoirse K."), site.app.state.objects, datetime.now(UTC).timestamp() - 90_000
    kept = await sent(fan)
    for name in ("aa" * 32, "bb" * 32):
        await store.put(object_name(name, "large"), b"left behind")
    for each in (kept["picture"], "aa" * 32):
        os.utime(site.app.state.settings.home / FOLDER / object_name(each, "large"), (day_ago, day_ago))

    await tidying.clear_orphans(site.parts.desk, store)

    assert {each.parent.name for each in files(site)} == {kept["picture"], "bb" * 32}


async def test_a_picture_that_was_erased_while_the_backup_was_made_is_passed_over(site: SiteUnderTest, tmp_path: Path) -> None:
    fan, home = await site.fan("Saoirse K."), site.app.state.settings.home
    one = await sent(fan)
    await objects(home).delete([object_name(one["picture"], name) for name in NAMES])

    done = await asyncio.to_thread(backup, site.database, home, tmp_path / "backup", now=NOW)

    assert msgspec.structs.asdict(done)["tables"]["record.pictures"] == 1
    assert list(picture_file.read(tmp_path / "backup" / PICTURES)) == []


async def test_a_download_of_all_that_is_hers_has_her_pictures_as_the_record_names_them(site: SiteUnderTest) -> None:
    fan, other = await site.fan("Saoirse K."), await site.fan("Noor A.")
    mine = {(await sent(fan))["picture"] for _ in range(2)}
    await sent(other)

    answer = await fan.get("/api/v1/me/export")

    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        told = msgspec.json.decode(archive.read("pictures.json"))
        hashes = {
            picture_hash(bytes.fromhex(each["salt"]), archive.read(f"files/{each['hash']}.webp")): each["hash"] for each in told
        }
        names = {name for name in archive.namelist() if name.startswith("files/")}
    assert hashes == {each: each for each in mine}
    assert names == {f"files/{each}.webp" for each in mine}
