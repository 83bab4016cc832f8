"""From a running site over HTTP into an archive, and what a replay of it finds."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from fanfare.audit.archives.archive import Archive
from fanfare.audit.archives.export import ExportFailed, export
from fanfare.audit.checks.replay import replay
from fanfare.audit.claims import silent
from fanfare.audit.commands import run_export, run_replay
from tests.integration.shown import stranger, told_story
from tests.site_fixture import SiteUnderTest, round_of, served

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
NOW = datetime(2026, 11, 11, 13, 2, tzinfo=UTC)


@dataclass
class Told:
    """A site with a story behind it, and where it is."""

    site: SiteUnderTest
    url: str
    sealed: str
    """A round that was voted in, closed and sealed."""

    async def export(self, path: Path) -> int:
        """Export the site to *path* and return the exit code."""
        async with self.site.parts.pool.connection() as connection:
            return await run_export(self.site.parts.log, connection, self.url, path, now=NOW)


@pytest.fixture
async def told(site: SiteUnderTest) -> AsyncIterator[Told]:
    """Let fans raise an idea in one round and choose in another, which is sealed; a third is only planned."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    later = {"opens_at": tomorrow.isoformat(), "closes_at": (tomorrow + timedelta(hours=1)).isoformat()}
    voted = await told_story(site, 5, round_of(name="Later", **later))
    async with served(site.app) as url:
        yield Told(site, url, voted)


def names_in(folder: Path) -> list[str]:
    """Return what lies in a folder."""
    return [each.name for each in folder.iterdir()]


def bytes_of(path: Path) -> bytes:
    """Return what a file holds."""
    return path.read_bytes()


def failing(path: Path, capfd: pytest.CaptureFixture[str]) -> dict[str, list[str]]:
    """Replay an archive in which something is wrong, and return the claims that fail."""
    capfd.readouterr()
    assert run_replay(path, json=True) == 1
    answer = msgspec.json.decode(capfd.readouterr().out)
    return {each["name"]: each["differences"] for each in answer["claims"] if not each["passed"]}


async def test_every_report_that_a_site_publishes_follows_from_the_record_it_exports(told: Told, tmp_path: Path) -> None:
    assert await told.export(tmp_path / "site.tar") == 0

    outcome = replay(tmp_path / "site.tar")

    assert [each for each in outcome.claims if not each.passed] == []
    assert outcome.exit_code == 0
    names = [each.name for each in outcome.claims]
    assert sum(each.startswith("report ") for each in names) == 4
    assert {f"seal of {told.sealed}", f"options of {told.sealed}"} <= set(names)
    assert names_in(tmp_path) == ["site.tar"]


async def test_the_archive_holds_the_stored_bytes_and_the_public_texts(told: Told, tmp_path: Path) -> None:
    await told.export(tmp_path / "site.tar")

    with (tmp_path / "site.tar").open("rb") as stream:
        archive = Archive(stream, silent)
        entries = {(partition, *each) for partition in range(4) for each in archive.entries(partition)}
        texts = {each.text for each in archive.texts()}
    async with told.site.parts.pool.connection() as connection:
        stored = await (await connection.execute('select partition, "offset", body from record.entries')).fetchall()
    assert {(partition, offset, bytes(body)) for partition, offset, body in stored} >= entries
    assert len(entries) == sum(archive.manifest.moment)
    assert {"Pomfret Soda", "Idea 3", "Cold,\nand with *bubbles*.", "Sour Cherry Cola"} <= texts


async def test_a_row_that_was_altered_in_the_database_is_found_with_its_report_and_place(
    told: Told, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with told.site.parts.pool.connection() as connection:
        done = await connection.execute(
            """update record.entries set body = convert_to(replace(convert_from(body, 'utf8'), '["o2"]', '["o1"]'), 'utf8')
                where partition > 0 and convert_from(body, 'utf8') like '%["o2"]%'"""
        )
    assert done.rowcount == 1
    assert await told.export(tmp_path / "altered.tar") == 0

    wrong = failing(tmp_path / "altered.tar", capfd)

    assert set(wrong) == {f"report rounds/{told.sealed}", f"seal of {told.sealed}"}
    assert wrong[f"report rounds/{told.sealed}"] == [
        "$.ranking[0].votes: published 4, recomputed 5",
        "$.ranking[1].votes: published 1, recomputed 0",
        "$.ranking[2].rank: published 3, recomputed 2",
    ]


async def test_a_row_that_was_deleted_is_a_gap_and_nothing_is_exported(
    told: Told, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with told.site.parts.pool.connection() as connection:
        await connection.execute('delete from record.entries where partition = 0 and "offset" = 3')

    assert await told.export(tmp_path / "gap.tar") == 2
    assert "lacks offset 3" in capfd.readouterr().out
    assert names_in(tmp_path) == []


async def test_a_text_that_was_erased_is_absent_and_no_figure_changes(told: Told, tmp_path: Path) -> None:
    async with told.site.parts.pool.connection() as connection:
        await connection.execute("delete from record.texts where text = 'Idea 3'")
    assert await told.export(tmp_path / "erased.tar") == 0

    outcome = replay(tmp_path / "erased.tar")

    assert outcome.exit_code == 0
    assert outcome.claims[2].detail.endswith("; 1 that the record names is erased or hidden")


async def test_a_text_that_was_altered_is_found(told: Told, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async with told.site.parts.pool.connection() as connection:
        await connection.execute("update record.texts set text = 'Idea three' where text = 'Idea 3'")
    assert await told.export(tmp_path / "altered.tar") == 0

    assert [*failing(tmp_path / "altered.tar", capfd)] == ["texts"]


async def test_the_same_content_gives_the_same_file(told: Told, tmp_path: Path) -> None:
    found = [b"", b"not yet"]
    async with asyncio.timeout(20):  # who took part is written after the sealing
        while found[0] != found[1]:
            assert [await told.export(tmp_path / name) for name in ("one", "other")] == [0, 0]
            found = [bytes_of(tmp_path / name) for name in ("one", "other")]

    assert found[0] == found[1]


async def test_a_site_that_does_not_answer_is_named(
    site: SiteUnderTest, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    await site.publish(round_of())
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"

    assert await Told(site, url, "").export(tmp_path / "site.tar") == 2
    assert f"Could not export: {url}/api/v1/campaigns/" in capfd.readouterr().out
    assert names_in(tmp_path) == []


STRANGERS = [
    (404, b"{}", "answers 404"),
    (200, b"<html>", "no report"),
    (200, b'{"schema":"fanfare.report.round.v1","site":"https://else.example","moment":[1]}', "the record of https://else"),
    (200, b'{"schema":"fanfare.report.round.v1","site":"http://localhost:8000","moment":[999999]}', "ahead of this record"),
]
"""What an address may answer that is not this site, and what the export says of it."""


@pytest.mark.parametrize(("status", "body", "said"), STRANGERS)
async def test_an_address_that_publishes_something_else_is_refused(
    site: SiteUnderTest, tmp_path: Path, status: int, body: bytes, said: str
) -> None:
    await site.publish(round_of())
    async with stranger(status, body) as url, site.parts.pool.connection() as connection:
        with pytest.raises(ExportFailed, match=said):
            await export(site.parts.log, connection, url, tmp_path / "site.tar", now=NOW, patience_s=0.3)

    assert names_in(tmp_path) == []
