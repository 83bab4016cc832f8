"""A running site, followed by Go's own tools over HTTP: each entry proven, down to the bytes, from what the notary published."""

import asyncio
import base64
from functools import partial
from pathlib import Path

import pytest

from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.notes import Note
from fanfare.record.notary import origin, promises_name
from fanfare.record.position import Position
from tests.interop.oracle_program import Oracle
from tests.page_reader import an_open_round
from tests.site_fixture import ADDRESS, SiteUnderTest, running_site, served

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


async def size_signed(site: SiteUnderTest, partition: int, least: int) -> int:
    """Return what a partition's checkpoint covers, once that is at least so many entries."""
    async with asyncio.timeout(20):
        while True:
            answer = await site.stranger.get(f"/record/{partition}/checkpoint")
            if answer.status_code == 200 and (size := Checkpoint.parse(Note.parse(answer.content).text).size) >= least:
                return size
            await asyncio.sleep(0.1)


async def test_go_follows_every_partition_of_a_running_site(oracle: Oracle, database: str, tmp_path: Path) -> None:
    async with running_site(database, home=tmp_path) as site, served(site.app) as address:
        await asyncio.gather(*(site.parts.log.append(1, [b'{"padding":%d}' % n], alone=True) for n in range(600)))
        heads = await site.parts.log.heads()
        sizes = [await size_signed(site, number, head) for number, head in enumerate(heads)]
        await site.parts.desk.catch_up()
        notary = site.parts.desk.streams.notary
        keys = [notary.in_force(origin(ADDRESS, number))[0] for number in range(len(heads))]

        for number in (0, 1):
            followed = await asyncio.to_thread(oracle.ask, "follow", keys[number], f"{address}/record/{number}")
            assert int(followed.split()[0]) >= sizes[number] > 0
        with pytest.raises(ValueError, match=r"signature|verif"):
            await asyncio.to_thread(oracle.ask, "follow", keys[1], f"{address}/record/0")


async def test_go_verifies_a_receipt_that_a_running_site_served(oracle: Oracle, database: str, tmp_path: Path) -> None:
    async with running_site(database, home=tmp_path) as site:
        _, round_id = await an_open_round(site)
        cast = {"number": 1, "options": ["o2"]}
        answer = (await (await site.fan()).put(f"/api/v1/rounds/{round_id}/ballot", json=cast)).raise_for_status().json()
        path = f"/api/v1/receipts/{answer['event_id']}"
        receipt = (await site.stranger.get(path, headers={"Prefer": "wait=10"})).json()
        bare = await site.stranger.get(path, headers={"Accept": "text/plain"})
    entry = tmp_path / "entry"
    entry.write_bytes(base64.b64decode(receipt["leaf"]))
    place = Position.parse(answer["position"])

    ask = partial(asyncio.to_thread, oracle.ask, "receipt")
    assert await ask(receipt["keys"][0], entry, given=bare.content) == b"%d\n" % place.offset
    assert bare.text == receipt["proof"]
    opened = await asyncio.to_thread(oracle.ask, "open", receipt["promise_keys"][0], given=answer["promise"].encode())
    assert opened.decode().split()[0] == promises_name(ADDRESS)
    entry.write_bytes(entry.read_bytes() + b" ")
    with pytest.raises(ValueError, match="invalid transparency proof"):
        await ask(receipt["keys"][0], entry, given=bare.content)
    with pytest.raises(ValueError, match=r"signature|verif"):
        await ask(receipt["promise_keys"][0], entry, given=bare.content)
