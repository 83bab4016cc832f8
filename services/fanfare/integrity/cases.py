"""Cases: what members flagged and authors asked, as moderators look at them, the oldest first."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import LiteralString

import msgspec
from psycopg import AsyncConnection

from fanfare.integrity.decide import Content

FIND: LiteralString = """
    with found as (
        select idea as id, 'idea' as kind, author, campaign, idea from ideas.ideas where idea = any(%(contents)s)
        union all
        select comment, 'comment', comments.author, campaign, ideas.idea
          from ideas.comments join ideas.ideas using (idea) where comment = any(%(contents)s))
    select found.id, found.kind, found.author, found.campaign, found.idea, hidden.rule
      from found left join moderation.hidden on hidden.content = found.id
     order by array_position(%(contents)s, found.id)
"""


async def contents(connection: AsyncConnection, ids: Sequence[str]) -> list[Content]:
    """Return those of these ideas and comments that are there, in their order, each once."""
    rows = await (await connection.execute(FIND, {"contents": list(dict.fromkeys(ids))})).fetchall()
    return [Content(*row) for row in rows]


class Flag(msgspec.Struct, frozen=True):
    """What a member told moderators."""

    rule: str | None
    """None for an author who asks why her words are hidden."""
    words: str
    at: datetime


class Case(msgspec.Struct, frozen=True):
    """An idea or a comment that waits for a moderator."""

    content: str
    since: datetime
    flags: int
    asked_back: bool
    """Its author asks for it to be shown again."""


class Queue(msgspec.Struct, frozen=True):
    """What waits: how many cases (counted no further than 1,000) and since when, and the first of them."""

    length: int
    oldest: datetime | None
    cases: tuple[Case, ...]


# What waits is what moderators have not come to yet: a short list, read whole by its own index.
WAITING: LiteralString = """
    with waiting as (
        select content, min(at) as since, count(*) as flags, bool_or(rule is null) as asked_back
          from desk.flags where settled_at is null and (%(only)s::text[] is null or campaign = any(%(only)s)) group by content),
    shown as (select * from waiting order by since, content limit %(limit)s)
    select (select count(*) from (select from waiting limit 1000) as counted), shown.* from shown order by since, content
"""


async def queue(connection: AsyncConnection, only: Sequence[str] | None, limit: int = 50) -> Queue:
    """Return what waits for a moderator, the oldest first; *only* in these campaigns, where some are named."""
    rows = await (await connection.execute(WAITING, {"limit": limit, "only": None if only is None else list(only)})).fetchall()
    found = tuple(Case(*row[1:]) for row in rows)
    return Queue(rows[0][0] if rows else 0, found[0].since if found else None, found)


async def flags(connection: AsyncConnection, content: str, most: int = 20) -> list[Flag]:
    """Return what members told of a content and nobody has settled, the earliest first."""
    query = "select rule, words, at from desk.flags where content = %s and settled_at is null order by at limit %s"
    return [Flag(*row) for row in await (await connection.execute(query, (content, most))).fetchall()]


async def has_flagged(connection: AsyncConnection, content: str, member: str) -> bool:
    """Tell whether a member has told moderators of a content, and is not answered yet or was."""
    query = "select from desk.flags where content = %s and member = %s"
    return await (await connection.execute(query, (content, member))).fetchone() is not None


async def waits_of(connection: AsyncConnection, content: str, member: str) -> bool:
    """Tell whether what a member told of a content still waits."""
    query = "select from desk.flags where content = %s and member = %s and settled_at is null"
    return await (await connection.execute(query, (content, member))).fetchone() is not None


async def settle(connection: AsyncConnection, ids: Sequence[str], by: str, *, left_alone: bool) -> int:
    """Note that a moderator has decided these cases, and return how many flags that settled."""
    query = """update desk.flags set settled_at = now(), settled_by = %s, left_alone = %s
                where content = any(%s) and settled_at is null"""
    return (await connection.execute(query, (by, left_alone, list(ids)))).rowcount


async def reopen(connection: AsyncConnection, ids: Sequence[str]) -> int:
    """Put cases back into the queue: the flags that were settled last, of each of them."""
    query = """update desk.flags set settled_at = null, settled_by = null, left_alone = false
                 from (select content, max(settled_at) as last from desk.flags where content = any(%s) group by content) as latest
                where flags.content = latest.content and settled_at = last"""
    return (await connection.execute(query, (list(ids),))).rowcount


class LeftAlone(msgspec.Struct, frozen=True):
    """A case that a moderator left as it is."""

    content: str
    at: datetime
    by: str | None
    by_name: str


LEFT: LiteralString = """
    select content, settled_at, settled_by, coalesce(max(members.name), '')
      from desk.flags left join vault.members on members.id = settled_by
     where left_alone and (%(only)s::text[] is null or campaign = any(%(only)s)) and settled_at > now() - %(within)s::interval
       and not exists (select from desk.flags as later where later.content = flags.content and later.settled_at is null)
     group by content, settled_at, settled_by order by settled_at desc limit %(limit)s
"""


async def left_alone(
    connection: AsyncConnection, only: Sequence[str] | None, within: timedelta, limit: int = 10
) -> list[LeftAlone]:
    """Return the cases that moderators left as they are lately, the latest first; *only* in these campaigns, where named."""
    asked = {"within": within, "limit": limit, "only": None if only is None else list(only)}
    rows = await (await connection.execute(LEFT, asked)).fetchall()
    return [LeftAlone(*row) for row in rows]


class Reported(msgspec.Struct, frozen=True):
    """How often members flagged something in a campaign: as reported, since no flag is in the record."""

    flags: int
    left_alone: int


async def reported(connection: AsyncConnection, campaign: str) -> Reported:
    """Return how many flags there were in a campaign. They go with whoever sent them, so this may fall."""
    query = "select count(*), count(*) filter (where left_alone) from desk.flags where campaign = %s and rule is not null"
    row = await (await connection.execute(query, (campaign,))).fetchone()
    return Reported(*(row or (0, 0)))
