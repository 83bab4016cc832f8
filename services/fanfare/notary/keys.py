"""
The notary's private keys, one a name: in the vault, in words as Go's tools write them. The public ones are in the record.

Whoever reads one can sign as this site. Only the worker and `fanfare keys` load them; of an API process, which signs promises,
the key of those alone is asked for.
"""

from collections.abc import Sequence
from functools import partial

import structlog
from psycopg import AsyncConnection

from fanfare.ledger.faults import Malformed
from fanfare.ledger.keys import SignerKey
from fanfare.ledger.writing import to_base64
from fanfare.platform.desk import Asked, Desk
from fanfare.platform.refusals import Refusal
from fanfare.record.decisions import Streams
from fanfare.record.kinds import Event
from fanfare.record.notary import (
    STREAM,
    NotaryKeyAdded,
    NotaryKeyRetired,
    adding,
    key_name,
    origin,
    promises_name,
    retiring,
)

KEEP = "insert into vault.keys (name, key) values (%s, %s) on conflict (name) do nothing"
READ = "select key from vault.keys where name = %s"
BEGUN = "select key from vault.keys where name like 'notary %' order by name"
_AT_ONCE = 60
"""So many changes fit into an entry."""
_log = structlog.get_logger()


class KeyLost(Exception):
    """The vault lacks the private half of the key that the record names. Put the vault back from its backup."""


class KeyThere(Refusal):
    """The record names a key already."""

    code, advice = "key-there", "To change it, rotate it: the old key signs the new one."


class KeyMissing(Refusal):
    """The record names no key yet."""

    code, advice = "key-missing", "The worker makes one as soon as the site is founded; or make it now."


def named(key: SignerKey) -> str:
    """Return under which name the vault keeps a key."""
    return f"notary {key.verifier.id.hex()}"


async def keep(connection: AsyncConnection, key: SignerKey) -> None:
    """Put a private key into the vault, before the record hears of it: a crash in between leaves one that nobody names."""
    await connection.execute(KEEP, (named(key), key.secret().encode()))


async def load(connection: AsyncConnection, words: str) -> SignerKey:
    """
    Return the private half of a key that the record names.

    Raises:
        KeyLost: the vault has none, or another one under its id.
    """
    row = await (await connection.execute(READ, (f"notary {words.split('+')[1]}",))).fetchone()
    try:
        found = SignerKey.parse(bytes(row[0]).decode()) if row else None
    except (Malformed, UnicodeDecodeError):
        found = None
    if found is None or str(found.verifier) != words:
        message = f"The vault lacks the private half of the notary's key {words}. Put the vault back from its backup."
        raise KeyLost(message)
    return found


def names(desk: Desk) -> list[str]:
    """Return the names that have a key each: the record's first, then the partitions', then that of promises."""
    record_name, partitions = desk.source, range(desk.streams.site.partitions)
    return [key_name(record_name), *(origin(record_name, number) for number in partitions), promises_name(record_name)]


def lacking(desk: Desk) -> list[str]:
    """Return the names that have no key yet, as of the latest reading: all of a new site, those of partitions that were added."""
    known = desk.streams.notary
    return [name for name in names(desk) if not known.in_force(name)]


async def make(desk: Desk) -> str:
    """
    Name the keys that are lacking in the record, and return the record's own, in words.

    Private keys that a crash left in the vault are used.

    Raises:
        KeyThere: none is lacking.
        KeyLost: the vault lacks the private half of the record's key.
        Overtaken: somebody else made them meanwhile.
    """
    await desk.catch_up()
    wanted = lacking(desk)
    if not wanted:
        raise KeyThere
    known, name = desk.streams.notary, key_name(desk.source)
    async with desk.pool.connection() as connection:
        left = await _left(connection, {each.added.key for each in known.keys})
        fresh = [left.get(each) or SignerKey.generate(each) for each in wanted]
        record_key = fresh[0] if wanted[0] == name else await load(connection, known.in_force(name)[-1])
        for each in fresh:
            await keep(connection, each)
    events = [_added(desk.source, each, None if each is record_key else record_key) for each in fresh]
    await _decide(desk, "make-key", events)
    words = str(record_key.verifier)
    _log.info("the notary has its keys", key=words, names=wanted)
    return words


async def rotate(desk: Desk) -> str:
    """
    Give each name a new key, the record's own signed by the one in force; retire all others; return the record's, in words.

    Raises:
        KeyMissing: there are none yet.
        KeyLost: the vault lacks the private half of the record's key in force.
        Overtaken: somebody else changed keys meanwhile.
    """
    await desk.catch_up()
    known, record_name = desk.streams.notary, desk.source
    in_force = known.in_force(key_name(record_name))
    if not in_force:
        raise KeyMissing
    fresh = [SignerKey.generate(each) for each in names(desk)]
    new = fresh[0]
    async with desk.pool.connection() as connection:
        old = await load(connection, in_force[-1])
        for each in fresh:
            await keep(connection, each)
    retired = [each.added.key for each in known.keys if each.retired is None]
    added = [_added(record_name, each, old if each is new else new) for each in fresh]
    await _decide(desk, "rotate-key", [*added, *(_retired(record_name, each, new) for each in retired)])
    return str(new.verifier)


async def _left(connection: AsyncConnection, known: set[str]) -> dict[str, SignerKey]:
    """Return the private keys in the vault that the record does not name, since a crash came in between, by name."""
    rows = await (await connection.execute(BEGUN)).fetchall()
    kept = [SignerKey.parse(bytes(row[0]).decode()) for row in rows]
    return {each.name: each for each in kept if str(each.verifier) not in known}


def _added(record_name: str, key: SignerKey, by: SignerKey | None) -> NotaryKeyAdded:
    words = str(key.verifier)
    signature = to_base64((by or key).sign(adding(record_name, words)))
    return NotaryKeyAdded(key=words, by_key=str(by.verifier) if by else None, signature=signature)


def _retired(record_name: str, words: str, by: SignerKey) -> NotaryKeyRetired:
    return NotaryKeyRetired(key=words, by_key=str(by.verifier), signature=to_base64(by.sign(retiring(record_name, words))))


async def _decide(desk: Desk, command: str, events: Sequence[NotaryKeyAdded | NotaryKeyRetired]) -> None:
    """Put changes into the record, many of them in several decisions: after a crash in between old keys sign beside new ones."""
    for some in (events[at : at + _AT_ONCE] for at in range(0, len(events), _AT_ONCE)):
        after = desk.streams.decisions(STREAM)
        asked = Asked(actor="notary", command=command, target="notary", key=some[0].key, body=some[0].wire, after=after)
        await desk.decide(STREAM, asked, partial(_said, some))


def _said(events: Sequence[Event], _: Streams) -> Sequence[Event]:
    return events
