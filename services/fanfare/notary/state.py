"""How far the notary is: what it writes down of itself, and what the API and whoever runs the site read of it."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row

from fanfare.ledger.hashing import EMPTY_ROOT
from fanfare.ledger.ranges import CompactRange

SIGNED = "update notary.trees set signed_size = %s, signed_at = now() where partition = %s"
DOUBTED = """
    insert into notary.trees (partition, size, root, edge, doubt) values (%s, 0, %s, %s, %s)
    on conflict (partition) do update set doubt = excluded.doubt
"""
SWEPT = "update notary.trees set swept_at = now(), doubt = '' where partition = %s"
STATES = "select partition, size, root, signed_size, signed_at, doubt, swept_at from notary.trees order by partition"


class State(msgspec.Struct, frozen=True):
    """How far it is with one partition."""

    partition: int
    size: int
    root: bytes
    signed_size: int
    signed_at: datetime | None
    doubt: str
    """Why nothing more is signed; empty while all is well."""
    swept_at: datetime | None
    """When all of it was last compared with what was signed."""


async def states(connection: AsyncConnection) -> Sequence[State]:
    """Return how far it is with each partition; nothing before it began."""
    async with connection.cursor(row_factory=class_row(State)) as cursor:
        return await (await cursor.execute(STATES)).fetchall()


async def signed(connection: AsyncConnection, partition: int, size: int) -> None:
    """Note that a checkpoint was published."""
    await connection.execute(SIGNED, (size, partition))


async def doubted(connection: AsyncConnection, partition: int, why: str) -> None:
    """Note why nothing more is signed of a partition."""
    await connection.execute(DOUBTED, (partition, EMPTY_ROOT, CompactRange().pack(), why))


async def swept(connection: AsyncConnection, partition: int) -> None:
    """Note that all of a partition is as it was signed, which ends every doubt."""
    await connection.execute(SWEPT, (partition,))
