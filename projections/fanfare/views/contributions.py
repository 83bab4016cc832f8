"""What a fan wrote lately, ideas and comments alike, for whoever names her for it."""

from typing import LiteralString

from psycopg import AsyncConnection

LATEST: LiteralString = """
    select content from (
        (select idea as content, place from ideas.ideas where author = %(member)s and not hidden and not withdrawn
          order by place desc limit %(limit)s)
        union all
        (select comment, comments.place from ideas.comments join ideas.ideas using (idea)
          where comments.author = %(member)s and not ideas.hidden
            and not exists (select from moderation.hidden where hidden.content = comments.comment)
          order by comments.place desc limit %(limit)s)) as found
     order by place desc limit %(limit)s
"""


async def latest(connection: AsyncConnection, member: str, limit: int) -> list[str]:
    """Return the ids of her latest ideas and comments that everybody can read, the latest first."""
    asked = {"member": member, "limit": limit}
    return [row[0] for row in await (await connection.execute(LATEST, asked)).fetchall()]
