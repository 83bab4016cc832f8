"""
The list of erasures: a file beside the database, so that a backup from before an erasure is swept when it is restored.

It holds ids and hashes only, a JSON object a line, and is only ever appended to.
"""

import fcntl
import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from fanfare.platform import durable
from fanfare.record.kinds import KeptHash, MemberId, TextHash, canonical
from fanfare.record.texts import Kept

NAME = "erasures.jsonl"


class ErasedMember(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line: this member was erased."""

    member: MemberId


class RemovedText(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A line: this text or picture was removed, by whom, and the hash of the reason."""

    text: KeptHash
    by: MemberId
    reason: TextHash | None = None
    kind: Kept = "text"


Line = ErasedMember | RemovedText
_member, _text = msgspec.json.Decoder(ErasedMember), msgspec.json.Decoder(RemovedText)


class ListUnreadable(Exception):
    """The list of erasures holds a line that is none. Look at the file, and take that line out."""


def read(home: Path) -> list[Line]:
    """
    Return the lines of the list; none where there is no list yet. A last line that a crash cut short is passed over.

    Raises:
        ListUnreadable: another line is damaged.
    """
    try:
        lines = (home / NAME).read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    found: list[Line] = []
    for number, line in enumerate(lines, 1):
        parsed = _parsed(line) if line else None
        if parsed is not None:
            found.append(parsed)
        elif line and number < len(lines):
            message = f"line {number} of {home / NAME} is no erasure; take it out, or restore the file"
            raise ListUnreadable(message)
    return found


def _parsed(line: bytes) -> Line | None:
    try:
        return _member.decode(line) if b'"member":' in line else _text.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def add(home: Path, wanted: Iterable[Line]) -> int:
    """
    Append what is not on the list yet, and return how many lines that were; they are on the disk then.

    Several processes may do so at once. A crash leaves whole lines and at most one that was cut short, which the next call ends.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    opened = os.open(home / NAME, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(opened, "r+b", buffering=0) as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        known = set(read(home))
        missing = [each for each in dict.fromkeys(wanted) if each not in known]
        if missing:
            _end_line(stream.fileno())
            stream.write(b"".join(canonical(each) + b"\n" for each in missing))
            os.fsync(stream.fileno())
            durable.sync(home)
    return len(missing)


def _end_line(file: int) -> None:
    """End a last line that a crash left without its end, or cut off what is none."""
    size_bytes = os.fstat(file).st_size
    whole, _, rest = os.pread(file, size_bytes, 0).rpartition(b"\n")
    if rest and _parsed(rest):
        os.write(file, b"\n")
    elif rest:
        os.ftruncate(file, len(whole) + 1 if whole else 0)
