"""What can be said of a record that holds what this version cannot read: whether it is the one that was signed."""

from fanfare.audit.archives.archive import Archive
from fanfare.audit.archives.bundles import Broken
from fanfare.audit.checks.leaves import Leaves
from fanfare.audit.checks.signed import signed_claims, sizes_wanted
from fanfare.audit.checks.signers import known
from fanfare.audit.checks.trust import Trust
from fanfare.audit.claims import Claim, claim
from fanfare.record.decisions import Streams
from fanfare.record.notary import STREAM

_OF_KEYS = f'"stream":"{STREAM}"'.encode()
"""In each decision about keys, as every version writes one."""


def broken_claim(broken: Broken) -> Claim:
    """Return the claim of a record that is not as long as its manifest says, or is damaged."""
    return claim("record", "offsets without a gap, each entry as long as it says", [str(broken)])


def signed_alone(archive: Archive, trust: Trust) -> tuple[Claim, ...]:
    """
    Return the claims about what was signed, from the bytes of the entries; of events only those that name keys are looked at.

    There is none where something unknown was decided about keys: nobody can say then which of them sign.

    Raises:
        CannotTrust: what the auditor brought along is of another site.
    """
    streams, sizes, unknown = Streams(), sizes_wanted(archive, trust), False
    roots = {}
    try:
        for partition in range(len(archive.manifest.moment)):
            leaves = Leaves(sizes[partition])
            for offset, body in archive.entries(partition):
                leaves.take(body)
                if partition == 0:
                    entry = known(offset, body)
                    streams.apply(entry)
                    unknown = unknown or (not entry.events and _OF_KEYS in body)
            roots[partition] = leaves.finish()
    except Broken as error:
        return (broken_claim(error),)
    return () if unknown else tuple(signed_claims(archive, roots, streams.notary, trust))
