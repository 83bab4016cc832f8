"""Forgetting: what is deleted of a member or a text, wherever the database keeps it. Doing it twice changes nothing."""

import re
from collections.abc import Collection, Sequence
from typing import LiteralString

from psycopg import AsyncConnection, sql
from psycopg_pool import AsyncConnectionPool

from fanfare.platform.logs.port import Log
from fanfare.platform.singly import singly

# Whoever writes something that leads to her holds a lock on her row, so it is either seen here or not written any more.
HOLD: LiteralString = "select email from vault.members where id = any(%(members)s) order by id for update"
# Mail that is on its way right now is waited for. Of sent mail only the subject and her id were left.
ADDRESSED: tuple[LiteralString, ...] = (
    """delete from vault.outbox where recipient = any(%(emails)s)
        or exists (select from unnest(%(members)s::text[]) as gone (id) where unique_key like '%%:' || gone.id)""",
    "delete from vault.links where email = any(%(emails)s)",
    "delete from vault.invitations where email = any(%(emails)s)",
)
OWN: tuple[LiteralString, ...] = (
    "delete from record.texts where member = any(%(members)s)",
    "delete from record.pictures where member = any(%(members)s)",  # leaves word of its objects: migration 0014
    "delete from vault.took_part where member = any(%(members)s)",
    """delete from vault.outbox using vault.thanks
        where by_member = any(%(members)s) and starts_with(unique_key, 'thanks:' || thanks.id || ':')""",
    "delete from vault.notes where member = any(%(members)s)",
    "update vault.notes set hidden_by = null where hidden_by = any(%(members)s)",
    "delete from vault.note_reports where member = any(%(members)s)",
    "update vault.briefs set by_member = null where by_member = any(%(members)s)",
    "delete from vault.circle_invitations where member = any(%(members)s) or by_member = any(%(members)s)",
    "delete from vault.offer_answers where member = any(%(members)s)",
    "delete from vault.address_looks where member = any(%(members)s)",
    "update vault.address_looks set by_member = null where by_member = any(%(members)s)",
    "delete from vault.thanked where member = any(%(members)s)",
    "delete from vault.thanks where by_member = any(%(members)s)",  # and with them what was answered
    "delete from vault.arrivals where newcomer = any(%(members)s) or by_member = any(%(members)s)",
    "delete from vault.bringers where member = any(%(members)s)",
    "update vault.links set brought_by = null where brought_by = any(%(members)s)",
    "delete from desk.papers where voter = any(%(members)s) and octet_length(voter) < 32",
    "delete from desk.drafts where by_member = any(%(members)s)",
    "delete from desk.trials where member = any(%(members)s)",
    "update desk.drafts set changed_by = null where changed_by = any(%(members)s)",
    "delete from desk.flags where member = any(%(members)s)",
    "update desk.flags set settled_by = null where settled_by = any(%(members)s)",
    "delete from vault.sessions where member = any(%(members)s)",
    "delete from vault.passkeys where member = any(%(members)s)",
    "delete from vault.links where member = any(%(members)s)",
    "delete from vault.members where id = any(%(members)s)",
)
HASH = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
"""The hash of a text or a picture, as it stands in an entry."""
TEXTS: tuple[LiteralString, ...] = (
    "delete from record.texts where hash = any(%s)",
    "delete from record.texts where hash in (select words from pictures.shown where picture = any(%s))",
    "delete from record.pictures where hash = any(%s)",
)
"""With a picture goes what was said that it shows."""
TABLES: tuple[tuple[LiteralString, LiteralString], ...] = (
    ("record", "texts"),
    ("record", "pictures"),
    ("vault", "members"),
    ("vault", "sessions"),
    ("vault", "passkeys"),
    ("vault", "links"),
    ("vault", "invitations"),
    ("vault", "outbox"),
    ("vault", "took_part"),
    ("vault", "thanks"),
    ("vault", "thanked"),
    ("vault", "arrivals"),
    ("vault", "bringers"),
    ("vault", "briefs"),
    ("vault", "notes"),
    ("vault", "note_reports"),
    ("vault", "circle_invitations"),
    ("vault", "offer_answers"),
    ("vault", "address_looks"),
    ("desk", "drafts"),
    ("desk", "trials"),
    ("desk", "flags"),
    ("desk", "papers"),
)
"""What holds something of a person."""


async def forget_members(pool: AsyncConnectionPool, members: Sequence[str]) -> int:
    """
    Delete all that is kept of these members, in one transaction, and return how many rows that were.

    With the secret of a member her voter tokens can no longer be computed. Her id stays in the record, with nothing behind it.
    """
    if not members:
        return 0
    asked: dict[str, object] = {"members": list(members)}
    async with pool.connection() as connection, connection.transaction():
        found = await (await connection.execute(HOLD, asked)).fetchall()
        asked["emails"] = [row[0] for row in found if row[0]]
        return sum([(await connection.execute(statement, asked)).rowcount for statement in (*ADDRESSED, *OWN)])


async def forget_texts(pool: AsyncConnectionPool, hashes: Sequence[str]) -> int:
    """Delete these texts and pictures with their salts, and return how many there were."""
    if not hashes:
        return 0
    async with pool.connection() as connection:
        return sum([(await connection.execute(statement, (list(hashes),))).rowcount for statement in TEXTS])


async def overwrite(pool: AsyncConnectionPool) -> None:
    """
    Give the space of deleted rows free, and make the statistics of their tables anew; it waits for no reader.

    Rows that a statement still runs over stay until the next time.
    """
    async with singly(pool) as connection:
        for schema, table in TABLES:
            await connection.execute(sql.SQL("vacuum (analyze) {}").format(sql.Identifier(schema, table)))


async def known(connection: AsyncConnection, members: Sequence[str]) -> list[str]:
    """Return which of these members the database knows: by a row of the vault, a text or an event."""
    query = """select id from unnest(%s::text[]) as asked (id)
                where exists (select from vault.members where members.id = asked.id)
                   or exists (select from record.texts where texts.member = asked.id)
                   or exists (select from record.pictures where pictures.member = asked.id)
                   or exists (select from counted.members where members.member = asked.id)"""
    return [row[0] for row in await (await connection.execute(query, (list(members),))).fetchall()]


async def named(log: Log, hashes: Collection[str]) -> frozenset[str]:
    """Return which of these texts and pictures the record names. It reads all of partition 0, where no ballot is."""
    wanted, found, start = {each.encode() for each in hashes}, set[bytes](), 0
    while wanted - found and (page := await log.read(0, start)):
        for stored in page:
            found.update(wanted.intersection(HASH.findall(stored.body)))
        start = page[-1].offset + 1
    return frozenset(each.decode() for each in found)
