"""Promises: each event of an entry is shown to be in it, and whatever bit is changed, the answer is no."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fanfare.ledger.faults import Malformed, NotProven, NotSigned
from fanfare.ledger.hashing import leaf_hash
from fanfare.ledger.keys import Kind, SignerKey
from fanfare.ledger.notes import Note
from fanfare.ledger.writing import from_base64, to_base64
from fanfare.record.notary import key_name, origin, promises_name
from fanfare.record.promises import Ids, Promise, check_entry, check_promise
from tests import naive_tree

NAME = "https://fanfare.pomfret.example"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SIGNER = SignerKey(promises_name(NAME), Kind.NOTE, bytes(range(32)))
KEYS = (SIGNER.verifier,)
REFUSED = (Malformed, NotSigned, NotProven)
IDS = st.lists(st.text("0123456789abcdef", min_size=1, max_size=32), min_size=1, max_size=130)


def promise_of(ids: list[str], entry: bytes = b"the entry") -> Promise:
    """Return the promise of an entry that holds these events."""
    tree = Ids(ids)
    return Promise(NAME, 2, 118, leaf_hash(entry), len(tree), tree.root, NOON)


@given(IDS, st.data())
def test_every_event_of_an_entry_is_shown_to_be_in_it_at_its_index(ids: list[str], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(ids) - 1))
    note = bytes(promise_of(ids).signed(SIGNER))

    shown = check_promise(note, KEYS, ids[index], index, Ids(ids).proof(index))

    assert shown == promise_of(ids)
    check_entry(shown, 2, 118, b"the entry")


@given(IDS)
def test_the_root_over_the_ids_and_their_proofs_are_those_of_the_definition(ids: list[str]) -> None:
    entries = [each.encode() for each in ids]

    assert Ids(ids).root == naive_tree.root(entries)
    assert Ids(ids).proof(len(ids) // 2) == list(map(to_base64, naive_tree.inclusion(len(ids) // 2, entries)))


@given(IDS, st.data())
@settings(max_examples=50)
def test_an_event_that_is_not_in_the_entry_or_elsewhere_in_it_is_refused(ids: list[str], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(ids) - 1))
    other = data.draw(st.integers(0, len(ids)).filter(lambda at: at == len(ids) or ids[at] != ids[index]))
    note, proof = bytes(promise_of(ids).signed(SIGNER)), Ids(ids).proof(index)

    with pytest.raises(NotProven):
        check_promise(note, KEYS, ids[index] + "0", index, proof)
    with pytest.raises(NotProven):
        check_promise(note, KEYS, ids[index], other, proof)
    with pytest.raises(NotProven):
        check_promise(note, KEYS, ids[index], index, [*proof, to_base64(bytes(32))])


def test_every_changed_bit_of_a_promise_or_of_its_proof_is_refused() -> None:
    ids = [f"{number:032x}" for number in range(7)]
    note, proof = bytes(promise_of(ids).signed(SIGNER)), Ids(ids).proof(4)
    check_promise(note, KEYS, ids[4], 4, proof)

    for bit in range(8 * len(note)):
        changed = (int.from_bytes(note) ^ 1 << bit).to_bytes(len(note))
        with pytest.raises(REFUSED):
            check_promise(changed, KEYS, ids[4], 4, proof)
    for at, each in enumerate(proof):
        hashed = from_base64(each)
        for bit in range(8 * len(hashed)):
            changed = (int.from_bytes(hashed) ^ 1 << bit).to_bytes(len(hashed))
            with pytest.raises(REFUSED):
                check_promise(note, KEYS, ids[4], 4, [*proof[:at], to_base64(changed), *proof[at + 1 :]])
        with pytest.raises(REFUSED):
            check_promise(note, KEYS, ids[4], 4, [*proof[:at], each + "\n", *proof[at + 1 :]])


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_and_break_nothing(junk: bytes) -> None:
    for note in (junk, junk + b"\n\n" + bytes(promise_of(["a"]).signed(SIGNER)), bytes(Note(b"x\n").signed(SIGNER)) + junk):
        with pytest.raises(REFUSED):
            check_promise(note, KEYS, "a", 0, [])


@pytest.mark.parametrize("name", [key_name(NAME), origin(NAME, 2), promises_name("https://elsewhere.example")])
def test_a_key_of_another_name_promises_nothing(name: str) -> None:
    other = SignerKey(name, Kind.NOTE, SIGNER.seed)

    with pytest.raises(NotSigned):
        check_promise(bytes(promise_of(["a"]).signed(other)), (other.verifier, *KEYS), "a", 0, [])


@pytest.mark.parametrize(
    ("line", "written"),
    [
        (0, "fanfare promise v2"),
        (1, ""),
        (1, "https://a.example b"),
        (2, "2:0118"),
        (2, "2"),
        (2, "-2:118"),
        (3, "AAAA"),
        (4, "0 " + "A" * 43 + "="),
        (4, "1"),
        (5, "2026-11-23T12:00:00+00:00"),
        (5, "2026-11-23 12:00:00Z"),
        (5, "2026-1-23T12:00:00Z"),
        (5, "2026-02-30T12:00:00Z"),
    ],
)
def test_a_promise_is_written_in_one_way(line: int, written: str) -> None:
    lines = promise_of(["a"]).text.decode().splitlines()
    lines[line] = written

    with pytest.raises(Malformed):
        Promise.parse("".join(f"{each}\n" for each in lines).encode())
    with pytest.raises(Malformed):
        Promise.parse(promise_of(["a"]).text + b"more\n")


@pytest.mark.parametrize(("partition", "offset", "entry"), [(1, 118, b"the entry"), (2, 117, b"the entry"), (2, 118, b"another")])
def test_an_entry_elsewhere_or_with_other_bytes_breaks_the_promise(partition: int, offset: int, entry: bytes) -> None:
    with pytest.raises(NotProven):
        check_entry(promise_of(["a"]), partition, offset, entry)


def test_no_entry_is_without_events() -> None:
    with pytest.raises(ValueError, match="1 event or more"):
        Ids([])
