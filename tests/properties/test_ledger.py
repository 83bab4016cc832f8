"""The ledger's trees, tiles and receipts against a tree that is computed from its definition, and against every changed bit."""

import random
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fanfare.ledger.bundles import pack_bundle, unpack_bundle
from fanfare.ledger.checkpoints import Checkpoint, Policy
from fanfare.ledger.faults import Malformed, NotProven
from fanfare.ledger.growing import edge_of, grow, range_from
from fanfare.ledger.hashing import leaf_hash
from fanfare.ledger.keys import Kind, SignerKey
from fanfare.ledger.notes import Note
from fanfare.ledger.proofs import prove_consistency, prove_inclusion, root_at, verify_consistency, verify_inclusion
from fanfare.ledger.ranges import CompactRange, root_of
from fanfare.ledger.receipts import Receipt, ReceiptRefused, verify_receipt
from fanfare.ledger.tiles import ENTRIES, Tile, grown, hashes_from, needed, parse_path, tile_of, tiles_of
from tests import naive_tree

SIZES = st.integers(0, 300)
FAR = st.integers(1, 2**40)
LOG = SignerKey("fanfare.example/record/1", Kind.NOTE, bytes(range(32)))
WITNESS = SignerKey("witness.example", Kind.COSIGNATURE, bytes(range(32, 64)))
POLICY = Policy((LOG.verifier,), (WITNESS.verifier,), quorum=1)


def entries(count: int, seed: int = 0) -> list[bytes]:
    """Return entries of various lengths, the empty one among them."""
    told = random.Random(seed)
    return [told.randbytes(told.choice((0, 1, 31, 32, 33, 64))) for _ in range(count)]


def node_of(stored: Sequence[bytes]) -> Callable[[int, int], bytes]:
    """Return what proofs are made of, from a naive tree that remembers."""
    known: dict[tuple[int, int], bytes] = {}

    def hash_at(level: int, index: int) -> bytes:
        if (level, index) not in known:
            assert (index + 1) << level <= len(stored), "a subtree that is not complete was asked for"
            known[level, index] = naive_tree.subtree(stored, level, index)
        return known[level, index]

    return hash_at


def flipped(hashes: Sequence[bytes]) -> list[list[bytes]]:
    """Return the hashes once for each bit, with that bit changed."""
    changed = []
    for at, each in enumerate(hashes):
        for bit in range(8 * len(each)):
            other = (int.from_bytes(each) ^ 1 << bit).to_bytes(len(each))
            changed.append([*hashes[:at], other, *hashes[at + 1 :]])
    return changed


def written(stored: Sequence[bytes], steps: Sequence[int]) -> dict[Tile, bytes]:
    """Return the files of a log that grew in these steps, all that were ever written."""
    tree, files, at = CompactRange(), dict[Tile, bytes](), 0
    for step in [*steps, len(stored)]:
        files |= grow(tree, files, stored[at : at + step])
        at = min(len(stored), at + step)
    return files


@settings(max_examples=30)
@given(SIZES, st.integers(0, 2**32))
def test_a_range_has_the_root_of_the_definition_after_every_leaf(size: int, seed: int) -> None:
    stored = entries(size, seed)
    tree, hash_at = CompactRange(), node_of(stored)

    for at, entry in enumerate(stored):
        for made in tree.append(leaf_hash(entry)):
            assert made.hash == hash_at(made.level, made.index)
        assert tree.size == at + 1
        if at % 7 == 0 or at > size - 3:
            assert tree.root() == root_at(at + 1, hash_at) == naive_tree.root(stored[: at + 1])
    assert tree.root() == naive_tree.root(stored)
    assert tree.edge == CompactRange().extend(map(leaf_hash, stored)).edge
    assert len(tree.edge) == size.bit_count()


@settings(max_examples=30)
@given(SIZES, st.data())
def test_a_range_that_was_kept_goes_on_as_if_it_had_never_stopped(size: int, draw: st.DataObject) -> None:
    leaves = list(map(leaf_hash, entries(size)))
    stop = draw.draw(st.integers(0, size))

    kept = CompactRange.unpack(CompactRange().extend(leaves[:stop]).pack())

    assert kept.size == stop
    assert kept.extend(leaves[stop:]).root() == root_of(leaves)


@settings(max_examples=25)
@given(st.integers(1, 300), st.data())
def test_every_proof_is_that_of_the_definition_and_is_believed(size: int, draw: st.DataObject) -> None:
    stored = entries(size)
    root, hash_at = naive_tree.root(stored), node_of(stored)

    for index in draw.draw(st.lists(st.integers(0, size - 1), max_size=6)):
        proof = prove_inclusion(index, size, hash_at)
        assert proof == naive_tree.inclusion(index, stored)
        verify_inclusion(leaf_hash(stored[index]), index, size, proof, root)
    for first in draw.draw(st.lists(st.integers(1, size), max_size=6)):
        proof = prove_consistency(first, size, hash_at)
        assert proof == naive_tree.consistency(first, stored)
        verify_consistency(first, size, naive_tree.root(stored[:first]), root, proof)


@pytest.mark.parametrize("size", [*range(1, 18), 31, 32, 33, 63, 64, 65])
def test_every_proof_of_every_small_tree_is_that_of_the_definition(size: int) -> None:
    stored = entries(size)
    root, hash_at = naive_tree.root(stored), node_of(stored)

    for at in range(size):
        assert prove_inclusion(at, size, hash_at) == naive_tree.inclusion(at, stored)
        verify_inclusion(leaf_hash(stored[at]), at, size, naive_tree.inclusion(at, stored), root)
        assert prove_consistency(at + 1, size, hash_at) == naive_tree.consistency(at + 1, stored)
        verify_consistency(at + 1, size, naive_tree.root(stored[: at + 1]), root, naive_tree.consistency(at + 1, stored))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13])
def test_no_leaf_root_or_hash_of_an_inclusion_proof_may_have_another_bit(size: int) -> None:
    stored = entries(size)
    for index in range(size):
        right = [leaf_hash(stored[index]), naive_tree.root(stored), *naive_tree.inclusion(index, stored)]

        for leaf, root, *proof in flipped(right):
            with pytest.raises(NotProven):
                verify_inclusion(leaf, index, size, proof, root)


@pytest.mark.parametrize("size", [2, 3, 5, 8, 13])
def test_no_root_or_hash_of_a_consistency_proof_may_have_another_bit(size: int) -> None:
    stored = entries(size)
    for first in range(1, size + 1):
        right = [naive_tree.root(stored[:first]), naive_tree.root(stored), *naive_tree.consistency(first, stored)]

        for first_root, root, *proof in flipped(right):
            with pytest.raises(NotProven):
                verify_consistency(first, size, first_root, root, proof)


@settings(max_examples=60)
@given(st.integers(1, 200), st.data())
def test_a_proof_is_believed_at_its_own_place_and_length_alone(size: int, draw: st.DataObject) -> None:
    stored = [b"%d" % at for at in range(size)]
    index = draw.draw(st.integers(0, size - 1))
    root, proof = naive_tree.root(stored), naive_tree.inclusion(index, stored)
    leaf = leaf_hash(stored[index])
    elsewhere = draw.draw(st.integers(0, size + 3))

    if elsewhere != index:
        with pytest.raises(NotProven):
            verify_inclusion(leaf, elsewhere, size, proof, root)
    for other in ([*proof, root], [root, *proof], proof[1:], proof[:-1], proof[::-1]):
        if other != proof:
            with pytest.raises(NotProven):
                verify_inclusion(leaf, index, size, other, root)


@settings(max_examples=60)
@given(st.integers(2, 200), st.data())
def test_growth_is_believed_with_its_own_proof_alone(size: int, draw: st.DataObject) -> None:
    stored = [b"%d" % at for at in range(size)]
    first = draw.draw(st.integers(1, size - 1))
    older, newer = naive_tree.root(stored[:first]), naive_tree.root(stored)
    proof = naive_tree.consistency(first, stored)
    rewritten = [b"another", *stored[1:]]

    for other in ([*proof, newer], [older, *proof], proof[1:], proof[:-1], proof[::-1]):
        if other != proof:
            with pytest.raises(NotProven):
                verify_consistency(first, size, older, newer, other)
    with pytest.raises(NotProven):
        verify_consistency(first, size, older, naive_tree.root(rewritten), naive_tree.consistency(first, rewritten))


@given(FAR, st.data())
def test_proofs_of_trees_too_large_to_build_are_believed_and_no_longer_than_the_tree_is_high(
    size: int, draw: st.DataObject
) -> None:
    """A tree all of whose leaves are alike has one node a level, so that one of any size can be asked."""
    levels = [leaf_hash(b"all alike")]
    for _ in range(40):
        levels.append(naive_tree.node(levels[-1], levels[-1]))
    index, first = draw.draw(st.integers(0, size - 1)), draw.draw(st.integers(1, size))

    def hash_at(level: int, at: int) -> bytes:
        assert (at + 1) << level <= size
        return levels[level]

    proof = prove_inclusion(index, size, hash_at)
    verify_inclusion(levels[0], index, size, proof, root_at(size, hash_at))
    assert len(proof) <= (size - 1).bit_length()
    grown_proof = prove_consistency(first, size, hash_at)
    verify_consistency(first, size, root_at(first, hash_at), root_at(size, hash_at), grown_proof)
    assert len(grown_proof) <= (size - 1).bit_length() + 1


@settings(max_examples=20)
@given(st.integers(0, 900), st.lists(st.integers(0, 300), max_size=6), st.data())
def test_a_log_that_grew_in_any_steps_has_the_files_of_its_size_and_each_says_what_the_tree_says(
    size: int, steps: list[int], draw: st.DataObject
) -> None:
    stored = entries(size)
    files = written(stored, steps)
    hash_at = node_of(stored)

    for tile in tiles_of(size):
        if tile.level == ENTRIES:
            assert unpack_bundle(files[tile], tile.width) == stored[tile.index * 256 : tile.index * 256 + tile.width]
        else:
            first = tile.index * 256
            assert files[tile] == b"".join(hash_at(8 * tile.level, first + at) for at in range(tile.width))
    edge = {tile: files[tile] for tile in edge_of(size)}
    assert range_from(size, edge).root() == naive_tree.root(stored)
    from_tiles = hashes_from(size, files.__getitem__)
    assert root_at(size, from_tiles) == naive_tree.root(stored)
    if size:
        index = draw.draw(st.integers(0, size - 1))
        assert prove_inclusion(index, size, from_tiles) == naive_tree.inclusion(index, stored)
        asked = needed(size, lambda hash_at: prove_inclusion(index, size, hash_at))
        known = hashes_from(size, {tile: files[tile] for tile in asked}.__getitem__)
        assert prove_inclusion(index, size, known) == naive_tree.inclusion(index, stored)


@given(FAR | SIZES, FAR)
def test_what_is_written_in_steps_is_what_a_larger_tree_needs(before: int, more: int) -> None:
    more %= 5000
    after = before + more
    now, edge = set(grown(before, after)), set(edge_of(after))

    assert edge - set(edge_of(before)) <= now
    assert all(tile.is_full or tile in edge for tile in now)
    if before < 5000:
        assert now == set(tiles_of(after)) - set(tiles_of(before))


@given(st.integers(-1, 63), st.integers(0, 2**55), st.integers(1, 256))
def test_every_tile_has_one_path_and_every_path_one_tile(level: int, index: int, width: int) -> None:
    tile = Tile(level, index, width)

    assert parse_path(tile.path) == tile


@given(FAR, st.data())
def test_the_tile_of_a_subtree_is_one_of_the_tree_and_as_wide_as_the_tree_has_it(size: int, draw: st.DataObject) -> None:
    level = draw.draw(st.integers(0, size.bit_length() - 1))
    index = draw.draw(st.integers(0, (size >> level) - 1))

    tile = tile_of(level, index, size)

    assert 0 < tile.width <= 256
    assert tile.is_full or tile in edge_of(size)
    assert tile.level == level // 8
    assert tile.index * 256 <= index << level % 8 < (index + 1) << level % 8 <= tile.index * 256 + tile.width


@given(st.lists(st.binary(max_size=80), min_size=1, max_size=256), st.data())
def test_a_bundle_gives_back_its_entries_and_nothing_that_is_cut_or_longer(stored: list[bytes], draw: st.DataObject) -> None:
    body = pack_bundle(stored)
    cut = draw.draw(st.integers(0, len(body) - 1))

    assert unpack_bundle(body, len(stored)) == stored
    for other in (body[:cut], body + b"\x00", body + b"\x00\x00"):
        with pytest.raises(Malformed):
            unpack_bundle(other, len(stored))


def receipt_of(stored: Sequence[bytes], index: int) -> bytes:
    """Return a receipt, with the signatures of the log and of a witness."""
    checkpoint = Checkpoint(LOG.name, len(stored), naive_tree.root(stored))
    note = Note(checkpoint.text).signed(LOG).signed(WITNESS, at_s=1_700_000_000)
    return bytes(Receipt(index, tuple(naive_tree.inclusion(index, stored)), note))


@pytest.mark.parametrize(("size", "index"), [(1, 0), (6, 4)])
def test_no_bit_of_a_receipt_or_its_entry_may_be_another(size: int, index: int) -> None:
    stored = [b'[{"type":"fanfare.ballot.cast.v1","n":%d}]' % at for at in range(size)]
    receipt = receipt_of(stored, index)

    assert verify_receipt(receipt, stored[index], POLICY).index == index
    for other, entry in [(each, stored[index]) for (each,) in flipped([receipt])] + [
        (receipt, each) for (each,) in flipped([stored[index]])
    ]:
        with pytest.raises(ReceiptRefused):
            verify_receipt(other, entry, POLICY)


@settings(max_examples=300)
@given(st.binary(max_size=200) | st.text(max_size=60).map(str.encode))
def test_whatever_is_taken_for_a_note_or_a_receipt_is_read_or_refused_and_written_the_same(stored: bytes) -> None:
    for read in (Note.parse, Receipt.parse):
        try:
            assert bytes(read(stored)) == stored
        except Malformed:
            continue
