"""
Forks: what shows to anybody that a log signed two histories, kept as files.

Two checkpoints of one size with different roots show it by themselves. Of two sizes it is shown by a proof as good as any that a
log is asked for: that the larger tree began with another root than the one that was signed at the smaller size.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fanfare.ledger.checkpoints import Policy, open_signed
from fanfare.ledger.faults import Malformed, NotProven, NotSigned
from fanfare.ledger.keys import VerifierKey
from fanfare.ledger.notes import Note
from fanfare.ledger.proofs import verify_consistency
from fanfare.ledger.writing import hash_from_base64, lines_of, to_base64
from fanfare.platform import durable

README, SMALLER, LARGER, PROOF, KEYS = "README", "smaller", "larger", "proof", "keys"


@dataclass(frozen=True, slots=True)
class Fork:
    """Two checkpoints that one log signed, and why both cannot be true."""

    smaller: Note
    larger: Note
    """Of two of one size, the one that came later."""
    root: bytes = b""
    """Of as many entries as the smaller one has, in the tree of the larger one; empty where both are of one size."""
    proof: tuple[bytes, ...] = ()
    """That this root goes on to that of the larger one."""


def check_fork(fork: Fork, keys: tuple[VerifierKey, ...]) -> str:
    """
    Check that one log signed two histories, and return a sentence that says which.

    Args:
        keys: of the log, from a source that whoever checks believes; those of the witness who tells of it are not needed.

    Raises:
        NotSigned: a note of it is not signed by these keys.
        Malformed: what was signed is no checkpoint.
        NotProven: both may be true.
    """
    smaller, larger = (open_signed(each, Policy(keys)).checkpoint for each in (fork.smaller, fork.larger))
    if smaller.origin != larger.origin:
        raise NotProven(f"These are checkpoints of two logs: {smaller.origin} and {larger.origin}.")
    if smaller.size == larger.size:
        if smaller.root == larger.root:
            raise NotProven("These are the same: both have one root.")
        return f"{smaller.origin} signed two different roots of {smaller.size} entries."
    verify_consistency(smaller.size, larger.size, fork.root, larger.root, fork.proof)
    if fork.root == smaller.root:
        raise NotProven("The larger one goes on from the smaller one, as it should.")
    return (
        f"{smaller.origin} signed {larger.size} entries, the first {smaller.size} of which are others than the "
        f"{smaller.size} that it signed before."
    )


def verify_evidence(folder: Path, keys: tuple[VerifierKey, ...] = ()) -> str:
    """
    Check the evidence in a folder, and return a sentence that says what it shows.

    Args:
        keys: of the log; none: those that the evidence itself names, which is then the word of whoever made it.

    Raises:
        NotSigned, Malformed, NotProven: it shows no fork.
        OSError: a file is missing.
    """
    smaller, larger = (Note.parse((folder / name).read_bytes()) for name in (SMALLER, LARGER))
    words = lines_of((folder / PROOF).read_bytes()) if (folder / PROOF).exists() else []
    root, *proof = (hash_from_base64(each) for each in words) if words else (b"",)
    named = keys or tuple(map(VerifierKey.parse, lines_of((folder / KEYS).read_bytes())))
    return check_fork(Fork(smaller, larger, root, tuple(proof)), named)


def write_evidence(folder: Path, fork: Fork, keys: tuple[VerifierKey, ...], told: str, now: datetime) -> None:
    """Write a fork into a new folder, which is there whole or not at all; *told* says what it is of."""
    files = {SMALLER: bytes(fork.smaller), LARGER: bytes(fork.larger), KEYS: "".join(f"{each}\n" for each in keys).encode()}
    if fork.root:
        files[PROOF] = "".join(f"{to_base64(each)}\n" for each in (fork.root, *fork.proof)).encode()
    files[README] = _readme(told, now, proven=shows_fork(fork, keys)).encode()
    with durable.whole_folder(folder) as part:
        for name, body in files.items():
            with durable.new_file(part / name) as stream:
                stream.write(body)


def shows_fork(fork: Fork, keys: tuple[VerifierKey, ...]) -> bool:
    """Tell whether two checkpoints show a fork to anybody who believes these keys."""
    try:
        check_fork(fork, keys)
    except (Malformed, NotProven, NotSigned):
        return False
    return True


def _readme(told: str, now: datetime, *, proven: bool) -> str:
    why = _PROVEN if proven else _UNPROVEN
    return f"{told}\n\nA witness wrote this down at {now:%Y-%m-%d %H:%M:%S} UTC.\n\n{_FILES}\n{why}"


_FILES = """\
smaller   a checkpoint that the log signed: origin, number of entries, root (a C2SP signed note)
larger    another checkpoint that the same log signed
proof     where there is one: the root that the tree of the larger checkpoint has at the size of the smaller one, then the hashes
          of an RFC 6962 consistency proof from that root to the larger one's
keys      the log's public keys, as this witness knew them; compare them with what the site published before
"""
_PROVEN = """\
This shows to anybody that the log signed two histories, whoever wrote it down. Check it with

    fanfare witness-evidence FOLDER

or with any tools for C2SP notes and RFC 6962 proofs: both notes are signed by the log's key; and either they name different
roots for one size, or the proof leads from the root in it to the larger note's, while the smaller note names another root for
that size. No honest log can have signed both. Somebody altered the record, or a copy of the log's key signs elsewhere.
"""
_UNPROVEN = """\
This is the witness's word, and proves nothing to others: the log serves less than it signed before. A smaller checkpoint is one
that it truly signed earlier, so nobody can tell from the notes alone which came later. The site may have been set up again from a
backup; but what was appended in between is not shown any more. Ask its operator. Where the log goes on with other entries,
the witness writes down a fork that anybody can check.
"""
