"""What a receipt costs the server: the promise that comes with a ballot, and the proof of one ballot among ten million."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time
from typing import cast

import pytest

from fanfare.ledger.checkpoints import Checkpoint, Policy
from fanfare.ledger.hashing import leaf_hash, node_hash
from fanfare.ledger.keys import SignerKey
from fanfare.ledger.notes import Note
from fanfare.ledger.proofs import prove_inclusion, root_at
from fanfare.ledger.receipts import verify_receipt
from fanfare.ledger.tiles import needed
from fanfare.notary.receipts import Receipts
from fanfare.notary.routes import Latest
from fanfare.platform.desk import Desk
from fanfare.platform.objects import in_folder
from fanfare.record.entry import pack
from fanfare.record.notary import key_name, origin, promises_name
from fanfare.record.promises import Ids, Promise, check_promise
from tests.bench.filling import IN_ENTRY, ballots
from tests.bench.tables import Row, faults, shown
from tests.builders import SITE, a_plan, terms_for

ENTRIES, RECEIPTS, AIM_MS = 10_000_000, 300, 20
HIGHEST = ENTRIES.bit_length()
ENTRY = b'[{"id":"0123456789abcdef0123456789abcdef"}]'


@pytest.mark.anyio
async def test_a_proof_among_ten_million_entries(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hashes = [leaf_hash(ENTRY)]  # all entries are the same, so that every complete subtree of a level is, too
    for _ in range(HIGHEST):
        hashes.append(node_hash(hashes[-1], hashes[-1]))
    signer = SignerKey.generate(origin(SITE, 1))
    checkpoint = Checkpoint(signer.name, ENTRIES, root_at(ENTRIES, lambda level, _: hashes[level]))
    objects, told = in_folder(tmp_path), random.Random(8)
    places = [0, ENTRIES - 1, *(told.randrange(ENTRIES) for _ in range(RECEIPTS - 2))]
    for tile in {each for at in places for each in needed(ENTRIES, lambda hash_at, at=at: prove_inclusion(at, ENTRIES, hash_at))}:  # type: ignore[misc]
        await objects.put(f"record/1/{tile.path}", hashes[8 * tile.level] * tile.width)
    await objects.put("record/1/checkpoint", bytes(Note(checkpoint.text).signed(signer)))
    receipts = Receipts(cast("Desk", None), objects, Latest(objects))  # a proof asks the record nothing
    took, cpu = [], process_time()
    for at in places:
        began = perf_counter()
        found = await receipts.proof(1, at, 0)
        took.append(perf_counter() - began)
        assert found is not None
        assert verify_receipt(found, ENTRY, Policy((signer.verifier,))).index == at
    cpu = process_time() - cpu

    took.sort()
    rows = [
        Row(
            "proofs, the median by the clock",
            1 / took[RECEIPTS // 2],
            f"{took[RECEIPTS // 2] * 1000:.1f} ms; the aim is {AIM_MS}",
        ),
        Row("one in a hundred is slower", 1 / took[-RECEIPTS // 100], f"{took[-RECEIPTS // 100] * 1000:.1f} ms"),
        Row("a second of CPU time, verified, too", RECEIPTS / cpu),
    ]
    shown(capsys, f"proofs of single entries among {ENTRIES:,}, from files in a folder", rows)
    assert faults(rows) == {}


@pytest.mark.parametrize("in_entry", [1, IN_ENTRY])
def test_a_promise(in_entry: int, capsys: pytest.CaptureFixture[str]) -> None:
    count = 200 * in_entry
    encoded = [ballot for _, ballot in ballots(terms_for(a_plan()), SITE, count)]
    bodies = [pack(encoded[first : first + in_entry]) for first in range(0, count, in_entry)]
    ids = [f"{number:032x}" for number in range(in_entry)]
    signer = SignerKey.generate(promises_name(SITE))

    def promised(body: bytes, offset: int) -> tuple[bytes, Sequence[Sequence[str]]]:
        tree = Ids(ids)
        promise = Promise(SITE, 1, offset, leaf_hash(body), len(tree), tree.root, datetime.now(UTC).replace(microsecond=0))
        return bytes(promise.signed(signer)), [tree.proof(index) for index in range(in_entry)]

    note, _ = promised(bodies[0], 0)
    assert check_promise(note, (signer.verifier,), ids[0], 0, Ids(ids).proof(0)).record_name.endswith(key_name(SITE))
    began = process_time()
    for offset, body in enumerate(bodies):
        promised(body, offset)
    used = process_time() - began

    rows = [Row("ballots promised, a second of CPU time", count / used, f"{used / count * 1e6:.1f} µs a ballot")]
    shown(capsys, f"promises of entries of {in_entry}", rows)
    assert faults(rows) == {}
