"""Mail: queued in the transaction that causes it, and kept until it is sent."""

import re
from datetime import datetime
from urllib.parse import urlsplit

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool

from fanfare.members import mail_settings
from fanfare.members.address import is_loopback
from fanfare.platform.desk import Desk
from fanfare.platform.settings import Settings

_LINK = re.compile(r"https?://\S+")

QUEUE = """
    insert into vault.outbox (recipient, subject, body, unique_key) values (%s, %s, %s, %s) on conflict (unique_key) do nothing
"""
LATEST = "select recipient, subject, body, created_at from vault.outbox where sent_at is null order by id desc limit %s"
TIDY = (
    "delete from vault.sessions where expires_at < now() - interval '30 days'",
    "delete from vault.spent where ends_at < now()",
    "delete from vault.links where expires_at < now() - interval '1 day'",
    "delete from vault.outbox where created_at < now() - interval '30 days'",
    "delete from vault.invitations where expires_at < now()",
    "delete from vault.arrivals where at < now() - interval '90 days'",
)


class Mail(msgspec.Struct, frozen=True):
    """A mail in the outbox."""

    recipient: str
    subject: str
    body: str
    created_at: datetime

    @property
    def link(self) -> str:
        """The first link in it; empty where it has none."""
        found = _LINK.search(self.body)
        return found[0] if found else ""


def paragraphs(*said: str) -> str:
    """Return the body of a mail: one paragraph for each of *said*, a link alone in its own."""
    return "\n\n".join(said) + "\n"


async def queue(connection: AsyncConnection, recipient: str, subject: str, body: str, unique_key: str | None = None) -> bool:
    """Put a mail into the outbox and tell whether it is new; one *unique_key* is queued once."""
    return (await connection.execute(QUEUE, (recipient, subject, body, unique_key))).rowcount == 1


async def has_mailbox(desk: Desk, settings: Settings) -> bool:
    """Tell whether the development mailbox may be shown: no mail server, and on this machine only or in a simulation."""
    founded = desk.streams.site.founded
    if settings.smtp_url or founded is None:
        return False
    if not (founded.simulation or is_loopback(urlsplit(founded.name).hostname or "")):
        return False
    async with desk.pool.connection() as connection:
        return not await mail_settings.is_set(connection, settings)


async def mailbox(connection: AsyncConnection, limit: int = 50) -> list[Mail]:
    """Return the latest mails that have not left, newest first. Show them only where :func:`has_mailbox` says so."""
    async with connection.cursor(row_factory=class_row(Mail)) as cursor:
        return await (await cursor.execute(LATEST, (limit,))).fetchall()


async def tidy(pool: AsyncConnectionPool) -> None:
    """Delete sessions, links and arrivals that ended long ago, and old mail; for the worker, about once an hour."""
    async with pool.connection() as connection:
        for statement in TIDY:
            await connection.execute(statement)
