"""Passkeys as the vault keeps them: a public key each, which opens nothing."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import LiteralString

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row

MOST = 20
"""Passkeys of one member."""
_COLUMNS: LiteralString = """
    encode(substr(sha256(credential), 1, 16), 'hex') as id, credential, member, public_key, sign_count, transports, name,
    created_at, used_at
"""
ADD = """
    insert into vault.passkeys (credential, member, public_key, sign_count, transports, name)
    values (%(credential)s, %(member)s, %(public_key)s, %(sign_count)s, %(transports)s, %(name)s)
    on conflict (credential) do nothing
"""
# Of two sign-ins with one count, the second finds another count there.
USE = "update vault.passkeys set sign_count = %(new)s, used_at = now() where credential = %(credential)s and sign_count = %(old)s"
REMOVE = "delete from vault.passkeys where member = %s and encode(substr(sha256(credential), 1, 16), 'hex') = %s returning name"


class Passkey(msgspec.Struct, frozen=True):
    """A row of the vault."""

    id: str
    """What its owner calls it in requests; it opens nothing."""
    credential: bytes
    member: str
    public_key: bytes
    sign_count: int
    transports: Sequence[str]
    name: str
    created_at: datetime
    used_at: datetime | None


class NewPasskey(msgspec.Struct, frozen=True):
    """What a browser made, once it was checked."""

    credential: bytes
    public_key: bytes
    sign_count: int
    transports: Sequence[str]


def shown_id(credential: bytes) -> str:
    """Return the id under which its owner sees the passkey that a device calls *credential*."""
    return hashlib.sha256(credential).digest()[:16].hex()


async def add(connection: AsyncConnection, member: str, name: str, new: NewPasskey) -> bool:
    """Keep a passkey and tell whether it is new."""
    row = {**msgspec.structs.asdict(new), "member": member, "name": name, "transports": list(new.transports)}
    return (await connection.execute(ADD, row)).rowcount == 1


async def of_member(connection: AsyncConnection, member: str) -> list[Passkey]:
    """Return a member's passkeys, the oldest first."""
    query = f"select {_COLUMNS} from vault.passkeys where member = %s order by created_at, id"
    async with connection.cursor(row_factory=class_row(Passkey)) as cursor:
        return await (await cursor.execute(query, (member,))).fetchall()


async def find(connection: AsyncConnection, credential: bytes) -> Passkey | None:
    """Return the passkey that a device calls *credential*."""
    query = f"select {_COLUMNS} from vault.passkeys where credential = %s"
    async with connection.cursor(row_factory=class_row(Passkey)) as cursor:
        return await (await cursor.execute(query, (credential,))).fetchone()


async def use(connection: AsyncConnection, passkey: Passkey, sign_count: int) -> bool:
    """Note a use with what the device counts now; false where another use came in between."""
    row = {"credential": passkey.credential, "old": passkey.sign_count, "new": sign_count}
    return (await connection.execute(USE, row)).rowcount == 1


async def remove(connection: AsyncConnection, member: str, passkey_id: str) -> str:
    """Delete one of a member's passkeys and return its name; empty where she has none of that id."""
    row = await (await connection.execute(REMOVE, (member, passkey_id))).fetchone()
    return str(row[0]) if row else ""


async def remove_since(connection: AsyncConnection, member: str, since: datetime, before: timedelta) -> int:
    """Delete the passkeys that a member got after *since*, or that long before it, and return how many those were."""
    query = "delete from vault.passkeys where member = %s and created_at > %s"
    return (await connection.execute(query, (member, since - before))).rowcount
