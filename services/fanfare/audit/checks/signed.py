"""
What the notary signed of a record, as claims: keys, manifest, each partition's checkpoints, and what an auditor kept of them.

Nothing is believed for being signed: a signature says who claimed a root, and the entries say whether it is so.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from fanfare.audit.archives.archive import Archive
from fanfare.audit.archives.bundles import Broken, checkpoint_member, history_member
from fanfare.audit.checks.held import held_sizes, receipt_claims
from fanfare.audit.checks.listed import listed, manifest_claim
from fanfare.audit.checks.points import Point, Roots, between, fault, opened, size_of
from fanfare.audit.checks.signers import keys_claim, led_to, names_key, vouched
from fanfare.audit.checks.trust import NOTHING, Seen, Trust, partition_of
from fanfare.audit.claims import Claim, claim
from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.faults import Malformed, NotSigned
from fanfare.ledger.keys import VerifierKey
from fanfare.ledger.notes import Note
from fanfare.record.notary import Notary, key_name, origin


def sizes_wanted(archive: Archive, trust: Trust = NOTHING) -> dict[int, set[int]]:
    """
    Return, by partition, at which sizes the fold has to note the root, so that every claim of `signed_claims` can be checked.

    Raises:
        CannotTrust: what the auditor brought along is of another site.
    """
    site = archive.manifest.site
    trust.check(site)
    wanted: dict[int, set[int]] = {partition: set() for partition in range(len(archive.manifest.moment))}
    for partition, found in wanted.items():
        notes = [archive.checkpoint(partition), *(note for _, note in _history(archive, partition))]
        found.update(reached for note in notes if note is not None and (reached := size_of(note)) is not None)
    kept = ((partition_of(site, each.origin), each.size) for each in trust.since)
    for said, size in (*_listed(archive), *held_sizes(site, trust.receipts), *kept):
        if said in wanted:
            wanted[said].add(size)
    return wanted


def signed_claims(archive: Archive, roots: Roots, keys: Notary, trust: Trust = NOTHING, *, is_all: bool = False) -> list[Claim]:
    """
    Return every claim about what was signed.

    Args:
        archive: the record, with checkpoints and signed manifest beside it.
        roots: as the fold computed them from the entries, at least at all of `sizes_wanted`.
        keys: as the fold of partition 0 found them in the record.
        trust: what the auditor brings along.
        is_all: the archive is all that the site has, and not a part of it from some day.
    """
    site, believed, led = archive.manifest.site, vouched(keys, trust.key), led_to(keys, trust.key)
    claims = [keys_claim(archive, keys, trust.key, anchored=any(_anchors(archive, keys, each) for each in trust.since))]
    if found := manifest_claim(archive, roots, keys, led.verifiers(key_name(site))):
        claims.append(found)
    for partition in range(len(archive.manifest.moment)) if keys.keys else ():
        name = origin(site, partition)
        claims += _tree_claims(archive, roots, partition, believed.verifiers(name), led.verifiers(name))
    claims += [_since_claim(archive, roots, believed, each) for each in trust.since]
    claims += _witness_claims(archive, roots, trust.witnesses)
    return [*claims, *receipt_claims(archive, roots, believed, trust.receipts, is_all=is_all)]


def _tree_claims(
    archive: Archive, roots: Roots, partition: int, keys: tuple[VerifierKey, ...], led: tuple[VerifierKey, ...]
) -> Iterator[Claim]:
    """Yield the claim on a partition's newest checkpoint, which *led* keys sign, and the one on those that the site had kept."""
    name, end = f"tree {partition}", archive.manifest.moment[partition]
    newest, history, broken = archive.checkpoint(partition), _history(archive, partition), _broken(archive, partition)
    kept = [opened(f"{history_member(partition)}, of {size}", partition, note, keys) for size, note in history]
    passed = [each for each in kept if isinstance(each, Point)]
    if newest is None:
        lacking = f"{checkpoint_member(partition)}: it is missing, and the record names a key that signs one"
        unsigned = f"nothing is signed yet of partition {partition}, which has {end} entries"
        yield claim(name, f"{end} entries, none of them signed", [lacking] if keys else [], [] if keys else [unsigned])
    else:
        point = opened(checkpoint_member(partition), partition, newest, led)
        if isinstance(point, str) and isinstance(opened("", partition, newest, keys), Point):
            point = f"{point} One from before the pinned key did: its holder could have made this record"
        yield _tree_claim(name, point, roots, end, passed)
    if history or broken:
        wrong = [each for each in kept if isinstance(each, str)] + broken
        wrong += list(filter(None, (fault(each, roots, end) for each in passed)))
        name = history_member(partition)
        wrong += [
            f"{name}: the checkpoint filed under {size} is of another size" for size, note in history if size_of(note) != size
        ]
        sizes = [size for size, _ in history] or [0]
        said = f"the site kept {len(kept)}, of {min(sizes)} to {max(sizes)} entries, and the record passed through each"
        yield claim(f"history {partition}", said, wrong)


def _tree_claim(name: str, point: Point | str, roots: Roots, end: int, passed: list[Point]) -> Claim:
    if isinstance(point, str):
        return claim(name, "", [point])
    wrong = [each for each in (fault(point, roots, end), between([*passed, point], roots)) if each]
    behind = end - point.size
    said = f"{point.size} entries lead to the root that was signed"
    if behind <= 0:
        return claim(name, said, wrong)
    unsigned = f"the last {behind} of {end} entries of partition {point.partition} are not signed yet; a later checkpoint is"
    return claim(name, f"{said}; {behind} behind them are not signed yet", wrong, [f"{unsigned} what shows that they stay"])


def _anchors(archive: Archive, keys: Notary, seen: Seen) -> bool:
    """Tell whether what the auditor kept says whose the keys are: they are named in partition 0, and a note there is signed."""
    if partition_of(archive.manifest.site, seen.origin) != 0 or not seen.size:
        return False
    return bool(seen.note) or names_key(archive, keys, seen.size)


def _since_claim(archive: Archive, roots: Roots, keys: Notary, seen: Seen) -> Claim:
    """Check that a partition goes on from what the auditor kept: the root at that size is computed anew from the entries."""
    partition = partition_of(archive.manifest.site, seen.origin) or 0
    name, moment = f"since {seen.source} {partition}", archive.manifest.moment
    if partition >= len(moment):
        return claim(name, "", [f"{seen.source}: it is of partition {partition}, of which nothing is here"])
    end, point = moment[partition], Point(seen.source, partition, seen.size, seen.root)
    wrong = []
    if seen.note:
        found = opened(seen.source, partition, seen.note, keys.verifiers(seen.origin))
        if isinstance(found, str):
            wrong.append(f"{found} Either it is not what the site signed, or the record was made anew under other keys")
    if seen.size > end:
        wrong.append(
            f"{seen.source}: you kept a state of {seen.size} entries of partition {partition}, and {end} are here: an older "
            "state is served again, or the tail was cut off. If this is an archive from before you kept that, take a newer one"
        )
    elif differs := fault(point, roots, end, "is what you kept"):
        wrong.append(f"{differs}: history was changed since")
    came = max(0, end - seen.size)
    first = f"the {seen.size} entries of then are the first of now"
    return claim(name, f"whether {first}" if wrong else f"{first}; {came} came since", wrong)


def _witness_claims(archive: Archive, roots: Roots, witnesses: tuple[VerifierKey, ...]) -> Iterator[Claim]:
    """Yield a claim a partition: each witness that the auditor named cosigned a state of it through which the record passed."""
    for partition, end in enumerate(archive.manifest.moment if witnesses else ()):
        wrong, said, unseen = list[str](), list[str](), list[str]()
        for witness in witnesses:
            seen = list(_cosigned(archive, partition, witness))
            wrong += [each for each in seen if isinstance(each, str)]
            points = [each for each in seen if isinstance(each, tuple)]
            wrong += filter(None, (fault(point, roots, end, f"is what {witness.name} cosigned") for _, point in points))
            if not points:
                wrong.append(f"partition {partition}: {witness.name} cosigned no checkpoint that is here")
                continue
            at_s, point = max(points, key=lambda each: (each[1].size, each[0]))
            said.append(f"{witness.name}: {point.size} entries, seen {datetime.fromtimestamp(at_s, UTC):%Y-%m-%d %H:%M:%S} UTC")
            if (behind := end - point.size) > 0:
                unseen.append(f"that {witness.name} saw the last {behind} of {end} entries of partition {partition}")
        yield claim(f"witnesses {partition}", "; ".join(said), list(dict.fromkeys(wrong)), unseen)


def _cosigned(archive: Archive, partition: int, witness: VerifierKey) -> Iterator[tuple[int, Point] | str]:
    """Yield when a witness cosigned, in seconds since 1970, and what; or why a signature of hers is wrong."""
    kept = [(history_member(partition), note) for _, note in _history(archive, partition)]
    for source, stored in ((checkpoint_member(partition), archive.checkpoint(partition) or b""), *kept):
        try:
            note = Note.parse(stored)
            if not any((each.name, each.key_id) == (witness.name, witness.id) for each in note.signatures):
                continue
            seen_at = [each.at_s for each in note.check((witness,)) if each.at_s is not None]
            checkpoint = Checkpoint.parse(note.text)
        except NotSigned as error:
            yield f"{source}: {error}"
        except Malformed:  # as the claim on what is signed there says
            continue
        else:
            if seen_at and checkpoint.origin == origin(archive.manifest.site, partition):
                yield max(seen_at), Point(source, partition, checkpoint.size, checkpoint.root)


def _history(archive: Archive, partition: int) -> list[tuple[int, bytes]]:
    """Return what was kept; nothing where it does not parse, which a claim of its own tells."""
    try:
        return archive.history(partition)
    except Broken:
        return []


def _broken(archive: Archive, partition: int) -> list[str]:
    try:
        archive.history(partition)
    except Broken as error:
        return [str(error)]
    return []


def _listed(archive: Archive) -> Iterator[tuple[int, int]]:
    stored = archive.signed_manifest()
    try:
        points = listed(stored).points if stored is not None else ()
    except Malformed:
        return
    yield from ((each.partition, each.size) for each in points)
