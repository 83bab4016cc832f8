"""A running site audited over HTTP by its tiles, its archive audited offline, and what an audit says of sites that lie."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from fanfare.audit.archives.export import export
from fanfare.audit.audit_commands import Answering, Brought, run_audit, run_audit_of, run_audit_site
from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.keys import Kind, SignerKey
from fanfare.ledger.notes import Note
from fanfare.notary.keys import rotate
from fanfare.record.members import TookPart
from fanfare.record.notary import key_name
from tests.integration.shown import liar, stranger, told_story
from tests.site_fixture import ADDRESS, SiteUnderTest, served

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
NOW = datetime(2026, 11, 11, 13, 2, tzinfo=UTC)


@dataclass
class Told:
    """A site with a sealed round behind it."""

    site: SiteUnderTest
    sealed: str

    async def level(self) -> dict[int, bytes]:
        """Return the checkpoints once they cover all of the record."""
        async with asyncio.timeout(20):
            while True:
                heads = await self.site.parts.log.heads()
                notes = {each: await self.checkpoint(each) for each in range(len(heads))}
                sizes = tuple(Checkpoint.parse(Note.parse(each).text).size for each in notes.values() if each)
                if sizes == heads and await self.site.parts.log.heads() == heads:
                    return notes
                await asyncio.sleep(0.05)

    async def checkpoint(self, partition: int) -> bytes:
        """Return what is served; nothing before that."""
        answer = await self.site.stranger.get(f"/record/{partition}/checkpoint")
        return answer.content if answer.status_code == 200 else b""

    async def archive(self, path: Path, url: str) -> Path:
        """Export the site."""
        async with self.site.parts.pool.connection() as connection:
            await export(self.site.parts.log, connection, url, path, now=NOW)
        return path


@pytest.fixture
async def told(site: SiteUnderTest) -> Told:
    """Let fans choose in a round that is sealed, and support ideas in another."""
    voted = await told_story(site, 3)
    async with asyncio.timeout(20):  # the worker's last entry: after it the record rests
        while not any(TookPart.wire.encode() in each.body for each in await site.parts.log.read(0, 0)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return Told(site, voted)


@dataclass
class Answer:
    """What an audit answered."""

    code: int
    told: dict[str, Any]

    @property
    def claims(self) -> dict[str, tuple[bool, str]]:
        """Each claim's outcome and detail."""
        return {each["name"]: (each["passed"], each["detail"]) for each in self.told["claims"]}

    @property
    def wrong(self) -> dict[str, list[str]]:
        """Of each that does not hold: the differences."""
        return {each["name"]: each["differences"] for each in self.told["claims"] if not each["passed"]}


@pytest.fixture
def heard(capfd: pytest.CaptureFixture[str]) -> Callable[[int], Answer]:
    """Return what takes the answer of the audit that ended with this code."""

    def take(code: int) -> Answer:
        return Answer(code, msgspec.json.decode(capfd.readouterr().out.splitlines()[-1]))

    return take


AS_JSON = Answering(NOW, json=True)


async def test_a_site_its_archive_and_its_log_say_the_same(told: Told, tmp_path: Path, heard: Callable[[int], Answer]) -> None:
    await told.level()
    async with served(told.site.app) as url:
        site = heard(await run_audit_site(url, Brought(), AS_JSON))
        path = await told.archive(tmp_path / "site.tar", url)
        log = heard(await run_audit_of(told.site.parts.log, "the log", url, Brought(), AS_JSON))
    archive = heard(run_audit(str(path), Brought(), AS_JSON))

    assert (site.code, archive.code, log.code) == (0, 0, 0), (site.told, archive.told, log.told)
    assert {"keys", "manifest", "tree 0", "history 0", "terms", f"markers of {told.sealed}"} <= log.claims.keys()
    assert site.claims.keys() - log.claims.keys() == {f"tiles {each}" for each in range(4)}
    assert archive.claims.keys() - log.claims.keys() == {"archive", "texts"}
    assert {name: log.claims[name] for name in archive.claims if name in log.claims} == log.claims
    assert {name: site.claims[name] for name in log.claims} == log.claims


async def test_what_was_kept_of_one_moment_is_the_beginning_of_the_next(
    told: Told, tmp_path: Path, heard: Callable[[int], Answer]
) -> None:
    notes = await told.level()
    for partition, note in notes.items():
        (tmp_path / f"kept{partition}").write_bytes(note)
    async with served(told.site.app) as url:
        earlier = await told.archive(tmp_path / "earlier.tar", url)
        await told.site.fan("Later")
        later = await told.level()
        kept = (*(tmp_path / f"kept{each}" for each in notes), earlier)
        now = heard(await run_audit_site(url, Brought(since=kept), AS_JSON))

    assert now.wrong == {}
    came = Checkpoint.parse(Note.parse(later[0]).text).size - Checkpoint.parse(Note.parse(notes[0]).text).size
    assert came > 0
    assert now.claims["since kept0 0"][1].endswith(f"{came} came since")
    assert {f"since earlier.tar {each}" for each in range(4)} <= now.claims.keys()
    then = heard(run_audit(str(earlier), Brought(since=(await saved(told, tmp_path),)), AS_JSON))
    assert then.code == 1
    assert "an older state is served again" in then.wrong["since now 0"][0]


async def saved(told: Told, folder: Path) -> Path:
    """Save today's checkpoint of partition 0."""
    path = folder / "now"
    path.write_bytes(await told.checkpoint(0))
    return path


async def test_a_tile_of_hashes_that_was_changed_is_named_with_the_entry(told: Told, heard: Callable[[int], Answer]) -> None:
    await told.level()

    def alter(path: str, honest: httpx2.Response) -> bytes | None:
        lies = path.startswith("/record/0/tile/0/") and honest.status_code == 200
        return honest.content[:65] + b"\0" + honest.content[66:] if lies else None

    async with liar(told.site.app, alter) as url:
        found = heard(await run_audit_site(url, Brought(), AS_JSON))

    assert found.code == 1
    (said,) = found.wrong["tiles 0"]
    assert said.startswith("record/0/tile/0/000.p/")
    assert said.endswith("entry 0:2 is served with another hash than the entries give")


async def test_a_bundle_that_was_changed_leads_to_another_root(told: Told, heard: Callable[[int], Answer]) -> None:
    await told.level()

    def alter(path: str, honest: httpx2.Response) -> bytes | None:
        return honest.content.replace(b'["o2"]', b'["o1"]') if "/tile/entries/" in path and "/record/0/" not in path else None

    async with liar(told.site.app, alter) as url:
        found = heard(await run_audit_site(url, Brought(), AS_JSON))

    (partition,) = [name[-1] for name in found.wrong if name.startswith("tree")]
    assert f"tiles {partition}" in found.wrong
    assert f"report rounds/{told.sealed}" in found.wrong


@pytest.mark.parametrize("cut", [lambda body: body[:-3], lambda _: 404])
async def test_entries_that_are_cut_off_or_kept_back_are_missed(
    told: Told, heard: Callable[[int], Answer], cut: Callable[[bytes], bytes | int]
) -> None:
    await told.level()

    async with liar(told.site.app, lambda path, honest: cut(honest.content) if "/1/tile/entries/" in path else None) as url:
        found = heard(await run_audit_site(url, Brought(), AS_JSON))

    assert found.code == 1
    assert list(found.wrong) == ["tiles 1"]
    assert found.wrong["tiles 1"][0].startswith("record/1/tile/entries/000.p/")


async def test_an_old_checkpoint_that_is_served_again_is_no_news_but_to_whoever_kept_a_later_one(
    told: Told, tmp_path: Path, heard: Callable[[int], Answer]
) -> None:
    old = await told.level()
    manifest = (await told.site.stranger.get("/record/manifest")).content
    reports = {path: (await told.site.stranger.get(path)).content for path in await report_paths(told)}
    await told.site.fan("Later")
    await told.level()
    kept = await saved(told, tmp_path)

    def alter(path: str, honest: httpx2.Response) -> bytes | None:
        del honest
        frozen = {f"/record/{each}/checkpoint": note for each, note in old.items()} | reports | {"/record/manifest": manifest}
        return frozen.get(path)

    async with liar(told.site.app, alter) as url:
        found = heard(await run_audit_site(url, Brought(), AS_JSON))
        again = heard(await run_audit_site(url, Brought(since=(kept,)), AS_JSON))

    assert found.wrong == {}
    assert again.code == 1
    assert list(again.wrong) == ["since now 0"]
    assert "an older state is served again" in again.wrong["since now 0"][0]


async def test_a_partition_that_is_hidden_is_missed_by_whoever_kept_nothing(told: Told, heard: Callable[[int], Answer]) -> None:
    await told.level()

    def hide(path: str, honest: httpx2.Response) -> int | None:
        del honest
        return 404 if path.startswith("/record/3/") else None

    async with liar(told.site.app, hide) as url:
        found = heard(await run_audit_site(url, Brought(), AS_JSON))

    assert found.code == 1
    assert list(found.wrong) == ["tiles 3"]
    assert "the record says that it has 4 partitions, and of this one nothing is served" in found.wrong["tiles 3"][0]


async def report_paths(told: Told) -> list[str]:
    """Return where the reports of the site are."""
    found = told.site.parts.desk.streams.campaigns.values()
    rounds = [each.id for campaign in found for each in campaign.rounds]
    return [f"/api/v1/campaigns/{each.id}/report" for each in found] + [f"/api/v1/rounds/{each}/report" for each in rounds]


async def test_a_key_that_was_pinned_is_followed_through_a_rotation_and_another_one_is_not(
    told: Told, heard: Callable[[int], Answer]
) -> None:
    await told.level()
    (first,) = told.site.parts.desk.streams.notary.in_force(key_name(ADDRESS))
    await rotate(told.site.parts.desk)
    await told.site.parts.desk.catch_up()
    await told.level()
    other = SignerKey(key_name(ADDRESS), Kind.NOTE, b"x" * 32)
    async with served(told.site.app) as url:
        pinned = heard(await run_audit_site(url, Brought(key=first), AS_JSON))
        wrong = heard(await run_audit_site(url, Brought(key=str(other.verifier)), AS_JSON))

    assert (pinned.code, pinned.wrong) == (0, {})
    assert wrong.code == 1
    assert {"keys", "manifest", "tree 0"} <= wrong.wrong.keys()


async def test_a_site_that_is_away_could_not_be_checked(heard: Callable[[int], Answer]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"

    found = heard(await run_audit_site(url, Brought(), AS_JSON))

    assert found.code == 2
    assert "/record/0/checkpoint does not answer" in found.told["unchecked"]


@pytest.mark.parametrize(
    ("body", "status", "said"), [(b"<html>", 200, "is no checkpoint"), (b"", 404, "is not there: nothing is signed yet")]
)
async def test_an_address_of_something_else_could_not_be_checked(
    heard: Callable[[int], Answer], body: bytes, status: int, said: str
) -> None:
    async with stranger(status, body) as url:
        found = heard(await run_audit_site(url, Brought(), AS_JSON))

    assert found.code == 2
    assert said in found.told["unchecked"]


async def test_the_report_is_one_page_that_loads_nothing(told: Told, tmp_path: Path) -> None:
    await told.level()
    page = tmp_path / "report.html"
    async with served(told.site.app) as url:
        code = await run_audit_site(url, Brought(), Answering(NOW, html=page, command=f"fanfare audit {url}"))

    written = page.read_text()
    assert code == 0
    assert "Everything that was claimed holds" in written
    assert f"fanfare audit {url}" in written
    assert not any(each in written for each in ("src=", "@import", "url(", "<script", "<link"))
