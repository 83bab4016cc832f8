"""What is asked of an archive: an audit, with whatever the auditor brings along."""

from pathlib import Path

from fanfare.audit.archives.archive import BLOCK_BYTES
from fanfare.audit.checks.replay import replay
from fanfare.audit.checks.trust import NOTHING, Seen, Trust
from fanfare.audit.claims import Outcome
from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.notes import Note
from fanfare.record.notary import origin
from tests.builders import SITE
from tests.tampering.published import Published


def audited(path: Path, trust: Trust = NOTHING) -> Outcome:
    """Audit an archive. What is raised here is a fault of ours, and no way to detect anything."""
    return replay(path, trust=trust)


def kept(site: Published, partition: int, offset: int) -> Trust:
    """Return what an auditor kept who looked at a partition when an entry was there: the first checkpoint over it."""
    sizes = site.sizes(partition)
    size, note = next((size, note) for size, note in zip(sizes, site.history[partition], strict=True) if size > offset)
    return Trust(since=(Seen("kept", origin(SITE, partition), size, Checkpoint.parse(Note.parse(note).text).root, note),))


def member_at(whole: bytes, place: int) -> str:
    """Return which member of an archive has this byte in its header, its body or behind it; at the end it is the last one."""
    at, name = 0, ""
    while at <= place and whole[at : at + 1] not in (b"", b"\0"):
        name = whole[at : at + 100].rstrip(b"\0").decode()
        size = int(whole[at + 124 : at + 135], 8)
        at += BLOCK_BYTES + size + -size % BLOCK_BYTES
    return name
