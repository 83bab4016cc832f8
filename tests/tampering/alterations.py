"""What somebody does to the files of an archive, and makes its sums anew; and what befalls its bytes on the way."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from fanfare.audit.archives.archive import BLOCK_BYTES
from fanfare.audit.archives.bundles import SIGNED_MANIFEST, StoredText, checkpoint_member, history_member, line, lines
from tests.tampering.archived import Parcel
from tests.tampering.kinds import at, tree
from tests.tampering.published import Published, signed, with_manifest
from tests.tampering.stories import keys_of


@dataclass(frozen=True)
class Altered:
    """An archive that somebody altered before it was written."""

    parcel: Parcel
    what: str
    where: tuple[str, ...]


Alter = Callable[[Random, Published, Parcel], Altered | None]
Damage = Callable[[Random, bytes], tuple[bytes, int]]
"""Returns other bytes of an archive, and where the first one is that differs."""


def flipped(random: Random, body: bytes, among: range | None = None) -> bytes:
    """Return *body* with one bit the other way."""
    place = random.choice(among or range(len(body)))
    return body[:place] + bytes([body[place] ^ 1 << random.randrange(8)]) + body[place + 1 :]


def _bit(random: Random, parcel: Parcel, prefix: str, *where: str) -> Altered | None:
    found = [each for each in parcel.names(prefix) if parcel.body(each)]
    if not found:
        return None
    name = random.choice(found)
    return Altered(parcel.having(name, flipped(random, parcel.body(name))), f"a bit of {name}", (re.escape(name), *where))


def bit_of_an_entry(random: Random, site: Published, parcel: Parcel) -> Altered | None:
    """Flip a bit of an entry."""
    partition = random.choice([number for number, lane in enumerate(site.lanes) if lane])
    return _bit(random, parcel, f"record/{partition}/", tree(partition), rf"(?<![\d:]){partition}:\d")


def bit_of_a_text(random: Random, site: Published, parcel: Parcel) -> Altered | None:
    """Flip a bit of a text, its salt or its hash."""
    del site
    return _bit(random, parcel, "texts/", r"(?m)^texts: .{60,}: ")


def bit_of_a_report(random: Random, site: Published, parcel: Parcel) -> Altered | None:
    """Flip a bit of a report."""
    del site
    return _bit(random, parcel, "reports/", r"(?m)^report \S+: \$")


def bit_of_a_checkpoint(random: Random, site: Published, parcel: Parcel) -> Altered | None:
    """Flip a bit of a partition's newest checkpoint."""
    return _bit(random, parcel, checkpoint_member(random.randrange(site.partitions)))


def bit_of_a_history(random: Random, site: Published, parcel: Parcel) -> Altered | None:
    """Flip a bit of the checkpoints that were kept."""
    partition = random.randrange(site.partitions)
    return _bit(random, parcel, history_member(partition), tree(partition))


def bit_of_the_manifest(random: Random, site: Published, parcel: Parcel) -> Altered | None:
    """Flip a bit of the signed manifest."""
    del site
    return _bit(random, parcel, SIGNED_MANIFEST, r"(?m)^manifest: ")


def text_replaced(random: Random, site: Published, parcel: Parcel) -> Altered | None:
    """Let a text say something else."""
    del site
    name = parcel.names("texts/")[0]
    held = list(lines(parcel.body(name), name))
    place = random.randrange(len(held))
    old = held[place]
    held[place] = StoredText(old.hash, old.salt, f"{old.text} not")
    return Altered(parcel.having(name, b"".join(map(line, held))), f"the text {old.hash}", (old.hash,))


def text_added(random: Random, site: Published, parcel: Parcel) -> Altered | None:
    """Put a text there that no event names."""
    del site
    name = parcel.names("texts/")[0]
    extra = StoredText(f"{random.getrandbits(256):064x}", "00" * 16, "never said")
    body = b"".join(map(line, sorted([*lines(parcel.body(name), name), extra], key=lambda each: each.hash)))
    return Altered(parcel.having(name, body), "a text more", (extra.hash, re.escape(name)))


def figure_off(random: Random, site: Published, parcel: Parcel) -> Altered | None:
    """Let a figure of a report be one more or less."""
    del site
    name = random.choice(parcel.names("reports/"))
    body = parcel.body(name)
    figures = [found.span(1) for found in re.finditer(rb'":(\d{1,6})(?=[,}])', body)]
    if not figures:
        return None
    start, end = random.choice(figures)
    figure = int(body[start:end])
    other = b"%d" % (figure + random.choice((1, -1) if figure else (1,)))
    told = name.removeprefix("reports/").removesuffix(".json")
    where = (rf"report {re.escape(told)}: \$\.", re.escape(name))
    return Altered(parcel.having(name, body[:start] + other + body[end:]), f"a figure of {name}", where)


def reports_exchanged(random: Random, site: Published, parcel: Parcel) -> Altered | None:
    """Put a report in the place of another."""
    del site
    one, other = random.sample(parcel.names("reports/"), 2)
    exchanged = parcel.having(one, parcel.body(other)).having(other, parcel.body(one))
    return Altered(exchanged, f"{one} and {other}", (one[8:-5], other[8:-5]))


def report_missing(random: Random, site: Published, parcel: Parcel) -> Altered | None:
    """Leave a report out, and out of the list."""
    del site
    name = random.choice(parcel.names("reports/"))
    kept = tuple(each for each in parcel.reports if each.member != name)
    return Altered(replace(parcel.without(name), reports=kept), f"{name} is missing", (re.escape(name),))


def checkpoints_exchanged(random: Random, site: Published, parcel: Parcel) -> Altered | None:
    """Put the checkpoint of a partition in the place of another one's."""
    one, other = random.sample(range(site.partitions), 2)
    first, second = checkpoint_member(one), checkpoint_member(other)
    exchanged = parcel.having(first, parcel.body(second)).having(second, parcel.body(first))
    return Altered(exchanged, f"{first} and {second}", (rf"tree {one}: ", rf"tree {other}: "))


def checkpoint_missing(random: Random, site: Published, parcel: Parcel) -> Altered | None:
    """Leave out the checkpoint of a partition and those before it."""
    partition = random.randrange(site.partitions)
    left = parcel.without(checkpoint_member(partition))
    return Altered(left, f"partition {partition} is not signed", (rf"tree {partition}: ",))


def nothing_signed(random: Random, site: Published, parcel: Parcel) -> Altered | None:
    """Leave out all that was signed."""
    del random, site
    return Altered(parcel.without("checkpoints/"), "nothing is signed", (r"(?m)^tree \d: ",))


def signed_with_another_key(random: Random, site: Published, parcel: Parcel) -> Altered | None:
    """Sign what somebody altered with keys of her own, under the right names."""
    other = replace(site, keys=keys_of(random, site.partitions), signed_from=((0, keys_of(random, site.partitions)),))
    forged = with_manifest(signed(other))
    return Altered(_with_signed(parcel, forged), "signed with another key", (r"(?m)^tree \d: ",))


def checkpoint_with_another_root(random: Random, site: Published, parcel: Parcel) -> Altered | None:
    """Alter the root or the size in a checkpoint, and leave its signature as it was."""
    partition = random.randrange(site.partitions)
    name = checkpoint_member(partition)
    head, size, root, rest = parcel.body(name).split(b"\n", 3)
    forged = random.choice(
        [
            b"\n".join((head, b"%d" % (int(size) + 1), root, rest)),
            b"\n".join((head, size, root[:-2] + (b"A=" if root[-2:] != b"A=" else b"E="), rest)),
        ]
    )
    return Altered(parcel.having(name, forged), f"another {name}", (re.escape(name), tree(partition)))


def manifest_renamed(random: Random, site: Published, parcel: Parcel) -> Altered | None:
    """Let the archive's manifest call the site otherwise, or say that it was a simulation."""
    del site
    said: dict[str, object] = random.choice([{"site": "https://fanfare.pomfret.exampel"}, {"simulation": True}])
    return Altered(replace(parcel, claims=said), f"{said}", (r"(?m)^record: the manifest says", r"fanfare\.pomfret\.exampel"))


def manifest_shortened(random: Random, site: Published, parcel: Parcel) -> Altered | None:
    """Let the archive's manifest tell fewer entries, or more, than there are."""
    partition = random.randrange(site.partitions)
    moment = list(parcel.moment)
    moment[partition] += random.choice((1, -1))
    return Altered(
        replace(parcel, moment=tuple(moment)), f"the moment {moment}", (tree(partition), at(partition, moment[partition]))
    )


def members_exchanged(random: Random, site: Published, parcel: Parcel) -> Altered | None:
    """Exchange two bundles of entries, each with its right sum under the other's name."""
    del site
    one, other = random.sample(parcel.names("record/"), 2)
    exchanged = parcel.having(one, parcel.body(other)).having(other, parcel.body(one))
    trees = (tree(_partition_of(one)), tree(_partition_of(other)))
    return Altered(exchanged, f"{one} and {other}", (re.escape(one), re.escape(other), *trees))


def member_missing(random: Random, site: Published, parcel: Parcel) -> Altered | None:
    """Leave a bundle of entries out."""
    name = random.choice(parcel.names("record/"))
    partition = _partition_of(name)
    del site
    return Altered(parcel.without(name), f"{name} is missing", (re.escape(name), rf"\b{partition}:\d+ ", tree(partition)))


def _partition_of(name: str) -> int:
    return int(name.split("/")[1])


def _with_signed(parcel: Parcel, site: Published) -> Parcel:
    parcel = parcel.having(SIGNED_MANIFEST, site.manifest)
    for partition, notes in enumerate(site.history):
        parcel = parcel.having(checkpoint_member(partition), notes[-1])
    return parcel.without(*(history_member(each) for each in range(site.partitions)))


ALTERATIONS: tuple[Alter, ...] = (
    bit_of_an_entry,
    bit_of_a_text,
    bit_of_a_report,
    bit_of_a_checkpoint,
    bit_of_a_history,
    bit_of_the_manifest,
    text_replaced,
    text_added,
    figure_off,
    reports_exchanged,
    report_missing,
    checkpoints_exchanged,
    checkpoint_missing,
    checkpoint_with_another_root,
    nothing_signed,
    signed_with_another_key,
    manifest_renamed,
    manifest_shortened,
    members_exchanged,
    member_missing,
)


# On the way


def bit_on_the_way(random: Random, whole: bytes) -> tuple[bytes, int]:
    """Flip a bit anywhere."""
    place = random.randrange(len(whole))
    return flipped(random, whole, range(place, place + 1)), place


def cut_off(random: Random, whole: bytes) -> tuple[bytes, int]:
    """Cut the end off."""
    place = random.randrange(len(whole))
    return whole[:place], place


def more_behind(random: Random, whole: bytes) -> tuple[bytes, int]:
    """Append something."""
    return whole + random.randbytes(random.choice((1, BLOCK_BYTES))), len(whole)


def blocks_exchanged(random: Random, whole: bytes) -> tuple[bytes, int]:
    """Exchange two blocks of a disk."""
    blocks = [whole[place : place + BLOCK_BYTES] for place in range(0, len(whole), BLOCK_BYTES)]
    one, other = sorted(random.sample(range(len(blocks)), 2))
    blocks[one], blocks[other] = blocks[other], blocks[one]
    return b"".join(blocks), one * BLOCK_BYTES


def overwritten(random: Random, whole: bytes) -> tuple[bytes, int]:
    """Write other bytes over some."""
    place = random.randrange(len(whole))
    made = random.randbytes(min(random.randint(2, 90), len(whole) - place))
    return whole[:place] + made + whole[place + len(made) :], place


DAMAGES: tuple[Damage, ...] = (bit_on_the_way, cut_off, more_behind, blocks_exchanged, overwritten)
