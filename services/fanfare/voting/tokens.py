"""Voter tokens: pseudonyms for one round."""

import hmac
import secrets

from psycopg import AsyncConnection


def token(round_key: bytes, secret: bytes) -> str:
    """Return the voter token, 32 hexadecimal digits: an HMAC under the round's key of a secret that an erasure destroys."""
    return hmac.digest(round_key, secret, "sha256").hex()[:32]


async def round_key(connection: AsyncConnection, round_id: str) -> bytes:
    """Return the key under which a round's tokens are made, 32 bytes; the first to ask makes it."""
    await connection.execute(
        "insert into vault.round_keys values (%s, %s) on conflict do nothing", (round_id, secrets.token_bytes(32))
    )
    row = await (await connection.execute("select key from vault.round_keys where round = %s", (round_id,))).fetchone()
    if row is None:
        message = f"no key was kept for round {round_id}"
        raise LookupError(message)
    return bytes(row[0])
