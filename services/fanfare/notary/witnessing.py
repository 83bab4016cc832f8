"""
Witnesses: each newest checkpoint is shown to them, and what they sign comes under it.

They stand in FANFARE_WITNESSES. Signing never waits for one: each has a chore of her own, answers are bounded in time and size,
and one who does not answer is asked less often. Whoever answers in a witness's place can leave a cosignature out, and make none.

Source: C2SP tlog-witness (c2sp.org/tlog-witness).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from math import inf
from ssl import SSLContext
from time import monotonic
from urllib.parse import urlsplit

import httpx2
import msgspec
import structlog
from psycopg import AsyncConnection
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool

from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.faults import Malformed, NotSigned
from fanfare.ledger.growth import Submission
from fanfare.ledger.keys import Kind, VerifierKey
from fanfare.ledger.notes import Note, Signature
from fanfare.ledger.proofs import prove_consistency
from fanfare.ledger.tiles import Tile, hashes_from, needed
from fanfare.ledger.writing import from_decimal
from fanfare.notary.publishing import tile_of
from fanfare.platform.objects import Objects

EVERY_S = 0.2
"""Between two looks whether there is something to show."""
PATIENCE_S = 5.0
"""So long an answer is waited for."""
AGAIN_S = 3600.0
"""A checkpoint that stays the newest is shown again after so long: the cosignature's time says that the witness is there."""
MOST_BYTES = 10_000
"""An answer with more is none."""
_LONGEST_REST_S = 60.0
_SIZE_TYPE = "text/x.tlog.size"
COSIGNED = """
    insert into notary.cosignatures (partition, witness, size, at) values (%s, %s, %s, %s)
    on conflict (partition, witness)
    do update set size = excluded.size, at = excluded.at, silent_since = null, why = ''
"""
SILENT = """
    insert into notary.cosignatures (partition, witness, silent_since, why) values (%(partition)s, %(witness)s, now(), %(why)s)
    on conflict (partition, witness)
    do update set silent_since = coalesce(cosignatures.silent_since, now()), why = excluded.why
"""
FORGET = "delete from notary.cosignatures where not witness = any(%s)"
WITNESSES = "select partition, witness as key, size, at, silent_since, why from notary.cosignatures order by witness, partition"
_log = structlog.get_logger()


class WitnessesWrong(Exception):
    """FANFARE_WITNESSES is not a list of addresses and keys. The sentence says what is wrong with it."""


class NoCosignature(Exception):
    """A witness did not cosign. The sentence says what came instead."""


@dataclass(frozen=True, slots=True)
class Address:
    """A witness as the setting names her."""

    url: str
    """Where `add-checkpoint` lies below."""
    key: VerifierKey


class Witnessed(msgspec.Struct, frozen=True):
    """How far a witness is with a partition."""

    partition: int
    key: str
    """In words."""
    size: int
    """How many entries the checkpoint covers that she cosigned last; 0 before the first."""
    at: datetime | None
    """When she cosigned that, by her clock."""
    silent_since: datetime | None
    """Since when she gives no cosignature to what is newer; none while all is well."""
    why: str
    """What came in its place."""

    @property
    def name(self) -> str:
        """Return what she calls herself."""
        return self.key.partition("+")[0]


async def witnesses(connection: AsyncConnection) -> Sequence[Witnessed]:
    """Return how far each witness of the setting is, by witness and partition; nothing before the first was asked."""
    async with connection.cursor(row_factory=class_row(Witnessed)) as cursor:
        return await (await cursor.execute(WITNESSES)).fetchall()


def addresses(setting: str) -> tuple[Address, ...]:
    """
    Return the witnesses of the setting: an address and a key each, with spaces or commas between.

    Raises:
        WitnessesWrong: a word that is neither, one of them without the other, or a witness who is named twice.
    """
    words = setting.replace(",", " ").split()
    found = []
    for url, key in zip(words[::2], [*words[1::2], ""], strict=False):
        if not _is_address(url):
            raise WitnessesWrong(f"FANFARE_WITNESSES names {url!r} where an address is due, such as https://witness.example.")
        try:
            parsed = VerifierKey.parse(key)
        except Malformed as error:
            raise WitnessesWrong(f"FANFARE_WITNESSES has no key behind {url}: {error} `fanfare witness` prints it.") from error
        if parsed.kind is not Kind.COSIGNATURE:
            raise WitnessesWrong(f"FANFARE_WITNESSES names a log's key behind {url}; a witness's is of kind 4.")
        found.append(Address(url.rstrip("/"), parsed))
    if len({each.key.public for each in found}) < len(found):
        raise WitnessesWrong("FANFARE_WITNESSES names a witness twice: each key counts once.")
    return tuple(found)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and not (parts.query or parts.fragment)
        )
    except ValueError:  # a port that is none, a bracket that is not closed
        return False


Took = Callable[[int, bytes, Signature], Awaitable[None]]
"""Takes a cosignature that was verified: partition, the checkpoint's text, the signature."""


@dataclass
class _Rest:
    """How long a witness is not asked who gave no cosignature."""

    until: float = -inf
    lasts_s: float = 0.5


@dataclass
class _Asked:
    """What is known of one witness. Owned by her chore."""

    sizes: dict[int, int] = field(default_factory=dict)
    """By partition, of the checkpoint that she cosigned last."""
    answered: dict[int, float] = field(default_factory=dict)
    """By partition, when she did."""
    rests: dict[int, _Rest] = field(default_factory=dict)
    """By partition: an alarm that stands for one of them holds none of the others up."""


class Witnessing:
    """Shows checkpoints to witnesses. Owned by one event loop; only the process with the notary's lease has some to show."""

    def __init__(self, pool: AsyncConnectionPool, objects: Objects, among: Sequence[Address]) -> None:
        """Make proofs from the tiles in *objects*."""
        self.among = tuple(among)
        self._pool, self._objects = pool, objects
        self._asked = {each: _Asked() for each in among}
        self._newest = dict[int, Note]()

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """Return the keys of all witnesses."""
        return tuple(each.key for each in self.among)

    @cached_property
    def _certificates(self) -> SSLContext:
        """Whom to believe that it is her: read once, since that takes twenty milliseconds."""
        return httpx2.create_ssl_context()

    def offer(self, partition: int, stored: bytes) -> None:
        """Take what was published as the newest of a partition."""
        self._newest[partition] = Note.parse(stored)

    def forget(self) -> None:
        """Show nothing any more: another process publishes."""
        self._newest.clear()

    async def begin(self) -> None:
        """Forget who is not in the setting any more: this process publishes from now on."""
        async with self._pool.connection() as connection:
            await connection.execute(FORGET, ([str(each) for each in self.keys],))

    async def tend(self, address: Address, took: Took) -> None:
        """Show one witness what she has not cosigned yet, and give what she signs to *took*."""
        due = [partition for partition in self._newest if self._is_due(address, partition)]
        if not due:
            return
        async with httpx2.AsyncClient(timeout=PATIENCE_S, follow_redirects=False, verify=self._certificates) as client:
            for partition in due:
                if note := self._newest.get(partition):
                    await self._show(client, address, partition, note, took)

    def _is_due(self, address: Address, partition: int) -> bool:
        asked, now = self._asked[address], monotonic()
        signed = any(
            (each.name, each.key_id) == (address.key.name, address.key.id) for each in self._newest[partition].signatures
        )
        if signed and now - asked.answered.setdefault(partition, now) < AGAIN_S:
            return False
        return partition not in asked.rests or now > asked.rests[partition].until

    async def _show(self, client: httpx2.AsyncClient, address: Address, partition: int, note: Note, took: Took) -> None:
        asked = self._asked[address]
        try:
            async with asyncio.timeout(3 * PATIENCE_S):
                signature = await self._signature(client, address, partition, note)
        except (NoCosignature, httpx2.HTTPError, TimeoutError) as error:
            why = "".join(each if each.isprintable() else " " for each in str(error)) or type(error).__name__
            rest = asked.rests.setdefault(partition, _Rest())
            rest.lasts_s = min(_LONGEST_REST_S, 2 * rest.lasts_s)
            rest.until = monotonic() + rest.lasts_s
            _log.warning("a witness gives no cosignature", witness=address.key.name, partition=partition, why=why)
            async with self._pool.connection() as connection:
                await connection.execute(SILENT, {"partition": partition, "witness": str(address.key), "why": why[:300]})
            return
        asked.rests.pop(partition, None)
        size = Checkpoint.parse(note.text).size
        asked.sizes[partition], asked.answered[partition] = size, monotonic()
        said = Note(note.text, (signature,)).check([address.key])[0].at_s or 0
        await took(partition, note.text, signature)
        async with self._pool.connection() as connection:
            at = datetime.fromtimestamp(min(said, 253_402_300_799), UTC)
            await connection.execute(COSIGNED, (partition, str(address.key), size, at))

    async def _signature(self, client: httpx2.AsyncClient, address: Address, partition: int, note: Note) -> Signature:
        """Return the cosignature of a witness. Raises: NoCosignature."""
        size = Checkpoint.parse(note.text).size
        asked = self._asked[address]
        old = asked.sizes.get(partition, 0)
        for _ in range(2):  # the second time from the size that she named
            if old > size:
                raise NoCosignature(f"She has cosigned {old} entries, and here are {size}: the site was set back.")
            body = bytes(Submission(old, await self._proof(partition, old, size), note))
            status, kind, answer = await _post(client, f"{address.url}/add-checkpoint", body)
            if status == 200:
                return verified(address.key, note, answer)
            if status != 409 or kind != _SIZE_TYPE:
                raise NoCosignature(f"She answered {status}: {answer.decode(errors='replace').strip()[:200]}")
            if (named := _size(answer)) == old == size:
                raise NoCosignature(f"She has cosigned another root of {size} entries: the site signed two.")
            asked.sizes[partition] = old = named
        raise NoCosignature("She names another size each time that she is asked.")

    async def _proof(self, partition: int, old: int, size: int) -> tuple[bytes, ...]:
        """Return why the tree of *size* goes on from that of *old*, from the published tiles. Raises: NoCosignature."""
        if old in (0, size):
            return ()
        files = dict[Tile, bytes]()
        for tile in needed(size, lambda hash_at: prove_consistency(old, size, hash_at)):
            body = await tile_of(self._objects, partition, tile)
            if body is None:
                raise NoCosignature(f"{tile.path} is missing from the objects: nothing can be shown to her.")
            files[tile] = body
        try:
            return tuple(prove_consistency(old, size, hashes_from(size, files.__getitem__)))
        except Malformed as error:
            raise NoCosignature(f"A tile in the objects is none, so nothing can be shown to her: {error}") from error


async def _post(client: httpx2.AsyncClient, url: str, body: bytes) -> tuple[int, str, bytes]:
    """Return status, content type and body of an answer. Raises: NoCosignature: where it is larger than one can be."""
    answer = b""
    async with client.stream("POST", url, content=body, headers={"Content-Type": "text/plain; charset=utf-8"}) as told:
        async for chunk in told.aiter_bytes(MOST_BYTES):
            answer += chunk
            if len(answer) > MOST_BYTES:
                raise NoCosignature(f"She answered more than {MOST_BYTES} bytes.")
    return told.status_code, told.headers.get("content-type", "").partition(";")[0].strip(), answer


def verified(key: VerifierKey, note: Note, answer: bytes) -> Signature:
    """Return the signature of this witness from her answer; lines of others are passed over. Raises: NoCosignature."""
    try:
        said = Note.parse(note.text + b"\n" + answer)
        Note(note.text, said.signatures).check([key])
    except (Malformed, NotSigned) as error:
        raise NoCosignature(f"What she answered is not her cosignature of this checkpoint: {error}") from error
    return [each for each in said.signatures if (each.name, each.key_id) == (key.name, key.id)][-1]


def _size(answer: bytes) -> int:
    """Return the size that a witness names. Raises: NoCosignature."""
    try:
        return from_decimal(answer.decode("ascii").removesuffix("\n"))
    except (Malformed, UnicodeDecodeError) as error:
        raise NoCosignature("She answered 409 without the size that she has cosigned.") from error
