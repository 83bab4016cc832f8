"""Pictures: which events name each, and which ideas show it. Their bytes and their sizes are no part of the record."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, LiteralString, get_args, get_type_hints

import msgspec
from psycopg import AsyncConnection

from fanfare.record.catalogue import EVENTS
from fanfare.record.ideas import IdeaEdited, IdeaRaised
from fanfare.record.kinds import Event, PictureHash
from fanfare.views.projection import Projection, Seen, columns

# An edit that was not taken has no version of its own, or another title's: salts make each title's hash unlike all others.
SCHEMA = """
create table named (picture text collate "C" primary key);
create table shown (
    idea text collate "C", version integer, title text collate "C", place integer,
    picture text collate "C" not null, words text collate "C" not null,
    primary key (idea, version, title, place)
);
create index on shown (picture);
create index on shown (words);
create table marks (picture text collate "C" primary key);
"""


@cache
def _fields(kind: type[Event]) -> tuple[str, ...]:
    """Return the fields of an event that hold a picture's hash themselves."""
    hints = get_type_hints(kind, include_extras=True)
    return tuple(each.name for each in msgspec.structs.fields(kind) if _is_picture(hints[each.name]))


def _is_picture(hint: Any) -> bool:  # noqa: ANN401 - a type as typing spells it is of no one type
    return hint == PictureHash or (not _is_annotated(hint) and PictureHash in get_args(hint))


def _is_annotated(hint: Any) -> bool:  # noqa: ANN401 - as above
    return isinstance(hint, type(Annotated[int, ""]))


def _marks(event: Event) -> Iterator[str]:
    return (found for name in _fields(type(event)) if (found := getattr(event, name)))


async def _note(connection: AsyncConnection, pictures: Sequence[str]) -> None:
    await connection.execute("insert into named select unnest(%s::text[]) on conflict do nothing", (sorted(set(pictures)),))


async def _mark(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    pictures = sorted({each for _, recorded in seen for each in _marks(recorded.event)})
    await _note(connection, pictures)
    await connection.execute("insert into marks select unnest(%s::text[]) on conflict do nothing", (pictures,))


async def _show(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [
        (e.idea, 1 if isinstance(e, IdeaRaised) else e.version, e.title, place, each.picture, each.words)
        for _, recorded in seen
        if isinstance(e := recorded.event, IdeaRaised | IdeaEdited)
        for place, each in enumerate(e.pictures)
    ]
    if not rows:
        return
    await _note(connection, [row[4] for row in rows])
    await connection.execute(
        """insert into shown select * from unnest(%s::text[], %s::int[], %s::text[], %s::int[], %s::text[], %s::text[])
           on conflict do nothing""",
        columns(rows),
    )


PICTURES = Projection(
    name="pictures",
    version=1,
    schema=SCHEMA,
    on={**{each: _mark for each in EVENTS.values() if _fields(each)}, IdeaRaised: _show, IdeaEdited: _show},
)


class Shown(msgspec.Struct, frozen=True):
    """A picture of an idea that is still there."""

    picture: str
    words: str
    """What it shows; empty where those words were removed."""
    words_hash: str
    sizes: Mapping[str, tuple[int, int]]
    """Width and height of each size, by its name: small, middle, large."""


OF: LiteralString = """
    select shown.idea, shown.version, shown.picture, coalesce(texts.text, ''), shown.words, sizes
      from ideas.versions join pictures.shown using (idea, version, title) join record.pictures on hash = shown.picture
      left join record.texts on texts.hash = shown.words
     where shown.idea = any(%s) and (%s or not exists (select from moderation.veiled where veiled.hash = shown.picture))
"""


async def of(connection: AsyncConnection, ideas: Sequence[str], *, unveiled: bool = False) -> dict[str, list[Shown]]:
    """
    Return the pictures of the present version of each of these ideas; an idea without one is missing.

    Args:
        unveiled: also where the idea is hidden, for its author and for moderators.
    """
    query = OF + " and version = (select version from ideas.ideas where ideas.idea = shown.idea) order by shown.place"
    found: dict[str, list[Shown]] = {}
    for idea, _, *rest in await (await connection.execute(query, (list(ideas), unveiled))).fetchall():
        found.setdefault(idea, []).append(_shown(rest))
    return found


async def of_versions(connection: AsyncConnection, idea: str, *, unveiled: bool = False) -> dict[int, list[Shown]]:
    """Return the pictures of each version of an idea; a version without one is missing. The arguments are those of :func:`of`."""
    found: dict[int, list[Shown]] = {}
    for _, version, *rest in await (await connection.execute(OF + " order by shown.place", ([idea], unveiled))).fetchall():
        found.setdefault(version, []).append(_shown(rest))
    return found


def _shown(row: Sequence[Any]) -> Shown:
    picture, words, words_hash, sizes = row
    return Shown(picture, words, words_hash, {name: (width, height) for name, (width, height) in sizes.items()})


async def unnamed(connection: AsyncConnection, pictures: Sequence[str]) -> list[str]:
    """Return which of these pictures no event names, as far as this view has read."""
    query = "select picture from unnest(%s::text[]) as asked (picture) where picture not in (select picture from pictures.named)"
    return [row[0] for row in await (await connection.execute(query, (list(pictures),))).fetchall()]


async def read_to(connection: AsyncConnection) -> int:
    """Return how many entries of partition 0 this view has read."""
    query = "select next_offset from platform.positions where projection = 'pictures' and partition = 0"
    row = await (await connection.execute(query)).fetchone()
    return row[0] if row else 0


async def missing(connection: AsyncConnection, idea: str) -> list[str]:
    """Return the pictures of the present version of an idea that are not there any more, in their order."""
    query = """select shown.picture from ideas.ideas join ideas.versions using (idea, version)
                 join pictures.shown using (idea, version, title)
                where idea = %s and not exists (select from record.pictures where hash = shown.picture) order by shown.place"""
    return [row[0] for row in await (await connection.execute(query, (idea,))).fetchall()]
