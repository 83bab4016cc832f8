"""The ideas of a campaign as lines of a table, page by page, so that a hundred thousand of them fit through."""

from collections.abc import AsyncIterator
from datetime import datetime

import msgspec
from psycopg import AsyncConnection


class Line(msgspec.Struct, frozen=True):
    """An idea."""

    place: int
    idea: str
    round: str
    raised_at: datetime
    author: str
    """As she is called today; empty for those who left."""
    version: int
    withdrawn: bool
    hidden: bool
    supporters: int
    comments: int
    title: str
    body: str
    tags: str


_PAGE = 1000
_QUERY = """
    select ideas.place, ideas.idea, ideas.round, ideas.raised_at, coalesce(members.name, ''), ideas.version, ideas.withdrawn,
           ideas.hidden, ideas.supporters, ideas.comments, coalesce(title.text, ''), coalesce(body.text, ''),
           coalesce(tags.text, '')
      from ideas.ideas join ideas.versions on versions.idea = ideas.idea and versions.version = ideas.version
      left join vault.members on members.id = ideas.author left join record.texts as title on title.hash = versions.title
      left join record.texts as body on body.hash = versions.body left join record.texts as tags on tags.hash = versions.tags
     where ideas.campaign = %s and ideas.place < %s order by ideas.place desc limit %s
"""


async def lines(connection: AsyncConnection, campaign: str) -> AsyncIterator[list[Line]]:
    """Yield the ideas of a campaign, the latest first, in pages."""
    before = 2**62
    while True:
        rows = await (await connection.execute(_QUERY, (campaign, before, _PAGE))).fetchall()
        if rows:
            yield [Line(*row) for row in rows]
        if len(rows) < _PAGE:
            return
        before = rows[-1][0]
