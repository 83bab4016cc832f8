"""A site as a witness sees it, without a site: logs that are signed as the notary signs them, and served from memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx2

from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.growing import grow
from fanfare.ledger.growth import Submission
from fanfare.ledger.hashing import leaf_hash
from fanfare.ledger.keys import Kind, SignerKey
from fanfare.ledger.notes import Note
from fanfare.ledger.proofs import prove_consistency
from fanfare.ledger.ranges import CompactRange, root_of
from fanfare.ledger.tiles import Tile, hashes_from, tiles_of
from fanfare.ledger.writing import to_base64
from fanfare.notary.publishing import manifest
from fanfare.record.notary import Notary, NotaryKeyAdded, NotaryKeyRetired, adding, evolve, key_name, origin, retiring
from fanfare.witness.alarms import Alarms
from fanfare.witness.cosigning import Cosigner
from fanfare.witness.following import Follower
from fanfare.witness.pinned import Pinned
from fanfare.witness.serving import Serving
from fanfare.witness.site import Site

NAME = "https://fanfare.pomfret.example"
NOON = datetime(2026, 7, 4, 12, tzinfo=UTC)
WITNESS = SignerKey("news.example/witness", Kind.COSIGNATURE, b"w" * 32)


def seeded(name: str, generation: int = 0) -> SignerKey:
    """Return the key of this name, the same each time."""
    return SignerKey(name, Kind.NOTE, leaf_hash(f"{name} {generation}".encode()))


@dataclass
class SignedSite:
    """The logs of a site, each a list of entries that a test may change behind everybody's back."""

    logs: list[list[bytes]] = field(default_factory=lambda: [[]])
    generation: int = 0
    """Of the keys."""
    notary: Notary = field(default_factory=Notary)
    away: bool = False
    hides_tiles: bool = False
    says: dict[int, Note] = field(default_factory=dict)
    """By partition, what is served in place of the newest checkpoint."""

    def __post_init__(self) -> None:
        """Sign the first keys."""
        self._add(self.record_key)
        for number in range(len(self.logs)):
            self._add(seeded(self.origin(number), self.generation), by=self.record_key)

    @property
    def record_key(self) -> SignerKey:
        """Return the record's own key."""
        return seeded(key_name(NAME), self.generation)

    def origin(self, number: int = 0) -> str:
        """Return the origin of a log."""
        return origin(NAME, number)

    def rotate(self) -> None:
        """Put new keys in the place of all."""
        old, retired = self.record_key, [each.added.key for each in self.notary.keys if each.retired is None]
        self.generation += 1
        self._add(self.record_key, by=old)
        for number in range(len(self.logs)):
            self._add(seeded(self.origin(number), self.generation), by=self.record_key)
        for words in retired:
            signature = to_base64(self.record_key.sign(retiring(NAME, words)))
            self._evolve(NotaryKeyRetired(key=words, by_key=str(self.record_key.verifier), signature=signature))

    def _add(self, key: SignerKey, by: SignerKey | None = None) -> None:
        words = str(key.verifier)
        signature = to_base64((by or key).sign(adding(NAME, words)))
        self._evolve(NotaryKeyAdded(key=words, by_key=str(by.verifier) if by else None, signature=signature))

    def _evolve(self, event: NotaryKeyAdded | NotaryKeyRetired) -> None:
        before, self.notary = self.notary, evolve(self.notary, event, NAME, NOON)
        assert self.notary != before

    def note(self, size: int | None = None, number: int = 0, entries: Sequence[bytes] | None = None) -> Note:
        """Return the signed checkpoint of the first *size* entries, or of all."""
        stored = (self.logs[number] if entries is None else entries)[:size]
        checkpoint = Checkpoint(self.origin(number), len(stored), root_of(map(leaf_hash, stored)))
        return Note(checkpoint.text).signed(seeded(self.origin(number), self.generation))

    def submission(self, old: int, size: int | None = None, number: int = 0) -> Submission:
        """Return what an honest log sends."""
        stored = self.logs[number][:size]
        hash_at = hashes_from(len(stored), files_of(stored).__getitem__)
        proof = tuple(prove_consistency(old, len(stored), hash_at)) if 0 < old <= len(stored) else ()
        return Submission(old, proof, self.note(size, number))

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        """Serve as a site does."""
        if self.away:
            raise httpx2.ConnectError("nobody is there")
        path = request.url.path.removeprefix("/record/")
        if path == "manifest":
            heads = [bytes(self.note(number=number)) for number in range(len(self.logs))]
            return httpx2.Response(200, content=manifest(NAME, heads, self.notary, [self.record_key]))
        words, _, rest = path.partition("/")
        number = int(words)
        if rest == "checkpoint":
            return httpx2.Response(200, content=bytes(self.says.get(number) or self.note(number=number)))
        return self._tile(number, rest)

    def _tile(self, number: int, path: str) -> httpx2.Response:
        """Serve a tile of the tree, however wide it is asked for."""
        stored = self.logs[number]
        for size in range(len(stored), 0, -1):
            if not self.hides_tiles and path in {tile.path for tile in tiles_of(size)}:
                return httpx2.Response(200, content={t.path: body for t, body in files_of(stored[:size]).items()}[path])
        return httpx2.Response(404)


def files_of(stored: Sequence[bytes]) -> dict[Tile, bytes]:
    """Return all files of a log."""
    return grow(CompactRange(), {}, list(stored))


@dataclass
class Watch:
    """A witness over a folder, without its process."""

    site: SignedSite
    home: Path
    now: datetime = NOON
    insists_s: float = 300.0
    command: str = ""

    def __post_init__(self) -> None:
        """Begin, as after a start."""
        self.home.mkdir(exist_ok=True)
        self.start()

    def start(self) -> None:
        """Begin again with what is on the disk."""
        self.pinned = Pinned(self.home)
        self.pinned.take(self.site.answer(httpx2.Request("GET", f"{NAME}/record/manifest")).content)
        self.alarms = Alarms(self.home, self.pinned, self.command, lambda: self.now)
        self.cosigner = Cosigner(self.home, WITNESS, self.pinned, self.alarms, lambda: self.now)
        client = httpx2.AsyncClient(transport=httpx2.MockTransport(self.site.answer))
        self.follower = Follower(Site(NAME, client), self.cosigner, self.alarms, self.insists_s)
        self.serving = Serving(NAME, self.cosigner, self.follower)

    def client(self) -> httpx2.AsyncClient:
        """Return somebody who asks the witness."""
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(self.serving.app), base_url="http://witness.example")

    def cosigned(self, number: int = 0) -> Checkpoint | None:
        """Return the checkpoint of a log that was cosigned last, as it is on the disk."""
        kept = Cosigner(self.home, WITNESS, self.pinned, self.alarms, lambda: self.now).seen(self.site.origin(number)).kept
        return kept.checkpoint if kept else None

    def evidence(self) -> list[Path]:
        """Return the folders of evidence."""
        return sorted((self.home / "alarms").glob("*"))
