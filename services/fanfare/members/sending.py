"""Sending mail: what is due leaves the outbox; what fails waits there, longer each time."""

import hashlib
from datetime import timedelta
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP, Policy
from typing import Literal

import aiosmtplib
import msgspec
import structlog
from psycopg import AsyncConnection
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool

from fanfare.members import mail_settings, smtp
from fanfare.members.mail_trial import route
from fanfare.platform.settings import Settings

_log = structlog.get_logger()
_MOST_TRIES, _FIRST_WAIT, _LONGEST_WAIT = 12, timedelta(seconds=15), timedelta(hours=6)

# The row stays locked while its mail is on the way, so no second worker takes it. A crash after the server took the mail and
# before the commit sends it once more, under the same Message-ID.
TAKE = """
    select id, recipient, subject, body, attempts, unsubscribe from vault.outbox where sent_at is null and next_try_at <= now()
     order by next_try_at, id limit 1 for update skip locked
"""
# What was sent is not kept: a link in it would open a session, an address would outlive its member.
SENT = """
    update vault.outbox
       set sent_at = now(), attempts = attempts + 1, failure = null, recipient = '', body = '', unsubscribe = null where id = %s
"""
FAILED = "update vault.outbox set attempts = attempts + 1, failure = %s, next_try_at = now() + %s where id = %s"
GIVEN_UP = "update vault.outbox set attempts = attempts + 1, failure = %s, next_try_at = 'infinity' where id = %s"
Outcome = Literal["nothing", "sent", "refused", "unreachable"]


class _Taken(msgspec.Struct, frozen=True):
    id: int
    recipient: str
    subject: str
    body: str
    attempts: int
    unsubscribe: str | None = None
    """Where one press ends mail of this kind."""


async def send_due(pool: AsyncConnectionPool, settings: Settings, most: int = 500) -> int:
    """
    Send what is due, over one connection, and return how many mails left. Any number of workers may do so at once.

    Which way it goes is asked each time, so what an admin sets in the browser holds for the next mail.

    Raises:
        SmtpUrlWrong: the setting cannot be understood.
    """
    async with pool.connection() as connection:
        way = route(settings, await mail_settings.kept(connection))
    if way is None:
        return 0
    client = way.server.client()
    sent = 0
    try:
        for _ in range(most):
            outcome = await _send_one(pool, client, way.sender)
            if outcome in {"nothing", "unreachable"}:
                break
            sent += outcome == "sent"
    finally:
        await _hang_up(client)
    return sent


async def _send_one(pool: AsyncConnectionPool, client: aiosmtplib.SMTP, sender: str) -> Outcome:
    async with pool.connection() as connection:
        async with connection.cursor(row_factory=class_row(_Taken)) as cursor:
            taken = await (await cursor.execute(TAKE)).fetchone()
        if taken is None:
            return "nothing"
        try:
            if not client.is_connected:
                await client.connect()
            await client.send_message(_message(taken, sender), recipients=[taken.recipient])
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            await _note_failure(connection, taken, error)
            return "refused" if smtp.is_about_this_mail(error) or isinstance(error, ValueError) else "unreachable"
        await connection.execute(SENT, (taken.id,))
        return "sent"


async def _note_failure(connection: AsyncConnection, taken: _Taken, error: Exception) -> None:
    # The server's answer may repeat the address: it is kept in the vault and not logged.
    final = smtp.is_final(error) or isinstance(error, ValueError) or taken.attempts + 1 >= _MOST_TRIES
    _log.warning("mail did not leave", mail=taken.id, attempt=taken.attempts + 1, error=type(error).__name__, given_up=final)
    failure = f"{type(error).__name__}: {error}"[:500]
    if final:
        await connection.execute(GIVEN_UP, (failure, taken.id))
    else:
        await connection.execute(FAILED, (failure, back_off(taken.attempts), taken.id))


def back_off(attempts: int) -> timedelta:
    """Return how long to wait after a failure that *attempts* others came before: twice as long each time, six hours at most."""
    return min(_FIRST_WAIT * (1 << min(attempts, 20)), _LONGEST_WAIT)


class _Subject(str):
    """
    A subject that arrives as the words it is made of, though they look like encoded ones or hold line breaks.

    Left to itself, `email` takes such words for encoded ones and decodes them, or writes them as if they were.
    """

    __slots__ = ()
    name = "Subject"

    def fold(self, *, policy: Policy) -> str:
        """Return the header as it goes over the wire."""
        charset = "utf-8" if "=?" in self or not (self.isascii() and self.isprintable()) else "us-ascii"
        line = " ".join(each for each in self.splitlines() if each.strip())
        return f"{self.name}: {Header(line, charset, header_name=self.name).encode(linesep=policy.linesep)}{policy.linesep}"


class _Unsubscribe(str):
    """An address that stays in one piece: left to itself, `email` encodes a word that is longer than a line."""

    __slots__ = ()
    name = "List-Unsubscribe"

    def fold(self, *, policy: Policy) -> str:
        """Return the header as it goes over the wire."""
        return f"{self.name}: <{self}>{policy.linesep}"


def _message(taken: _Taken, sender: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = taken.recipient
    message["Subject"] = _Subject(taken.subject)
    digest = hashlib.sha256(f"{taken.id}\n{taken.recipient}\n{taken.body}".encode()).hexdigest()[:32]
    message["Message-ID"] = f"<{digest}@{sender.rpartition('@')[2].strip('> ') or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    if taken.unsubscribe:  # Source: RFC 8058, section 3.1
        message["List-Unsubscribe"] = _Unsubscribe(taken.unsubscribe)
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(taken.body)
    return message


async def _hang_up(client: aiosmtplib.SMTP) -> None:
    try:
        if client.is_connected:
            await client.quit()
    except (aiosmtplib.SMTPException, OSError):
        client.close()
