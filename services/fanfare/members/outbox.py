"""The outbox as an operator sees it: how many mails wait and why, never to whom."""

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row

STATE = """
    select count(*) filter (where failure is null) as waiting,
           count(*) filter (where failure is not null and next_try_at < 'infinity') as failed,
           count(*) filter (where next_try_at = 'infinity') as given_up,
           coalesce(extract(epoch from now() - min(created_at) filter (where next_try_at < 'infinity')), 0)::float8 as oldest_s,
           coalesce(array_agg(distinct split_part(failure, ':', 1)) filter (where failure is not null), '{}') as failures
      from vault.outbox where sent_at is null
"""
AGAIN = "update vault.outbox set next_try_at = now(), attempts = 0 where sent_at is null and failure is not null"


class Outbox(msgspec.Struct, frozen=True):
    """Mails that have not left."""

    waiting: int
    """Not tried yet."""
    failed: int
    """Tried in vain, and tried again by itself."""
    given_up: int
    """Tried for the last time, unless somebody asks for more."""
    oldest_s: float
    failures: list[str]
    """What kinds of failure: the server's words may repeat an address."""


async def state(connection: AsyncConnection) -> Outbox:
    """Return what has not left."""
    async with connection.cursor(row_factory=class_row(Outbox)) as cursor:
        found = await (await cursor.execute(STATE)).fetchone()
    return found or Outbox(0, 0, 0, 0.0, [])


async def try_again(connection: AsyncConnection) -> int:
    """Have every mail that failed tried again at once, and return how many those are."""
    return (await connection.execute(AGAIN)).rowcount
