"""
The history of checkpoints: each one that was published, as it was published, kept for whoever compares it with what she kept.

Every one of the last hour, one an hour for thirty days, then one a day. It proves nothing by itself, since whoever can write
here can write anything: each note is checked by its signature, and by whether the tree passed through it.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool

from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.notes import Note

KEEP = """
    insert into notary.checkpoints (partition, size, root, note, cosigned) values (%s, %s, %s, %s, %s)
    on conflict (partition, size) do update set note = excluded.note, cosigned = excluded.cosigned
     where checkpoints.root = excluded.root and (excluded.cosigned or not checkpoints.cosigned)
"""
SINCE = """
    select partition, size, root, signed_at, note, cosigned from notary.checkpoints
     where partition = %(partition)s and size < %(before)s order by size desc limit %(limit)s
"""
ONE = "select partition, size, root, signed_at, note, cosigned from notary.checkpoints where partition = %s and size = %s"
KEPT = "select partition, size, root, signed_at, note, cosigned from notary.checkpoints order by partition, size"
# Of one span of time the largest stays that a witness cosigned, or else the largest; the newest of a partition always does.
THIN = """
    delete from notary.checkpoints as old using (
           select partition, size, row_number() over (partition by partition, step, date_trunc(step, signed_at, 'UTC')
                                                          order by cosigned desc, size desc) as place
             from (select *, case when signed_at < now() - interval '30 days' then 'day' else 'hour' end as step
                     from notary.checkpoints where signed_at < now() - interval '1 hour') as aged) as ranked
     where old.partition = ranked.partition and old.size = ranked.size and place > 1
       and exists (select from notary.checkpoints as newer where newer.partition = old.partition and newer.size > old.size)
"""
_EVER = 2**62


class KeptCheckpoint(msgspec.Struct, frozen=True):
    """A checkpoint that was published."""

    partition: int
    size: int
    root: bytes
    signed_at: datetime
    note: bytes
    """Its bytes as they were published last, with the cosignatures that it has."""
    cosigned: bool
    """Whether somebody else than the record's own keys signed it, too."""


async def keep(connection: AsyncConnection, partition: int, note: bytes) -> None:
    """Keep a note that was published; of one size the one with cosignatures stays."""
    parsed = Note.parse(note)
    checkpoint = Checkpoint.parse(parsed.text)
    cosigned = any(each.name != checkpoint.origin for each in parsed.signatures)
    await connection.execute(KEEP, (partition, checkpoint.size, checkpoint.root, note, cosigned))


async def since(
    connection: AsyncConnection, partition: int, *, before: int | None = None, limit: int = 50
) -> Sequence[KeptCheckpoint]:
    """Return what is kept of a partition, the largest first; *before*: only of smaller sizes."""
    values = {"partition": partition, "before": _EVER if before is None else before, "limit": limit}
    async with connection.cursor(row_factory=class_row(KeptCheckpoint)) as cursor:
        return await (await cursor.execute(SINCE, values)).fetchall()


async def one(connection: AsyncConnection, partition: int, size: int) -> KeptCheckpoint | None:
    """Return the checkpoint of this size; none where none is kept."""
    async with connection.cursor(row_factory=class_row(KeptCheckpoint)) as cursor:
        return await (await cursor.execute(ONE, (partition, size))).fetchone()


async def kept(connection: AsyncConnection) -> Sequence[KeptCheckpoint]:
    """Return all that is kept, by partition and size."""
    async with connection.cursor(row_factory=class_row(KeptCheckpoint)) as cursor:
        return await (await cursor.execute(KEPT)).fetchall()


async def thin(pool: AsyncConnectionPool) -> None:
    """Delete what age makes too many; for the worker, about once an hour."""
    async with pool.connection() as connection:
        await connection.execute(THIN)
