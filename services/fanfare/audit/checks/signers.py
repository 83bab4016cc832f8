"""The claim about keys: each was signed into the record by one before, and all follow from the one that is pinned. Pure."""

from collections.abc import Iterator

from fanfare.audit.archives.archive import Archive
from fanfare.audit.claims import Claim, claim
from fanfare.record.decisions import Streams
from fanfare.record.entry import Entry, UnknownEvent, unpack
from fanfare.record.notary import Notary, NotaryKeyAdded, NotaryKeyRetired, key_name
from fanfare.record.position import Position

_OWN_WORD = (
    "the keys are the record's own word: whoever made all of it anew could have named others. Pin the key that you know with "
    "--key {key}, or bring a checkpoint or an archive that you kept with --since"
)


def keys_claim(archive: Archive, keys: Notary, pinned: str, *, anchored: bool) -> Claim:
    """
    Check how each key followed from the one before, and that they follow from the *pinned* one, if one is.

    Args:
        anchored: the auditor brought a checkpoint that she kept, so that its key is not the record's word alone.
    """
    site = archive.manifest.site
    own = keys.verifiers(key_name(site))
    wrong = [f"{at}: {why}" for at, why in passed_over(archive, keys)]
    if not keys.keys:
        wrong += [f"the record names no key, and so not {pinned}"] if pinned else []
        said = "the record names no key yet"
        return claim("keys", said, wrong, ["nothing of this record is signed: it names no key of a notary yet"])
    if not own:
        return claim("keys", "", [*wrong, f"the record names keys, and none of {key_name(site)}, as the archive calls it"])
    trusted = vouched(keys, pinned)
    if pinned and not trusted.keys:
        wrong.append(f"the record names no key {pinned}: it is not the record that the owner of that key signs")
    wrong += [
        f"{each.added.key}: does not follow from {pinned}, by any signature"
        for each in keys.keys
        if trusted.keys and each not in trusted.keys
    ]
    retired = sum(each.retired is not None for each in keys.keys)
    count = f"{len(keys.keys)} keys, {retired} of them retired"
    said = f"{own[-1]} is the record’s own; {count}; the first signed itself, each of the others was signed by one before"
    followed = f"; all follow from the pinned {pinned}" if pinned else ""
    return claim("keys", said + followed, wrong, [] if pinned or anchored or not own else [_OWN_WORD.format(key=own[-1])])


def vouched(keys: Notary, pinned: str) -> Notary:
    """
    Return the keys that *pinned* vouches for: it signed them, or signed that they retire, itself or by one that it vouches for.

    Without a pinned one all of them are returned. What a forger adds before a key of ours leads to it, and is not led to by it.
    What these signed is believed where it is old; of what is new `led_to` says more.
    """
    if not pinned:
        return keys
    trusted = {pinned} & {each.added.key for each in keys.keys}
    while more := {
        each.added.key
        for each in keys.keys
        if each.added.key not in trusted
        and (each.added.by_key in trusted or (each.retired is not None and each.retired.by_key in trusted))
    }:
        trusted |= more
    return Notary(tuple(each for each in keys.keys if each.added.key in trusted))


def led_to(keys: Notary, pinned: str) -> Notary:
    """
    Return the keys that sign new things, as far as *pinned* vouches for them: itself, and what follows from it by signatures.

    Not those that it retired: whoever holds one of these, or stole it, could sign a record that ends with that very retirement.
    """
    if not pinned:
        return keys
    led = set[str]()
    for each in keys.keys:  # in the order of the record, so after the one that signed it
        if each.added.key == pinned or each.added.by_key in led:
            led.add(each.added.key)
    return Notary(tuple(each for each in keys.keys if each.added.key in led))


def passed_over(archive: Archive, keys: Notary) -> Iterator[tuple[Position, str]]:
    """Yield where the record names a key, or retires one, without a signature that counts: an honest notary never does."""
    added = {each.added for each in keys.keys}
    retired = {each.retired for each in keys.keys}
    streams = Streams()
    for offset, body in archive.entries(0):
        told = b'"after"' in body or b"\\" in body
        entry = known(offset, body) if told else Entry(0, offset, ())
        if not streams.take(entry):
            continue
        for position, recorded in entry.positioned():
            streams.evolve(recorded)
            event = recorded.event
            if isinstance(event, NotaryKeyAdded) and event not in added:
                yield position, f"it names the key {event.key}, and no key in force signed that"
            elif isinstance(event, NotaryKeyRetired) and event not in retired:
                yield position, f"it retires the key {event.key}, and no key in force signed that"


def names_key(archive: Archive, keys: Notary, size: int) -> bool:
    """Tell whether the first *size* entries of partition 0 name one of the *keys*."""
    added = {each.added for each in keys.keys}
    for offset, body in archive.entries(0):
        if offset >= size:
            return False
        if b'"after"' in body or b"\\" in body:
            for _, recorded in known(offset, body).positioned():
                if isinstance(recorded.event, NotaryKeyAdded) and recorded.event in added:
                    return True
    return False


def known(offset: int, body: bytes) -> Entry:
    """Return an entry of partition 0; without its events where one is not known to this version."""
    try:
        return unpack(0, offset, body)
    except UnknownEvent:
        return Entry(0, offset, ())
