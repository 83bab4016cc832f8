"""API tokens: for scripts of a member, shown once, ended whenever she likes."""

from datetime import timedelta

from fanfare.members import sessions, vault
from fanfare.members.sessions import Session
from fanfare.platform import texts
from fanfare.platform.desk import Desk
from fanfare.platform.language import marked
from fanfare.platform.refusals import KeyReused

PREFIX = "fanfare_pat_"
"""By it, scanners of source code recognise a token that was published by mistake."""
LABEL = 60
"""The most characters of a label."""


async def make(desk: Desk, member: str, label: str, lasts: timedelta, key: str) -> tuple[str, Session]:
    """
    Make a token and return it with its session.

    Args:
        lasts: a year at most.
        key: the request's Idempotency-Key. The token follows from it and the vault's key, so a repeated request gets the same.

    Raises:
        TextRefused: the label cannot be shown.
        KeyReused: the key made a token of another label or length, or one that has ended.
    """
    label = texts.checked(label, marked("label"), LABEL)
    token = PREFIX + vault.derived(desk.vault_key, "token", member, key)
    async with desk.pool.connection() as connection:
        await sessions.open_session(connection, member, "token", label, token=token, lasts=lasts)
        made = await sessions.find(connection, token)
    if made is None or made.label != label or made.expires_at - made.created_at != lasts:
        raise KeyReused
    return token, made
