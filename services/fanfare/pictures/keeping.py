"""What is kept of pictures: a row in the database, which says that a picture is there, and its three sizes with the objects."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, LiteralString

import msgspec
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from fanfare.pictures.refusals import PictureNotFound
from fanfare.pictures.sizes import NAMES, Extent, object_name
from fanfare.platform.objects import Objects
from fanfare.views.pictures import Shown

KEEP: LiteralString = """
    insert into record.pictures (hash, salt, sizes, member) select %(hash)s, %(salt)s, %(sizes)s, id from vault.members
     where id = %(member)s for share
"""
HERS: LiteralString = "select hash, sizes from record.pictures where hash = any(%s) and member = %s"
LOOK: LiteralString = """
    select member, exists (select from pictures.named where picture = asked.hash),
           exists (select from moderation.veiled where veiled.hash = asked.hash),
           exists (select from pictures.marks where picture = asked.hash)
               or exists (select from ideas.versions join pictures.shown using (idea, version, title) where picture = asked.hash),
           (select campaign from pictures.shown join ideas.ideas using (idea) where picture = asked.hash limit 1)
      from (select %s::text as hash) as asked left join record.pictures using (hash)
"""
STALE: LiteralString = "select hash from record.pictures where kept_at < now() - %s order by kept_at limit 10000"
FORGET: LiteralString = "delete from record.pictures where hash = any(%s) and kept_at < now() - %s"
LITTER: LiteralString = "select picture from desk.litter order by picture limit 200"
CLEARED: LiteralString = "delete from desk.litter where picture = any(%s)"
MISSING: LiteralString = """
    select asked.hash from unnest(%s::text[]) as asked (hash)
     where not exists (select from record.pictures where pictures.hash = asked.hash)
"""


class Kept(msgspec.Struct, frozen=True):
    """A picture that was taken in."""

    hash: str
    sizes: Mapping[str, Extent]
    """By their names: small, middle, large."""


class State(msgspec.Struct, frozen=True):
    """What is known of a picture that somebody asks for."""

    member: str | None
    """Who sent it; none where it is not there (any more)."""
    named: bool
    """An event names it."""
    veiled: bool
    """It belongs to something that a moderator hid."""
    shown: bool
    """An idea shows it, in one of its versions; or the site wears it."""
    campaign: str | None = None
    """Of the idea that names it."""


async def keep(connection: AsyncConnection, kept: Kept, salt: bytes, member: str) -> bool:
    """Write that a picture is there, once its objects are; tell whether its sender is still a member."""
    row = {"hash": kept.hash, "salt": salt, "sizes": Jsonb(kept.sizes), "member": member}
    return bool((await connection.execute(KEEP, row)).rowcount)


async def hers(connection: AsyncConnection, pictures: Iterable[str], member: str) -> dict[str, Mapping[str, Extent]]:
    """Return the sizes of those of these pictures that are there and that *member* sent."""
    rows = await (await connection.execute(HERS, (sorted(set(pictures)), member))).fetchall()
    return {row[0]: _sizes(row[1]) for row in rows}


def _sizes(found: Mapping[str, Any]) -> dict[str, Extent]:
    return {name: (found[name][0], found[name][1]) for name in NAMES}


async def check(connection: AsyncConnection, pictures: Sequence[str], member: str) -> None:
    """Check that *member* may show these pictures. Raises: PictureNotFound."""
    if pictures and set(pictures) - (await hers(connection, pictures, member)).keys():
        raise PictureNotFound


async def in_form(connection: AsyncConnection, pictures: Mapping[str, str], member: str) -> list[Shown]:
    """Return pictures as a form shows them to who sent them; *pictures* are their words, by the hash."""
    found = await hers(connection, pictures, member)
    return [Shown(each, words, "", found[each]) for each, words in pictures.items() if each in found]


async def look(connection: AsyncConnection, picture: str) -> State:
    """Return what is known of a picture."""
    row = await (await connection.execute(LOOK, (picture,))).fetchone()
    return State(*row) if row else State(None, named=False, veiled=False, shown=False)


async def body(objects: Objects, picture: str, size: str) -> bytes | None:
    """Return the bytes of one size; none where they are not there."""
    return await objects.get(object_name(picture, size))


async def throw_away(objects: Objects, pictures: Iterable[str]) -> None:
    """Delete the objects of pictures that are gone."""
    await objects.delete(object_name(each, size) for each in pictures for size in NAMES)


async def stale(connection: AsyncConnection, age: timedelta) -> list[str]:
    """Return the pictures that are older than *age*, the oldest first."""
    return [row[0] for row in await (await connection.execute(STALE, (age,))).fetchall()]
