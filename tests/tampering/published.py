"""What a host puts before the world, all of it: entries, reports, texts, tiles, signed checkpoints, and archives of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random

from fanfare.audit.archives.bundles import StoredText
from fanfare.audit.checks.course import Address, Course
from fanfare.ledger import growing
from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.hashing import leaf_hash
from fanfare.ledger.keys import SignerKey
from fanfare.ledger.ranges import CompactRange, root_of
from fanfare.ledger.tiles import Tile
from fanfare.notary.publishing import assembled, manifest
from fanfare.platform.logs.port import StoredEntry
from fanfare.record.entry import unpack
from fanfare.record.notary import key_name, origin
from fanfare.record.position import Moment
from fanfare.reports.recount import Recount
from fanfare.reports.report import encoded
from tests.builders import SITE
from tests.tampering.stories import Story, lanes

Keys = Mapping[str, SignerKey]
POINTS = 5
"""How often the notary signed on the way, at most."""


@dataclass(frozen=True)
class Published:
    """A site as strangers see it, and the keys of whoever runs it. What is told to be changed is changed in a copy."""

    seed: int
    written: tuple[StoredEntry, ...]
    """Every entry, in the order in which they were appended."""
    partitions: int
    keys: Keys
    signed_from: tuple[tuple[int, Keys], ...]
    points: tuple[int, ...]
    """After how many entries of the whole record the notary signed, on the way and at the end."""
    texts: Mapping[str, StoredText]
    reports: Mapping[Address, bytes]
    history: tuple[tuple[bytes, ...], ...]
    """Of each partition the checkpoints that were signed, the newest last."""
    manifest: bytes
    """The signed one."""

    @cached_property
    def lanes(self) -> list[list[bytes]]:
        """The entries of each partition."""
        return lanes(self.written, self.partitions)

    @property
    def moment(self) -> Moment:
        """How far the record has come."""
        return tuple(map(len, self.lanes))

    @cached_property
    def course(self) -> Course:
        """What partition 0 tells."""
        course = Course()
        for offset, body in enumerate(self.lanes[0]):
            course.apply(unpack(0, offset, body))
        return course

    def files(self, partition: int) -> dict[Tile, bytes]:
        """Return the tiles and bundles of a partition."""
        return growing.grow(CompactRange(), {}, self.lanes[partition])

    def sizes(self, partition: int) -> list[int]:
        """Return of which sizes checkpoints were signed."""
        return [int(each.split(b"\n")[1]) for each in self.history[partition]]


def publish(story: Story) -> Published:
    """Publish an honest story: its reports, and checkpoints of some moments on the way and of its end."""
    random = Random(story.seed + 1)
    after_keys = story.signed_from[0][0]
    points = sorted(random.sample(range(after_keys, len(story.written)), min(POINTS, len(story.written) - after_keys)))
    points.append(len(story.written))
    unsigned = Published(
        seed=story.seed,
        written=tuple(story.written),
        partitions=story.partitions,
        keys=story.keys,
        signed_from=tuple(story.signed_from),
        points=tuple(points),
        texts=story.texts,
        reports={},
        history=((),) * story.partitions,
        manifest=b"",
    )
    return signed(reported(unsigned), points)


def reported(site: Published) -> Published:
    """Compute every report again, from the record as it is now."""
    fold = Recount(site.partitions)
    for partition, lane in enumerate(site.lanes):
        for offset, body in enumerate(lane):
            fold.apply(unpack(partition, offset, body))
    reports = {
        address: encoded(fold.round_report(address.id) if address.kind == "rounds" else fold.campaign_report(address.id))
        for address in site.course.addresses()
    }
    return replace(site, reports=reports)


def signed(site: Published, points: Sequence[int] = ()) -> Published:
    """Sign all checkpoints again, with the keys that signed at the time: at these points of the whole record, or as before."""
    history: list[tuple[bytes, ...]] = []
    for partition, lane in enumerate(site.lanes):
        reached = [(sum(each.partition == partition for each in site.written[:point]), point) for point in points]
        if not points:
            sizes = [*site.sizes(partition)[:-1], len(lane)]
            reached = [(min(size, len(lane)), len(site.written)) for size in sizes]
        hashes, keys = list(map(leaf_hash, lane)), dict(reached)  # of one size the last keys sign
        notes = [_note(partition, size, root_of(hashes[:size]), keys_at(site, keys[size])) for size in sorted(keys)]
        history.append(tuple(notes))
    return with_manifest(replace(site, history=tuple(history)))


def keys_at(site: Published, point: int) -> Keys:
    """Return what signed when the whole record had so many entries."""
    return [keys for begin, keys in site.signed_from if begin <= point][-1]


def _note(partition: int, size: int, root: bytes, keys: Keys) -> bytes:
    name = origin(SITE, partition)
    return bytes(assembled(Checkpoint(name, size, root), [keys[name]]))


def with_manifest(site: Published) -> Published:
    """Sign the manifest of the newest checkpoints again."""
    newest = [each[-1] for each in site.history]
    return replace(site, manifest=manifest(SITE, newest, site.course.streams.notary, [site.keys[key_name(SITE)]]))


def with_entries(site: Published, changed: Mapping[tuple[int, int], bytes]) -> Published:
    """Put other bytes in the place of some entries."""
    written = tuple(
        StoredEntry(each.partition, each.offset, changed.get((each.partition, each.offset), each.body)) for each in site.written
    )
    return replace(site, written=written)


def renumbered(site: Published, written: Sequence[StoredEntry]) -> Published:
    """Take another list of entries for the record, and give each the next offset of its partition."""
    heads = [0] * site.partitions
    made = []
    for each in written:
        made.append(StoredEntry(each.partition, heads[each.partition], each.body))
        heads[each.partition] += 1
    return replace(site, written=tuple(made))
