"""Ideas as fans read them: versions, comments, supporters. Texts are joined when read, so an erased one is gone everywhere."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString

from psycopg import AsyncConnection

from fanfare.record import ideas
from fanfare.record.campaigns import RoundClosing, RoundOpened
from fanfare.record.moderation import ContentHidden, ContentShown
from fanfare.views.projection import Projection, Seen, columns, place

SCHEMA = """
create table ideas (
    idea text collate "C" primary key, campaign text collate "C" not null, round text collate "C" not null,
    author text collate "C" not null, place bigint not null, raised_at timestamptz not null,
    version integer not null default 1, withdrawn boolean not null default false, frozen boolean not null default false,
    supporters integer not null default 0, comments integer not null default 0,
    hidden boolean not null default false, stands boolean not null default true, rise numeric not null default 0
);
create table tallies (campaign text collate "C" primary key, standing bigint not null);
create table veils (event_id text collate "C" primary key);
create table refused (idea text collate "C", member text collate "C", number integer, primary key (idea, member, number));
create index on ideas (round, supporters desc, place);
create index on ideas (campaign, place desc) where not withdrawn and not hidden;
create index on ideas (campaign, supporters, (-place)) where not withdrawn and not hidden;
create index on ideas (campaign, rise, (-place)) where not withdrawn and not hidden;
create index on ideas (author, place desc);
create table versions (
    idea text collate "C", version integer, title text collate "C" not null, body text collate "C" not null,
    tags text collate "C" not null, written_at timestamptz not null, primary key (idea, version)
);
create index on versions (title);
create index on versions (body);
create index on versions (tags);
create table comments (
    comment text collate "C" primary key, idea text collate "C" not null, author text collate "C" not null,
    body text collate "C" not null, place bigint not null, written_at timestamptz not null
);
create index on comments (idea, place);
create index on comments (author, place desc);
create table support (
    idea text collate "C", member text collate "C", number integer not null, supports boolean not null, step integer not null,
    primary key (idea, member)
);
create index on support (member) where supports;
create index on support (idea, step desc, member) where supports;
create table closed (round text collate "C" primary key);
"""
"""
``step`` numbers the spans of three days since 2026 began: that of a member's first press for an idea. ``rise`` is the sum of
2**step over those who support an idea, so that of any two ideas the order never changes by time alone, and no clock is asked.
"""
DAYS_A_STEP = 3
BEGAN = 20_454
"""The first of January 2026, as the number of its day since 1970; a multiple of three."""


def step(at: datetime) -> int:
    """Return the number of the three days in which something happened; 0 before 2026."""
    return max(0, (int(at.timestamp()) // 86_400 - BEGAN) // DAYS_A_STEP)


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
               select idea, campaign, round, author, place, at from new on conflict do nothing returning idea, campaign),
           told as (
               insert into tallies select campaign, count(*) from raised group by campaign order by campaign
               on conflict (campaign) do update set standing = tallies.standing + excluded.standing)
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
        """with gone as (
               update ideas set withdrawn = true from unnest(%s::text[], %s::text[]) as new (idea, author)
                where ideas.idea = new.idea and ideas.author = new.author and not frozen and not withdrawn
                returning campaign, hidden)
           update tallies set standing = standing - fewer.count
             from (select campaign, count(*) from gone where not hidden group by campaign) as fewer
            where tallies.campaign = fewer.campaign""",
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


# Support that comes after the close of the idea's round is late: it does not count here either. What came while the idea was
# hidden is refused for good, also where it comes again once the idea is shown.
SUPPORT: LiteralString = """
    with pressed as (
        select * from unnest(%s::text[], %s::text[], %s::int[], %s::boolean[], %s::int[]) with ordinality
                      as rows (idea, member, number, supports, step, nth)
          join ideas using (idea)),
    void as (insert into refused select idea, member, number from pressed where hidden on conflict do nothing),
    counted as (
        select idea, member, number, supports, nth, first_value(step) over (partition by idea, member order by nth) as step
          from pressed
         where not withdrawn and not hidden and round not in (select round from closed)
           and not exists (select from refused where (refused.idea, refused.member, refused.number) =
                                                     (pressed.idea, pressed.member, pressed.number))),
    new as (select distinct on (idea, member) * from counted order by idea, member, number desc, nth),
    newer as (
        select idea, member, new.number, new.supports, coalesce(support.step, new.step) as step,
               new.supports::int - coalesce(support.supports, false)::int as changed
          from new left join support using (idea, member) where support.number is null or new.number > support.number),
    kept as (
        insert into support select idea, member, number, supports, step from newer
        on conflict (idea, member) do update set number = excluded.number, supports = excluded.supports)
    update ideas set supporters = supporters + change.weight, rise = ideas.rise + change.rise
      from (select idea, sum(changed) as weight, sum(changed * 2::numeric ^ step) as rise from newer group by idea) as change
     where ideas.idea = change.idea and (change.weight <> 0 or change.rise <> 0)
"""


async def _support(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [
        (e.idea, e.by, e.number, isinstance(e, ideas.IdeaSupported), step(each.time))
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


async def _veil(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    """
    Hide an idea or show it again. They are few, and go row by row; one that comes again changes nothing.

    Whether an idea is ranked is settled at the close of its round: ``stands`` is what it was then.
    """
    for _, each in seen:
        e = each.event
        if not isinstance(e, ContentHidden | ContentShown) or e.kind != "idea":
            continue
        hides = isinstance(e, ContentHidden)
        await connection.execute(
            """with new as (insert into veils values (%(event)s) on conflict do nothing returning event_id),
               was as (select campaign from ideas where idea = %(idea)s and not withdrawn and hidden <> %(hides)s
                          and exists (select from new)),
               told as (update tallies set standing = standing + case when %(hides)s then -1 else 1 end
                          from was where tallies.campaign = was.campaign)
               update ideas set hidden = %(hides)s,
                      stands = case when round in (select round from closed) then stands else not %(hides)s end
                 from new where idea = %(idea)s""",
            {"event": each.id, "hides": hides, "idea": e.content},
        )


IDEAS = Projection(
    name="ideas",
    version=3,
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
        ContentHidden: _veil,
        ContentShown: _veil,
    },
)

CURRENT: LiteralString = """
    select idea, campaign, round, author, place, raised_at, ideas.version, withdrawn, frozen, hidden, supporters, comments,
           coalesce(title.text, '') as title, coalesce(body.text, '') as body, coalesce(tags.text, '') as tags,
           versions.title as title_hash, versions.body as body_hash, versions.tags as tags_hash,
           coalesce(members.name, '') as author_name
      from ideas.ideas join ideas.versions using (idea, version)
      left join record.texts as title on title.hash = versions.title and not hidden
      left join record.texts as body on body.hash = versions.body and not hidden
      left join record.texts as tags on tags.hash = versions.tags and not hidden
      left join vault.members on members.id = author
"""
UNVEILED: LiteralString = CURRENT.replace(" and not hidden", "")
"""The same for its author and for moderators, who still see the words of what is hidden."""
FIELDS = (
    "idea", "campaign", "round", "author", "place", "raised_at", "version", "withdrawn", "frozen", "hidden", "supporters",
    "comments", "title", "body", "tags", "title_hash", "body_hash", "tags_hash", "author_name",
)  # fmt: skip


async def one(connection: AsyncConnection, idea: str, *, unveiled: bool = False) -> dict[str, Any] | None:
    """
    Return an idea in its current version, by the names in FIELDS; none where there is no such idea.

    Args:
        unveiled: with its words also where it is hidden, for its author and for moderators.
    """
    query = UNVEILED if unveiled else CURRENT
    row = await (await connection.execute(query + " where idea = %s", (idea,))).fetchone()
    return dict(zip(FIELDS, row, strict=True)) if row else None


async def many(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the ideas of these ids in their current versions."""
    rows = await (await connection.execute(CURRENT + " where idea = any(%s)", (list(ids),))).fetchall()
    return {row[0]: dict(zip(FIELDS, row, strict=True)) for row in rows}


async def ranked(connection: AsyncConnection, round_id: str) -> list[tuple[str, int]]:
    """Return the ideas of a support round with their supporters, in the order in which ties fall: the earliest first."""
    query = "select idea, supporters from ideas.ideas where round = %s and not withdrawn and stands order by place"
    rows = await (await connection.execute(query, (round_id,))).fetchall()
    return [(row[0], row[1]) for row in rows]


async def leading(connection: AsyncConnection, round_id: str, most: int) -> tuple[list[tuple[str, int]], int, int]:
    """
    Return the ideas of a support round that lead, how many stand in all, and how often support was given.

    They come with their supporters, in the order in which ties fall.
    """
    query = """with head as (select idea, supporters, place from ideas.ideas where round = %s and not withdrawn and stands
                              order by supporters desc, place limit %s)
               select idea, supporters from head order by place"""
    head = [(row[0], row[1]) for row in await (await connection.execute(query, (round_id, most))).fetchall()]
    if len(head) < most:
        return head, len(head), sum(supporters for _, supporters in head)
    sums = "select count(*), sum(supporters) from ideas.ideas where round = %s and not withdrawn and stands"
    row = await (await connection.execute(sums, (round_id,))).fetchone()
    return head, int(row[0]) if row else 0, int(row[1]) if row else 0


async def versions(connection: AsyncConnection, idea: str, *, unveiled: bool = False) -> list[dict[str, Any]]:
    """Return all versions of an idea, the latest first; the words of a hidden one only where *unveiled*."""
    query = """select versions.version, written_at, coalesce(title.text, '') as title, coalesce(body.text, '') as body,
                      versions.title as title_hash, versions.body as body_hash, versions.tags as tags_hash
                 from ideas.versions join ideas.ideas using (idea)
                 left join record.texts as title on title.hash = versions.title and (%(unveiled)s or not hidden)
                 left join record.texts as body on body.hash = versions.body and (%(unveiled)s or not hidden)
                where idea = %(idea)s order by version desc"""
    rows = await (await connection.execute(query, {"idea": idea, "unveiled": unveiled})).fetchall()
    names = ("version", "written_at", "title", "body", "title_hash", "body_hash", "tags_hash")
    return [dict(zip(names, row, strict=True)) for row in rows]


async def comments(
    connection: AsyncConnection, idea: str, limit: int = 200, *, reader: str = "", unveiled: bool = False, after: int = 0
) -> list[dict[str, Any]]:
    """
    Return the comments under an idea, the earliest first; a hidden one without its words.

    Args:
        reader: the member who reads; she sees her own words also where they are hidden.
        unveiled: for moderators, who see what is hidden.
        after: the place of the last comment of the page before.
    """
    query = """select comment, author, coalesce(members.name, ''), coalesce(texts.text, ''), comments.body, written_at, place
                 from ideas.comments
                 left join record.texts on texts.hash = comments.body and
                      (%(unveiled)s or author = %(reader)s or not exists (select from moderation.hidden where content = comment))
                 left join vault.members on members.id = author
                where idea = %(idea)s and place > %(after)s order by place limit %(limit)s"""
    values = {"idea": idea, "limit": limit, "reader": reader, "unveiled": unveiled, "after": after}
    rows = await (await connection.execute(query, values)).fetchall()
    names = ("comment", "author", "author_name", "text", "text_hash", "written_at", "place")
    return [dict(zip(names, row, strict=True)) for row in rows]


async def voices(connection: AsyncConnection, campaign: str, limit: int = 4) -> list[dict[str, Any]]:
    """Return the latest comments in a campaign with the ideas they are about."""
    query = """select comments.idea, coalesce(title.text, ''), comments.author, coalesce(members.name, ''),
                      coalesce(texts.text, ''), comments.body, comments.written_at
                 from ideas.comments join ideas.ideas using (idea) join ideas.versions using (idea, version)
                 left join record.texts as title on title.hash = versions.title and not hidden
                 left join record.texts on texts.hash = comments.body
                      and not exists (select from moderation.hidden where content = comment)
                 left join vault.members on members.id = comments.author
                where ideas.campaign = %s order by comments.place desc limit %s"""
    rows = await (await connection.execute(query, (campaign, limit))).fetchall()
    names = ("idea", "title", "author", "author_name", "text", "text_hash", "written_at")
    return [dict(zip(names, row, strict=True)) for row in rows]


async def support_of(connection: AsyncConnection, idea: str, member: str) -> tuple[bool, int]:
    """Tell whether a member supports an idea, and the number of her latest press (0 where there was none)."""
    query = "select supports, number from ideas.support where idea = %s and member = %s"
    row = await (await connection.execute(query, (idea, member))).fetchone()
    return (row[0], row[1]) if row else (False, 0)
