"""The vault: who members are. Nothing of it goes into the record or a log."""

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row

_COLUMNS = "id, email, name, simulated, joined_at, recorded, shown"
NEW = """
    insert into vault.members (id, email, name, secret, simulated)
    select id, email, name, secret, %(simulated)s
      from unnest(%(ids)s::text[], %(emails)s::text[], %(names)s::text[], %(secrets)s::bytea[]) as new (id, email, name, secret)
    on conflict (email) do nothing
"""


class Member(msgspec.Struct, frozen=True):
    """A row of the vault, without the secret."""

    id: str
    email: str | None
    name: str
    simulated: bool
    joined_at: datetime
    recorded: bool
    """The record has heard that she joined."""
    shown: bool
    """Others may read her page."""


class NewMember(msgspec.Struct, frozen=True):
    """Somebody who is about to join."""

    id: str
    name: str
    email: str | None = None


def new_member(name: str = "", email: str | None = None) -> NewMember:
    """Give somebody a random id; without a name of her own she is called by its first letters, never by her address."""
    member = secrets.token_hex(8)
    return NewMember(member, name or f"Fan {member[:4]}", email)


def derived(vault_key: bytes, purpose: str, *parts: str) -> str:
    """Return 64 hexadecimal digits that only the holder of the vault's key can compute from *parts*."""
    spelled = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in (purpose, *parts))
    return hmac.digest(vault_key, spelled, "sha256").hex()


async def add(connection: AsyncConnection, members: Sequence[NewMember], *, simulated: bool = False) -> None:
    """Write members in one statement, each with a fresh secret. One whose address is known already is passed over."""
    rows = {
        "simulated": simulated,
        "ids": [each.id for each in members],
        "emails": [each.email for each in members],
        "names": [each.name for each in members],
        "secrets": [secrets.token_bytes(32) for _ in members],
    }
    await connection.execute(NEW, rows)


async def by_id(connection: AsyncConnection, member: str) -> Member | None:
    """Return the member of that id."""
    async with connection.cursor(row_factory=class_row(Member)) as cursor:
        return await (await cursor.execute(f"select {_COLUMNS} from vault.members where id = %s", (member,))).fetchone()


async def by_email(connection: AsyncConnection, email: str) -> Member | None:
    """Return the member of that normalised address."""
    async with connection.cursor(row_factory=class_row(Member)) as cursor:
        return await (await cursor.execute(f"select {_COLUMNS} from vault.members where email = %s", (email,))).fetchone()


async def listed(
    connection: AsyncConnection, *, after: str = "", limit: int = 50, named: str = "", only: Sequence[str] | None = None
) -> list[Member]:
    """
    Return members in the order of their ids, from behind *after*.

    Args:
        named: a part of the name, in any case.
        only: the ids to choose from; none for all members.
    """
    query = f"""
        select {_COLUMNS} from vault.members
         where id > %(after)s and (%(only)s::text[] is null or id = any(%(only)s))
           and (%(named)s = '' or position(lower(%(named)s) in lower(name)) > 0)
         order by id limit %(limit)s
    """
    asked = {"after": after, "limit": limit, "named": named, "only": None if only is None else list(only)}
    async with connection.cursor(row_factory=class_row(Member)) as cursor:
        return await (await cursor.execute(query, asked)).fetchall()


async def rename(connection: AsyncConnection, member: str, name: str) -> None:
    """Call a member by another name."""
    await connection.execute("update vault.members set name = %s where id = %s", (name, member))


async def hold(connection: AsyncConnection, member: str) -> Member | None:
    """Return the member of that id and hold her row until the transaction ends, so that nobody erases her meanwhile."""
    await connection.execute("select from vault.members where id = %s for update", (member,))
    return await by_id(connection, member)


async def show(connection: AsyncConnection, member: str, *, shown: bool) -> None:
    """Let others read a member's page, or no longer."""
    await connection.execute("update vault.members set shown = %s where id = %s", (shown, member))


async def note_recorded(connection: AsyncConnection, members: Sequence[str]) -> None:
    """Note that the record has heard of these members."""
    await connection.execute("update vault.members set recorded = true where id = any(%s)", (list(members),))


async def unrecorded(connection: AsyncConnection) -> list[str]:
    """Return the members that a crash kept out of the record."""
    rows = await (await connection.execute("select id from vault.members where not recorded order by id")).fetchall()
    return [row[0] for row in rows]
