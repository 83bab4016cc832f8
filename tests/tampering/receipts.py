"""Receipts and promises as fans hold them, of an honest record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

import msgspec

from fanfare.audit.checks.trust import Held, Trust
from fanfare.ledger.hashing import leaf_hash
from fanfare.ledger.keys import VerifierKey
from fanfare.ledger.notes import Note
from fanfare.ledger.receipts import Receipt
from fanfare.record.entry import unpack
from fanfare.record.envelope import Recorded
from fanfare.record.notary import origin, promises_name
from fanfare.record.position import Position
from fanfare.record.promises import KEPT_WITHIN_S, Ids, Promise
from tests import naive_tree
from tests.builders import NOON, SITE
from tests.tampering.published import Published, keys_at


@dataclass(frozen=True)
class Mine:
    """What a fan holds of one event, and what it is checked with."""

    place: Position
    event_id: str
    entry: bytes
    proof: bytes
    """The receipt, as C2SP's tlog-proof has it."""
    promise: bytes
    ids: Sequence[str]
    """The proof that the event's id is one of the entry's."""
    log: VerifierKey
    promises: VerifierKey

    @property
    def saved(self) -> bytes:
        """Return the receipt as the API answers it."""
        answer = {"event_id": self.event_id, "position": str(self.place), "proof": self.proof.decode()}
        return msgspec.json.encode({**answer, "promise": self.promise.decode(), "events_proof": self.ids})

    def trust(self, body: bytes | None = None) -> Trust:
        """Return what she brings to an audit."""
        return Trust(receipts=(Held("mine", self.proof if body is None else body),))


def held(random: Random, site: Published, partition: int = -1, offset: int = -1) -> Mine:
    """Return what a fan was given of an event: of some, or of one of this entry."""
    if partition < 0:
        partition = random.choice([each for each in range(site.partitions) if site.lanes[each]])
        offset = random.randrange(len(site.lanes[partition]))
    lane = site.lanes[partition]
    sizes = site.sizes(partition)
    size, note = next((size, note) for size, note in zip(sizes, site.history[partition], strict=True) if size > offset)
    events = [each for each in unpack(partition, offset, lane[offset]).events if isinstance(each, Recorded)]
    index, ids = random.randrange(len(events)), Ids([each.id for each in events])
    keys, log = keys_at(site, len(site.written)), Note.parse(note).signatures[0]
    promise = Promise(
        SITE, partition, offset, leaf_hash(lane[offset]), len(ids), ids.root, NOON + timedelta(seconds=KEPT_WITHIN_S)
    )
    signers = [each[1][origin(SITE, partition)].verifier for each in site.signed_from]
    return Mine(
        place=Position(partition, offset, index),
        event_id=events[index].id,
        entry=lane[offset],
        proof=bytes(Receipt(offset, tuple(naive_tree.inclusion(offset, lane[:size])), Note.parse(note))),
        promise=bytes(promise.signed(keys[promises_name(SITE)])),
        ids=ids.proof(index),
        log=next(each for each in signers if each.id == log.key_id),
        promises=keys[promises_name(SITE)].verifier,
    )
