"""
Whose signatures a witness takes for the site's: the record's key that she pinned, and what it signed into the manifest.

What she once read of keys she keeps, line by line: a key that was retired stays so, whatever an older manifest says.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from fanfare.ledger.faults import Malformed, NotSigned
from fanfare.ledger.keys import VerifierKey
from fanfare.ledger.notes import Note
from fanfare.ledger.writing import lines_of
from fanfare.platform import durable
from fanfare.record.notary import Notary, NotaryKeyAdded, NotaryKeyRetired, evolve, key_name, origin

FILE = "keys"
MOST_PARTITIONS = 64
MOST_LINES = 10_000
_HEAD = "fanfare record manifest v1"


class NotTheSite(Exception):
    """What is served is not signed by the key that was pinned. The sentence says what was found."""


class Pinned:
    """The keys of one site, as they followed from the one that was pinned. Kept in a file that only grows."""

    def __init__(self, home: Path, key: str = "") -> None:
        """
        Read what is kept in *home*.

        Args:
            key: the record's key to pin, in words; empty: the one that is kept, or else the first that the site shows.

        Raises:
            NotTheSite: another one is pinned already, *key* is none, or the file is damaged.
        """
        self._path = home / FILE
        self.record_name, self.key, *self._lines = self._kept()
        if key:
            _parsed(key)
        if self.key and key and key != self.key:
            raise NotTheSite(f"This folder has pinned {self.key}. To pin another key begin in another folder.")
        self.key = self.key or key
        self.notary = self._folded(self._lines)

    def take(self, manifest: bytes) -> None:
        """
        Take a manifest in, whose new keys are written down; the very first one pins the key that it begins with.

        Raises:
            NotTheSite: it is of another record, or no key that follows from the pinned one signed it.
            Malformed: it is no manifest.
        """
        note = Note.parse(manifest)
        head, name, *lines = [*lines_of(note.text), ""][:MOST_LINES]
        if head != _HEAD or not key_name(name):
            raise Malformed("This is no manifest of a record.")
        if self.record_name and name != self.record_name:
            raise NotTheSite(f"This is the manifest of {name}; what is followed is {self.record_name}.")
        told = [each for each in lines if each.startswith(("key ", "retired ")) and not self._is_by_retired(each)]
        key = self.key or next((each.split(" ")[1] for each in told), "")
        _parsed(key)
        fresh = [each for each in told if each not in set(self._lines)]
        if len(self._lines) + len(fresh) > MOST_LINES:
            raise NotTheSite("The site names more keys than any needs.")
        notary = _trusted(_fold(name, [*self._lines, *fresh]), key)
        try:
            note.check(notary.verifiers(key_name(name)))
        except NotSigned as error:
            raise NotTheSite(f"The manifest is not signed by a key that follows from {key}. {error}") from error
        if fresh or not self.record_name:
            self._keep(name, key, fresh)
        self.record_name, self.key, self.notary = name, key, notary

    def _is_by_retired(self, line: str) -> bool:
        """Tell whether a line is new and signed by a key that was retired before: whoever has that one signs nothing new."""
        kept = {each.added.key for each in self.notary.keys if each.retired}
        return line not in self._lines and any(words in kept for words in line.split(" ")[2:3])

    def _kept(self) -> list[str]:
        """Return what is kept: the record's name, the key, and lines of manifests."""
        if not self._path.exists():
            return ["", ""]
        try:
            kept = lines_of(self._path.read_bytes())
            VerifierKey.parse("".join(kept[1:2]))
        except Malformed as error:
            raise NotTheSite(f"{self._path} is damaged: {error} Remove it, and give the record's key with --key.") from error
        return kept

    def _keep(self, name: str, key: str, fresh: Sequence[str]) -> None:
        """Write down what is new, on the disk when this returns."""
        if not self.record_name:
            durable.replace(self._path, "".join(f"{each}\n" for each in (name, key, *fresh)).encode())
        else:
            kept = self._path.read_bytes()
            durable.replace(self._path, kept + "".join(f"{each}\n" for each in fresh).encode())
        self._lines = [*self._lines, *fresh]

    def _folded(self, lines: Sequence[str]) -> Notary:
        return _trusted(_fold(self.record_name, lines), self.key) if self.record_name else Notary()

    def origins(self) -> dict[str, int]:
        """Return the logs of the site that have a key, with the numbers of their partitions."""
        named = {each.verifier.name for each in self.notary.keys}
        every = {origin(self.record_name, number): number for number in range(MOST_PARTITIONS)}
        return {name: number for name, number in every.items() if name in named}

    def verifiers(self, name: str) -> tuple[VerifierKey, ...]:
        """Return the keys of a log that sign now. One that was retired signs nothing new."""
        in_force = self.notary.in_force(name)
        return tuple(each for each in self.notary.verifiers(name) if str(each) in in_force)


def _parsed(words: str) -> VerifierKey:
    try:
        return VerifierKey.parse(words)
    except Malformed as error:
        raise NotTheSite(f"{words!r} is no key of a record. {error} `fanfare keys show` prints it.") from error


def _fold(record_name: str, lines: Iterable[str]) -> Notary:
    """Return the keys of a manifest's lines; those that are not signed as they have to be are passed over."""
    now, state = datetime.now(UTC), Notary()
    added, retired = list[NotaryKeyAdded](), list[NotaryKeyRetired]()
    for words in (each.split(" ") for each in lines):
        match words:
            case ["key", key, by, signature]:
                added.append(NotaryKeyAdded(key=key, by_key=None if by == "-" else by, signature=signature))
            case ["retired", key, by, signature]:
                retired.append(NotaryKeyRetired(key=key, by_key=by, signature=signature))
            case _:
                pass
    # A manifest has a retirement beside its key, and so before the key that signed it.
    for event in (*added, *retired):
        state = evolve(state, event, record_name, now)
    return state


def _trusted(notary: Notary, key: str) -> Notary:
    """Return what follows from this key: anybody could sign the key of another into a chain of her own."""
    trusted = {key}
    found = []
    for each in notary.keys:
        if each.added.key == key or each.added.by_key in trusted:
            trusted.add(each.added.key)
            found.append(each)
    return Notary(tuple(found))
