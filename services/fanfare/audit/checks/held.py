"""Receipts that somebody holds, as claims: the entry is where it says, in the very bytes, under a root that the record passed."""

from collections.abc import Iterator, Sequence

import msgspec

from fanfare.audit.archives.archive import Archive
from fanfare.audit.checks.points import Point, Roots, fault
from fanfare.audit.checks.trust import CannotTrust, Held, partition_of
from fanfare.audit.claims import Claim, claim
from fanfare.ledger.checkpoints import Checkpoint, Policy
from fanfare.ledger.faults import Malformed, NotProven, NotSigned
from fanfare.ledger.receipts import Receipt, ReceiptRefused, verify_receipt
from fanfare.record.entry import UnknownEvent, unpack
from fanfare.record.envelope import Recorded
from fanfare.record.notary import Notary, origin, promises_name
from fanfare.record.position import Moment, Position
from fanfare.record.promises import check_entry, check_promise


class _Saved(msgspec.Struct, frozen=True):
    """What the API answers for a receipt, as far as it is looked at."""

    event_id: str
    position: str
    proof: str | None
    promise: str | None = None
    events_proof: tuple[str, ...] = ()


class _Read(msgspec.Struct, frozen=True):
    source: str
    partition: int
    offset: int
    checkpoint: Checkpoint | None = None
    proof: bytes = b""
    index: int = 0
    """Of the event in its entry."""
    event_id: str = ""
    promise: bytes = b""
    events_proof: tuple[str, ...] = ()


def held_sizes(site: str, receipts: Sequence[Held]) -> Iterator[tuple[int, int]]:
    """
    Yield partition and size of each checkpoint that a receipt leads to.

    Raises:
        CannotTrust: a file is no receipt, or one of another site.
    """
    for each in receipts:
        read = _read(site, each)
        if read.checkpoint:
            yield read.partition, read.checkpoint.size


def older_than(archive: Archive, receipts: Sequence[Held]) -> str:
    """
    Say which of the receipts an archive is too old for; empty where it is for none.

    Raises:
        CannotTrust: as `held_sizes`.
    """
    site, moment = archive.manifest.site, archive.manifest.moment
    late = [read for each in receipts if _is_beyond(read := _read(site, each), moment)]
    said = [f"{each.source} is for entry {each.partition}:{each.offset}, which came after this archive was made" for each in late]
    return "; ".join([*said, "take a newer archive and audit that"]) if said else ""


def receipt_claims(
    archive: Archive, roots: Roots, keys: Notary, receipts: Sequence[Held], *, is_all: bool = False
) -> Iterator[Claim]:
    """
    Yield a claim for each receipt.

    Args:
        archive: the record.
        roots: as the fold computed them.
        keys: those that are believed.
        receipts: as they were saved.
        is_all: the archive is all that the site has, so that a receipt of more fails; else `older_than` tells of those.
    """
    for each in receipts:
        read = _read(archive.manifest.site, each)
        if not is_all and _is_beyond(read, archive.manifest.moment):
            continue
        place = f"{read.partition}:{read.offset}"
        wrong = _wrong(archive, roots, keys, read)
        unsigned = [] if read.proof else [f"{read.source} holds no proof yet: fetch the receipt again, a second after the ballot"]
        said = f"whether entry {place} is there, as it shows it" if wrong else f"it shows entry {place}, and the entry is there"
        yield claim(f"receipt {read.source}", said, wrong, unsigned)


def _is_beyond(read: _Read, moment: Moment) -> bool:
    return read.partition >= len(moment) or read.offset >= moment[read.partition]


def _wrong(archive: Archive, roots: Roots, keys: Notary, read: _Read) -> list[str]:
    place, moment = f"{read.partition}:{read.offset}", archive.manifest.moment
    entry = archive.entry(read.partition, read.offset) if read.partition < len(moment) else None
    if entry is None:
        return [f"{read.source}: it is for entry {place}, which is not here"]
    wrong = []
    if read.event_id and read.event_id != _id_at(read, entry):
        wrong.append(f"{read.source}: at {place}:{read.index} stands another event than {read.event_id}")
    wrong += _broken_promise(archive, keys, read, entry)
    if read.proof:
        verifiers = keys.verifiers(origin(archive.manifest.site, read.partition))
        if not verifiers:
            return [*wrong, f"{read.source}: no key is known that could have signed it"]
        try:
            verify_receipt(read.proof, entry, Policy(verifiers))
        except ReceiptRefused as refused:
            wrong.append(f"{read.source}: entry {place} is not what it was made for ({refused.step}: {refused.reason})")
    if read.checkpoint:
        point = Point(read.source, read.partition, read.checkpoint.size, read.checkpoint.root)
        wrong.append(fault(point, roots, moment[read.partition]))
    return [each for each in wrong if each]


def _broken_promise(archive: Archive, keys: Notary, read: _Read, entry: bytes) -> list[str]:
    """Say how the record is not what was promised of it when the entry was taken; nothing where nothing was promised."""
    if not read.promise:
        return []
    try:
        verifiers = keys.verifiers(promises_name(archive.manifest.site))
        promise = check_promise(read.promise, verifiers, read.event_id, read.index, read.events_proof)
        check_entry(promise, read.partition, read.offset, entry)
    except (Malformed, NotSigned, NotProven) as error:
        return [f"{read.source}: its promise does not hold: {error}"]
    return []


def _id_at(read: _Read, entry: bytes) -> str:
    try:
        events = unpack(read.partition, read.offset, entry).events
    except UnknownEvent:
        return ""
    found = events[read.index] if read.index < len(events) else None
    return found.id if isinstance(found, Recorded) else ""


def _read(site: str, held: Held) -> _Read:
    """Read a receipt: what the API answered, as JSON, or the bare proof. Raises: CannotTrust."""
    if not held.body.lstrip().startswith(b"{"):
        return _bare(site, held.source, held.body)
    try:
        saved = msgspec.json.decode(held.body, type=_Saved)
        position = Position.parse(saved.position)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise CannotTrust(f"{held.source} is no receipt, as SITE/api/v1/receipts/EVENT answers it: {error}") from error
    unsigned = _Read(held.source, position.partition, position.offset)
    bare = _bare(site, held.source, saved.proof.encode()) if saved.proof else unsigned
    if (bare.partition, bare.offset) != (position.partition, position.offset):
        raise CannotTrust(
            f"{held.source} says {saved.position}, and its proof is for another place, {bare.partition}:{bare.offset}"
        )
    promise = (saved.promise or "").encode()
    return msgspec.structs.replace(
        bare, index=position.index, event_id=saved.event_id, promise=promise, events_proof=saved.events_proof
    )


def _bare(site: str, source: str, proof: bytes) -> _Read:
    try:
        receipt = Receipt.parse(proof)
        checkpoint = Checkpoint.parse(receipt.checkpoint.text)
    except Malformed as error:
        raise CannotTrust(f"{source} is no receipt: {error} Save the one that the page of your ballots offers") from error
    partition = partition_of(site, checkpoint.origin)
    if partition is None:
        raise CannotTrust(f"{source} is of {checkpoint.origin}, and this is the record of {site}")
    return _Read(source, partition, receipt.index, checkpoint, proof)
