"""What was erased: members who had themselves erased, texts that were removed, and what stands in a removed text's place."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Literal

import msgspec
from psycopg import AsyncConnection

from fanfare.record.members import MemberErased
from fanfare.record.position import Position
from fanfare.record.texts import Kept, TextRemoved
from fanfare.views import moderation, rules
from fanfare.views.moderation import Hidden
from fanfare.views.projection import Projection, Seen, columns

SCHEMA = """
create table members (
    member text collate "C" primary key, place bigint not null, erased_at timestamptz not null, event_id text collate "C" not null
);
create index on members (place);
create table texts (
    hash text collate "C" primary key, place bigint not null, removed_at timestamptz not null,
    by_member text collate "C" not null, kind text collate "C" not null, reason text collate "C"
);
create index on texts (place);
"""


def _place(position: Position) -> int:
    """Return one number for a place in partition 0 that grows with it; an entry holds fewer than 2**16 events."""
    return position.offset << 16 | position.index


async def _erase(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [(e.member, _place(at), each.time, each.id) for at, each in seen if isinstance(e := each.event, MemberErased)]
    await connection.execute(
        """insert into members select * from unnest(%s::text[], %s::bigint[], %s::timestamptz[], %s::text[])
                                            as new (member, place, at, event_id)
            order by place on conflict do nothing""",
        columns(rows),
    )


async def _remove(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [
        (e.text, _place(at), each.time, e.by, e.kind, e.reason) for at, each in seen if isinstance(e := each.event, TextRemoved)
    ]
    await connection.execute(
        """insert into texts select * from unnest(%s::text[], %s::bigint[], %s::timestamptz[], %s::text[], %s::text[], %s::text[])
                                          as new (hash, place, at, by_member, kind, reason)
            order by place on conflict do nothing""",
        columns(rows),
    )


ERASED = Projection(name="erased", version=3, schema=SCHEMA, on={MemberErased: _erase, TextRemoved: _remove})


class Removal(msgspec.Struct, frozen=True):
    """A text or picture that was removed; all of it are ids and hashes."""

    text: str
    by: str
    kind: Kept
    reason: str | None
    """The hash of the reason; none where its author took it back."""
    place: int


async def members(connection: AsyncConnection, *, after: int = -1, within: timedelta | None = None) -> list[tuple[str, int]]:
    """
    Return the members who were erased, each with her place in the record, the earliest first.

    Args:
        after: only those behind this place.
        within: only those of so long ago at most.
    """
    query = """select member, place from erased.members
                where place > %s and (%s::interval is null or erased_at > now() - %s::interval) order by place"""
    return [(row[0], row[1]) for row in await (await connection.execute(query, (after, within, within))).fetchall()]


async def texts(connection: AsyncConnection, *, after: int = -1, within: timedelta | None = None) -> list[Removal]:
    """Return the texts and pictures that were removed, the earliest first; the arguments are those of :func:`members`."""
    query = """select hash, by_member, kind, reason, place from erased.texts
                where place > %s and (%s::interval is null or removed_at > now() - %s::interval) order by place"""
    return [Removal(*row) for row in await (await connection.execute(query, (after, within, within))).fetchall()]


async def read_to(connection: AsyncConnection) -> int:
    """Return how many entries of partition 0 this view has read."""
    query = "select next_offset from platform.positions where projection = 'erased' and partition = 0"
    row = await (await connection.execute(query)).fetchone()
    return row[0] if row else 0


ERASED_WORDS = "Its author erased this text."
_INSTEAD = {"erased": ERASED_WORDS, "taken-back": "Its author took this back.", "removed": "Removed by a moderator."}


class Missing(msgspec.Struct, frozen=True):
    """Why nobody may read a text, and what stands in its place; in English as a string."""

    why: Literal["erased", "taken-back", "removed", "hidden"]
    reason: str = ""
    """Of a removal or a hiding, in the moderator's words."""
    rule: str = ""
    """The code by which it is hidden."""

    def __str__(self) -> str:
        """Return the sentence that stands in its place."""
        if self.why == "hidden":
            return f"Hidden by a moderator. {rules.sentence(self.rule)} {self.reason}".strip()
        return f"Removed by a moderator: {self.reason}" if self.why == "removed" and self.reason else _INSTEAD[self.why]


async def in_place_of(connection: AsyncConnection, hashes: Iterable[str]) -> Mapping[str, Missing]:
    """Return what stands in the place of each of these texts that nobody may read: removed, erased with its author, or hidden."""
    query = """select asked.hash, removed.hash is not null, removed.reason is null, coalesce(words.text, '')
                 from unnest(%s::text[]) as asked (hash) left join erased.texts as removed using (hash)
                 left join record.texts as words on words.hash = removed.reason
                where not exists (select from record.texts where texts.hash = asked.hash)
                  and not exists (select from record.pictures where pictures.hash = asked.hash)"""
    asked = sorted(set(hashes))
    rows = await (await connection.execute(query, (asked,))).fetchall()
    gone = {row[0]: _missing(*row[1:]) for row in rows}
    contents = await moderation.veiled(connection, asked)
    hidings = await moderation.hidden(connection, contents.values())
    return {**{each: hidden_words(hidings[content]) for each, content in contents.items() if content in hidings}, **gone}


def hidden_words(hiding: Hidden) -> Missing:
    """Return what stands in the place of hidden words: the rule, and the reason."""
    return Missing("hidden", hiding.reason, hiding.rule)


def _missing(was_removed: bool, by_author: bool, reason: str) -> Missing:  # noqa: FBT001 - the columns of a row
    if not was_removed:
        return Missing("erased")
    return Missing("taken-back") if by_author else Missing("removed", reason)
