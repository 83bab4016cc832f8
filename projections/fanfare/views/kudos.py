"""Kudos: who praised a fan, in which words. What counts is said by the projection ``recognition``, which keeps them."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row

# What has no words any more, since they were removed or their author left, praises nobody.
TO: LiteralString = """
    select kudos, kudos.by_member as by, coalesce(members.name, '') as by_name, texts.text as words, kudos.words as words_hash,
           coalesce(ideas.idea, '') as idea, coalesce(title.text, '') as idea_title,
           comments.comment is not null as about_comment, kudos.at, kudos.place
      from recognition.kudos join record.texts on texts.hash = kudos.words
      left join vault.members on members.id = kudos.by_member
      left join ideas.comments on comments.comment = kudos.about
      left join ideas.ideas on ideas.idea = coalesce(comments.idea, kudos.about) and not ideas.hidden
      left join ideas.versions on versions.idea = ideas.idea and versions.version = ideas.version
      left join record.texts as title on title.hash = versions.title
     where to_member = %s and counts and not taken_back and kudos.place < %s order by kudos.place desc limit %s
"""
ONE: LiteralString = "select kudos, by_member as by, to_member as to_, taken_back from recognition.kudos where kudos = %s"


class Kudos(msgspec.Struct, frozen=True):
    """Praise that stands."""

    kudos: str
    by: str
    by_name: str
    """Empty where she left."""
    words: str
    words_hash: str
    idea: str
    """The idea that it is about, or under which the comment stands; empty where it is about none, or that is hidden."""
    idea_title: str
    about_comment: bool
    at: datetime
    place: int


class Kept(msgspec.Struct, frozen=True):
    """Who gave kudos to whom, and whether they were taken back."""

    kudos: str
    by: str
    to_: str
    taken_back: bool


async def to(connection: AsyncConnection, member: str, *, before: int | None = None, limit: int = 50) -> Sequence[Kudos]:
    """Return the kudos that count and stand of a fan, the latest first; *before* is the ``place`` of the last one before."""
    async with connection.cursor(row_factory=class_row(Kudos)) as cursor:
        return await (await cursor.execute(TO, (member, before or 2**62, limit))).fetchall()


async def one(connection: AsyncConnection, kudos: str) -> Kept | None:
    """Return kudos by their id; none where there are none, or they have not been read yet."""
    async with connection.cursor(row_factory=class_row(Kept)) as cursor:
        return await (await cursor.execute(ONE, (kudos,))).fetchone()
