"""Where tiles and bundles are served, which of them a tree has, and what is refused."""

import pytest

from fanfare.ledger.bundles import pack_bundle, unpack_bundle
from fanfare.ledger.faults import Malformed
from fanfare.ledger.growing import edge_of, grow, range_from
from fanfare.ledger.hashing import leaf_hash
from fanfare.ledger.ranges import CompactRange
from fanfare.ledger.tiles import ENTRIES, Tile, grown, hash_from, parse_path, split, tile_of, tiles_of

NOT_PATHS = [
    *(
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001",
        "tile/0/x001/x002",
        "tile/0/x001/x234/067\n",
    ),
    *("tile/00/001", "tile/64/000", "tile/-1/000", "tile/data/000", "tile/8/0/000", "tile/entries/x0001/000"),
    *("tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/01", "tile/0/000.p/256", "tile/0/000.p/\u0661"),
    *("tile/0/000/", "/tile/0/000", " tile/0/000", "tile/0/000?", "tile/0/../000", "tile/0/\u0660\u0660\u0660", "checkpoint", ""),
    "tile/0/" + "x001/" * 2000 + "000",
]


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(1, 999, 17), "tile/1/999.p/17"),
        (Tile(63, 1000, 255), "tile/63/x001/000.p/255"),
        (Tile(ENTRIES, 273, 112), "tile/entries/273.p/112"),
        (Tile(ENTRIES, 1_000_000), "tile/entries/x001/x000/000"),
    ],
)
def test_a_tile_is_served_where_the_specification_says(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert parse_path(path) == tile


@pytest.mark.parametrize(
    "path",
    NOT_PATHS,
)
def test_what_is_not_the_path_of_a_tile_is_refused(path: str) -> None:
    with pytest.raises(Malformed, match="not the path of a tile"):
        parse_path(path)


def test_a_tree_of_70000_has_the_tiles_that_the_specification_counts() -> None:
    tiles = [tile for tile in tiles_of(70_000) if tile.level != ENTRIES]

    assert [tile for tile in tiles if not tile.is_full] == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert [sum(tile.is_full for tile in tiles if tile.level == level) for level in range(3)] == [273, 1, 0]


def test_a_tree_of_256_has_a_full_tile_and_above_it_one_of_width_1() -> None:
    assert tiles_of(256) == [Tile(ENTRIES, 0), Tile(0, 0), Tile(1, 0, 1)]
    assert edge_of(256) == [Tile(1, 0, 1)]


def test_a_tree_that_does_not_grow_and_one_of_nothing_have_nothing_to_write() -> None:
    assert tiles_of(0) == grown(70_000, 70_000) == edge_of(0) == []


def test_growing_writes_bundles_first_and_what_was_full_never_again() -> None:
    assert grown(250, 600) == [
        *[Tile(ENTRIES, 0), Tile(ENTRIES, 1), Tile(ENTRIES, 2, 88)],
        *[Tile(0, 0), Tile(0, 1), Tile(0, 2, 88)],
        Tile(1, 0, 2),
    ]
    assert grown(600, 601) == [Tile(ENTRIES, 2, 89), Tile(0, 2, 89)]


@pytest.mark.parametrize(("level", "index", "size"), [(0, 5, 5), (1, 2, 5), (3, 0, 7), (0, -1, 5)])
def test_a_subtree_that_is_not_complete_is_in_no_tile(level: int, index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no complete subtree"):
        tile_of(level, index, size)


def test_a_tile_of_another_length_than_its_width_is_refused() -> None:
    for body in (b"", bytes(31), bytes(63), bytes(65), bytes(96)):
        with pytest.raises(Malformed, match=r"tile/0/000\.p/2 has 64 bytes"):
            split(Tile(0, 0, 2), body)
        with pytest.raises(Malformed):
            hash_from(Tile(0, 0, 2), body, 1, 0)


def test_a_bundle_has_a_length_of_two_bytes_before_each_entry() -> None:
    body = pack_bundle([b"", b"ab", b"x" * 0xFFFF])

    assert body == b"\x00\x00\x00\x02ab\xff\xff" + b"x" * 0xFFFF
    assert unpack_bundle(body, 3) == [b"", b"ab", b"x" * 0xFFFF]


@pytest.mark.parametrize("entries", [[], [b""] * 257, [b"x" * 0x10000]])
def test_what_a_bundle_cannot_hold_is_refused(entries: list[bytes]) -> None:
    with pytest.raises(ValueError, match="1 to 256 entries of at most 65,535 bytes"):
        pack_bundle(entries)


@pytest.mark.parametrize("body", [b"\x00", b"\x00\x02a", b"\x00\x01a\x00", b"\xff\xffab"])
def test_a_bundle_that_is_cut_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed, match="in the middle of an entry"):
        unpack_bundle(body, 1)


def test_a_bundle_with_more_or_fewer_entries_than_asked_for_is_refused() -> None:
    for width in (1, 3):
        with pytest.raises(Malformed, match=f"{width} entries is asked for; here are 2"):
            unpack_bundle(pack_bundle([b"a", b"b"]), width)


def test_a_log_does_not_go_on_from_files_that_are_missing_or_cut() -> None:
    tree = CompactRange()
    files = grow(tree, {}, [b"a", b"b", b"c"])
    cut = {tile: body[:-1] for tile, body in files.items()}

    with pytest.raises(KeyError):
        range_from(3, {})
    with pytest.raises(Malformed):
        range_from(3, cut)
    with pytest.raises(Malformed):
        grow(range_from(3, files), cut, [b"d"])


def test_files_of_another_record_have_another_root() -> None:
    files = grow(CompactRange(), {}, [b"a", b"b", b"c"])
    other = {tile: body.replace(leaf_hash(b"b"), leaf_hash(b"B")) for tile, body in files.items()}

    assert range_from(3, other).root() != range_from(3, files).root()


def test_no_entries_write_no_files() -> None:
    tree = CompactRange().extend([leaf_hash(b"a")])

    assert grow(tree, {}, []) == {}
    assert tree.size == 1
