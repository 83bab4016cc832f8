"""The claim about the site's signed manifest: it lists every partition with its head, and the record's keys. Pure."""

import msgspec

from fanfare.audit.archives.archive import Archive
from fanfare.audit.archives.bundles import SIGNED_MANIFEST
from fanfare.audit.checks.points import Point, Roots, fault
from fanfare.audit.claims import Claim, claim
from fanfare.ledger.faults import Malformed, NotSigned
from fanfare.ledger.keys import VerifierKey
from fanfare.ledger.notes import Note
from fanfare.ledger.writing import from_decimal, hash_from_base64
from fanfare.record.notary import Notary

HEAD = "fanfare record manifest v1"


class Listed(msgspec.Struct, frozen=True):
    """What a manifest says, believed or not."""

    site: str
    points: tuple[Point, ...]
    keys: tuple[str, ...]
    """Each that was added, with by which, and each that was retired, as the manifest writes them."""


def listed(stored: bytes) -> Listed:
    """
    Read a signed manifest.

    Raises:
        Malformed: it is none.
    """
    lines = Note.parse(stored).text.decode().removesuffix("\n").split("\n")
    if len(lines) < 2 or lines[0] != HEAD:
        raise Malformed(f"A manifest begins with {HEAD}.")
    rows = [each.split(" ") for each in lines[2:]]
    partitions = [each for each in rows if each[0] == "partition" and len(each) == 5]
    keys = [" ".join(each) for each in rows if each[0] in ("key", "retired")]
    if len(partitions) + len(keys) != len(rows) or [each[1] for each in partitions] != [str(n) for n in range(len(partitions))]:
        raise Malformed("A manifest lists partitions from 0 on, and keys, and nothing else.")
    points = (Point(SIGNED_MANIFEST, n, from_decimal(row[2]), hash_from_base64(row[3])) for n, row in enumerate(partitions))
    return Listed(lines[1], tuple(points), tuple(keys))


def manifest_claim(archive: Archive, roots: Roots, keys: Notary, own: tuple[VerifierKey, ...]) -> Claim | None:
    """Check the signed manifest; *own* are the record's own keys that are believed. None where nothing is signed yet."""
    stored, manifest = archive.signed_manifest(), archive.manifest
    if stored is None:
        if not keys.keys:
            return None
        return claim("manifest", "", [f"{SIGNED_MANIFEST}: it is missing, and the record names a key that signs one"])
    try:
        found = listed(stored)
        by = Note.parse(stored).check(own)
    except (Malformed, NotSigned) as error:
        return claim("manifest", "", [f"{SIGNED_MANIFEST}: {error}"])
    wrong = [] if found.site == manifest.site else [f"{SIGNED_MANIFEST}: it is of {found.site}"]
    partitions = len(manifest.moment)
    wrong += [
        f"{SIGNED_MANIFEST}: it lists partition {each.partition}, of which nothing is here"
        for each in found.points
        if each.partition >= partitions
    ]
    faults = [fault(each, roots, manifest.moment[each.partition]) for each in found.points if each.partition < partitions]
    wrong += list(filter(None, faults))
    of_record = written(keys)
    wrong += [f"{SIGNED_MANIFEST}: it says “{each}”, and the record does not" for each in found.keys if each not in of_record]
    if not found.points:
        wrong.append(f"{SIGNED_MANIFEST}: it lists no partition")
    said = f"signed by {by[0].key.name}+{by[0].key.id.hex()}: {len(found.points)} partitions with their heads"
    listed_keys = sum(each.startswith("key ") for each in found.keys)
    rest = f"that the signed manifest keeps no partition back: it lists {len(found.points)}, and the record has {partitions}"
    return claim("manifest", f"{said}, {listed_keys} keys", wrong, [rest] if 0 < len(found.points) < partitions else [])


def written(keys: Notary) -> set[str]:
    """Return the lines that a manifest may have about the keys of the record."""
    added = {f"key {each.added.key} {each.added.by_key or '-'} {each.added.signature}" for each in keys.keys}
    retired = (each.retired for each in keys.keys if each.retired)
    return added | {f"retired {each.key} {each.by_key} {each.signature}" for each in retired}
