"""Backup and restore: taken while ballots are cast, restored elsewhere, and everything is as it was."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import psycopg
import pytest

from fanfare.audit.archives.archive import Archive
from fanfare.audit.claims import silent
from fanfare.community.decide import turns_of_week
from fanfare.members import erasures
from fanfare.operations import cut, vault_file
from fanfare.operations.backup import backup
from fanfare.operations.folder import RECORD, VAULT, Backup
from fanfare.operations.held import NothingRecorded, NotItsTail
from fanfare.operations.restore import HoldsARecord, make, restore
from fanfare.operations.tail import restore_tail
from fanfare.operations.vault_file import VaultUnreadable
from fanfare.operations.verify import verify
from fanfare.recognition.service import STANDINGS
from fanfare.record.entry import unpack
from fanfare.record.position import Moment
from fanfare.reports.recount import Recount
from fanfare.reports.report import encoded
from tests.integration.homes import asked, fanfare, free_port, made, up
from tests.site_fixture import SiteUnderTest, client_of, round_of, running_site

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.postgres]
NOW = datetime(2026, 11, 11, 13, 2, tzinfo=UTC)
Bulletin = list[tuple[str, str]]
"""Event id and position of acknowledged ballots."""


@dataclass
class Voters:
    """Fans who vote again and again in a round, and what was acknowledged to them."""

    site: SiteUnderTest
    round: str
    fans: list[httpx2.AsyncClient]
    acknowledged: Bulletin = field(default_factory=list)
    one_more: asyncio.Event = field(default_factory=asyncio.Event)

    async def vote(self, which: int) -> None:
        """Cast a ballot as one of the fans."""
        fan = self.fans[which]
        number = (await fan.get(f"/api/v1/rounds/{self.round}/paper")).raise_for_status().json()["number"]
        ballot = {"number": number, "options": [f"o{number % 3 + 1}"]}
        answer = (await fan.put(f"/api/v1/rounds/{self.round}/ballot", json=ballot)).raise_for_status().json()
        self.acknowledged.append((answer["event_id"], answer["position"]))
        self.one_more.set()

    async def until(self, count: int) -> None:
        """Return when so many ballots are acknowledged."""
        while len(self.acknowledged) < count:
            await asyncio.wait_for(self.one_more.wait(), 30)
            self.one_more.clear()

    @asynccontextmanager
    async def voting(self) -> AsyncIterator[None]:
        """Keep everybody voting until the block ends."""

        async def again_and_again(which: int) -> None:
            while not done.is_set():
                await self.vote(which)

        done = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for which in range(len(self.fans)):
                group.create_task(again_and_again(which))
            yield
            done.set()


@dataclass
class Story:
    """A site with one sealed round, an open one in which fans vote, and a backup that was taken meanwhile."""

    voters: Voters
    sealed: str
    campaign: str
    before: Bulletin
    """What was acknowledged before the backup began."""
    backup: Backup
    folder: Path
    home: Path

    @property
    def site(self) -> SiteUnderTest:
        return self.voters.site


@pytest.fixture
async def story(site: SiteUnderTest, tmp_path: Path) -> Story:
    """Seal a round, open another, and back the site up while its fans vote."""
    campaign = await site.publish(round_of(), round_of(name="Colour"))
    sealed, colour = (each["id"] for each in campaign["rounds"])
    await site.until(sealed, "open")
    await site.until(colour, "open")
    fans = [await site.fan(f"Fan {number}") for number in range(4)]
    early = Voters(site, sealed, fans)
    for which in range(4):
        await early.vote(which)
    (await site.host.post(f"/api/v1/rounds/{sealed}/close")).raise_for_status()
    await site.until(sealed, "sealed")
    voters, home = Voters(site, colour, fans), tmp_path / "home"
    home.mkdir()
    erasures.add(home, [erasures.ErasedMember("fade0000")])
    async with voters.voting():
        await voters.until(20)
        before = list(voters.acknowledged)
        done = await asyncio.to_thread(backup, site.database, home, tmp_path / "backup", now=NOW)
        await voters.until(len(voters.acknowledged) + 20)
    return Story(voters, sealed, campaign["id"], before, done, tmp_path / "backup", home)


def partition_and_offset(position: str) -> tuple[int, int]:
    """Return where a ballot stands, without its place in the entry."""
    partition, offset, _ = position.split(":")
    return int(partition), int(offset)


def holds(moment: Moment, position: str) -> bool:
    """Tell whether a position had been at a moment."""
    partition, offset = partition_and_offset(position)
    return offset < moment[partition]


def folded(folder: Path) -> Recount:
    """Count the record of a backup, without a database."""
    with (folder / RECORD).open("rb") as stream:
        archive = Archive(stream, silent)
        fold = Recount(len(archive.manifest.moment))
        for partition in range(len(archive.manifest.moment)):
            for offset, body in archive.entries(partition):
                fold.apply(unpack(partition, offset, body))
    return fold


async def level(site: SiteUnderTest, moment: Moment) -> None:
    """Wait until every projection has come to a moment."""
    async with asyncio.timeout(30):
        while True:
            health = (await site.stranger.get("/readyz")).json()
            if health["lag"] and not any(health["lag"].values()) and tuple(health["heads"]) >= moment:
                return
            await asyncio.sleep(0.05)


async def report(site: SiteUnderTest, path: str) -> bytes:
    """Return a report as it is published."""
    return (await site.stranger.get(f"/api/v1/{path}/report")).raise_for_status().content


async def test_a_backup_taken_while_ballots_are_cast_restores_to_the_same_reports_byte_for_byte(
    story: Story, empty: str, tmp_path: Path
) -> None:
    restore(story.folder, empty, tmp_path / "elsewhere")

    fold = folded(story.folder)
    assert [position for _, position in story.before if not holds(story.backup.moment, position)] == []
    assert [position for _, position in story.voters.acknowledged if not holds(story.backup.moment, position)] != []
    async with running_site(empty, founded=False) as restored:
        await level(restored, story.backup.moment)
        assert await report(restored, f"rounds/{story.sealed}") == await report(story.site, f"rounds/{story.sealed}")
        assert await report(restored, f"rounds/{story.voters.round}") == encoded(fold.round_report(story.voters.round))
        assert await report(restored, f"campaigns/{story.campaign}") == encoded(fold.campaign_report(story.campaign))
        found = [(await restored.stranger.get(f"/api/v1/receipts/{event_id}")).json() for event_id, _ in story.before]
    assert [each["position"] for each in found] == [position for _, position in story.before]


async def test_after_a_restore_sessions_still_sign_in_and_the_next_paper_has_the_next_number(story: Story, empty: str) -> None:
    restore(story.folder, empty, story.home)

    async with running_site(empty, founded=False) as restored:
        await level(restored, story.backup.moment)
        for which, fan in enumerate(story.voters.fans):
            again = client_of(restored.app, fan.headers["Authorization"].removeprefix("Bearer "))
            assert (await again.get("/api/v1/me")).status_code == 200
            paper = (await again.get(f"/api/v1/rounds/{story.voters.round}/paper")).json()
            highest = numbers_in_the_record(story, paper["voter"])
            assert paper["number"] in (highest + 1, highest + 2), "one may have been claimed whose ballot came behind the backup"
            ballot = {"number": paper["number"], "options": ["o1"]}
            answer = await again.put(f"/api/v1/rounds/{story.voters.round}/ballot", json=ballot)
            assert answer.json()["state"] == "taken", which


def numbers_in_the_record(story: Story, voter: str) -> int:
    """Return the highest number of a voter in the backup's record."""
    with (story.folder / RECORD).open("rb") as stream:
        archive = Archive(stream, silent)
        every = [
            recorded.event
            for partition in range(1, len(archive.manifest.moment))
            for offset, body in archive.entries(partition)
            for _, recorded in unpack(partition, offset, body).positioned()
        ]
    return max(getattr(event, "number", 0) for event in every if getattr(event, "voter", "") == voter)


async def test_a_backup_is_verified_without_touching_a_site(story: Story) -> None:
    outcome = verify(story.folder)

    assert [(each.name, each.differences) for each in outcome.claims if not each.passed] == []
    assert outcome.exit_code == 0
    assert {"files", "record", f"seal of {story.sealed}", "vault", "texts", "sealed reports"} <= {
        each.name for each in outcome.claims
    }


async def test_a_report_or_a_text_that_was_altered_in_the_vault_is_found_though_the_sums_were_made_anew(
    site: SiteUnderTest, tmp_path: Path
) -> None:
    campaign = await site.publish(round_of())
    round_id = campaign["rounds"][0]["id"]
    await site.until(round_id, "open")
    (await site.host.post(f"/api/v1/rounds/{round_id}/close")).raise_for_status()
    await site.until(round_id, "sealed")
    async with site.parts.pool.connection() as connection:
        await connection.execute("update record.texts set text = 'Another' where text = 'Pomfret Soda'")
        await connection.execute("delete from desk.reports")
    await asyncio.to_thread(backup, site.database, tmp_path, tmp_path / "backup", now=NOW)

    outcome = verify(tmp_path / "backup")

    assert outcome.exit_code == 1
    assert {each.name for each in outcome.claims if not each.passed} == {"texts", "sealed reports"}


@pytest.mark.parametrize("name", [RECORD, VAULT, "manifest.json", "SHA256SUMS"])
async def test_a_flipped_byte_in_any_file_of_a_backup_is_found(site: SiteUnderTest, tmp_path: Path, name: str) -> None:
    await asyncio.to_thread(backup, site.database, tmp_path, tmp_path / "backup", now=NOW)
    body = bytearray((tmp_path / "backup" / name).read_bytes())
    body[len(body) // 2] ^= 1
    (tmp_path / "backup" / name).write_bytes(body)

    outcome = verify(tmp_path / "backup")

    assert outcome.exit_code in (1, 2)
    assert name in "".join(each for claim in outcome.claims for each in claim.differences) + outcome.unchecked


async def test_the_vaults_part_is_for_nobody_else_and_the_records_part_names_nobody(story: Story) -> None:
    record, vault = (story.folder / name for name in (RECORD, VAULT))

    assert story.folder.stat().st_mode & 0o777 == 0o700
    assert vault.stat().st_mode & 0o777 == 0o600
    assert b"Dora Lindqvist" in vault.read_bytes()
    assert [text for text in (b"Dora Lindqvist", b"Pomfret Soda", b"Sour Cherry") if text in record.read_bytes()] == []
    sums = (story.folder / "SHA256SUMS").read_text()
    assert f"{hashlib.sha256(vault.read_bytes()).hexdigest()}  {VAULT}\n" in sums


async def test_every_table_that_migrations_make_is_in_a_backup_or_is_made_anew(database: str) -> None:
    with psycopg.connect(database) as connection:
        query = """select nspname || '.' || relname from pg_class join pg_namespace n on n.oid = relnamespace
                    where relkind in ('r', 'p') and nspname not like 'pg\\_%' and nspname <> 'information_schema'"""
        every = {row[0] for row in connection.execute(query)}
        saved = {each.name for each in vault_file.tables(connection)}

    anew = {each for each in every if each.startswith("platform.")}
    assert every - saved == anew | {*vault_file.APART}


async def test_a_site_that_nobody_founded_cannot_be_backed_up_and_leaves_no_folder(database: str, tmp_path: Path) -> None:
    with pytest.raises(NothingRecorded):
        backup(database, tmp_path, tmp_path / "backup", now=NOW)

    assert names_in(tmp_path) == []


async def test_erasures_and_what_was_last_seen_outlive_a_restore(story: Story, empty: str, tmp_path: Path) -> None:
    home, later = tmp_path / "other", erasures.ErasedMember("fade0001")
    erasures.add(home, [later])
    seen = cut.Seen((cut.Last(0, story.backup.moment[0] + 3, "00" * 32),))
    cut.keep(home, seen)

    done = restore(story.folder, empty, home)

    assert erasures.read(home) == [later, erasures.ErasedMember("fade0000")]
    assert cut.last_seen(home) == seen
    assert f"entries 0:{story.backup.moment[0]} to 0:{story.backup.moment[0] + 2} are missing" in done.missing[0]


async def test_an_older_backup_with_a_newer_tail_gives_out_no_number_twice(story: Story, empty: str, tmp_path: Path) -> None:
    restore(story.folder, empty, tmp_path / "elsewhere")
    about = await press(story)
    await asyncio.to_thread(backup, story.site.database, story.home, tmp_path / "later", now=NOW)

    done = restore_tail(empty, tmp_path / "later", tmp_path / "elsewhere")

    assert sum(done.added.values()) > 0
    assert done.raised > 0
    assert (done.unkeyed, done.strangers, done.missing) == ((), 0, ())
    with psycopg.connect(empty) as there, psycopg.connect(story.site.database) as here:
        query = "select round, voter, number, event_id from desk.papers order by 1, 2"
        assert there.execute(query).fetchall() == here.execute(query).fetchall()
        query = "select round, number from desk.papers where round = any(%s) order by 1, 2"
        assert dict(there.execute(query, (list(about),)).fetchall()) == about
        query = 'select partition, "offset", body from record.entries order by 1, 2'
        assert there.execute(query).fetchall() == here.execute(query).fetchall()


async def press(story: Story) -> dict[str, int]:
    """Let one fan praise another, enter a draw and leave the standings and be in them again; return how many turns each took."""
    fan, other = story.voters.fans[:2]
    to = (await other.get("/api/v1/me")).json()["id"]
    closes_at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    words = {"purpose": "seats", "title": "A tasting", "gets": "A seat", "who": "Everybody"}
    form = {**words, "seats": 1, "reserves": 0, "closes_at": closes_at}
    draw = (await story.site.host.post("/api/v1/draws", json=form)).raise_for_status().json()["id"]
    for number in range(3):
        (await fan.post(f"/api/v1/members/{to}/kudos", json={"words": f"Well done, {number}."})).raise_for_status()
        (await fan.delete("/api/v1/me/standings")).raise_for_status()
        (await fan.put("/api/v1/me/standings")).raise_for_status()
    (await fan.put(f"/api/v1/draws/{draw}/entry")).raise_for_status()
    (await fan.delete(f"/api/v1/draws/{draw}/entry")).raise_for_status()
    return {draw: 2, STANDINGS: 6, turns_of_week(datetime.now(UTC)): 3}


async def test_the_tail_of_another_record_or_an_altered_one_is_not_put_back(story: Story, empty: str, tmp_path: Path) -> None:
    restore(story.folder, empty, tmp_path / "elsewhere")
    with psycopg.connect(empty) as connection:
        connection.execute("update record.entries set body = body || ' ' where partition = 1 and \"offset\" = 0")

    with pytest.raises(NotItsTail, match="entry 1:0 here is another than the one there"):
        restore_tail(empty, story.folder, tmp_path / "elsewhere")


async def test_an_entry_that_is_missing_in_the_middle_is_put_back(story: Story, empty: str, tmp_path: Path) -> None:
    restore(story.folder, empty, tmp_path / "elsewhere")
    with psycopg.connect(empty) as connection:
        connection.execute('delete from record.entries where partition = 0 and "offset" in (3, 4)')

    assert restore_tail(empty, story.folder, tmp_path / "elsewhere").added[0] == 2


async def test_a_restore_never_writes_over_a_record_and_names_it(story: Story, tmp_path: Path) -> None:
    with pytest.raises(HoldsARecord, match="There is the record of http://localhost:8000 already"):
        restore(story.folder, story.site.database, tmp_path / "elsewhere")


async def test_a_backup_never_writes_over_anything(site: SiteUnderTest, tmp_path: Path) -> None:
    (tmp_path / "backup").mkdir()
    (tmp_path / "backup" / "kept").touch()

    with pytest.raises(FileExistsError, match="is there already and not empty"):
        backup(site.database, tmp_path, tmp_path / "backup", now=NOW)

    assert names_in(tmp_path) == ["backup"]
    assert names_in(tmp_path / "backup") == ["kept"]


async def test_a_restore_that_breaks_off_leaves_no_record_and_can_be_run_again(story: Story, empty: str, tmp_path: Path) -> None:
    vault = story.folder / VAULT
    whole = vault.read_bytes()
    vault.write_bytes(whole.replace(b"\tFan 3\t", b"\t\\N\t"))

    with pytest.raises(VaultUnreadable, match=r"vault\.members"):
        make(story.folder, story.backup, empty, silent)

    with psycopg.connect(empty) as connection:
        assert connection.execute("select 1 from record.entries union all select 1 from vault.keys").fetchall() == []
    vault.write_bytes(whole)
    restore(story.folder, empty, tmp_path / "elsewhere")
    with psycopg.connect(empty) as connection:
        assert connection.execute("select count(*) from record.entries").fetchone() == (sum(story.backup.moment),)


def names_in(folder: Path) -> list[str]:
    """Return what lies in a folder."""
    return sorted(each.name for each in folder.iterdir())


def test_by_the_command_line_a_running_site_is_backed_up_verified_and_restored_elsewhere(tmp_path: Path) -> None:
    home, other, folder = tmp_path / "home", tmp_path / "other", tmp_path / "backup"
    made(home)
    with up(home, free_port()):
        saved = fanfare(home, "backup", folder)
    verified = fanfare(home, "verify", folder, "--json")
    over = fanfare(home, "restore", folder)
    restored = fanfare(other, "restore", folder)

    assert [each.returncode for each in (saved, verified, over, restored)] == [0, 0, 2, 0]
    assert "vault.sql holds keys and e-mail addresses" in saved.stdout
    assert '"exit_code":0' in verified.stdout
    assert "a restore never writes over one" in over.stdout
    query = 'select partition, "offset", body from record.entries order by 1, 2'
    assert asked(other, query) == asked(home, query)
