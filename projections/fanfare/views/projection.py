"""What a projection is: a question's tables, and how each event changes them."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, LiteralString

from psycopg import AsyncConnection, sql

from fanfare.record.envelope import Recorded
from fanfare.record.kinds import Event
from fanfare.record.position import Position
from fanfare.record.unreadable import Unreadable

Seen = tuple[Position, Recorded]
Handler = Callable[[AsyncConnection, Sequence[Seen]], Awaitable[None]]
"""Applies a run of events of one type, in record order, in sets. Its tables are first on the search path. It never commits."""
Keeper = Callable[[AsyncConnection, Sequence[tuple[Position, Unreadable]]], Awaitable[None]]
"""Keeps events that cannot be read, under the same rules."""


@dataclass(frozen=True)
class Projection:
    """
    One question, answered by tables in a PostgreSQL schema of its own that bears the projection's name.

    What they hold follows from the record alone (no clock, no sequence), so they can be made again at any time: raise *version*,
    and at the next start they are filled from the record beside the old ones and swapped in.
    """

    name: LiteralString
    version: int
    schema: LiteralString
    """The SQL that makes the tables, without naming the schema."""
    on: Mapping[type[Event], Handler] = field(default_factory=dict)
    keep_unreadable: Keeper | None = None
    """Called behind the handlers; none passes over what cannot be read."""

    async def apply(self, connection: AsyncConnection, found: Sequence[tuple[Position, Recorded | Unreadable]]) -> None:
        """Change the tables by *found*, events of one partition in record order. Events of no interest are passed over."""
        readable = ((at, each) for at, each in found if isinstance(each, Recorded) and type(each.event) in self.on)
        for kind, run in groupby(readable, key=_kind):
            await self.on[kind](connection, list(run))
        if self.keep_unreadable and (kept := [(at, each) for at, each in found if isinstance(each, Unreadable)]):
            await self.keep_unreadable(connection, kept)


async def hold(connection: AsyncConnection, *tables: LiteralString) -> None:
    """
    Keep the tables of projections where they are until this transaction ends; name one of each projection that it reads.

    A repeatable-read transaction calls this first, before anything gives it its snapshot. Else a rebuild could swap the tables
    in between, and the old snapshot would see new tables as they were while they filled.
    """
    names = sql.SQL(", ").join(sql.Identifier(*table.split(".")) for table in tables)
    await connection.execute(sql.SQL("lock table {} in access share mode").format(names))


def _kind(seen: Seen) -> type[Event]:
    return type(seen[1].event)


def place(position: Position) -> int:
    """Return one number for a place in partition 0 that grows with it; an entry holds fewer than 2**16 events."""
    return position.offset << 16 | position.index


def array(strings: Sequence[str]) -> str | list[str]:
    """Return a text[] for a parameter; as PostgreSQL writes it, ten times as fast as a list, where nothing needs escaping."""
    joined = '","'.join(strings)
    if "\\" in joined or joined.count('"') != 2 * max(0, len(strings) - 1):
        return list(strings)
    return f'{{"{joined}"}}' if strings else "{}"


def numbers(integers: Iterable[int]) -> str:
    """Return an array of integers for a parameter, as PostgreSQL writes it."""
    return f"{{{','.join(map(str, integers))}}}"


def columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """Turn rows into columns, as ``unnest`` takes them."""
    return [list(column) for column in zip(*rows, strict=True)]
