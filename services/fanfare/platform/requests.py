"""Requests that came with an Idempotency-Key: what was answered is answered again, and a key with another body is refused."""

import hashlib

from psycopg_pool import AsyncConnectionPool

from fanfare.platform.desk import Acknowledged, Asked
from fanfare.platform.refusals import KeyReused
from fanfare.record.position import Position

RANDOM = "auto."
"""Keys that start so were made here, because the client sent none. They never come twice."""


def _hashes(asked: Asked) -> tuple[bytes, bytes]:
    key = hashlib.sha256(f"{asked.actor}\x1f{asked.key}".encode()).digest()
    return key, hashlib.sha256(f"{asked.command}\x1f{asked.target}\x1f{asked.body}".encode()).digest()


async def earlier(pool: AsyncConnectionPool, asked: Asked) -> Acknowledged | None:
    """
    Return what was acknowledged when the same request came before; none where it is new or was never finished.

    Raises:
        KeyReused: the key came with another request.
    """
    if asked.key.startswith(RANDOM):
        return None
    key_hash, request_hash = _hashes(asked)
    async with pool.connection() as connection:
        await connection.execute(
            "insert into desk.requests (key_hash, request_hash) values (%s, %s) on conflict do nothing", (key_hash, request_hash)
        )
        query = "select request_hash, answer from desk.requests where key_hash = %s"
        row = await (await connection.execute(query, (key_hash,))).fetchone()
    if row is None or bytes(row[0]) != request_hash:
        raise KeyReused
    if row[1] is None:
        return None
    event_id, _, position = bytes(row[1]).decode().partition(" ")
    return Acknowledged(event_id, Position.parse(position))


async def finished(pool: AsyncConnectionPool, asked: Asked, done: Acknowledged) -> Acknowledged:
    """Keep what was acknowledged. A crash before this leaves a request that is carried out again under the same event ids."""
    if not asked.key.startswith(RANDOM):
        async with pool.connection() as connection:
            await connection.execute(
                "update desk.requests set answer = %s where key_hash = %s",
                (f"{done.event_id} {done.position}".encode(), _hashes(asked)[0]),
            )
    return done
