"""What the notary publishes, as objects: tiles and a checkpoint a partition, and a manifest of all of them with the keys."""

import hashlib
from collections.abc import Iterable, Sequence

import structlog

from fanfare.ledger.bundles import pack_bundle, unpack_bundle
from fanfare.ledger.checkpoints import Checkpoint, Policy, open_signed
from fanfare.ledger.faults import Malformed, NotSigned
from fanfare.ledger.hashing import HASH_BYTES
from fanfare.ledger.keys import SignerKey, VerifierKey
from fanfare.ledger.notes import Note, Signature
from fanfare.ledger.tiles import ENTRIES, Tile
from fanfare.ledger.writing import to_base64
from fanfare.notary.tree import Doubt, Superseded, folder
from fanfare.platform.objects import Objects
from fanfare.record.notary import Notary, origin

MANIFEST = "record/manifest"
_HEAD = "fanfare record manifest v1"
_log = structlog.get_logger()


def assembled(checkpoint: Checkpoint, signers: Iterable[SignerKey], cosignatures: Sequence[Signature] = ()) -> Note:
    """Return a checkpoint as it is published: the log's signatures, then those of witnesses who saw the same."""
    note = Note(checkpoint.text)
    for signer in signers:
        note = note.signed(signer)
    return note.having(*cosignatures)


async def published(objects: Objects, record_name: str, partition: int, keys: Notary) -> Checkpoint | None:
    """Return what is published, if a key of the partition's signed it: what somebody else put there binds nobody."""
    stored = await objects.get(f"{folder(partition)}/checkpoint")
    known = keys.verifiers(origin(record_name, partition))
    if stored is None or not known:
        return None
    try:
        opened = open_signed(Note.parse(stored), Policy(known))
    except (Malformed, NotSigned) as error:
        _log.warning("what is published as a checkpoint is none of ours", partition=partition, error=str(error))
        return None
    return opened.checkpoint if opened.checkpoint.origin == origin(record_name, partition) else None


async def publish(
    objects: Objects,
    record_name: str,
    partition: int,
    size: int,
    root: bytes,
    keys: Notary,
    signers: Sequence[SignerKey],
    witnesses: Sequence[VerifierKey] = (),
) -> bytes:
    """
    Sign what was committed, put it where all read it, and return it.

    Args:
        witnesses: whose signatures stay, where they stand under the same already.

    Raises:
        Superseded: a larger one is published.
        Doubt: another root of this size is.
    """
    there = await published(objects, record_name, partition, keys)
    if there and there.size > size:
        raise Superseded
    if there and there.size == size and there.root != root:
        raise Doubt(f"The published checkpoint of partition {partition}, of {size} entries, has another root than was committed.")
    checkpoint = Checkpoint(origin(record_name, partition), size, root)
    note = bytes(assembled(checkpoint, signers, await _cosignatures(objects, partition, checkpoint.text, witnesses)))
    await objects.put(f"{folder(partition)}/checkpoint", note)
    return note


async def _cosignatures(objects: Objects, partition: int, text: bytes, witnesses: Sequence[VerifierKey]) -> list[Signature]:
    """Return what witnesses signed of what is published, if it is this text."""
    stored = await objects.get(f"{folder(partition)}/checkpoint")
    try:
        note = Note.parse(stored or b"")
        found = {(each.key.name, each.key.id) for each in note.check(witnesses)} if note.text == text else set()
    except (Malformed, NotSigned):
        return []
    return [each for each in note.signatures if (each.name, each.key_id) in found]


async def tile_of(objects: Objects, partition: int, asked: Tile) -> bytes | None:
    """
    Return a published tile, or bundle, or none.

    Where there is a full one it is read: a partial one beside it may be a late writer's.
    """
    whole = f"{folder(partition)}/{Tile(asked.level, asked.index).path}"
    full = await objects.get(whole)
    if full is None and not asked.is_full:
        found = await objects.get(f"{folder(partition)}/{asked.path}")
        full = await objects.get(whole) if found is None else None  # it may have become full in between
        if full is None:
            return found
    return full if full is None or asked.is_full else _begun(asked, full)


def _begun(asked: Tile, full: bytes) -> bytes:
    """Return the beginning of a full tile, or bundle, as wide as it is asked for."""
    return pack_bundle(unpack_bundle(full)[: asked.width]) if asked.level == ENTRIES else full[: asked.width * HASH_BYTES]


def manifest(record_name: str, checkpoints: Sequence[bytes], keys: Notary, signers: Sequence[SignerKey]) -> bytes:
    """
    Return the manifest, signed by the record's own keys: lines of words with spaces between.

    The record's name; `partition NUMBER SIZE ROOT SHA256` (of the checkpoint's bytes as published) in order; of every key there
    ever was `key KEY BY SIGNATURE`, and below it `retired KEY BY SIGNATURE`, as the record has them; BY is `-` for the first.
    """
    lines = [_HEAD, record_name]
    for number, stored in enumerate(checkpoints):
        each = Checkpoint.parse(Note.parse(stored).text)
        lines.append(f"partition {number} {each.size} {to_base64(each.root)} {hashlib.sha256(stored).hexdigest()}")
    for key in keys.keys:
        lines.append(f"key {key.added.key} {key.added.by_key or '-'} {key.added.signature}")
        if key.retired:
            lines.append(f"retired {key.retired.key} {key.retired.by_key} {key.retired.signature}")
    note = Note("".join(f"{line}\n" for line in lines).encode())
    for signer in signers:
        note = note.signed(signer)
    return bytes(note)
