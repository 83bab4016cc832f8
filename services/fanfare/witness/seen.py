"""
What a witness saw of one log: files that only grow, one a day, in which each checkpoint stands that she cosigned.

A record is a line `WHAT LENGTH`, the note of that length, and an empty line. It is on the disk before a cosignature leaves. What
a crash leaves is a whole record, whose cosignature may be known to somebody, or the beginning of one, which was never answered:
it goes.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.faults import Malformed, NotSigned
from fanfare.ledger.keys import VerifierKey
from fanfare.ledger.notes import Note
from fanfare.platform import durable

MARK = "ALARM"
"""While a file of this name lies in a log's folder, nothing more of it is cosigned."""
_HEADER = re.compile(rb"(cosigned|unproven) [1-9][0-9]{0,6}")
_BEGUN = re.compile(rb"c?o?s?i?g?n?e?d?|u?n?p?r?o?v?e?n?|(cosigned|unproven) [0-9]*")
What = Literal["cosigned", "unproven"]
"""An unproven one the log signed, and did not show that it goes on from the one before."""


class SeenDamaged(Exception):
    """What the witness kept is not as she wrote it. The sentence says where."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The largest checkpoint that was cosigned."""

    note: Note
    """With the log's signatures and the witness's."""
    checkpoint: Checkpoint
    at_s: int
    """When, in seconds since 1970, as the cosignature says."""


class Seen:
    """What was seen of one log. Owned by one process, which holds the folder's lock; one thread at a time writes."""

    def __init__(self, folder: Path, key: VerifierKey) -> None:
        """
        Read from *folder*, which is made where there is none, what was cosigned last with *key*.

        Raises:
            SeenDamaged: a record is there whole and is none that the witness wrote.
        """
        self.folder = folder
        self._key = key
        self._failed = False
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        durable.sync(folder.parent)
        self.kept = self._last()

    @property
    def alarm(self) -> str:
        """Return what the mark says in its first line, which everybody may read; empty where there is none."""
        try:
            return (self.folder / MARK).read_text(errors="replace").partition("\n")[0].strip() or "marked"
        except FileNotFoundError:
            return ""

    def mark(self, why: str) -> None:
        """Cosign nothing more until somebody removes the mark."""
        durable.replace(self.folder / MARK, f"{why}\n".encode())

    def write(self, what: What, note: Note, now: datetime) -> None:
        """
        Write down a note, and bring it to the disk.

        Raises:
            OSError: it could not be, such as on a full disk.
            SeenDamaged: it could not be the last time; the next start settles what that left.
        """
        if self._failed:
            raise SeenDamaged(f"Something could not be written into {self.folder}. Make room, and start the witness again.")
        self._failed = True
        body = bytes(note)
        today = self.folder / f"{now.astimezone(UTC):%Y-%m-%d}.notes"
        path = max([today, *self.folder.glob("*.notes")])  # never behind the newest, whatever the clock says
        fresh = not path.exists()
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, durable.PRIVATE)
        try:
            _write_whole(opened, f"{what} {len(body)}\n".encode() + body + b"\n")
            os.fsync(opened)
        finally:
            os.close(opened)
        if fresh:
            durable.sync(self.folder)
        self._failed = False

    def cosigned(self, note: Note, checkpoint: Checkpoint, at_s: int, now: datetime) -> None:
        """Write down a checkpoint with the cosignature that may leave once this returns."""
        self.write("cosigned", note, now)
        self.kept = Kept(note, checkpoint, at_s)

    def _last(self) -> Kept | None:
        """Return what was cosigned last, and cut off what a crash left unfinished."""
        last: Note | None = None
        for path in self._files():
            for what, note in self._whole(path):
                last = note if what == "cosigned" else last
            if last:
                return self._checked(last)
        return None

    def of_size(self, size: int) -> Note | None:
        """Return a checkpoint of this size that was cosigned, however long ago. Any thread may ask: nothing is cut off here."""
        line = b"\n%d\n" % size
        for path in self._files():
            body = path.read_bytes()
            if line not in body:  # a day may have tens of megabytes
                continue
            for note in (Note.parse(stored) for _, what, stored in records(body) if what == "cosigned" and line in stored):
                if Checkpoint.parse(note.text).size == size:
                    return note
        return None

    def _files(self) -> list[Path]:
        """Return the files, the newest first."""
        return sorted(self.folder.glob("*.notes"), reverse=True)

    def _whole(self, path: Path) -> Iterator[tuple[str, Note]]:
        """Yield the records of a file, and cut off what a crash left behind them. Raises: SeenDamaged."""
        body, at = path.read_bytes(), 0
        for end, what, stored in records(body):
            at = end
            try:
                yield what, Note.parse(stored)
            except Malformed as error:
                raise SeenDamaged(f"{path}, before byte {end}: {error}") from error
        left = body[at:]
        if left and not _is_cut_off(left, self._key):
            raise SeenDamaged(f"{path} is damaged from byte {at} on. Begin in another folder, with a new key.")
        if left:
            with path.open("r+b") as stream:
                stream.truncate(at)
                os.fsync(stream.fileno())

    def _checked(self, note: Note) -> Kept:
        try:
            at_s = note.check([self._key])[0].at_s
            return Kept(note, Checkpoint.parse(note.text), at_s or 0)
        except (Malformed, NotSigned) as error:
            raise SeenDamaged(f"What was cosigned last in {self.folder} is not this witness's: {error}") from error


def _write_whole(opened: int, body: bytes) -> None:
    rest = memoryview(body)
    while rest:
        rest = rest[os.write(opened, rest) :]


def records(body: bytes) -> Iterator[tuple[int, str, bytes]]:
    """Yield where each whole record ends, what it is, and its note; what is cut off at the end is passed over."""
    at = 0
    while (end := body.find(b"\n", at)) >= 0:
        if not _HEADER.fullmatch(body[at:end]):
            return
        what, _, length = body[at:end].decode().partition(" ")
        stop = end + 1 + int(length)
        if body[stop : stop + 1] != b"\n":
            return
        at = stop + 1
        yield at, what, body[end + 1 : stop]


def _is_cut_off(left: bytes, key: VerifierKey) -> bool:
    """Tell whether this is the beginning of a record, as a crash leaves it, and not a whole one that was altered since."""
    if b"\0" in left:  # a place on the disk that was given, and not written to yet
        return True
    header, end, begun = left.partition(b"\n")
    if not end:
        return bool(_BEGUN.fullmatch(header))
    if not _HEADER.fullmatch(header):
        return False
    length = int(header.split(b" ")[1])
    if len(begun) > length:
        return False
    try:
        Note.parse(begun.rstrip(b"\n") + b"\n").check([key])
    except (Malformed, NotSigned):
        return True
    return len(begun) in (length, length - 1)  # all but what ends it
