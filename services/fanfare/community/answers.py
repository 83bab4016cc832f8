"""What a host wrote and what came back. All these figures are as reported: none of them follows from the record."""

from datetime import datetime
from typing import LiteralString

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row

SENT: LiteralString = """
    select thanks.id, segment, words, question, written_at, count(thanked.member) as fans, count(delivered_at) as delivered,
           count(*) filter (where mailed) as mailed, count(opened_at) as opened, count(answered_at) as answered,
           case when segment = '' then coalesce(min(members.name), '') else '' end as name
      from vault.thanks left join vault.thanked on thanked.thanks = thanks.id
      left join vault.members on segment = '' and members.id = thanked.member
     where by_member = %s group by thanks.id order by written_at desc, thanks.id limit %s
"""
ANSWERS: LiteralString = """
    select thanked.thanks, member, name, question, answer, answered_at, written_back_at
      from vault.thanks join vault.thanked on thanked.thanks = thanks.id join vault.members on members.id = member
     where by_member = %s and answered_at is not null
     order by written_back_at is not null, case when written_back_at is null then answered_at end, answered_at desc, member
     limit %s
"""
WAITING: LiteralString = """
    select count(*) from vault.thanks join vault.thanked on thanked.thanks = thanks.id
     where by_member = %s and answered_at is not null and written_back_at is null
"""


class Sent(msgspec.Struct, frozen=True):
    """A thank-you, and how far it came."""

    id: str
    segment: str
    """Empty where it went to fans who were named."""
    words: str
    question: str
    written_at: datetime
    fans: int
    """Those whom it is for, and who are still here."""
    delivered: int
    """It is on their pages."""
    mailed: int
    """It went to their mailboxes, too."""
    opened: int
    """On their pages; who reads it in the mail alone is not seen."""
    answered: int
    name: str
    """Of the one fan, or of one of those who were named; empty where they left."""


class Answer(msgspec.Struct, frozen=True):
    """What a fan answered."""

    thanks: str
    member: str
    name: str
    question: str
    answer: str
    answered_at: datetime
    written_back_at: datetime | None
    """When the host wrote to her again."""


async def sent(connection: AsyncConnection, host: str, limit: int = 30) -> list[Sent]:
    """Return the thank-yous of a host, the latest first."""
    async with connection.cursor(row_factory=class_row(Sent)) as cursor:
        return await (await cursor.execute(SENT, (host, limit))).fetchall()


async def answers(connection: AsyncConnection, host: str, limit: int = 50) -> list[Answer]:
    """Return what fans answered to a host: first what she has not written back to, the oldest first, then the others."""
    async with connection.cursor(row_factory=class_row(Answer)) as cursor:
        return await (await cursor.execute(ANSWERS, (host, limit))).fetchall()


async def waiting(connection: AsyncConnection, host: str) -> int:
    """Return how many answers she has not written back to."""
    row = await (await connection.execute(WAITING, (host,))).fetchone()
    return int(row[0]) if row else 0
