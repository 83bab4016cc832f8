"""What a member did, for her own page: ideas, comments, support, and the rounds that she voted in."""

from datetime import datetime
from typing import Any, LiteralString

import msgspec
from psycopg import AsyncConnection

from fanfare.views.ideas import CURRENT, FIELDS, UNVEILED

COMMENTS: LiteralString = """
    select comments.idea, coalesce(title.text, ''), coalesce(words.text, ''), comments.body, comments.written_at
      from ideas.comments
      join ideas.ideas using (idea) join ideas.versions using (idea, version)
      left join record.texts as title on title.hash = versions.title and not hidden
      left join record.texts as words on words.hash = comments.body
     where comments.author = %s order by comments.place desc limit 50
"""


class Comment(msgspec.Struct, frozen=True):
    """What she wrote under an idea."""

    idea: str
    title: str
    text: str
    text_hash: str
    at: datetime


async def ideas(connection: AsyncConnection, member: str) -> list[dict[str, Any]]:
    """Return her ideas in their current versions, withdrawn ones too, the latest first."""
    query = UNVEILED + " where author = %s order by place desc limit 50"
    rows = await (await connection.execute(query, (member,))).fetchall()
    return [dict(zip(FIELDS, row, strict=True)) for row in rows]


async def supported(connection: AsyncConnection, member: str) -> list[dict[str, Any]]:
    """Return the ideas that she supports, the latest raised first."""
    query = (
        CURRENT
        + """ where not withdrawn and not hidden and idea in (select idea from ideas.support where member = %s and supports)
              order by place desc limit 50"""
    )
    rows = await (await connection.execute(query, (member,))).fetchall()
    return [dict(zip(FIELDS, row, strict=True)) for row in rows]


async def comments(connection: AsyncConnection, member: str) -> list[Comment]:
    """Return her comments, the latest first."""
    return [Comment(*row) for row in await (await connection.execute(COMMENTS, (member,))).fetchall()]


async def voted_in(connection: AsyncConnection, member: str) -> frozenset[str]:
    """Return the rounds in which she handed in a paper; only the vault knows, and only she is told."""
    rows = await (await connection.execute("select round from vault.took_part where member = %s", (member,))).fetchall()
    return frozenset(row[0] for row in rows)


COUNTS: LiteralString = """
    select (select count(*) from ideas.ideas where author = %(member)s),
           (select count(*) from ideas.comments where author = %(member)s),
           (select count(*) from vault.took_part where member = %(member)s),
           (select count(*) from vault.sessions where member = %(member)s and expires_at > now()),
           (select count(*) from record.texts where member = %(member)s),
           (select count(*) from desk.drafts where by_member = %(member)s)
"""


class Counts(msgspec.Struct, frozen=True):
    """How much is kept of a member."""

    ideas: int
    comments: int
    rounds: int
    """In which she voted."""
    sessions: int
    texts: int
    """All that she wrote and that is still here: each version of an idea has three, a campaign of a host's has many."""
    drafts: int


async def counts(connection: AsyncConnection, member: str) -> Counts:
    """Return how much is kept of a member."""
    row = await (await connection.execute(COUNTS, {"member": member})).fetchone()
    return Counts(*(row or (0,) * 6))
