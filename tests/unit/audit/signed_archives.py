"""Archives of a record that a notary signed, for tests: its keys in the record, checkpoints and manifest beside it."""

from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path

from fanfare.audit.archives.bundles import SIGNED_MANIFEST, checkpoint_member, framed, history_member
from fanfare.audit.checks.replay import replay
from fanfare.audit.checks.trust import NOTHING, Trust
from fanfare.audit.claims import Claim, Outcome
from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.hashing import leaf_hash
from fanfare.ledger.keys import Kind, SignerKey
from fanfare.ledger.notes import Note
from fanfare.ledger.ranges import root_of
from fanfare.ledger.writing import to_base64
from fanfare.notary.publishing import manifest
from fanfare.platform.logs.port import StoredEntry
from fanfare.record.decisions import Streams
from fanfare.record.entry import unpack
from fanfare.record.kinds import Event
from fanfare.record.notary import (
    STREAM,
    Notary,
    NotaryKeyAdded,
    NotaryKeyRetired,
    adding,
    key_name,
    origin,
    promises_name,
    retiring,
)
from fanfare.record.terms import slot
from tests.builders import SITE, token
from tests.unit.audit.archives import Record, a_record, write_archive

_seeds = count(1)
OF_FAN1 = slot(token("fan1"), (1, 2, 3))
"""The partition that holds her ballots."""
NAMES = (key_name(SITE), *(origin(SITE, each) for each in range(4)), promises_name(SITE))


def fresh(name: str) -> SignerKey:
    """Return a new key of that name."""
    return SignerKey(name, Kind.NOTE, next(_seeds).to_bytes(32))


def added(key: SignerKey, by: SignerKey | None = None) -> NotaryKeyAdded:
    """Return that a key signs, signed by another or by itself."""
    words = str(key.verifier)
    signature = to_base64((by or key).sign(adding(SITE, words)))
    return NotaryKeyAdded(key=words, by_key=str(by.verifier) if by else None, signature=signature)


def retired(key: SignerKey, by: SignerKey) -> NotaryKeyRetired:
    """Return that a key signs no more, signed by another."""
    words = str(key.verifier)
    return NotaryKeyRetired(key=words, by_key=str(by.verifier), signature=to_base64(by.sign(retiring(SITE, words))))


class Notarised:
    """A record and its notary. Mutable: it signs as the record grows."""

    def __init__(self, record: Record | None = None) -> None:
        """Name keys in the record, by default one from an idea to a sealed result."""
        self.record = record or a_record()
        self.keys = {name: fresh(name) for name in NAMES}
        own = self.keys[NAMES[0]]
        self.decide(*(added(each, None if each is own else own) for each in self.keys.values()))
        self.notes: dict[int, list[tuple[int, bytes]]] = {partition: [] for partition in range(4)}
        self.manifest = b""

    @property
    def own(self) -> str:
        """The record's key, in words."""
        return str(self.keys[NAMES[0]].verifier)

    def decide(self, *events: Event) -> None:
        """Write down something about keys."""
        self.record.decide(*events, stream=STREAM)

    def rotate(self) -> None:
        """Give each name a new key, and retire the old ones."""
        old, self.keys = self.keys, {name: fresh(name) for name in NAMES}
        own = self.keys[NAMES[0]]
        more = [added(self.keys[name], old[NAMES[0]] if name == NAMES[0] else own) for name in NAMES]
        self.decide(*more, *(retired(each, own) for each in old.values()))

    def checkpoint(self, partition: int, size: int | None = None) -> bytes:
        """Return a signed checkpoint of a partition, by default of all of it."""
        lane = lane_of(self.record.written, partition)[:size]
        return self.sign(partition, Checkpoint(origin(SITE, partition), len(lane), root_of(map(leaf_hash, lane))))

    def sign(self, partition: int, checkpoint: Checkpoint) -> bytes:
        """Sign a checkpoint, whatever it says."""
        return bytes(Note(checkpoint.text).signed(self.keys[origin(SITE, partition)]))

    def publish(self) -> None:
        """Sign how far every partition has come, and the manifest."""
        for partition, kept in self.notes.items():
            note = self.checkpoint(partition)
            kept.append((self.record.heads[partition], note))
        newest = [kept[-1][1] for kept in self.notes.values()]
        self.manifest = manifest(SITE, newest, notary_of(self.record.written), [self.keys[NAMES[0]]])

    def signed(self, **others: bytes) -> list[tuple[str, bytes, int]]:
        """Return the members that were signed; *others* stand in their place, by `manifest`, `p0` or `h0`; empty: none."""
        found = {SIGNED_MANIFEST: others.get("manifest", self.manifest)}
        for partition, kept in self.notes.items():
            found[checkpoint_member(partition)] = others.get(f"p{partition}", kept[-1][1])
            found[history_member(partition)] = others.get(f"h{partition}", b"".join(framed(*each) for each in kept))
        counts = {history_member(partition): len(kept) for partition, kept in self.notes.items()}
        return [(name, member, counts.get(name, 1)) for name, member in found.items() if member]

    def archive(self, path: Path, stored: Sequence[StoredEntry] | None = None, **others: bytes) -> Path:
        """Write the archive; *others* as `signed` takes them."""
        return write_archive(path, self.record.written, stored=stored, signed=self.signed(**others))


def notarised(record: Record | None = None) -> Notarised:
    """Return a record whose notary signed it, once in between and once at its end."""
    site = Notarised(record)
    site.publish()
    return site


def lane_of(written: Sequence[StoredEntry], partition: int) -> list[bytes]:
    """Return the bytes of a partition's entries."""
    return [each.body for each in written if each.partition == partition]


def notary_of(written: Sequence[StoredEntry]) -> Notary:
    """Return the keys that a record names."""
    streams = Streams()
    for each in written:
        if each.partition == 0:
            streams.apply(unpack(0, each.offset, each.body))
    return streams.notary


def audited(path: Path, trust: Trust = NOTHING) -> Outcome:
    """Audit an archive that can be checked."""
    outcome = replay(path, trust=trust)
    assert outcome.unchecked == ""
    return outcome


def wrong_of(path: Path, trust: Trust = NOTHING) -> Mapping[str, tuple[str, ...]]:
    """Return the claims that do not hold, with their differences."""
    return {each.name: each.differences for each in audited(path, trust).claims if not each.passed}


def claim_of(outcome: Outcome, name: str) -> Claim:
    """Return the claim of that name."""
    return next(each for each in outcome.claims if each.name == name)


def saved(folder: Path, name: str, body: bytes) -> Path:
    """Save what an auditor keeps."""
    path = folder / name
    path.write_bytes(body)
    return path
