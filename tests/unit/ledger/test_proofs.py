"""Proofs and roots against published values, and what is refused whatever its hashes say."""

import pytest

from fanfare.ledger.faults import Malformed, NotProven
from fanfare.ledger.hashing import EMPTY_ROOT, leaf_hash
from fanfare.ledger.proofs import prove_consistency, prove_inclusion, root_at, verify_consistency, verify_inclusion
from fanfare.ledger.ranges import CompactRange, Subtree, root_of
from tests import naive_tree
from tests.unit.ledger.published import CONSISTENCY, INCLUSION, LEAF_HASHES, LEAVES, PAIRS, ROOTS

EIGHT = [leaf_hash(leaf) for leaf in LEAVES]
PUBLISHED = [bytes.fromhex(root) for root in ROOTS]


def hash_at(level: int, index: int) -> bytes:
    """Return a node of the published tree."""
    return naive_tree.subtree(LEAVES, level, index)


def test_the_hash_of_each_published_leaf_is_the_published_one() -> None:
    assert [leaf.hex() for leaf in EIGHT] == list(LEAF_HASHES)


@pytest.mark.parametrize("size", range(9))
def test_the_root_over_each_number_of_published_leaves_is_the_published_one(size: int) -> None:
    assert root_of(EIGHT[:size]).hex() == ROOTS[size]
    assert root_at(size, hash_at).hex() == ROOTS[size]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert CompactRange().root() == EMPTY_ROOT == PUBLISHED[0]


def test_an_appended_leaf_makes_the_subtrees_that_it_completes() -> None:
    tree = CompactRange().extend(EIGHT[:3])

    made = tree.append(EIGHT[3])

    assert made == [Subtree(0, 3, EIGHT[3]), Subtree(1, 1, bytes.fromhex(PAIRS[1])), Subtree(2, 0, PUBLISHED[4])]


@pytest.mark.parametrize("wrong", [(1, []), (3, [EMPTY_ROOT]), (0, [EMPTY_ROOT]), (1, [b"short"]), (-1, [EMPTY_ROOT])])
def test_a_range_is_not_made_from_hashes_that_are_not_its_edge(wrong: tuple[int, list[bytes]]) -> None:
    with pytest.raises(Malformed, match="hashes of 32 bytes"):
        CompactRange(*wrong)


@pytest.mark.parametrize("packed", [b"", bytes(7), bytes(7) + b"\x01", bytes(7) + b"\x01" + bytes(33)])
def test_a_packed_range_that_is_cut_or_too_long_is_refused(packed: bytes) -> None:
    with pytest.raises(Malformed):
        CompactRange.unpack(packed)


@pytest.mark.parametrize("place", INCLUSION)
def test_each_published_proof_of_inclusion_is_made_and_verified(place: tuple[int, int]) -> None:
    index, size = place

    proof = prove_inclusion(index, size, hash_at)

    assert [each.hex() for each in proof] == list(INCLUSION[place])
    verify_inclusion(EIGHT[index], index, size, proof, PUBLISHED[size])


@pytest.mark.parametrize("sizes", CONSISTENCY)
def test_each_published_proof_of_consistency_is_made_and_verified(sizes: tuple[int, int]) -> None:
    first, second = sizes

    proof = prove_consistency(first, second, hash_at)

    assert [each.hex() for each in proof] == list(CONSISTENCY[sizes])
    verify_consistency(first, second, PUBLISHED[first], PUBLISHED[second], proof)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (8, 8), (9, 8), (-1, 8)])
def test_a_leaf_that_is_not_in_the_tree_has_no_proof_and_none_is_believed(index: int, size: int) -> None:
    with pytest.raises(ValueError, match=f"no leaf {index} among {size}"):
        prove_inclusion(index, size, hash_at)
    with pytest.raises(NotProven, match=f"no leaf {index} in a tree of {size}"):
        verify_inclusion(EIGHT[0], index, size, [], EIGHT[0])


@pytest.mark.parametrize(("first", "second"), [(0, 8), (0, 0), (8, 7), (-1, 8)])
def test_neither_nothing_nor_a_larger_tree_is_proven_to_be_a_beginning(first: int, second: int) -> None:
    with pytest.raises(ValueError, match="no proof from"):
        prove_consistency(first, second, hash_at)
    with pytest.raises(NotProven, match="Nothing shows"):
        verify_consistency(first, second, PUBLISHED[0], PUBLISHED[8], [])


def test_two_trees_of_one_size_are_the_same_only_with_one_root_and_no_proof() -> None:
    with pytest.raises(NotProven):
        verify_consistency(8, 8, PUBLISHED[7], PUBLISHED[8], [])
    with pytest.raises(NotProven):
        verify_consistency(8, 8, PUBLISHED[8], PUBLISHED[8], [PUBLISHED[8]])


def test_an_empty_proof_shows_no_growth_even_with_the_same_root() -> None:
    with pytest.raises(NotProven, match="too short"):
        verify_consistency(4, 8, PUBLISHED[8], PUBLISHED[8], [])


def test_bytes_that_are_no_hash_are_refused_before_anything_is_hashed() -> None:
    left, right = EIGHT[:2]

    with pytest.raises(NotProven, match="32 bytes"):
        verify_inclusion(left + right[:1], 0, 2, [right[1:]], PUBLISHED[2])
    with pytest.raises(NotProven, match="32 bytes"):
        verify_consistency(1, 2, left[:-1], PUBLISHED[2], [left[-1:] + right])


def test_a_node_is_not_taken_for_a_leaf() -> None:
    """What the first byte of each hash is for: two hashes in a row are an entry that one could have written."""
    forged = leaf_hash(EIGHT[0] + EIGHT[1])

    with pytest.raises(NotProven):
        verify_inclusion(forged, 0, 1, [], PUBLISHED[2])


def test_a_tree_that_is_higher_than_its_size_says_is_not_believed() -> None:
    with pytest.raises(NotProven, match="more hashes"):
        verify_inclusion(EIGHT[1], 0, 1, [EIGHT[0]], PUBLISHED[2])


def test_two_trees_that_are_both_higher_than_their_sizes_say_are_not_believed() -> None:
    """Of leaves 4 to 6 and 4 to 7, below roots that have leaves 0 to 3 as well."""
    left = hash_at(2, 0)
    seven, eight = PUBLISHED[7], PUBLISHED[8]
    proof = [EIGHT[6], EIGHT[7], hash_at(1, 2), left]
    assert prove_consistency(7, 8, hash_at) == proof

    verify_consistency(7, 8, seven, eight, proof)
    with pytest.raises(NotProven, match="more hashes"):
        verify_consistency(3, 4, seven, eight, proof)


def test_a_tree_that_is_lower_than_its_size_says_is_not_believed() -> None:
    with pytest.raises(NotProven, match="below the root"):
        verify_inclusion(EIGHT[0], 0, 3, [EIGHT[1]], PUBLISHED[2])
    proof = prove_consistency(3, 4, hash_at)
    verify_consistency(3, 4, PUBLISHED[3], PUBLISHED[4], proof)
    with pytest.raises(NotProven, match="below the root"):
        verify_consistency(3, 8, PUBLISHED[3], PUBLISHED[4], proof)
