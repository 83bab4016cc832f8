"""How fast the ledger hashes, grows, proves and verifies, by CPU time, which others do not take away."""

import hashlib
from collections.abc import Callable, Sequence
from time import process_time

import pytest

from fanfare.ledger.checkpoints import Checkpoint, Policy
from fanfare.ledger.growing import grow
from fanfare.ledger.hashing import leaf_hash
from fanfare.ledger.keys import SignerKey
from fanfare.ledger.notes import Note
from fanfare.ledger.proofs import prove_inclusion
from fanfare.ledger.ranges import CompactRange, root_of
from fanfare.ledger.receipts import Receipt, verify_receipt
from fanfare.ledger.tiles import Tile, hashes_from
from fanfare.record.entry import pack
from tests.bench.filling import IN_ENTRY, ballots
from tests.bench.tables import Row, faults, shown
from tests.builders import SITE, a_plan, terms_for

BALLOTS = 100_000
A_SECOND = {1: 5_000, IN_ENTRY: 500}
"""By the ballots of an entry: how many entries the notary is to keep up with in a second."""


def per_s(count: int, action: Callable[[], object]) -> float:
    """Return how many of *count* things are done in a second of CPU time."""
    began = process_time()
    action()
    return count / (process_time() - began)


def grown(entries: Sequence[bytes], at_once: int) -> tuple[CompactRange, dict[Tile, bytes]]:
    """Return a log that wrote all files that a second of entries needs, again and again."""
    tree, files = CompactRange(), dict[Tile, bytes]()
    for first in range(0, len(entries), at_once):
        files |= grow(tree, files, entries[first : first + at_once])
    return tree, files


@pytest.mark.parametrize("in_entry", [1, IN_ENTRY])
def test_a_log_grows_and_proves(in_entry: int, capsys: pytest.CaptureFixture[str]) -> None:
    encoded = [ballot for _, ballot in ballots(terms_for(a_plan()), SITE, BALLOTS)]
    entries = [pack(encoded[first : first + in_entry]) for first in range(0, BALLOTS, in_entry)]
    count, leaves, at_once = len(entries), list(map(leaf_hash, entries)), A_SECOND[in_entry]
    tree, files = grown(entries, at_once)
    signer = SignerKey.generate("fanfare.example/record/1")
    note = Note(Checkpoint(signer.name, count, tree.root()).text).signed(signer)
    hash_at = hashes_from(count, files.__getitem__)
    policy, places = Policy((signer.verifier,)), range(0, count, max(1, count // 500))
    receipts = [bytes(Receipt(index, tuple(prove_inclusion(index, count, hash_at)), note)) for index in places]

    rows = [
        Row("SHA-256 of each, alone", per_s(count, lambda: [hashlib.sha256(each).digest() for each in entries])),
        Row("leaf hashes and the root", per_s(count, lambda: root_of(map(leaf_hash, entries)))),
        Row("the root, from leaf hashes", per_s(count, lambda: root_of(leaves))),
        Row("grow, with tiles and bundles", per_s(count, lambda: grown(entries, at_once)), f"the aim is {at_once:,}"),
        Row("a proof from tiles in memory", per_s(len(places), lambda: [prove_inclusion(at, count, hash_at) for at in places])),
        Row("sign a checkpoint", per_s(500, lambda: [Note(note.text).signed(signer) for _ in range(500)])),
        Row(
            "verify a receipt",
            per_s(len(places), lambda: [verify_receipt(r, entries[at], policy) for r, at in zip(receipts, places, strict=True)]),
        ),
    ]

    shown(capsys, f"{count:,} entries of {in_entry} ({len(entries[0]):,} bytes each), a second of CPU time", rows)
    assert faults(rows) == {}
