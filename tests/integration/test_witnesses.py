"""A whole site and its witnesses, each a process of its own: cosignatures within seconds, silence that is seen, and a fork."""

import asyncio
import shutil
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from fanfare.ledger.checkpoints import Checkpoint, Policy, open_signed
from fanfare.ledger.notes import Note
from fanfare.notary.history import kept
from fanfare.notary.witnessing import Witnessed, witnesses
from fanfare.record.notary import origin
from fanfare.witness.forks import verify_evidence
from tests.postgres_fixture import made
from tests.site_fixture import ADDRESS, SiteUnderTest, listening, running_site
from tests.witness_process import WitnessProcess, running, to_be

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.postgres]


async def until(true: Callable[[], object], within_s: float = 40) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(within_s):
        while True:
            if true():
                return
            await asyncio.sleep(0.1)


async def cosigned(site: SiteUnderTest, by: int, partition: int = 0) -> Note:
    """Return the checkpoint that is served once it covers all of the record and has so many cosignatures."""
    async with asyncio.timeout(40):
        while True:
            answer = await site.stranger.get(f"/record/{partition}/checkpoint")
            head = (await site.parts.log.heads())[partition]
            if answer.status_code == 200:
                note = Note.parse(answer.content)
                if Checkpoint.parse(note.text).size == head and len(note.signatures) == 1 + by:
                    return note
            await asyncio.sleep(0.1)


async def comes(look: Callable[[], Awaitable[object]], within_s: float = 20) -> None:
    """Wait until somebody sees that something is so."""
    async with asyncio.timeout(within_s):
        while not await look():  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.1)


async def so(found: Awaitable[object], expected: object) -> bool:
    """Tell whether what is found is what was expected."""
    return await found == expected


async def tells(site: SiteUnderTest, path: str, words: str) -> bool:
    """Tell whether a page that hosts see has these words."""
    return words in (await site.host.get(path)).text


async def newest(site: SiteUnderTest) -> tuple[bytes, bool]:
    """Return the newest checkpoint in the history of partition 0, and whether it has a cosignature."""
    async with site.parts.pool.connection() as connection:
        last = [each for each in await kept(connection) if each.partition == 0][-1]
    return last.note, last.cosigned


async def silent(site: SiteUnderTest) -> list[str]:
    """Return who gives no cosignature to what is newer in partition 0."""
    return [each.name for each in await told(site) if each.silent_since and each.partition == 0]


async def told(site: SiteUnderTest) -> list[Witnessed]:
    """Return what the site knows of its witnesses."""
    async with site.parts.pool.connection() as connection:
        return list(await witnesses(connection))


async def append(site: SiteUnderTest, word: str, count: int = 300) -> None:
    """Append entries that nobody reads."""
    await asyncio.gather(*(site.parts.log.append(0, [b'{"%s":%d}' % (word.encode(), n)], alone=True) for n in range(count)))


def setting(*every: WitnessProcess) -> str:
    """Return what an operator writes for these witnesses."""
    return ", ".join(f"{each.url} {each.key}" for each in every)


async def test_two_witnesses_cosign_within_seconds_and_one_that_ends_is_told_of(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = [to_be(tmp_path / name, f"{name}.example/witness") for name in ("club", "news")]
    monkeypatch.setenv("FANFARE_WITNESSES", setting(*both))
    taken = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    async with running(address, *both), running_site(database) as site, listening(site.app, taken=taken):
        await append(site, "first")
        note = await cosigned(site, by=2)

        notary = site.parts.desk.streams.notary
        policy = Policy(notary.verifiers(origin(ADDRESS, 0)), tuple(each.key for each in both), quorum=2)
        assert set(open_signed(note, policy).witnessed) == {each.key for each in both}
        await comes(lambda: so(newest(site), (bytes(note), True)))  # it is kept after it was published
        await comes(lambda: tells(site, "/host/operations", "club.example/witness"))

        assert await both[1].stop() == 0
        await append(site, "second")
        await cosigned(site, by=1)
        await comes(lambda: so(silent(site), ["news.example/witness"]))
        metrics = (await site.host.get("/metrics")).text
        assert 'fanfare_witness_silent_seconds{partition="0",witness="news.example/witness"}' in metrics

        both[1].start(address)
        await cosigned(site, by=2)
        async with httpx2.AsyncClient() as client:
            page = await client.get(f"{both[1].url}/")
        assert "news.example/witness watches" in page.text
    assert await both[0].stop() == await both[1].stop() == 0


async def test_a_site_that_goes_on_from_an_older_copy_of_its_record_is_found_out(
    postgres: str, database: str, tmp_path: Path
) -> None:
    witness = to_be(tmp_path / "witness", "news.example/witness")
    home, copied = tmp_path / "home", tmp_path / "copy"
    async with running_site(database, home=home) as site:
        await append(site, "shared")
        await cosigned(site, by=0)
    shutil.copytree(home, copied)
    with made(postgres, urlsplit(database).path[1:]) as copy, socket.create_server(("127.0.0.1", 0)) as taken:
        address, port = f"http://127.0.0.1:{taken.getsockname()[1]}", taken.dup()
        async with running(address, witness):
            async with running_site(database, home=home, founded=False) as site, listening(site.app, taken=taken):
                await append(site, "one", 5)
                honest = await site.parts.log.heads()
                await until(lambda: any(f"\n{honest[0]}\n" in each.read_text() for each in witness.home.glob("logs/0/*.notes")))
            async with running_site(copy, home=copied, founded=False) as site, listening(site.app, taken=port):
                await append(site, "other", 9)
                await until(lambda: list((witness.home / "alarms").glob("*-0-fork")))
                await site.parts.desk.catch_up()
                keys = site.parts.desk.streams.notary.verifiers(origin(ADDRESS, 0))

            (folder,) = (witness.home / "alarms").glob("*-0-fork")
            assert f"the first {honest[0]} of which are others" in verify_evidence(folder, keys)
            assert await witness.stop() == 1
    assert "ALARM. A fork of localhost:8000/record/0" in witness.said()
