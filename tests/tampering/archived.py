"""Archives of what a host publishes, member by member, so that each can be changed before sums and manifest are made over it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from fanfare.audit.archives.archive import ABOUT, BLOCK_BYTES, README, Manifest, Published, Writer, _header
from fanfare.audit.archives.bundles import (
    SIGNED_MANIFEST,
    checkpoint_member,
    framed,
    history_member,
    line,
    record_member,
    texts_member,
)
from fanfare.record.position import Moment
from tests.builders import SITE
from tests.tampering.published import Published as Site

BUNDLE = 8
"""How many entries lie in one member: few, so that there are many members."""


@dataclass(frozen=True)
class Parcel:
    """An archive before it is written."""

    members: tuple[tuple[str, bytes, int], ...]
    """Name, bytes and count of each."""
    moment: Moment
    texts: int
    reports: tuple[Published, ...]
    claims: dict[str, object] = field(default_factory=dict)
    """What its manifest says otherwise."""

    def body(self, name: str) -> bytes:
        """Return the bytes of a member."""
        return next(body for found, body, _ in self.members if found == name)

    def names(self, prefix: str) -> list[str]:
        """Return the names of the members that begin so."""
        return [name for name, _, _ in self.members if name.startswith(prefix)]

    def having(self, name: str, body: bytes) -> "Parcel":
        """Return the archive with another body in the place of a member's."""
        return replace(self, members=tuple((found, body if found == name else old, count) for found, old, count in self.members))

    def without(self, *prefixes: str) -> "Parcel":
        """Return the archive without the members that begin so."""
        return replace(self, members=tuple(each for each in self.members if not each[0].startswith(prefixes)))

    @staticmethod
    def framed(name: str, body: bytes) -> bytes:
        """Return a member as it stands in the file: its header, its body, and zeros up to the next block."""
        return _header(name, len(body)) + body + bytes(-len(body) % BLOCK_BYTES)

    def write(self, path: Path) -> Path:
        """Write it, with sums and a manifest made anew over what is in it."""
        with path.open("wb") as stream:
            writer = Writer(stream)
            for name, body, count in self.members:
                writer.add(name, body, count)
            stamp = {"fanfare": "0.1.0", "created_at": "2026-11-11T13:00:00Z", "site": SITE, "simulation": False}
            said = {"moment": self.moment, "texts": self.texts, "reports": self.reports, **stamp, **self.claims}
            writer.finish(msgspec.convert(msgspec.to_builtins(said), Manifest))
        return path


def parcel(site: Site) -> Parcel:
    """Return the archive that the host of *site* would hand out."""
    reports = [(address, body) for address, body in site.reports.items()]
    texts = sorted((each for each in site.texts.values() if each.hash in site.course.references), key=lambda each: each.hash)
    members = [
        (README, ABOUT, 1),
        *((address.member, body, 1) for address, body in reports),
        *_entries(site),
        (texts_member(0), b"".join(map(line, texts)), len(texts)),
        *_checkpoints(site),
    ]
    published = tuple(
        Published(address.member, f"{SITE}{address.path}", msgspec.json.decode(body, type=_Dated).moment)
        for address, body in reports
    )
    return Parcel(tuple(each for each in members if each[2]), site.moment, len(texts), published)


def _entries(site: Site) -> Iterable[tuple[str, bytes, int]]:
    for partition, lane in enumerate(site.lanes):
        for first in range(0, len(lane), BUNDLE):
            some = lane[first : first + BUNDLE]
            body = b"".join(framed(first + place, each) for place, each in enumerate(some))
            yield record_member(partition, first), body, len(some)


def _checkpoints(site: Site) -> Iterable[tuple[str, bytes, int]]:
    if not site.manifest:
        return
    yield SIGNED_MANIFEST, site.manifest, 1
    for partition, notes in enumerate(site.history):
        yield checkpoint_member(partition), notes[-1], 1
        sizes = site.sizes(partition)
        earlier = b"".join(framed(size, note) for size, note in zip(sizes[:-1], notes[:-1], strict=True))
        yield history_member(partition), earlier, len(notes) - 1


class _Dated(msgspec.Struct):
    moment: Moment
