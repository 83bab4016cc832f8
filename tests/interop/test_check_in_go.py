"""The short program that the auditors' room hands out: it reads a running site, and sees what was changed."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from fanfare.ledger.keys import SignerKey
from fanfare.ledger.notes import Note
from fanfare.ledger.writing import to_base64
from fanfare.record.notary import adding
from fanfare.web.pages.auditors import PROGRAM
from tests.interop.oracle_program import ANSWER_S, BUILD_S, SOURCE
from tests.interop.test_site_in_go import size_signed
from tests.site_fixture import SiteUnderTest, running_site, served

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
Check = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def check(tmp_path_factory: pytest.TempPathFactory) -> Check:
    """Return the program, built as somebody builds it who has this file and Go's own module."""
    folder = tmp_path_factory.mktemp("check")
    for each in (PROGRAM, SOURCE / "go.mod", SOURCE / "go.sum"):
        shutil.copy(each, folder)
    command = ["go", "build", "-mod=readonly", "-buildvcs=false", "-o", "check", "."]
    built = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=BUILD_S, check=False, env={**os.environ})
    assert built.returncode == 0, built.stderr

    def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run([folder / "check", *words], capture_output=True, text=True, timeout=ANSWER_S, check=False)

    return run


async def level(site: SiteUnderTest) -> None:
    """Return once everything is signed, the manifest last."""
    for number, head in enumerate(await site.parts.log.heads()):
        await size_signed(site, number, head)
    async with asyncio.timeout(20):
        while True:
            listed = [f"\npartition {number} {head} " for number, head in enumerate(await site.parts.log.heads())]
            manifest = (await site.stranger.get("/record/manifest")).text
            if all(each in manifest for each in listed):
                return
            await asyncio.sleep(0.1)


async def test_it_finds_a_whole_record_whole_from_a_checkpoint_that_was_kept(check: Check, database: str, tmp_path: Path) -> None:
    async with running_site(database, home=tmp_path / "home") as site, served(site.app) as address:
        await level(site)
        kept = tmp_path / "kept.checkpoint"
        kept.write_bytes((await site.stranger.get("/record/1/checkpoint")).content)
        await asyncio.gather(*(site.parts.log.append(1, [b'{"padding":%d}' % n], alone=True) for n in range(600)))
        await level(site)

        told = await asyncio.to_thread(check, address, kept)
        told_no_site = await asyncio.to_thread(check)

    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert lines[0].startswith("the record's key: localhost:8000+")
    assert "localhost:8000/record/1: all 600 entries lead to the root that was signed" in lines
    assert lines[-1] == "localhost:8000/record/1, which you kept: all 0 entries lead to the root that was signed"
    assert len(lines) == 6
    assert told_no_site.returncode == 1


async def test_it_sees_a_changed_entry_and_a_checkpoint_that_the_record_never_passed(
    check: Check, database: str, tmp_path: Path
) -> None:
    async with running_site(database, home=tmp_path / "home") as site, served(site.app) as address:
        await asyncio.gather(*(site.parts.log.append(1, [b'{"padding":%d}' % n], alone=True) for n in range(300)))
        await level(site)
        forged = tmp_path / "forged.checkpoint"
        forged.write_text((await site.stranger.get("/record/1/checkpoint")).text.replace("\n300\n", "\n299\n"))
        not_signed = await asyncio.to_thread(check, address, forged)
        (bundle,) = (tmp_path / "home").rglob("record/1/tile/entries/000")
        changed = bytearray(bundle.read_bytes())
        changed[5] ^= 1
        bundle.write_bytes(changed)
        seen = await asyncio.to_thread(check, address)

    assert not_signed.returncode == 1
    assert "signature" in not_signed.stderr
    assert seen.returncode == 1
    assert "localhost:8000/record/1: its 300 entries do not lead to the root that was signed" in seen.stderr


async def test_it_believes_no_key_that_the_first_one_did_not_lead_to(check: Check, database: str, tmp_path: Path) -> None:
    async with running_site(database, home=tmp_path / "home") as site, served(site.app) as address:
        await level(site)
        (published,) = (tmp_path / "home").rglob("record/manifest")
        text = Note.parse(published.read_bytes()).text.decode()
        name, first = text.splitlines()[1], next(line.split()[1] for line in text.splitlines() if line.startswith("key "))
        forger = SignerKey.generate(first.partition("+")[0])
        signature = to_base64(forger.sign(adding(name, str(forger.verifier))))
        forged = Note(f"{text}key {forger.verifier} {first} {signature}\n".encode()).signed(forger)
        published.write_bytes(bytes(forged))
        told = await asyncio.to_thread(check, address)

    assert told.returncode == 1
    assert f"{forger.verifier}: no key of the record before it signed this one" in told.stderr
