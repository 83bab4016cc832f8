"""Receipts made by the ledger in Python, with a ballot's entry, witnesses and a promise; and changes to each part of them."""

import base64
import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from fanfare.ledger.checkpoints import Checkpoint, Policy
from fanfare.ledger.faults import Malformed
from fanfare.ledger.hashing import leaf_hash
from fanfare.ledger.keys import Kind, SignerKey
from fanfare.ledger.notes import Note
from fanfare.ledger.receipts import Receipt
from fanfare.ledger.writing import to_base64
from fanfare.record.promises import Promise
from tests import naive_tree

RECORD = "https://fanfare.example"
NAME, PARTITION, SIZE, OFFSET, BALLOTS, INDEX = "fanfare.example", 1, 21, 17, 7, 4
LOG = SignerKey(f"{NAME}/record/{PARTITION}", Kind.NOTE, bytes(31) + b"\x01")
OLD = SignerKey(f"{NAME}/record/{PARTITION}", Kind.NOTE, bytes(31) + b"\x02")
PROMISES = SignerKey(f"{NAME}/promises", Kind.NOTE, bytes(31) + b"\x03")
WITNESSES = tuple(SignerKey(f"witness{n}.example", Kind.COSIGNATURE, bytes([n]) * 32) for n in (1, 2, 3))
STRANGER = SignerKey("stranger.example", Kind.NOTE, bytes([9]) * 32)
POLICY = Policy((OLD.verifier, LOG.verifier), tuple(each.verifier for each in WITNESSES), quorum=2)
UNTIL = "2026-11-22T18:01:00Z"


Change = Callable[[Any], Any]
"""From a part of a receipt to what it is changed into."""


@dataclass(frozen=True)
class Made:
    """A receipt with all that comes along, as it should be."""

    proof: bytes
    entry: bytes
    promise: bytes
    events_proof: tuple[bytes, ...]

    def answer(self) -> dict[str, Any]:
        """Return what the API answers, with whose ballot it has to be."""
        return {
            "event_id": event_id(INDEX),
            "position": f"{PARTITION}:{OFFSET}:{INDEX}",
            "type": "fanfare.ballot.cast.v1",
            "state": "counted",
            "number": 2,
            "voter": "a" * 32,
            "promise": self.promise.decode(),
            "events_proof": list(map(to_base64, self.events_proof)),
            "proof": self.proof.decode(),
            "leaf": to_base64(self.entry),
            "keys": [str(each.verifier) for each in (OLD, LOG)],
            "signed_by": UNTIL,
        }


def trusted(quorum: int = 2) -> dict[str, Any]:
    """Return what a browser is to trust."""
    return {
        "record": RECORD,
        "keys": [str(each) for each in POLICY.logs],
        "promises": [str(PROMISES.verifier)],
        "witnesses": [str(each) for each in POLICY.witnesses],
        "quorum": quorum,
        "mine": {"event_id": event_id(INDEX), "position": f"{PARTITION}:{OFFSET}:{INDEX}", "voter": "a" * 32, "number": 2},
    }


def event_id(index: int) -> str:
    """Return the id of a ballot in the entry."""
    return f"018f3c9e7d2b{index:04d}"


def entry_of(count: int = BALLOTS) -> bytes:
    """Return an entry of ballots; the one at INDEX is hers."""
    ballots = [
        {
            "data": {"choice": {"kind": "chosen", "options": ["o1"]}, "number": 2, "voter": ("a" if at == INDEX else "b") * 32},
            "id": event_id(at),
            "type": "fanfare.ballot.cast.v1",
        }
        for at in range(count)
    ]
    return json.dumps(ballots, separators=(",", ":")).encode()


@cache
def made() -> Made:
    """Return a receipt that two of three witnesses cosigned, with a signature of somebody unknown between them."""
    entry = entry_of()
    entries = [entry if at == OFFSET else b"entry %d" % at for at in range(SIZE)]
    checkpoint = Checkpoint(LOG.name, SIZE, naive_tree.root(entries))
    note = Note(checkpoint.text).signed(LOG).signed(STRANGER)
    note = note.signed(WITNESSES[0], at_s=1_795_000_000).signed(WITNESSES[2], at_s=1_795_000_001)
    receipt = Receipt(OFFSET, tuple(naive_tree.inclusion(OFFSET, entries)), note)
    ids = [event_id(at).encode() for at in range(BALLOTS)]
    deadline = datetime.fromisoformat(UNTIL)
    promise = Promise(RECORD, PARTITION, OFFSET, leaf_hash(entry), BALLOTS, naive_tree.root(ids), deadline).signed(PROMISES)
    return Made(bytes(receipt), entry, bytes(promise), tuple(naive_tree.inclusion(INDEX, ids)))


def changed(count: int, seed: int = 8) -> Iterator[tuple[bytes, bytes]]:
    """Yield receipts and entries with one change each: a bit, a byte put in, taken out or doubled, a line moved or left out."""
    chance, whole = random.Random(seed), made()
    for at in range(count):
        proof, entry = bytearray(whole.proof), bytearray(whole.entry)
        if at % 10 == 9:
            entry[chance.randrange(len(entry))] ^= 1 << chance.randrange(8)
        elif at % 3 == 2:
            proof = bytearray(_with_lines_changed(proof, chance))
        else:
            _change_a_byte(proof, chance)
        yield bytes(proof), bytes(entry)


def promises(count: int, seed: int = 8) -> Iterator[bytes]:
    """Yield promises of which one letter differs, and which the site's key signed all the same."""
    chance, text = random.Random(seed), Note.parse(made().promise).text
    while count:
        changed_text = bytearray(text)
        _change_a_byte(changed_text, chance)
        with suppress(Malformed):
            yield bytes(Note(bytes(changed_text)).signed(PROMISES))
            count -= 1


def _change_a_byte(stored: bytearray, chance: random.Random) -> None:
    place = chance.randrange(len(stored))
    match chance.randrange(5):
        case 0:
            stored[place] ^= 1 << chance.randrange(8)
        case 1:
            stored[place] = chance.choice(b"\n +=0Aa\x00\x1f\x80\xc2\xe2")
        case 2:
            del stored[place]
        case 3:
            stored.insert(place, stored[place])
        case _:
            del stored[place:]


def _with_lines_changed(stored: bytearray, chance: random.Random) -> bytes:
    lines = bytes(stored).split(b"\n")
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(4):
        case 0:
            lines[one], lines[other] = lines[other], lines[one]
        case 1:
            del lines[one]
        case 2:
            lines.insert(one, lines[other])
        case _:
            lines[one] = b"extra " + base64.b64encode(lines[other])
    return b"\n".join(lines)


def flipped(stored: bytes, place: int, bit: int = 0) -> bytes:
    """Return the bytes with one bit changed."""
    return bytes([*stored[:place], stored[place] ^ 1 << bit, *stored[place + 1 :]])


def with_parts(parts: Sequence[str]) -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """Yield for each named part: its name, the step that has to fail, and an answer and a trust of which a byte differs."""
    for part in parts:
        step, answer, trust = PARTS[part](made())
        yield part, step, answer, trust


Make = Callable[[Made], tuple[str, dict[str, Any], dict[str, Any]]]


def _in_proof(step: str, old: bytes, new: bytes) -> Make:
    def make(whole: Made) -> tuple[str, dict[str, Any], dict[str, Any]]:
        assert old in whole.proof, old
        return step, {**whole.answer(), "proof": whole.proof.replace(old, new, 1).decode()}, trusted()

    return make


def _in_answer(step: str, name: str, change: Change) -> Make:
    return lambda whole: (step, {**whole.answer(), name: change(whole.answer()[name])}, trusted())


def _in_trust(step: str, name: str, change: Change) -> Make:
    return lambda whole: (step, whole.answer(), {**trusted(), name: change(trusted()[name])})


def _letter(text: str, place: int) -> str:
    """Return base64 with one letter changed."""
    return text[:place] + ("B" if text[place] == "A" else "A") + text[place + 1 :]


def _lines(at: int) -> Change:
    def change(text: str) -> str:
        lines = text.split("\n")
        lines[at] = _letter(lines[at], len(lines[at]) - 6)
        return "\n".join(lines)

    return change


def _behind_size(lines: int) -> Change:
    return lambda text: _lines(text.split("\n").index(str(SIZE)) + lines)(text)


PARTS: dict[str, Make] = {
    "first line": _in_proof("form", b"@v1", b"@v2"),
    "index": _in_proof("inclusion", b"index 17", b"index 16"),
    "proof line": _in_answer("inclusion", "proof", _lines(2)),
    "another proof line": _in_answer("inclusion", "proof", _lines(5)),
    "origin": _in_proof("signature", b"fanfare.example/record/1\n21", b"fanfare.example/record/2\n21"),
    "size": _in_proof("signature", b"\n21\n", b"\n22\n"),
    "root": _in_answer("signature", "proof", _behind_size(1)),
    "signature": _in_answer("signature", "proof", _behind_size(3)),
    "cosignature": _in_answer("signature", "proof", _lines(-2)),
    "entry": _in_answer("inclusion", "leaf", lambda leaf: to_base64(flipped(base64.b64decode(leaf), 40))),
    "event id": _in_answer("event", "event_id", lambda _: event_id(INDEX + 1)),
    "place": _in_answer("event", "position", lambda _: f"{PARTITION}:{OFFSET}:{INDEX + 1}"),
    "partition": _in_answer("event", "position", lambda _: f"{PARTITION + 1}:{OFFSET}:{INDEX}"),
    "offset": _in_answer("event", "position", lambda _: f"{PARTITION}:{OFFSET + 1}:{INDEX}"),
    "token": _in_answer("event", "voter", lambda _: "c" * 32),
    "promise": _in_answer("promise", "promise", lambda text: text.replace("18:01", "18:09")),
    "signature of the promise": _in_answer("promise", "promise", _lines(-2)),
    "promise of another entry": _in_answer("promise", "promise", _lines(3)),
    "root of the promise": _in_answer("promise", "promise", _lines(4)),
    "events proof": _in_answer("among", "events_proof", lambda hashes: [_letter(hashes[0], 5), *hashes[1:]]),
    "key": _in_trust("signature", "keys", lambda keys: [keys[0], _letter(keys[1], len(keys[1]) - 9)]),
    "key of promises": _in_trust("promise", "promises", lambda keys: [_letter(keys[0], len(keys[0]) - 9)]),
    "witness asked for": _in_trust("witnesses", "quorum", lambda _: 3),
}
"""What a byte is changed in, and how: the step that has to fail, the answer and what is trusted."""
