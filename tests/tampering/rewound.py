"""What whoever has all keys of a site can do so that nothing contradicts it: show less, show the past, or tell it all anew."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from fanfare.record.entry import pack
from fanfare.record.envelope import encode
from fanfare.record.members import MemberJoined
from fanfare.record.notary import NotaryKeyAdded, key_name
from tests.builders import SITE
from tests.tampering.forgeries import ballot_altered, beside, events
from tests.tampering.kinds import Forgery, Hand, at, done, resealed, tree
from tests.tampering.published import Published, keys_at, renumbered, reported, signed, with_entries
from tests.tampering.stories import keys_of, naming

Rewind = Callable[[Random, Published], Forgery | None]
"""Returns what is published instead; nothing where this record gives no occasion."""


def shown_as_it_was(random: Random, site: Published) -> Forgery | None:
    """Serve an old state of the whole site again: all that was signed then, and nothing of what came since."""
    earliest = site.signed_from[0][0]
    point = random.choice([*site.points[:-1], *range(earliest, len(site.written))])
    shown = until(site, point)
    first = site.written[point]
    return _forgery(shown, "an old state", first.partition, first.offset)


def until(site: Published, point: int) -> Published:
    """Return what was published when the whole record had so many entries."""
    past = replace(
        site,
        written=site.written[:point],
        keys=keys_at(site, point),
        signed_from=tuple(each for each in site.signed_from if each[0] <= point),
        points=(*(each for each in site.points if each < point), point),
    )
    return signed(reported(past), past.points)


def partition_held_back(random: Random, site: Published) -> Forgery | None:
    """Serve an old state of one partition, beside the newest of all others."""
    firsts = [max([0, *(seal.moment[each] for seal in site.course.seals)]) for each in range(site.partitions)]
    room = [each for each in range(1, site.partitions) if firsts[each] < len(site.lanes[each])]
    if not room:
        return None
    partition = random.choice(room)
    left = random.randrange(firsts[partition], len(site.lanes[partition]))
    written = [each for each in site.written if each.partition != partition or each.offset < left]
    shown = signed(reported(renumbered(site, written)))
    return _forgery(shown, "a partition as it was", partition, left)


def partition_hidden(random: Random, site: Published) -> Forgery | None:
    """Leave a whole partition out: no entry, no checkpoint, no line in any manifest."""
    del random
    last = site.partitions - 1
    if not site.lanes[last]:
        return None
    fewer = replace(
        site,
        written=tuple(each for each in site.written if each.partition != last),
        partitions=last,
        history=site.history[:last],
    )
    return _forgery(signed(reported(fewer)), "a partition is hidden", last, 0)


def told_anew(random: Random, site: Published) -> Forgery | None:
    """Alter a ballot, name keys of one's own in the place of the record's, and sign all of it anew with them."""
    altered = ballot_altered(random, site) if len(site.signed_from) == 1 else None
    if altered is None:
        return None
    place, named = events(site, NotaryKeyAdded)[0]
    keys = keys_of(random, site.partitions)
    entry = pack([encode(beside(named, each, number)) for number, each in enumerate(naming(keys, None, {}))])
    forged = with_entries(altered.site, {(place.partition, place.offset): entry})
    own = replace(forged, keys=keys, signed_from=tuple((begin, keys) for begin, _ in forged.signed_from))
    shown = done(replace(altered, site=own), own, Hand.KEYS)
    return _forgery(shown, "all told anew", place.partition, place.offset)


def never_signed(random: Random, site: Published) -> Forgery | None:
    """Alter a ballot, and take out all that was ever signed, with the keys that the record names."""
    altered = ballot_altered(random, site)
    if altered is None:
        return None
    naming_keys = {(place.partition, place.offset) for place, _ in events(site, NotaryKeyAdded)}
    _, joined = events(site, MemberJoined)[0]
    again = pack([encode(joined)])  # which changes nothing, and leaves every offset as it was
    shown = reported(resealed(with_entries(altered.site, dict.fromkeys(naming_keys, again))))
    first = min(naming_keys)
    return _forgery(replace(shown, history=((),) * site.partitions, manifest=b""), "nothing was ever signed", *first)


def tail_written_anew(random: Random, site: Published) -> Forgery | None:
    """Show old checkpoints again, which need no key, and alter a ballot behind them, as if nobody had signed it yet."""
    altered = ballot_altered(random, site)
    if altered is None:
        return None
    points = [each for each in site.points if until_size(site, each, altered.partition) <= altered.offset]
    if not points:
        return None
    old = until(site, points[-1])
    shown = replace(reported(resealed(altered.site)), history=old.history, manifest=old.manifest)
    return _forgery(shown, "a tail that was signed is written anew", altered.partition, altered.offset)


def until_size(site: Published, point: int, partition: int) -> int:
    """Return how many entries a partition had when the whole record had so many."""
    return sum(each.partition == partition for each in site.written[:point])


def _forgery(site: Published, what: str, partition: int, offset: int) -> Forgery:
    return Forgery(site, f"{what}, from {partition}:{offset} on", (at(partition, offset), tree(partition)), partition, offset)


def pinned(site: Published) -> str:
    """Return the record's own key as an auditor would pin it, in words."""
    return str(site.signed_from[0][1][key_name(SITE)].verifier)


REWINDS: tuple[Rewind, ...] = (shown_as_it_was, partition_held_back, partition_hidden, told_anew)
