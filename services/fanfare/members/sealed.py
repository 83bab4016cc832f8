"""Sealed words: what we hand to a browser to get back once, soon and unchanged. What came back is kept until it is stale."""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta

import msgspec
from psycopg import AsyncConnection

from fanfare.members import vault

SPEND = "insert into vault.spent (hash, ends_at) values (%s, %s) on conflict (hash) do nothing"
_LONGEST = 400


class Sealed(msgspec.Struct, frozen=True):
    """What a seal says that was found whole."""

    made_at: datetime
    ends_at: datetime
    text: str


def seal(vault_key: bytes, purpose: str, subject: str, now: datetime, lasts: timedelta) -> str:
    """
    Return words of at most 120 characters that only this site makes; handing them out keeps nothing.

    Args:
        subject: whom or what they are for; it is not in them, and whoever opens them has to name it.
    """
    body = f"{int(now.timestamp()):x}.{int((now + lasts).timestamp()):x}.{secrets.token_hex(16)}"
    return f"{body}.{_signed(vault_key, purpose, subject, body)}"


def opened(vault_key: bytes, purpose: str, subject: str, text: str, now: datetime) -> Sealed | None:
    """Return what *text* says; none where it is not ours, for something else, or stale."""
    body, _, signature = text.rpartition(".")
    parts = body.split(".")
    if len(text) > _LONGEST or len(parts) != 3:
        return None
    if not hmac.compare_digest(signature.encode(), _signed(vault_key, purpose, subject, body).encode()):
        return None
    made_at, ends_at = (datetime.fromtimestamp(int(each, 16), UTC) for each in parts[:2])
    return Sealed(made_at, ends_at, text) if now < ends_at else None


async def spend(connection: AsyncConnection, text: str, ends_at: datetime) -> bool:
    """Use *text* up, once among all processes, and tell whether this was the first time."""
    return (await connection.execute(SPEND, (hashlib.sha256(text.encode()).digest(), ends_at))).rowcount == 1


def _signed(vault_key: bytes, purpose: str, subject: str, body: str) -> str:
    return vault.derived(vault_key, "sealed", purpose, subject, body)
