"""Answers of the brand to ideas: the one that stands, the earlier ones, and which ideas still wait for one."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import LiteralString

import msgspec
from psycopg import AsyncConnection

from fanfare.record.answers import AnswerStatus, IdeaAnswered
from fanfare.record.ideas import IdeaRaised
from fanfare.views.projection import Projection, Seen, columns, place

SCHEMA = """
create table given (
    event_id text collate "C" primary key, idea text collate "C" not null, campaign text collate "C" not null,
    status text collate "C" not null, reason text collate "C" not null, by_member text collate "C" not null,
    place bigint not null, at timestamptz not null
);
create index on given (idea, place desc);
create index on given (by_member, place);
create index on given (campaign, place desc);
create table waiting (idea text collate "C" primary key, campaign text collate "C" not null, place bigint not null);
create index on waiting (campaign, place);
"""


async def _raise(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [(e.idea, e.campaign, place(at)) for at, each in seen if isinstance(e := each.event, IdeaRaised)]
    await connection.execute(
        """insert into waiting
           select * from unnest(%s::text[], %s::text[], %s::bigint[]) as new (idea, campaign, place)
            where not exists (select from given where given.idea = new.idea) order by place
           on conflict do nothing""",
        columns(rows),
    )


async def _answer(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [
        (each.id, e.idea, e.campaign, e.status, e.reason, e.by, place(at), each.time)
        for at, each in seen
        if isinstance(e := each.event, IdeaAnswered)
    ]
    await connection.execute(
        """with new as (insert into given
               select * from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[],
                      %s::timestamptz[]) as rows (event_id, idea, campaign, status, reason, by_member, place, at)
                order by place on conflict do nothing returning idea)
           delete from waiting using new where waiting.idea = new.idea""",
        columns(rows),
    )


ANSWERS = Projection(name="answers", version=1, schema=SCHEMA, on={IdeaRaised: _raise, IdeaAnswered: _answer})


class Answer(msgspec.Struct, frozen=True):
    """What a host answered."""

    idea: str
    status: AnswerStatus
    reason: str
    """Markdown; empty where the text was erased."""
    by: str
    by_name: str
    """As she is called today; empty for one who left."""
    at: datetime
    event_id: str
    place: int

    @property
    def position(self) -> str:
        """Where the record holds it."""
        return f"0:{self.place >> 16}:{self.place & 0xFFFF}"


FOUND: LiteralString = """
    select idea, status, coalesce(text, ''), by_member, coalesce(members.name, ''), given.at, event_id, place
      from answers.given left join record.texts on hash = reason left join vault.members on members.id = by_member
"""
OF_LATEST: LiteralString = FOUND.replace("answers.given", "latest as given")
LATEST: LiteralString = (
    """
    with asked as (select unnest(%s::text[]) as idea),
    latest as (
        select newest.* from asked cross join lateral
               (select * from answers.given where given.idea = asked.idea order by place desc limit 1) as newest)
"""
    + OF_LATEST
)


async def of(connection: AsyncConnection, ideas: Iterable[str]) -> dict[str, Answer]:
    """Return the answer that stands, of those of these ideas that have one."""
    rows = await (await connection.execute(LATEST, (sorted(set(ideas)),))).fetchall()
    return {row[0]: Answer(*row) for row in rows}


async def all_of(connection: AsyncConnection, idea: str) -> list[Answer]:
    """Return every answer to an idea, the latest first: that one stands."""
    rows = await (await connection.execute(FOUND + " where idea = %s order by place desc limit 50", (idea,))).fetchall()
    return [Answer(*row) for row in rows]


class Waiting(msgspec.Struct, frozen=True):
    """An idea that nobody has answered."""

    idea: str
    title: str
    author: str
    author_name: str
    raised_at: datetime
    supporters: int
    place: int


# What was taken back or hidden waits for nobody; it is passed over here, since it may come back.
STANDING: LiteralString = """
      from answers.waiting join ideas.ideas using (idea)
     where waiting.campaign = %(campaign)s and waiting.place > %(after)s and not withdrawn and not hidden
     order by waiting.place limit %(limit)s
"""
WAITING: LiteralString = (
    """with oldest as (select idea, waiting.place, author, raised_at, supporters, ideas.version"""
    + STANDING
    + """)
    select idea, coalesce(text, ''), author, coalesce(members.name, ''), raised_at, supporters, oldest.place
      from oldest join ideas.versions using (idea, version) left join record.texts on hash = title
      left join vault.members on members.id = author order by oldest.place
"""
)


async def waiting(connection: AsyncConnection, campaign: str, *, after: int = -1, limit: int = 20) -> list[Waiting]:
    """
    Return the ideas of a campaign that wait for an answer, the oldest first.

    Args:
        after: the ``place`` of the last one of the page before.
    """
    values = {"campaign": campaign, "after": after, "limit": limit}
    return [Waiting(*row) for row in await (await connection.execute(WAITING, values)).fetchall()]


async def how_many_wait(connection: AsyncConnection, campaign: str, most: int = 1000) -> int:
    """Return how many ideas of a campaign wait for an answer, counted no further than *most*."""
    query: LiteralString = "select count(*) from (select idea" + STANDING + ") as found"
    values = {"campaign": campaign, "after": -1, "limit": most}
    row = await (await connection.execute(query, values)).fetchone()
    return row[0] if row else 0
