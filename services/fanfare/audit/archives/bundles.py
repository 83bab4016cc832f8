"""What lies in an archive's members: entries with their lengths before them, and texts a line each. Pure."""

import re
from collections.abc import Iterator

import msgspec

from fanfare.record.kinds import canonical, text_hash

BUNDLE_BYTES = 4 * 1024 * 1024
"""A bundle is closed when it is this large."""
BUNDLE_COUNT = 10_000
"""Or when it holds this many."""
MOST_MEMBER_BYTES = 256 * 1024 * 1024
"""No member is larger: a reader holds one at a time."""

_FRAME = re.compile(rb"(0|[1-9][0-9]{0,17}) (0|[1-9][0-9]{0,8})\n")


class Broken(Exception):
    """A member of the archive is not what its name and the manifest promise."""


class StoredText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A public text with the salt that its hash was made with."""

    hash: str
    salt: str
    """16 bytes, hexadecimal."""
    text: str

    def matches(self) -> bool:
        """Tell whether salt and text give the hash."""
        try:
            salt = bytes.fromhex(self.salt)
        except ValueError:
            return False
        return len(salt) == 16 and salt.hex() == self.salt and text_hash(salt, self.text) == self.hash


_text = msgspec.json.Decoder(StoredText)


def record_member(partition: int, first: int) -> str:
    """Return the name of the bundle of *partition* whose first entry has that offset."""
    return f"record/{partition}/{first:012}.entries"


def texts_member(first: int) -> str:
    """Return the name of the bundle of texts whose first one has that place in the order of hashes."""
    return f"texts/{first:012}.jsonl"


SIGNED_MANIFEST = "checkpoints/manifest"
"""The name of the signed list of partitions and keys."""


def checkpoint_member(partition: int) -> str:
    """Return the name of the newest checkpoint of *partition*."""
    return f"checkpoints/{partition}"


def history_member(partition: int) -> str:
    """Return the name of the earlier checkpoints of *partition* that the site kept."""
    return f"checkpoints/{partition}.history"


def framed(offset: int, body: bytes) -> bytes:
    """
    Return an entry as it stands in a bundle: offset and length in bytes on a line, the stored bytes, a line feed.

    Kept checkpoints stand in their history in the same way, with their size in the place of the offset.
    """
    return b"%d %d\n%b\n" % (offset, len(body), body)


def frames(bundle: bytes, name: str) -> Iterator[tuple[int, bytes]]:
    """
    Yield offset and stored bytes of each entry of a bundle.

    Raises:
        Broken: it does not parse to its last byte.
    """
    at = 0
    while at < len(bundle):
        found = _FRAME.match(bundle, at)
        if found is None:
            raise Broken(f"{name}: no entry begins at byte {at}")
        start, end = found.end(), found.end() + int(found[2])
        if bundle[end : end + 1] != b"\n":
            raise Broken(f"{name}: the entry at byte {at} does not end where its length says")
        yield int(found[1]), bundle[start:end]
        at = end + 1


def line(text: StoredText) -> bytes:
    """Return a text as its line."""
    return canonical(text) + b"\n"


def lines(bundle: bytes, name: str) -> Iterator[StoredText]:
    """
    Yield the texts of a bundle.

    Raises:
        Broken: a line is no text.
    """
    if not bundle.endswith(b"\n"):
        raise Broken(f"{name}: its last line is cut off")
    for number, each in enumerate(bundle.removesuffix(b"\n").split(b"\n"), start=1):
        try:
            yield _text.decode(each)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Broken(f"{name}: line {number} is no text: {error}") from error


class Gathering:
    """Gathers pieces into bundles. Mutable; hands out a bundle whenever one is full."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._pieces: list[bytes] = []
        self._size_bytes = 0
        self._taken = 0

    def add(self, piece: bytes) -> bool:
        """Add a piece and tell whether the bundle is full now."""
        self._pieces.append(piece)
        self._size_bytes += len(piece)
        return self._size_bytes >= BUNDLE_BYTES or len(self._pieces) >= BUNDLE_COUNT

    def take(self) -> tuple[int, bytes, int] | None:
        """Hand out the place of the first piece, the bundle and its count, and start the next; none where nothing was added."""
        if not self._pieces:
            return None
        taken = (self._taken, b"".join(self._pieces), len(self._pieces))
        self._taken += len(self._pieces)
        self._pieces, self._size_bytes = [], 0
        return taken
