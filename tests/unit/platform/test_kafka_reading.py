"""What lies in a topic, as the record's leaves: each offset has one, whatever was written there."""

from hashlib import sha256

import pytest
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c

from fanfare.platform.logs.kafka.reading import unpacked
from fanfare.record.void import LARGEST_LEAF_BYTES, leaf, void_line

HEADER_BYTES, ATTRIBUTES, CRC = 61, slice(21, 23), slice(17, 21)
CONTROL, UNKNOWN_CODEC = 0x20, 0x07


def batch(first: int, values: list[bytes | None], attributes: int = 0) -> bytes:
    """Return a batch of records as a broker answers with it, its attributes overwritten."""
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1_000_000)
    for offset, value in enumerate(values):
        builder.append(offset, 0, b"key", value, [])
    made = bytearray(builder.build())
    made[:8] = first.to_bytes(8, "big")
    made[ATTRIBUTES] = attributes.to_bytes(2, "big")
    made[CRC] = calc_crc32c(bytes(made[21:])).to_bytes(4, "big")
    return bytes(made)


def test_a_value_is_its_own_leaf_and_none_and_too_much_are_void_lines() -> None:
    long = b"x" * (LARGEST_LEAF_BYTES + 1)

    page = unpacked(1, 4, 500, 8, batch(4, [b"entry", None]) + batch(6, [long, long[1:]]))

    assert [(entry.offset, entry.body) for entry in page.entries] == [
        (4, b"entry"),
        (5, b'{"sha256":"%s","size":0,"void":"null"}' % sha256(b"").hexdigest().encode()),
        (6, b'{"sha256":"%s","size":65536,"void":"too long"}' % sha256(long).hexdigest().encode()),
        (7, long[1:]),
    ]


@pytest.mark.parametrize(("attributes", "void"), [(UNKNOWN_CODEC, b"codec"), (CONTROL, b"control")])
def test_a_batch_that_cannot_be_unpacked_has_a_void_line_for_each_offset(attributes: int, void: bytes) -> None:
    strange = batch(5, [b"one", b"two"], attributes)

    page = unpacked(1, 4, 500, 8, batch(4, [b"before"]) + strange + batch(7, [b"behind"]))

    line = b'{"sha256":"%s","size":%d,"void":"%s"}'
    line %= (sha256(strange[HEADER_BYTES:]).hexdigest().encode(), len(strange) - HEADER_BYTES, void)
    assert [(entry.offset, entry.body) for entry in page.entries] == [(4, b"before"), (5, line), (6, line), (7, b"behind")]


def test_bytes_that_a_disk_or_a_wire_has_changed_are_no_leaf() -> None:
    changed = bytearray(batch(0, [b"entry"]))
    changed[-5] ^= 1

    with pytest.raises(CorruptRecordException, match="offset 0"):
        unpacked(0, 0, 500, 1, bytes(changed))


def test_what_was_not_asked_for_is_left_out() -> None:
    page = unpacked(0, 2, 2, 9, batch(0, [b"a", b"b", b"c", b"d", b"e"]))

    assert [entry.body for entry in page.entries] == [b"c", b"d"]


def test_a_void_line_is_what_everybody_computes() -> None:
    assert leaf(None) == void_line("null")
    assert leaf(b"") == b""
