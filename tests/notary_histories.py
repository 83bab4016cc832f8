"""What a teller of histories tells of the notary's keys: named, rotated, and named by somebody who may not."""

from fanfare.ledger.keys import Kind, SignerKey
from fanfare.ledger.writing import to_base64
from fanfare.record import notary
from fanfare.record.kinds import Event
from tests.draw_histories import Drawing

NOTARISED = ("key named", "key rotated", "key that nobody signed", "key of a partition named")
"""What a run over many histories must have produced of it."""


class Notarising(Drawing):
    """The part of a teller that gives the notary keys."""

    def _moderate(self) -> None:
        """Moderate, recognise or draw, and now and then do something about keys."""
        super()._moderate()
        founded = self.streams.site.founded
        if founded is None or self.chance(0.9):
            return
        name, known = founded.name, len(self.streams.notary.keys)
        own = notary.key_name(name)
        old = self.streams.notary.in_force(own)
        of_partition = bool(old) and self.chance(0.5)
        fresh = self._key(notary.origin(name, known % 3) if of_partition else own, known + 1)
        forged = self.chance(0.3)
        by = None if not old else next(key for n in range(known + 1) if str((key := self._key(own, n)).verifier) == old[-1])
        signer = self._key(own, 0) if forged else by or fresh
        words = str(fresh.verifier)
        signature = to_base64(signer.sign(notary.adding(name, words)))
        events: list[Event] = [notary.NotaryKeyAdded(key=words, by_key=old[-1] if old else None, signature=signature)]
        if old and not of_partition:
            retiring = to_base64(fresh.sign(notary.retiring(name, old[-1])))
            events.append(notary.NotaryKeyRetired(key=old[-1], by_key=words, signature=retiring))
        self.decide(notary.STREAM, *events)
        told = "key of a partition named" if of_partition else "key rotated" if old else "key named"
        self.happened["key that nobody signed"] += forged
        self.happened[told] += len(self.streams.notary.keys) > known

    def _key(self, name: str, number: int) -> SignerKey:
        return SignerKey(name, Kind.NOTE, number.to_bytes(32))
