"""Newcomers: by whom each was brought in, and who welcomed her, in which words."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row

from fanfare.record.bringing import MOST_WELCOMES, NewcomerBrought, NewcomerWelcomed
from fanfare.views.projection import Projection, Seen, columns, place

SCHEMA = """
create table brought (
    newcomer text collate "C" primary key, by_member text collate "C" not null, place bigint not null, at timestamptz not null
);
create index on brought (by_member, place desc);
create table welcomes (
    newcomer text collate "C" not null, by_member text collate "C" not null, words text collate "C" not null,
    place bigint not null, at timestamptz not null, primary key (newcomer, by_member)
);
create index on welcomes (place desc);
"""


async def _bring(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [
        (e.newcomer, e.by, place(at), each.time)
        for at, each in seen
        if isinstance(e := each.event, NewcomerBrought) and e.by != e.newcomer
    ]
    if rows:
        await connection.execute(
            """insert into brought select * from unnest(%s::text[], %s::text[], %s::bigint[], %s::timestamptz[])
                   as rows (newcomer, by_member, place, at) order by place on conflict do nothing""",
            columns(rows),
        )


async def _welcome(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    # Those beyond the third are kept, too, and shown to nobody: which three come first is asked when they are read.
    rows = [
        (e.newcomer, e.by, e.words, place(at), each.time)
        for at, each in seen
        if isinstance(e := each.event, NewcomerWelcomed) and e.by != e.newcomer
    ]
    if rows:
        await connection.execute(
            """insert into welcomes select * from unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::timestamptz[])
                   as rows (newcomer, by_member, words, place, at) order by place on conflict do nothing""",
            columns(rows),
        )


NEWCOMERS = Projection(name="newcomers", version=1, schema=SCHEMA, on={NewcomerBrought: _bring, NewcomerWelcomed: _welcome})

BROUGHT_BY: LiteralString = """
    select newcomer as id, coalesce(members.name, '') as name, at
      from newcomers.brought left join vault.members on members.id = newcomer
     where by_member = %s order by place desc limit %s
"""
BROUGHT: LiteralString = """
    select by_member as id, coalesce(members.name, '') as name, at
      from newcomers.brought left join vault.members on members.id = by_member where newcomer = %s
"""
COUNT: LiteralString = "select count(*) from newcomers.brought where by_member = %s"
# What has no words any more, since they were removed or their author left, welcomes nobody.
WELCOMES: LiteralString = """
    select first.by_member as by, coalesce(members.name, '') as by_name, texts.text as words, first.words as words_hash, first.at
      from (select * from newcomers.welcomes where newcomer = %s order by place limit %s) as first
      join record.texts on texts.hash = first.words left join vault.members on members.id = first.by_member order by first.place
"""
LATELY: LiteralString = """
    select by_member as by, coalesce(givers.name, '') as by_name, newcomer, newcomers.name as newcomer_name, at
      from newcomers.welcomes join vault.members as newcomers on newcomers.id = newcomer
      left join vault.members as givers on givers.id = by_member order by place desc limit %s
"""
GIVEN: LiteralString = """
    select by_member from newcomers.welcomes where newcomer = %s order by place limit %s
"""


class Fan(msgspec.Struct, frozen=True):
    """Who was brought, or who brought her."""

    id: str
    name: str
    """Empty where she left."""
    at: datetime


class Welcome(msgspec.Struct, frozen=True):
    """A welcome that counts."""

    by: str
    by_name: str
    """Empty where she left."""
    words: str
    words_hash: str
    at: datetime


class Given(msgspec.Struct, frozen=True):
    """Who welcomed whom."""

    by: str
    by_name: str
    """Empty where she left."""
    newcomer: str
    newcomer_name: str
    at: datetime


async def brought_by(connection: AsyncConnection, member: str, limit: int = 100) -> list[Fan]:
    """Return whom a member brought in, the latest first."""
    async with connection.cursor(row_factory=class_row(Fan)) as cursor:
        return await (await cursor.execute(BROUGHT_BY, (member, limit))).fetchall()


async def how_many(connection: AsyncConnection, member: str) -> int:
    """Return how many newcomers a member brought in."""
    row = await (await connection.execute(COUNT, (member,))).fetchone()
    return int(row[0]) if row else 0


async def bringer_of(connection: AsyncConnection, newcomer: str) -> Fan | None:
    """Return who brought a member in; none where nobody is credited."""
    async with connection.cursor(row_factory=class_row(Fan)) as cursor:
        return await (await cursor.execute(BROUGHT, (newcomer,))).fetchone()


async def welcomes(connection: AsyncConnection, newcomer: str) -> list[Welcome]:
    """Return the welcomes that count, the first one first."""
    async with connection.cursor(row_factory=class_row(Welcome)) as cursor:
        return await (await cursor.execute(WELCOMES, (newcomer, MOST_WELCOMES))).fetchall()


async def welcomed_by(connection: AsyncConnection, newcomer: str) -> list[str]:
    """Return whose welcomes count."""
    return [row[0] for row in await (await connection.execute(GIVEN, (newcomer, MOST_WELCOMES))).fetchall()]


async def welcomed_lately(connection: AsyncConnection, limit: int = 12) -> list[Given]:
    """Return who welcomed whom, the latest first; nobody who left."""
    async with connection.cursor(row_factory=class_row(Given)) as cursor:
        return await (await cursor.execute(LATELY, (limit,))).fetchall()
