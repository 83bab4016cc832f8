"""Ideas as fans read them: versions, comments, supporters. Texts are joined when read, so an erased one is gone everywhere."""

from collections.abc import Sequence
from typing import Any, LiteralString

from psycopg import AsyncConnection

from fanfare.record import ideas
from fanfare.record.campaigns import RoundClosing, RoundOpened
from fanfare.views.projection import Projection, Seen, columns, place

SCHEMA = """
create table ideas (
    idea text collate "C" primary key, campaign text collate "C" not null, round text collate "C" not null,
    author text collate "C" not null, place bigint not null, raised_at timestamptz not null,
    version integer not null default 1, withdrawn boolean not null default false, frozen boolean not null default false,
    supporters integer not null default 0, comments integer not null default 0
);
create index on ideas (round, supporters desc, place);
create index on ideas (campaign, place desc);
create table versions (
    idea text collate "C", version integer, title text collate "C" not null, body text collate "C" not null,
    tags text collate "C" not null, written_at timestamptz not null, primary key (idea, version)
);
create table comments (
    comment text collate "C" primary key, idea text collate "C" not null, author text collate "C" not null,
    body text collate "C" not null, place bigint not null, written_at timestamptz not null
);
create index on comments (idea, place);
create table support (
    idea text collate "C", member text collate "C", number integer not null, supports boolean not null, primary key (idea, member)
);
create table closed (round text collate "C" primary key);
"""


async def _raise(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [
        (e.idea, e.campaign, e.round, e.by, place(at), each.time, e.title, e.body, e.tags)
        for at, each in seen
        if isinstance(e := each.event, ideas.IdeaRaised)
    ]
    await connection.execute(
        """with new as (
               select distinct on (idea) * from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[],
                      %s::timestamptz[], %s::text[], %s::text[], %s::text[])
                      as rows (idea, campaign, round, author, place, at, title, body, tags) order by idea, place),
           raised as (
               insert into ideas (idea, campaign, round, author, place, raised_at)
               select idea, campaign, round, author, place, at from new on conflict do nothing returning idea)
           insert into versions select new.idea, 1, title, body, tags, at from new join raised using (idea)""",
        columns(rows),
    )


async def _edit(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    for _, each in seen:
        e = each.event
        if isinstance(e, ideas.IdeaEdited):
            await connection.execute(
                """with edited as (
                       update ideas set version = version + 1
                        where idea = %s and author = %s and version = %s - 1 and not withdrawn and not frozen
                        returning idea, version)
                   insert into versions select idea, version, %s, %s, %s, %s from edited""",
                (e.idea, e.by, e.version, e.title, e.body, e.tags, each.time),
            )


async def _withdraw(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [(e.idea, e.by) for _, each in seen if isinstance(e := each.event, ideas.IdeaWithdrawn)]
    await connection.execute(
        """update ideas set withdrawn = true from unnest(%s::text[], %s::text[]) as new (idea, author)
            where ideas.idea = new.idea and ideas.author = new.author and not frozen""",
        columns(rows),
    )


async def _comment(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [
        (e.comment, e.idea, e.by, e.text, place(at), each.time)
        for at, each in seen
        if isinstance(e := each.event, ideas.CommentMade)
    ]
    await connection.execute(
        """with made as (
               insert into comments (comment, idea, author, body, place, written_at)
               select comment, idea, new.author, body, new.place, at
                 from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::timestamptz[])
                      as new (comment, idea, author, body, place, at) join ideas using (idea) order by new.place
               on conflict do nothing returning idea)
           update ideas set comments = ideas.comments + fresh.count
             from (select idea, count(*) from made group by idea) as fresh where ideas.idea = fresh.idea""",
        columns(rows),
    )


# Support that comes after the close of the idea's round is late: it does not count here either.
SUPPORT: LiteralString = """
    with new as (
        select distinct on (idea, member) idea, member, number, supports
          from unnest(%s::text[], %s::text[], %s::int[], %s::boolean[]) with ordinality
               as rows (idea, member, number, supports, nth)
          join ideas using (idea)
         where not withdrawn and round not in (select round from closed)
         order by idea, member, number desc, nth),
    old as (select support.* from support join new using (idea, member)),
    newer as (select new.* from new left join old using (idea, member) where old.number is null or new.number > old.number),
    kept as (
        insert into support select idea, member, number, supports from newer
        on conflict (idea, member) do update set number = excluded.number, supports = excluded.supports)
    update ideas set supporters = supporters + change.weight
      from (select idea, sum(newer.supports::int - coalesce(old.supports, false)::int) as weight
              from newer left join old using (idea, member) group by idea) as change
     where ideas.idea = change.idea and change.weight <> 0
"""


async def _support(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [
        (e.idea, e.by, e.number, isinstance(e, ideas.IdeaSupported))
        for _, each in seen
        if isinstance(e := each.event, ideas.IdeaSupported | ideas.SupportWithdrawn)
    ]
    await connection.execute(SUPPORT, columns(rows))


async def _freeze(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    for _, each in seen:
        if isinstance(each.event, RoundOpened):
            options = [option.id for option in each.event.terms.options]
            await connection.execute("update ideas set frozen = true where idea = any(%s)", (options,))


async def _close(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rounds = [each.event.round for _, each in seen if isinstance(each.event, RoundClosing)]
    await connection.execute("insert into closed select unnest(%s::text[]) on conflict do nothing", (rounds,))


IDEAS = Projection(
    name="ideas",
    version=2,
    schema=SCHEMA,
    on={
        ideas.IdeaRaised: _raise,
        ideas.IdeaEdited: _edit,
        ideas.IdeaWithdrawn: _withdraw,
        ideas.CommentMade: _comment,
        ideas.IdeaSupported: _support,
        ideas.SupportWithdrawn: _support,
        RoundOpened: _freeze,
        RoundClosing: _close,
    },
)

CURRENT: LiteralString = """
    select idea, campaign, round, author, place, raised_at, ideas.version, withdrawn, frozen, supporters, comments,
           coalesce(title.text, '') as title, coalesce(body.text, '') as body, coalesce(tags.text, '') as tags,
           versions.title as title_hash, versions.body as body_hash, versions.tags as tags_hash,
           coalesce(members.name, '') as author_name
      from ideas.ideas join ideas.versions using (idea, version)
      left join record.texts as title on title.hash = versions.title
      left join record.texts as body on body.hash = versions.body
      left join record.texts as tags on tags.hash = versions.tags
      left join vault.members on members.id = author
"""
FIELDS = (
    "idea", "campaign", "round", "author", "place", "raised_at", "version", "withdrawn", "frozen", "supporters", "comments",
    "title", "body", "tags", "title_hash", "body_hash", "tags_hash", "author_name",
)  # fmt: skip


async def one(connection: AsyncConnection, idea: str) -> dict[str, Any] | None:
    """Return an idea in its current version, by the names in FIELDS; none where there is no such idea."""
    row = await (await connection.execute(CURRENT + " where idea = %s", (idea,))).fetchone()
    return dict(zip(FIELDS, row, strict=True)) if row else None


async def many(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the ideas of these ids in their current versions."""
    rows = await (await connection.execute(CURRENT + " where idea = any(%s)", (list(ids),))).fetchall()
    return {row[0]: dict(zip(FIELDS, row, strict=True)) for row in rows}


NEWEST: LiteralString = (
    CURRENT
    + """
     where campaign = %(campaign)s and not withdrawn and place < %(before)s
       and (%(tag)s = '' or %(tag)s = any(string_to_array(lower(tags.text), ', ')))
     order by place desc limit %(limit)s
"""
)
TOP: LiteralString = (
    CURRENT
    + """
     where campaign = %(campaign)s and not withdrawn and (supporters, -place) < (%(supporters)s, -%(before)s::bigint)
       and (%(tag)s = '' or %(tag)s = any(string_to_array(lower(tags.text), ', ')))
     order by supporters desc, place limit %(limit)s
"""
)
START = 2**62


async def listed(
    connection: AsyncConnection, campaign: str, *, top: bool, tag: str = "", after: tuple[int, int] | None = None, limit: int = 30
) -> list[dict[str, Any]]:
    """
    Return ideas of a campaign, the newest or the most supported first.

    Args:
        after: (supporters, place) of the last idea of the page before; none for the first page.
    """
    supporters, place = after or (2**31 - 1, 0 if top else START)
    values = {"campaign": campaign, "tag": tag.lower(), "limit": limit, "supporters": supporters, "before": place}
    rows = await (await connection.execute(TOP if top else NEWEST, values)).fetchall()
    return [dict(zip(FIELDS, row, strict=True)) for row in rows]


async def ranked(connection: AsyncConnection, round_id: str) -> list[tuple[str, int]]:
    """Return the ideas of a support round with their supporters, in the order in which ties fall: the earliest first."""
    query = "select idea, supporters from ideas.ideas where round = %s and not withdrawn order by place"
    rows = await (await connection.execute(query, (round_id,))).fetchall()
    return [(row[0], row[1]) for row in rows]


async def versions(connection: AsyncConnection, idea: str) -> list[dict[str, Any]]:
    """Return all versions of an idea, the latest first."""
    query = """select version, written_at, coalesce(title.text, '') as title, coalesce(body.text, '') as body,
                      versions.title as title_hash, versions.body as body_hash, versions.tags as tags_hash
                 from ideas.versions left join record.texts as title on title.hash = versions.title
                 left join record.texts as body on body.hash = versions.body where idea = %s order by version desc"""
    rows = await (await connection.execute(query, (idea,))).fetchall()
    names = ("version", "written_at", "title", "body", "title_hash", "body_hash", "tags_hash")
    return [dict(zip(names, row, strict=True)) for row in rows]


async def comments(connection: AsyncConnection, idea: str, limit: int = 200) -> list[dict[str, Any]]:
    """Return the comments under an idea, the earliest first."""
    query = """select comment, author, coalesce(members.name, ''), coalesce(texts.text, ''), comments.body, written_at
                 from ideas.comments
                 left join record.texts on texts.hash = comments.body left join vault.members on members.id = author
                where idea = %s order by place limit %s"""
    rows = await (await connection.execute(query, (idea, limit))).fetchall()
    names = ("comment", "author", "author_name", "text", "text_hash", "written_at")
    return [dict(zip(names, row, strict=True)) for row in rows]


async def voices(connection: AsyncConnection, campaign: str, limit: int = 4) -> list[dict[str, Any]]:
    """Return the latest comments in a campaign with the ideas they are about."""
    query = """select comments.idea, coalesce(title.text, ''), comments.author, coalesce(members.name, ''),
                      coalesce(texts.text, ''), comments.body, comments.written_at
                 from ideas.comments join ideas.ideas using (idea) join ideas.versions using (idea, version)
                 left join record.texts as title on title.hash = versions.title
                 left join record.texts on texts.hash = comments.body left join vault.members on members.id = comments.author
                where campaign = %s order by comments.place desc limit %s"""
    rows = await (await connection.execute(query, (campaign, limit))).fetchall()
    names = ("idea", "title", "author", "author_name", "text", "text_hash", "written_at")
    return [dict(zip(names, row, strict=True)) for row in rows]


async def support_of(connection: AsyncConnection, idea: str, member: str) -> tuple[bool, int]:
    """Tell whether a member supports an idea, and the number of her latest press (0 where there was none)."""
    query = "select supports, number from ideas.support where idea = %s and member = %s"
    row = await (await connection.execute(query, (idea, member))).fetchone()
    return (row[0], row[1]) if row else (False, 0)
