"""
Promising: an entry that was acknowledged is promised to be under a signed checkpoint within a minute. Once for all events in it.

An API process does it right after the append, from the bytes that it wrote itself, so that a ballot among a hundred of one entry
costs a hundredth of a signature and some hashes. Of an entry that another process wrote the bytes are read; the promise
is then another one, with a later deadline, and both bind.
"""

import asyncio
from collections import OrderedDict
from datetime import timedelta
from math import inf
from time import monotonic

import msgspec
import psycopg
import structlog

from fanfare.ledger.hashing import leaf_hash
from fanfare.ledger.keys import SignerKey
from fanfare.notary import keys
from fanfare.platform.desk import Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.metrics import PROMISED
from fanfare.record.notary import Notary, promises_name
from fanfare.record.position import Position
from fanfare.record.promises import KEPT_WITHIN_S, Ids, Promise

_KEPT = 256
"""So many entries' promises are remembered."""
_AGAIN_S = 60.0
"""A key that the vault lacks is looked for again after so long."""
NO_KEY = marked("The site has no key yet that signs promises. Its worker makes it within seconds of the founding.")
LOST = marked("The key that signs promises is missing in the vault. Tell whoever runs this site.")
UNREAD = marked("The entry cannot be read yet. Ask for the receipt again in a few seconds.")
_log = structlog.get_logger()


class Promised(msgspec.Struct, frozen=True):
    """The promise of the entry in which an event stands, or why there is none."""

    promise: str | None = None
    """A signed note."""
    events_proof: tuple[str, ...] = ()
    """That the event is in it: base64 hashes, from its sibling up."""
    deadline: str | None = None
    why_no_promise: str | None = None


class _Signed(msgspec.Struct, frozen=True):
    note: str
    ids: Ids
    deadline: str


class _WithId(msgspec.Struct):
    id: str


_ids = msgspec.json.Decoder(list[_WithId])


class Promising:
    """Signs promises. Owned by one event loop; it loads the key of promises and no other."""

    def __init__(self, desk: Desk) -> None:
        """Promise what stands in the record of *desk*."""
        self._desk = desk
        self._signer: SignerKey | None = None
        self._known: Notary | None = None
        """The keys as they were looked at last."""
        self._words = ""
        """Of the key that was looked for last."""
        self._looked = -inf
        self._loading = asyncio.Lock()
        self._signed = OrderedDict[tuple[int, int], _Signed]()

    async def of(self, position: Position, body: bytes | None = None) -> Promised:
        """
        Return the promise of the event at *position*, which was acknowledged.

        Args:
            body: the stored bytes of its entry, if they are at hand.
        """
        signer = await self._key()
        if signer is None:
            return Promised(why_no_promise=_(LOST if self._words else NO_KEY))
        place = (position.partition, position.offset)
        signed = self._signed.get(place)
        if signed is None:
            body = body or self._desk.log.written(*place) or await self._read(*place)
            signed = self._sign(signer, *place, body) if body else None
        if signed is None or position.index >= len(signed.ids):
            return Promised(why_no_promise=_(UNREAD))
        return Promised(signed.note, tuple(signed.ids.proof(position.index)), signed.deadline)

    async def _key(self) -> SignerKey | None:
        """Return the key in force, loaded when it is first needed and after every rotation."""
        known = self._desk.streams.notary
        if known is not self._known:
            in_force = known.in_force(promises_name(self._desk.source))
            words = in_force[-1] if in_force else ""
            if words != self._words:
                self._words, self._signer, self._looked = words, None, -inf
                self._signed.clear()
            self._known = known
        if self._signer is None and self._words:
            async with self._loading:  # whoever comes meanwhile waits for the same key
                if monotonic() - self._looked > _AGAIN_S:
                    await self._load()
        return self._signer

    async def _load(self) -> None:
        words = self._words
        try:
            async with self._desk.pool.connection() as connection:
                signer = await keys.load(connection, words)
        except (keys.KeyLost, psycopg.Error) as error:  # whoever asks has a ballot that was taken, and is to hear of that
            _log.error("nothing is promised", why=str(error))
        else:
            self._signer = signer if words == self._words else None
        self._looked = monotonic() if words == self._words else -inf  # else it was rotated meanwhile

    async def _read(self, partition: int, offset: int) -> bytes | None:
        found = await self._desk.log.read(partition, offset, 1)
        return found[0].body if found else None

    def _sign(self, signer: SignerKey, partition: int, offset: int, body: bytes) -> _Signed | None:
        try:
            ids = Ids([each.id for each in _ids.decode(body)])
        except (msgspec.MsgspecError, UnicodeDecodeError, ValueError):
            return None
        deadline = self._desk.now + timedelta(seconds=KEPT_WITHIN_S)
        promise = Promise(self._desk.source, partition, offset, leaf_hash(body), len(ids), ids.root, deadline)
        signed = _Signed(bytes(promise.signed(signer)).decode(), ids, promise.until)
        self._signed[partition, offset] = signed
        if len(self._signed) > _KEPT:
            self._signed.popitem(last=False)
        PROMISED.inc()
        return signed
