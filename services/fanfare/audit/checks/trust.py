"""What an auditor brings along: a key that she pinned, checkpoints and archives that she kept, witnesses and receipts."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from fanfare.audit.archives.archive import Archive, ArchiveUnreadable
from fanfare.audit.archives.bundles import Broken
from fanfare.audit.checks.leaves import Leaves
from fanfare.audit.claims import silent
from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.faults import Malformed
from fanfare.ledger.keys import Kind, VerifierKey
from fanfare.ledger.notes import MOST_BYTES, Note
from fanfare.record.notary import key_name, origin


class CannotTrust(Exception):
    """Something that was brought along cannot be used. The sentence says why, and what to bring instead."""


class Seen(msgspec.Struct, frozen=True):
    """How far a partition had come when the auditor looked, and the root over it then."""

    source: str
    """What to call it: the file's name."""
    origin: str
    size: int
    root: bytes
    note: bytes = b""
    """As it was signed; empty where the root was computed from the entries of an earlier archive."""


class Held(msgspec.Struct, frozen=True):
    """A receipt as somebody saved it."""

    source: str
    body: bytes


class Trust(msgspec.Struct, frozen=True):
    """All that an audit believes beside what it reads."""

    key: str = ""
    """A key of the record's own, in words; empty: the record's word is taken for it."""
    since: tuple[Seen, ...] = ()
    witnesses: tuple[VerifierKey, ...] = ()
    receipts: tuple[Held, ...] = ()

    def check(self, site: str) -> None:
        """
        Make sure that what was brought along is of this record, and not of another one.

        Raises:
            CannotTrust: it is of another.
        """
        if self.key and VerifierKey.parse(self.key).name != key_name(site):
            name = VerifierKey.parse(self.key).name
            raise CannotTrust(
                f"the key {self.key} is one of {name}; pin the record's own, whose name is {key_name(site)}: it stands first in "
                "/record/manifest, or does not stand there if this is another site"
            )
        for each in self.since:
            if partition_of(site, each.origin) is None:
                raise CannotTrust(
                    f"{each.source} is of {each.origin}, and this is the record of {site}: name one that you kept of this site"
                )


NOTHING = Trust()
"""For whoever brings nothing along."""


def trust(
    *,
    key: str = "",
    since: Sequence[Path] = (),
    witnesses: Sequence[str] = (),
    receipts: Sequence[Path] = (),
) -> Trust:
    """
    Read what an auditor brings along.

    Args:
        key: in words, or the name of a file that holds them.
        since: each a saved checkpoint, or an earlier archive.
        witnesses: their keys, in words.
        receipts: each as it was saved.

    Raises:
        CannotTrust: something of it cannot be read.
    """
    return Trust(
        key=str(_key(_words(key), Kind.NOTE)) if key else "",
        since=tuple(seen for path in since for seen in kept(path)),
        witnesses=tuple(_key(_words(each), Kind.COSIGNATURE) for each in witnesses),
        receipts=tuple(Held(path.name, _read(path)) for path in receipts),
    )


def partition_of(site: str, of: str) -> int | None:
    """Return the partition whose checkpoints bear this origin; none where it is none of the record's."""
    number = of.rpartition("/")[2]
    return int(number) if number.isdecimal() and number.isascii() and origin(site, int(number)) == of else None


def kept(path: Path) -> Iterator[Seen]:
    """
    Yield what an auditor kept: a checkpoint as it was served, or each partition of an earlier archive, as far as that goes.

    Raises:
        CannotTrust: it is neither, or damaged.
    """
    head = _read(path, MOST_BYTES)
    try:
        checkpoint = Checkpoint.parse(Note.parse(head).text)
    except Malformed:
        yield from _of_archive(path)
    else:
        yield Seen(path.name, checkpoint.origin, checkpoint.size, checkpoint.root, head)


def _of_archive(path: Path) -> Iterator[Seen]:
    try:
        with path.open("rb") as stream:
            archive = Archive(stream, silent)
            if archive.damage:
                raise CannotTrust(f"{path.name} is a damaged archive: {archive.damage[0]}")
            for partition, end in enumerate(archive.manifest.moment):
                leaves = Leaves()
                for _, body in archive.entries(partition):
                    leaves.take(body)
                yield Seen(path.name, origin(archive.manifest.site, partition), end, leaves.finish().get(end, b""))
    except ArchiveUnreadable as error:
        raise CannotTrust(
            f"{path.name} is neither a checkpoint, as SITE/record/0/checkpoint serves it, nor an archive: {error}"
        ) from error
    except Broken as error:
        raise CannotTrust(f"{path.name} is a damaged archive: {error}") from error


def _words(given: str) -> str:
    path = Path(given)
    try:
        is_file = "+" not in given and path.is_file()
    except OSError:  # a name that is too long, say
        is_file = False
    return _read(path, 1000).decode("utf-8", "replace").strip() if is_file else given.strip()


def _key(words: str, kind: Kind) -> VerifierKey:
    try:
        key = VerifierKey.parse(words)
    except Malformed as error:
        raise CannotTrust(f"{words[:80]!r} is no key: {error} It reads like fanfare.example+1a2b3c4d+AZ…") from error
    if key.kind is not kind:
        wanted = "a witness's (cosignature/v1)" if kind is Kind.COSIGNATURE else "the record's"
        raise CannotTrust(f"{words} is not {wanted} key")
    return key


def _read(path: Path, most: int = -1) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(most)
    except OSError as error:
        raise CannotTrust(f"{path}: {error.strerror}") from error
