"""
The notary's keys: one a name, which says what it signs, and how each followed from those before. A contested stream, ``notary``.

The record's own key signs the manifest and the other keys; that of a partition its checkpoints; the promises key promises.
A change that is not signed as it has to be changes nothing, so that whoever can write to the record cannot name a key of her own.

Source: no public key stands for two logs, so that a signature can never be taken for another log's (C2SP tlog-policy,
c2sp.org/tlog-policy).
"""

import re
from datetime import datetime
from typing import Annotated, ClassVar

import msgspec

from fanfare.ledger.faults import Malformed
from fanfare.ledger.keys import Kind, VerifierKey
from fanfare.ledger.writing import from_base64
from fanfare.record.kinds import Event

STREAM = "notary"
KeyWords = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[!-*,-~]{1,200}\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}(?!\n)$",
        description="A public key as C2SP signed-note prints it: name, id and base64, with plus signs between.",
    ),
]
Signature = Annotated[
    str, msgspec.Meta(pattern=r"^[A-Za-z0-9+/]{86}==(?!\n)$", description="An Ed25519 signature, 64 bytes in base64.")
]

_PARTITION = re.compile(r"0|[1-9][0-9]?")


class NotaryKeyAdded(Event, frozen=True):
    """The notary signs with this key, too: signed by the record's key that is in force, the very first one by itself."""

    wire: ClassVar[str] = "fanfare.notary.key-added.v1"
    key: KeyWords
    signature: Signature
    """Of ``adding``."""
    by_key: KeyWords | None = None
    """None: the first one."""


class NotaryKeyRetired(Event, frozen=True):
    """The notary signs no more with this key; signed by a key of the record that goes on."""

    wire: ClassVar[str] = "fanfare.notary.key-retired.v1"
    key: KeyWords
    signature: Signature
    """Of ``retiring``."""
    by_key: KeyWords


NotaryEvent = NotaryKeyAdded | NotaryKeyRetired


class Key(msgspec.Struct, frozen=True):
    """A key that the notary signs with, or did."""

    added: NotaryKeyAdded
    verifier: VerifierKey
    since: datetime
    retired: NotaryKeyRetired | None = None
    retired_at: datetime | None = None


class Notary(msgspec.Struct, frozen=True):
    """All keys there ever were, in the order of the record."""

    keys: tuple[Key, ...] = ()

    def in_force(self, name: str) -> tuple[str, ...]:
        """Return the keys of this name that sign now, in words, the newest last."""
        return tuple(each.added.key for each in self.keys if each.retired is None and each.verifier.name == name)

    def verifiers(self, name: str) -> tuple[VerifierKey, ...]:
        """Return all keys of this name that there ever were, in the order of the record."""
        return tuple(each.verifier for each in self.keys if each.verifier.name == name)


def key_name(record_name: str) -> str:
    """Return the name of the record's own keys, which sign the manifest and all other keys: the record's, without its scheme."""
    return record_name.partition("://")[2]


def origin(record_name: str, partition: int) -> str:
    """Return the origin of a partition's checkpoints, which is the name of the keys that sign them and nothing else."""
    return f"{key_name(record_name)}/record/{partition}"


def promises_name(record_name: str) -> str:
    """Return the name of the keys that sign promises."""
    return f"{key_name(record_name)}/promises"


def adding(record_name: str, key: str) -> bytes:
    """Return what is signed to add a key."""
    return f"fanfare notary key\n{record_name}\n{key}\n".encode()


def retiring(record_name: str, key: str) -> bytes:
    """Return what is signed to retire a key."""
    return f"fanfare notary key retired\n{record_name}\n{key}\n".encode()


def evolve(state: Notary, event: Event, record_name: str, at: datetime) -> Notary:
    """
    Return *state* with *event* taken in; what makes no sense there, or is not signed, changes nothing.

    Args:
        record_name: what the first event of the record calls it.
        at: the time of the event.
    """
    match event:
        case NotaryKeyAdded(key=key, by_key=by_key, signature=signature):
            verifier = _of(record_name, key)
            if verifier is None or any(each.verifier.public == verifier.public for each in state.keys):
                return state
            if by_key is None:
                may = not state.keys and verifier.name == key_name(record_name)
            else:
                may = by_key in state.in_force(key_name(record_name))
            if not may or not _signed(by_key or key, signature, adding(record_name, key)):
                return state
            return Notary((*state.keys, Key(event, verifier, at)))
        case NotaryKeyRetired(key=key, by_key=by_key, signature=signature):
            signs = any(each.added.key == key and each.retired is None for each in state.keys)
            sound = signs and by_key in state.in_force(key_name(record_name)) and key != by_key
            if not sound or not _signed(by_key, signature, retiring(record_name, key)):
                return state
            return Notary(tuple(_retired(each, event, at) if each.added.key == key else each for each in state.keys))
        case _:
            return state


def _retired(key: Key, event: NotaryKeyRetired, at: datetime) -> Key:
    return msgspec.structs.replace(key, retired=event, retired_at=at)


def _of(record_name: str, key: str) -> VerifierKey | None:
    """Return a key that may sign for this record, as its name says; none for any other."""
    try:
        parsed = VerifierKey.parse(key)
    except Malformed:
        return None
    name = key_name(record_name)
    known = parsed.name in (name, promises_name(record_name)) or (
        parsed.name.startswith(f"{name}/record/") and _PARTITION.fullmatch(parsed.name.removeprefix(f"{name}/record/"))
    )
    return parsed if known and parsed.kind is Kind.NOTE else None


def _signed(key: str, signature: str, message: bytes) -> bool:
    try:
        return VerifierKey.parse(key).accepts(from_base64(signature), message)
    except Malformed:
        return False
