"""The ledger against Go's own sumdb/tlog and sumdb/note, and transparency-dev's formats: what one writes the other reads."""

import base64
import json
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.growing import grow
from fanfare.ledger.hashing import leaf_hash
from fanfare.ledger.keys import Kind, SignerKey
from fanfare.ledger.notes import Note
from fanfare.ledger.proofs import prove_consistency, prove_inclusion, verify_consistency, verify_inclusion
from fanfare.ledger.ranges import CompactRange, root_of
from fanfare.ledger.receipts import Receipt
from fanfare.ledger.tiles import ENTRIES, Tile, hashes_from, tiles_of
from tests.interop.oracle_program import Oracle

ORIGIN = "fanfare.example/record/1"
LOG = SignerKey.generate(ORIGIN)
WITNESS = SignerKey.generate("witness.example", Kind.COSIGNATURE)


def entries(count: int) -> list[bytes]:
    """Return entries of many lengths."""
    told = random.Random(count)
    return [told.randbytes(told.choice((0, 1, 40, 300))) for _ in range(count)]


def kept(stored: Sequence[bytes], *stops: int) -> dict[Tile, bytes]:
    """Return the files of a log that wrote at each of these sizes, and at the end."""
    tree, files, at = CompactRange(), dict[Tile, bytes](), 0
    for stop in (*stops, len(stored)):
        files |= grow(tree, files, stored[at:stop])
        at = stop
    return files


def laid_out(folder: Path, stored: Sequence[bytes], files: dict[Tile, bytes], signer: SignerKey = LOG) -> None:
    """Write a log into a folder, as it is served: tiles, bundles and a checkpoint."""
    for tile, body in files.items():
        path = folder / tile.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    checkpoint = Checkpoint(ORIGIN, len(stored), root_of(map(leaf_hash, stored)))
    (folder / "checkpoint").write_bytes(bytes(Note(checkpoint.text).signed(signer)))


def test_go_has_the_same_roots_proofs_and_tiles(oracle: Oracle) -> None:
    sizes = [*range(1, 34), 63, 64, 65, 255, 256, 257, 300, 511, 512, 513]
    stored = entries(max(sizes))
    given = json.dumps({"entries": [base64.b64encode(each).decode() for each in stored], "sizes": sizes}).encode()

    answers = json.loads(oracle.ask("trees", given=given))

    def bare(encoded: Sequence[str]) -> list[bytes]:
        return [base64.b64decode(each) for each in encoded]

    leaves, roots = list(map(leaf_hash, stored)), {}
    for answer in answers:
        size, root = answer["size"], base64.b64decode(answer["root"])
        files = kept(stored[:size])
        hash_at = hashes_from(size, files.__getitem__)
        roots[size] = root_of(leaves[:size])
        assert root == roots[size]
        tiles = [tile for tile in tiles_of(size) if tile.level != ENTRIES]
        assert {path: base64.b64decode(body) for path, body in answer["tiles"].items()} == {t.path: files[t] for t in tiles}
        for at in range(size):
            inclusion, consistency = bare(answer["inclusion"][at]), bare(answer["consistency"][at])
            assert inclusion == prove_inclusion(at, size, hash_at)
            verify_inclusion(leaves[at], at, size, inclusion, root)
            assert consistency == prove_consistency(at + 1, size, hash_at)
            if at + 1 in roots:
                verify_consistency(at + 1, size, roots[at + 1], root, consistency)
    assert [answer["size"] for answer in answers] == sizes


def test_go_signs_a_text_with_our_key_as_we_do_and_reads_what_we_signed(oracle: Oracle) -> None:
    text = "Ognuno sta solo sul cuor della terra\n\ned è subito sera.\n".encode()

    note = Note(text).signed(LOG)

    assert oracle.ask("sign", LOG.secret(), given=text) == bytes(note)
    assert oracle.ask("open", str(LOG.verifier), given=bytes(note)).decode() == f"{ORIGIN} {LOG.verifier.id.hex()}\n"
    with pytest.raises(ValueError, match="invalid signature"):
        oracle.ask("open", str(LOG.verifier), given=bytes(replace(note, text=text.replace(b"solo", b"Solo"))))


def test_transparency_dev_reads_our_cosignatures_and_we_theirs(oracle: Oracle) -> None:
    note = Note(Checkpoint(ORIGIN, 1, leaf_hash(b"")).text).signed(LOG)
    ours = note.signed(WITNESS, at_s=1_679_315_147)
    keys = (str(LOG.verifier), str(WITNESS.verifier))

    read = oracle.ask("open", *keys, given=bytes(ours)).decode()
    theirs = oracle.ask("cosign", replace(WITNESS, kind=Kind.NOTE).secret(), given=bytes(note))

    assert read.splitlines()[1] == f"{WITNESS.name} {WITNESS.verifier.id.hex()} 1679315147"
    seen_at = [each.at_s for each in Note.parse(theirs).check([WITNESS.verifier])]
    assert seen_at[0] is not None
    assert abs(seen_at[0] - time.time()) < 60


@pytest.mark.parametrize(("size", "index"), [(1, 0), (300, 0), (300, 299), (600, 511)])
def test_transparency_dev_and_go_verify_our_receipts(oracle: Oracle, tmp_path: Path, size: int, index: int) -> None:
    stored = entries(size)
    hash_at = hashes_from(size, kept(stored).__getitem__)
    note = Note(Checkpoint(ORIGIN, size, root_of(map(leaf_hash, stored))).text).signed(LOG).signed(WITNESS, at_s=1)
    receipt = Receipt(index, tuple(prove_inclusion(index, size, hash_at)), note, extra=b"a word")
    entry = tmp_path / "entry"
    entry.write_bytes(stored[index])

    assert oracle.ask("receipt", str(LOG.verifier), entry, given=bytes(receipt)) == b"%d\n" % index
    assert oracle.ask("receipt", str(LOG.verifier), entry, given=bytes(replace(receipt, extra=None))) == b"%d\n" % index
    entry.write_bytes(stored[index] + b" ")
    with pytest.raises(ValueError, match="invalid transparency proof"):
        oracle.ask("receipt", str(LOG.verifier), entry, given=bytes(receipt))


@pytest.mark.parametrize(("size", "stops"), [(1, ()), (255, (17, 200)), (256, ()), (257, (255,)), (1000, (1, 256, 700))])
def test_go_follows_a_log_by_its_tiles(oracle: Oracle, tmp_path: Path, size: int, stops: tuple[int, ...]) -> None:
    stored = entries(size)
    laid_out(tmp_path, stored, kept(stored, *stops))

    followed = oracle.ask("follow", str(LOG.verifier), tmp_path).decode()

    assert followed == f"{size} {root_of(map(leaf_hash, stored)).hex()}\n"


def test_go_sees_a_changed_entry_a_changed_tile_and_another_signer(oracle: Oracle, tmp_path: Path) -> None:
    stored = entries(700)
    files = kept(stored)
    long = next(entry for entry in stored[256:512] if len(entry) == 300)
    wrong = {
        "not the one of its leaf": {Tile(ENTRIES, 1): files[Tile(ENTRIES, 1)].replace(long, long[::-1])},
        "inconsistent tile": {Tile(0, 0): bytes([files[Tile(0, 0)][0] ^ 1]) + files[Tile(0, 0)][1:]},
    }

    for at, (told, changed) in enumerate(wrong.items()):
        laid_out(tmp_path / str(at), stored, files | changed)
        with pytest.raises(ValueError, match=told):
            oracle.ask("follow", str(LOG.verifier), tmp_path / str(at))
    laid_out(tmp_path / "signer", stored, files, SignerKey.generate(ORIGIN))
    with pytest.raises(ValueError, match="signature"):
        oracle.ask("follow", str(LOG.verifier), tmp_path / "signer")
