"""
The archive: one tar file with a record, its public texts, its published reports and a manifest.

docs/archive-format.md describes it for those who want to read one without Fanfare.
"""

import hashlib
import tarfile
from collections.abc import Callable, Iterator
from io import SEEK_END
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec

from fanfare.audit.archives.bundles import (
    MOST_MEMBER_BYTES,
    SIGNED_MANIFEST,
    Broken,
    Gathering,
    StoredText,
    checkpoint_member,
    frames,
    history_member,
    lines,
    record_member,
)
from fanfare.audit.claims import Progress
from fanfare.record.kinds import canonical, digest
from fanfare.record.position import Moment

README, MANIFEST, SUMS = "README.txt", "manifest.json", "SHA256SUMS"
ABOUT = b"""\
This is an archive of a Fanfare record: what happened, what was published, and the public texts.

sha256sum -c SHA256SUMS      checks that it is whole
fanfare audit FILE           checks all that is claimed of it, and computes every published report again, without a network

record/PARTITION/*.entries   the stored bytes of each entry; before each, on a line, its offset and its length in bytes
checkpoints/                 how far each partition had come, as the site signed it: the newest and earlier ones, and its manifest
texts/*.jsonl                the texts that the record names by their salted hashes; an erased one is missing
reports/                     the reports exactly as the site published them
manifest.json                what is here, how far it goes, and when and where each report was fetched
"""
BLOCK_BYTES = 512
_ZEROS = bytes(BLOCK_BYTES)


class ArchiveUnreadable(Exception):
    """This file cannot be read as an archive."""


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of the archive."""

    name: str
    count: int
    """How many entries or texts it holds; 1 of what is one thing."""
    size_bytes: int
    sha256: str


class Published(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A report as the site published it."""

    member: str
    url: str
    moment: Moment
    """The one that the report names as its own."""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the archive says of itself."""

    format: Literal["fanfare-archive"] = "fanfare-archive"
    version: Literal[1] = 1
    site: str
    simulation: bool
    moment: Moment
    """How many entries of each partition are in the archive."""
    fanfare: str
    """The version that wrote it."""
    created_at: str
    texts: int
    reports: tuple[Published, ...]
    members: tuple[Member, ...] = ()
    """All but the manifest itself and the sums, in their order."""


def _header(name: str, size_bytes: int) -> bytes:
    """Return the only header that a member of that name and size can have: same content, same bytes."""
    member = tarfile.TarInfo(name)
    member.size = size_bytes
    return member.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")


def _padding(size_bytes: int) -> int:
    return -size_bytes % BLOCK_BYTES


def sums(members: tuple[Member, ...], manifest: bytes) -> bytes:
    """Return SHA256SUMS, as ``sha256sum -c`` reads it."""
    listed = [*((each.sha256, each.name) for each in members), (digest(manifest), MANIFEST)]
    return "".join(f"{sha256}  {name}\n" for sha256, name in listed).encode()


class Writer:
    """Writes an archive member by member; holds one at a time. Owned by one export."""

    def __init__(self, stream: BinaryIO) -> None:
        """Write to *stream*, which is only appended to."""
        self._stream = stream
        self._members: list[Member] = []

    def add(self, name: str, body: bytes, count: int = 1) -> None:
        """Write a member and remember it for the manifest."""
        self._put(name, body)
        self._members.append(Member(name, count, len(body), digest(body)))

    def add_bundle(self, name: Callable[[int], str], bundle: Gathering) -> None:
        """Write what was gathered, if anything was; *name* makes a member's name of the place of its first piece."""
        if taken := bundle.take():
            first, body, count = taken
            self.add(name(first), body, count)

    def finish(self, manifest: Manifest) -> Manifest:
        """Write the manifest, the sums and the end, and return the manifest with its members."""
        manifest = msgspec.structs.replace(manifest, members=tuple(self._members))
        self._put(MANIFEST, canonical(manifest))
        self._put(SUMS, sums(manifest.members, canonical(manifest)))
        self._stream.write(2 * _ZEROS)
        return manifest

    def _put(self, name: str, body: bytes) -> None:
        self._stream.write(_header(name, len(body)))
        self._stream.write(body)
        self._stream.write(bytes(_padding(len(body))))


class _Place(msgspec.Struct, frozen=True):
    start: int
    size_bytes: int
    sha256: str


def _members(stream: BinaryIO) -> Iterator[tuple[str, int, bytes]]:
    """
    Yield name, place and body of each member.

    Every byte of the file is in a body or follows from the names and sizes, and is compared with what follows: nothing can be
    changed, added or cut off between the bodies.
    """
    while (block := stream.read(BLOCK_BYTES)) != _ZEROS:
        try:
            header = tarfile.TarInfo.frombuf(block, "ascii", "strict")
            exact = block == _header(header.name, header.size) and header.size <= MOST_MEMBER_BYTES
        except (tarfile.HeaderError, ValueError) as error:
            place = stream.tell() - len(block)
            raise ArchiveUnreadable(f"it is damaged or cut off at byte {place}, or is no archive of Fanfare") from error
        if not exact:
            raise ArchiveUnreadable(f"the header of its member {header.name!r} is damaged")
        start = stream.tell()
        body = stream.read(header.size)
        padding = stream.read(_padding(header.size))
        if len(body) != header.size or padding != bytes(_padding(header.size)):
            raise ArchiveUnreadable(f"its member {header.name!r} is cut off, or damaged behind its end")
        yield header.name, start, body
    if stream.read() != _ZEROS:
        raise ArchiveUnreadable("its end is damaged, or something stands behind it")


class Archive:
    """An archive that was read through once: where its members are, and how they differ from what the manifest says."""

    def __init__(self, stream: BinaryIO, progress: Progress) -> None:
        """
        Read *stream*, an open file, from its beginning to its end. The caller closes it.

        Raises:
            ArchiveUnreadable: it is no archive, or a damaged one.
        """
        self._stream = stream
        self.path = Path(stream.name)
        self._places: dict[str, _Place] = {}
        self.size_bytes = stream.seek(0, SEEK_END)
        stream.seek(0)
        kept: dict[str, bytes] = {}
        for name, start, body in _members(stream):
            if name in self._places:
                raise ArchiveUnreadable(f"it holds {name!r} twice")
            self._places[name] = _Place(start, len(body), hashlib.sha256(body).hexdigest())
            if name in (MANIFEST, SUMS):
                kept[name] = body
            progress("reading the archive", start + len(body), self.size_bytes)
        self.manifest = _manifest(kept)
        self.damage = self._compare(kept)

    def _compare(self, kept: dict[str, bytes]) -> list[str]:
        listed = {each.name: each for each in self.manifest.members}
        found = {name: place for name, place in self._places.items() if name not in (MANIFEST, SUMS)}
        if [*self._places] != [*listed, MANIFEST, SUMS]:
            extra, missing = sorted(found.keys() - listed.keys()), sorted(listed.keys() - found.keys())
            return [
                *(f"{name}: the manifest does not list it" for name in extra),
                *(f"{name}: the manifest lists it, and it is missing" for name in missing),
            ] or ["its members are not in the order of the manifest"]
        differ = [
            f"{name}: {place.size_bytes} bytes with SHA-256 {place.sha256}; "
            f"the manifest says {listed[name].size_bytes} bytes with {listed[name].sha256}"
            for name, place in found.items()
            if (place.size_bytes, place.sha256) != (listed[name].size_bytes, listed[name].sha256)
        ]
        if kept[SUMS] != sums(self.manifest.members, kept[MANIFEST]):
            differ.append(f"{SUMS}: does not follow from the manifest")
        return differ

    def begins_at(self, name: str) -> int:
        """Return the place in the file of a member's first byte, for whoever reads it by herself."""
        return self._places[name].start

    def body(self, name: str) -> bytes:
        """Return the bytes of a member."""
        place = self._places[name]
        self._stream.seek(place.start)
        return self._stream.read(place.size_bytes)

    def _bundles(self, prefix: str) -> Iterator[tuple[Member, bytes]]:
        return ((each, self.body(each.name)) for each in self.manifest.members if each.name.startswith(prefix))

    def entries(self, partition: int) -> Iterator[tuple[int, bytes]]:
        """
        Yield offset and stored bytes of each entry of a partition, in order.

        Raises:
            Broken: an offset is missing, a bundle does not parse, or its count is wrong.
        """
        expected = 0
        for member, body in self._bundles(f"record/{partition}/"):
            start = expected
            if member.name != record_member(partition, start):
                raise Broken(f"{member.name}: entry {partition}:{start} should come next")
            for offset, entry in frames(body, member.name):
                if offset != expected:
                    raise Broken(f"{member.name}: entry {partition}:{expected} is missing; {partition}:{offset} comes next")
                expected += 1
                yield offset, entry
            if expected - start != member.count:
                raise Broken(f"{member.name}: holds {expected - start} entries; the manifest says {member.count}")

    def texts(self) -> Iterator[StoredText]:
        """
        Yield the public texts.

        Raises:
            Broken: a line does not parse, or a count is wrong.
        """
        for member, body in self._bundles("texts/"):
            found = list(lines(body, member.name))
            if len(found) != member.count:
                raise Broken(f"{member.name}: holds {len(found)} texts; the manifest says {member.count}")
            yield from found

    def entry(self, partition: int, offset: int) -> bytes | None:
        """Return the stored bytes of one entry; none where there is no such entry. Raises: Broken."""
        firsts = [each for each in self.manifest.members if each.name.startswith(f"record/{partition}/")]
        held = [each for each in firsts if each.name <= record_member(partition, offset)]
        found = frames(self.body(held[-1].name), held[-1].name) if held else ()
        return next((body for at, body in found if at == offset), None)

    def signed_manifest(self) -> bytes | None:
        """Return the site's signed list of partitions and keys; none where it had none."""
        return self.body(SIGNED_MANIFEST) if self.has(SIGNED_MANIFEST) else None

    def checkpoint(self, partition: int) -> bytes | None:
        """Return the newest checkpoint of a partition, a signed note; none where it had none."""
        name = checkpoint_member(partition)
        return self.body(name) if self.has(name) else None

    def history(self, partition: int) -> list[tuple[int, bytes]]:
        """Return the earlier checkpoints that the site had kept, each with the size it is filed under. Raises: Broken."""
        name = history_member(partition)
        found = list(frames(self.body(name), name)) if self.has(name) else []
        count = next((each.count for each in self.manifest.members if each.name == name), 0)
        if len(found) != count:
            raise Broken(f"{name}: holds {len(found)} checkpoints; the manifest says {count}")
        return found

    def has(self, name: str) -> bool:
        """Tell whether there is such a member."""
        return name in self._places


def _manifest(kept: dict[str, bytes]) -> Manifest:
    if MANIFEST not in kept or SUMS not in kept:
        raise ArchiveUnreadable(f"it has no {MANIFEST if MANIFEST not in kept else SUMS}")
    try:
        stamp = msgspec.json.decode(kept[MANIFEST], type=_Stamp)
        if (stamp.format, stamp.version) != ("fanfare-archive", 1):
            raise ArchiveUnreadable(
                f"its format is {stamp.format!r} {stamp.version}; this Fanfare reads fanfare-archive 1: upgrade it"
            )
        return msgspec.json.decode(kept[MANIFEST], type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ArchiveUnreadable(f"its manifest does not parse: {error}") from error


class _Stamp(msgspec.Struct):
    format: str
    version: int
