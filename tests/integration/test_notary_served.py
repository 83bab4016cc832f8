"""What strangers are served of the notary's work by a whole site, and what its admins see."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx2
import pytest

from fanfare.ledger.bundles import unpack_bundle
from fanfare.ledger.checkpoints import Checkpoint, Policy, open_signed
from fanfare.ledger.faults import NotSigned
from fanfare.ledger.hashing import leaf_hash
from fanfare.ledger.keys import VerifierKey
from fanfare.ledger.notes import Note
from fanfare.ledger.ranges import root_of
from fanfare.notary.keys import names, rotate
from fanfare.operations.keys import shown
from fanfare.record.notary import key_name, origin
from tests.site_fixture import ADDRESS, SiteUnderTest, running_site

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
NAME = ADDRESS.partition("://")[2]


@pytest.fixture
async def site(database: str) -> AsyncIterator[SiteUnderTest]:
    async with running_site(database) as found:
        yield found


async def signed(site: SiteUnderTest, partition: int = 0) -> Checkpoint:
    """Return a partition's checkpoint as a stranger reads it, once it covers all of the record."""
    async with asyncio.timeout(20):
        while True:
            answer = await site.stranger.get(f"/record/{partition}/checkpoint")
            heads = await site.parts.log.heads()
            await site.parts.desk.catch_up()
            if answer.status_code == 200 and (keys := site.parts.desk.streams.notary.in_force(origin(ADDRESS, partition))):
                with suppress(NotSigned):  # by the key before
                    checkpoint = open_signed(Note.parse(answer.content), Policy((VerifierKey.parse(keys[-1]),))).checkpoint
                    if checkpoint.size == heads[partition]:
                        return checkpoint
            await asyncio.sleep(0.05)


async def saying(site: SiteUnderTest, path: str, words: str) -> httpx2.Response:
    """Return what a stranger is served, once it says this."""
    async with asyncio.timeout(20):
        while True:
            answer = await site.stranger.get(path)
            if words in answer.text:
                return answer
            await asyncio.sleep(0.05)


async def test_a_stranger_reads_a_signed_checkpoint_and_the_entries_that_it_covers(site: SiteUnderTest) -> None:
    checkpoint = await signed(site)

    bundle = await site.stranger.get(f"/record/0/tile/entries/000.p/{checkpoint.size}")
    hashes = await site.stranger.get(f"/record/0/tile/0/000.p/{checkpoint.size}")

    leaves = [leaf_hash(each) for each in unpack_bundle(bundle.content, checkpoint.size)]
    assert checkpoint.origin == f"{NAME}/record/0"
    assert checkpoint.root == root_of(leaves)
    assert hashes.content == b"".join(leaves)
    for each in (bundle, hashes):
        assert each.headers["content-type"] == "application/octet-stream"
        assert each.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert each.headers["access-control-allow-origin"] == "*"
        assert not {"set-cookie", "content-encoding"} & set(each.headers)


async def test_a_checkpoint_is_asked_for_anew_each_time_and_told_apart_by_its_tag(site: SiteUnderTest) -> None:
    await signed(site, 3)
    answer = await site.stranger.get("/record/3/checkpoint")

    again = await site.stranger.get("/record/3/checkpoint", headers={"If-None-Match": answer.headers["etag"]})
    head = await site.stranger.head("/record/3/checkpoint")

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert (again.status_code, again.content) == (304, b"")
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", answer.headers["etag"])


NOTHING = (
    *("0/tile/0/000", "0/tile/entries/001", "0/tile/0/000.p/255", "0/tile/0/0", "0/tile/64/000", "0/tile/data/000"),
    *("0/tile/0/../checkpoint", "0/tile/0/%2e%2e/manifest", "9/checkpoint", "99/checkpoint", "00/checkpoint", "x/checkpoint"),
)


async def test_what_cannot_be_is_not_found(site: SiteUnderTest) -> None:
    await signed(site)

    assert {path: (await site.stranger.get(f"/record/{path}")).status_code in (404, 422) for path in NOTHING} == dict.fromkeys(
        NOTHING, True
    )


async def test_the_manifest_names_every_partition_and_the_key_that_signed_it(site: SiteUnderTest) -> None:
    checkpoint = await signed(site)
    answer = await saying(site, "/record/manifest", f"partition 0 {checkpoint.size} ")

    notary = site.parts.desk.streams.notary
    (key,) = notary.in_force(key_name(ADDRESS))
    note = Note.parse(answer.content)
    assert len(note.check([VerifierKey.parse(key)])) == len(note.signatures) == 1
    lines = note.text.decode().splitlines()
    assert lines[:2] == ["fanfare record manifest v1", ADDRESS]
    assert [line.split()[:3:2] for line in lines[2:6]] == [["partition", str(checkpoint.size)], *[["partition", "0"]] * 3]
    stored = (await site.stranger.get("/record/0/checkpoint")).content
    assert lines[2].split()[4] == hashlib.sha256(stored).hexdigest()
    assert lines[6].startswith(f"key {key} - ")
    assert [line.split()[:3] for line in lines[7:]] == [["key", each.added.key, key] for each in notary.keys[1:]]


async def test_a_partial_file_that_has_become_full_is_still_served_to_whoever_began_before(site: SiteUnderTest) -> None:
    width = (await signed(site)).size
    early = (await site.stranger.get(f"/record/0/tile/entries/000.p/{width}")).content
    await asyncio.gather(*(site.parts.log.append(0, [b'{"padding":%d}' % n], alone=True) for n in range(300)))
    await signed(site)

    late = await site.stranger.get(f"/record/0/tile/entries/000.p/{width}")
    hashes = await site.stranger.get(f"/record/0/tile/0/000.p/{width}")

    assert (late.status_code, late.content) == (200, early)
    assert hashes.content == b"".join(map(leaf_hash, unpack_bundle(early, width)))


async def test_an_api_never_goes_back_to_a_smaller_checkpoint(site: SiteUnderTest) -> None:
    await signed(site)
    old = (await site.stranger.get("/record/0/checkpoint")).content
    await site.fan()
    new = await signed(site)
    await site.app.state.objects.put("record/0/checkpoint", old)

    answer = await site.stranger.get("/record/0/checkpoint")

    assert Checkpoint.parse(Note.parse(answer.content).text).size == new.size


async def doubting(host: httpx2.AsyncClient) -> dict[str, object]:
    """Return what an admin is told of partition 1, once the notary doubts."""
    async with asyncio.timeout(20):
        while True:
            told = (await host.get("/api/v1/operations")).raise_for_status().json()["vitals"]["notary"][1]
            if told["doubt"]:
                return dict(told)
            await asyncio.sleep(0.2)


async def test_whoever_runs_the_site_sees_how_far_the_notary_is_and_why_it_doubts(site: SiteUnderTest) -> None:
    await signed(site)
    page = (await site.host.get("/host/operations")).text
    await site.parts.log.append(1, [b'{"padding":1}'])
    await signed(site, 1)
    async with site.parts.pool.connection() as connection:
        await connection.execute("delete from record.entries where partition = 1")
    told = await doubting(site.host)

    doubted = (await site.host.get("/host/operations")).text

    assert "Level" in page
    assert "has 0 entries, and 1 were signed" in str(told["doubt"])
    assert "The notary signs nothing more of partition 1" in doubted
    figures = (await site.host.get("/metrics")).text
    assert 'fanfare_notary_doubt{partition="1"} 1.0' in figures
    assert 'fanfare_notary_signed_entries{partition="0"}' in figures


async def test_a_rotation_is_among_the_decisions_about_the_site_and_among_the_keys(site: SiteUnderTest) -> None:
    await signed(site)
    (old,) = site.parts.desk.streams.notary.in_force(key_name(ADDRESS))

    new = await rotate(site.parts.desk)
    await site.parts.desk.catch_up()
    await signed(site)

    lines = shown(site.parts.desk)
    assert lines[0].startswith(old)
    assert all("retired" in each for each in lines[:6])
    assert lines[6].startswith(new)
    assert [line.partition("+")[0] for line in lines[6:12]] == names(site.parts.desk)
    page = await saying(site, "/site/decisions", f"signs with the key {new.split('+')[1]}")
    assert f"no longer signs with the key {old.split('+')[1]}" in page.text
