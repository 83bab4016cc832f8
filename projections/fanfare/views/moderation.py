"""What moderators hid: which ideas and comments are hidden now, by which rule and why, and every hiding and showing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import LiteralString

import msgspec
from psycopg import AsyncConnection

from fanfare.record import ideas
from fanfare.record.moderation import ContentHidden, ContentKind, ContentShown
from fanfare.views.projection import Projection, Seen, place

SCHEMA = """
create table acts (
    event_id text collate "C" primary key, place bigint not null, at timestamptz not null, hides boolean not null,
    content text collate "C" not null, kind text collate "C" not null, rule text collate "C", reason text collate "C" not null,
    by_member text collate "C" not null, campaign text collate "C" not null, idea text collate "C" not null
);
create index on acts (content, place desc);
create index on acts (campaign, place desc);
create index on acts (place desc);
create table hidden (
    content text collate "C" primary key, kind text collate "C" not null, rule text collate "C" not null,
    reason text collate "C" not null, by_member text collate "C" not null, campaign text collate "C" not null,
    idea text collate "C" not null, place bigint not null, at timestamptz not null
);
create table pieces (content text collate "C", place bigint, hashes text[] not null, primary key (content, place));
create table veiled (hash text collate "C" primary key, content text collate "C" not null);
create index on veiled (content);
"""
"""``pieces`` are the texts and pictures of each content; ``veiled`` those of what is hidden: no public page may show them."""


async def _write(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [(*made, place(at)) for at, each in seen if (made := _pieces(each.event))]
    contents, hashes, places = zip(*rows, strict=True)
    await connection.execute(
        """with new as (select content, place, string_to_array(hashes, ' ') as hashes
                          from unnest(%s::text[], %s::text[], %s::bigint[]) as rows (content, hashes, place)),
           kept as (insert into pieces select content, place, hashes from new on conflict do nothing)
           insert into veiled select hash, content from new join hidden using (content) cross join unnest(new.hashes) as hash
               on conflict do nothing""",
        (list(contents), list(hashes), list(places)),
    )


def _pieces(event: object) -> tuple[str, str] | None:
    """Return a content and the hashes of what it is made of, separated by spaces."""
    match event:
        case ideas.IdeaRaised(idea=content) | ideas.IdeaEdited(idea=content):
            hashes = [event.title, event.body, event.tags]
            pictures = getattr(event, "pictures", ())
            return content, " ".join([*hashes, *(each for picture in pictures for each in (picture.picture, picture.words))])
        case ideas.CommentMade(comment=content, text=text):
            return content, text
        case _:
            return None


async def _act(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    """Hidings are few: they go row by row, so that the last one stands; one that comes again changes nothing."""
    for at, each in seen:
        e = each.event
        if not isinstance(e, ContentHidden | ContentShown):
            continue
        rule = e.rule if isinstance(e, ContentHidden) else None
        row = (each.id, place(at), each.time, rule is not None, e.content, e.kind, rule, e.reason, e.by, e.campaign, e.idea)
        made = await connection.execute(
            "insert into acts values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing", row
        )
        if made.rowcount:
            await connection.execute("delete from hidden where content = %s", (e.content,))
            await connection.execute("delete from veiled where content = %s", (e.content,))
        if made.rowcount and rule is not None:
            await connection.execute(HIDE, {"event": each.id})


HIDE: LiteralString = """
    with act as (select * from acts where event_id = %(event)s),
    now as (insert into hidden select content, kind, rule, reason, by_member, campaign, idea, place, at from act)
    insert into veiled select hash, content from act join pieces using (content) cross join unnest(hashes) as hash
        on conflict do nothing
"""

MODERATION = Projection(
    name="moderation",
    version=1,
    schema=SCHEMA,
    on={
        ideas.IdeaRaised: _write,
        ideas.IdeaEdited: _write,
        ideas.CommentMade: _write,
        ContentHidden: _act,
        ContentShown: _act,
    },
)


class Hidden(msgspec.Struct, frozen=True):
    """An idea or a comment that is hidden now."""

    content: str
    kind: ContentKind
    rule: str
    reason: str
    """Empty where the text was erased."""
    by: str
    by_name: str
    """As she is called today; empty for one who left."""
    campaign: str
    idea: str
    at: datetime


NOW_HIDDEN: LiteralString = """
    select content, kind, rule, coalesce(text, ''), by_member, coalesce(members.name, ''), campaign, idea, hidden.at
      from moderation.hidden left join record.texts on hash = reason left join vault.members on members.id = by_member
     where content = any(%s)
"""


async def hidden(connection: AsyncConnection, contents: Iterable[str]) -> dict[str, Hidden]:
    """Return those of these ideas and comments that are hidden now."""
    rows = await (await connection.execute(NOW_HIDDEN, (sorted(set(contents)),))).fetchall()
    return {row[0]: Hidden(*row) for row in rows}


async def veiled(connection: AsyncConnection, hashes: Iterable[str]) -> Mapping[str, str]:
    """Return which of these texts and pictures are of something hidden: the content, by the hash."""
    query = "select hash, content from moderation.veiled where hash = any(%s)"
    return dict(await (await connection.execute(query, (sorted(set(hashes)),))).fetchall())


class ModerationAct(msgspec.Struct, frozen=True):
    """A hiding or a showing."""

    event_id: str
    place: int
    at: datetime
    hides: bool
    content: str
    kind: ContentKind
    rule: str | None
    reason: str
    by: str
    by_name: str
    campaign: str
    idea: str
    stands: bool
    """Nothing was decided about the content since."""


LATELY: LiteralString = """
    select event_id, place, acts.at, hides, content, kind, rule, coalesce(text, ''), by_member, coalesce(members.name, ''),
           campaign, idea,
           not exists (select from moderation.acts as later where later.content = acts.content and later.place > acts.place)
      from moderation.acts left join record.texts on hash = reason left join vault.members on members.id = by_member
     where (%(content)s::text is null or content = %(content)s) and (%(only)s::text[] is null or campaign = any(%(only)s))
     order by place desc limit %(limit)s
"""


async def lately(
    connection: AsyncConnection, *, content: str | None = None, only: Sequence[str] | None = None, limit: int = 20
) -> list[ModerationAct]:
    """Return the latest hidings and showings, of one content or of all, *only* in these campaigns where some are named."""
    asked = {"content": content, "only": None if only is None else list(only), "limit": limit}
    rows = await (await connection.execute(LATELY, asked)).fetchall()
    return [ModerationAct(*row) for row in rows]


class Figures(msgspec.Struct, frozen=True):
    """How often something was hidden in a campaign."""

    hidden: int
    shown_again: int
    by_rule: tuple[tuple[str, int], ...]
    """Each rule with the hidings by it, the most frequent first."""


async def figures(connection: AsyncConnection, campaign: str) -> Figures:
    """Return the public figures of moderation in a campaign; anybody can count them in the record."""
    query = "select rule, count(*) from moderation.acts where campaign = %s group by rule order by count(*) desc, rule"
    rows = await (await connection.execute(query, (campaign,))).fetchall()
    rules = tuple((rule, count) for rule, count in rows if rule is not None)
    return Figures(sum(count for _, count in rules), sum(count for rule, count in rows if rule is None), rules)


class Words(msgspec.Struct, frozen=True):
    """An idea or a comment in words, hidden or not: for moderators, and for the page that flags it."""

    content: str
    kind: ContentKind
    author: str
    author_name: str
    idea: str
    campaign: str
    title: str
    """Of the idea, or of the one that the comment stands under."""
    text: str
    is_hidden: bool


IN_WORDS: LiteralString = """
    with found as (
        select idea as id, 'idea' as kind, author, idea, body from ideas.ideas join ideas.versions using (idea, version)
         where idea = any(%(contents)s)
        union all
        select comment, 'comment', author, idea, body from ideas.comments where comment = any(%(contents)s))
    select found.id, found.kind, found.author, coalesce(members.name, ''), found.idea, ideas.campaign,
           coalesce(title.text, ''), coalesce(words.text, ''), exists (select from moderation.hidden where content = found.id)
      from found join ideas.ideas on ideas.idea = found.idea
      join ideas.versions on versions.idea = ideas.idea and versions.version = ideas.version
      left join record.texts as title on title.hash = versions.title
      left join record.texts as words on words.hash = found.body left join vault.members on members.id = found.author
"""


async def in_words(connection: AsyncConnection, contents: Iterable[str]) -> dict[str, Words]:
    """Return those of these ideas and comments that are there, in words. Whoever calls it decides who may read them."""
    rows = await (await connection.execute(IN_WORDS, {"contents": sorted(set(contents))})).fetchall()
    return {row[0]: Words(*row) for row in rows}
