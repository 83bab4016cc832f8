"""What a projection is: a question's tables, and how each event changes them."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, LiteralString

from psycopg import AsyncConnection

from fanfare.record.envelope import Recorded
from fanfare.record.kinds import Event
from fanfare.record.position import Position

Seen = tuple[Position, Recorded]
Handler = Callable[[AsyncConnection, Sequence[Seen]], Awaitable[None]]
"""Applies a run of events of one type, in record order, in sets. Its tables are first on the search path. It never commits."""


@dataclass(frozen=True)
class Projection:
    """
    One question, answered by tables in a PostgreSQL schema of its own that bears the projection's name.

    The tables can be dropped at any time: raise *version* and they are filled again from the record.
    """

    name: LiteralString
    version: int
    schema: LiteralString
    """The SQL that makes the tables, without naming the schema."""
    on: Mapping[type[Event], Handler] = field(default_factory=dict)

    async def apply(self, connection: AsyncConnection, seen: Iterable[Seen]) -> None:
        """Change the tables by *seen*, events of one partition in record order. Events of no interest are passed over."""
        for kind, run in groupby((each for each in seen if type(each[1].event) in self.on), key=_kind):
            await self.on[kind](connection, list(run))


def _kind(seen: Seen) -> type[Event]:
    return type(seen[1].event)


def columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """Turn rows into columns, as ``unnest`` takes them."""
    return [list(column) for column in zip(*rows, strict=True)]
