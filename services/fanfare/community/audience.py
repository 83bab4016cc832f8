"""Audiences: how many are in each segment, and whom a name finds. Nobody is listed who may not be seen anyway."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row

from fanfare.community.segments import LAPSED, LATELY, SEGMENTS, Segment

# The definitions of fanfare.community.segments, in sets; a test holds both equal.
STANDING: LiteralString = """
    standing as (
        select id,
               coalesce(interested, false) as interested, coalesce(involved, false) as involved,
               coalesce(week_before_at > %(lately)s, false) as interacting,
               coalesce(interested and involved and week_before_at > %(lately)s, false) as active,
               joined_at > %(lately)s as new, coalesce(last_at <= %(lapsed)s, false) as lapsed
          from vault.members left join activity.fans on fans.member = members.id
         where recorded and id <> all(%(but)s))
"""
COUNTS: LiteralString = (
    "with "
    + STANDING
    + """
    select count(*) filter (where active), count(*) filter (where interested), count(*) filter (where involved),
           count(*) filter (where interacting), count(*) filter (where new), count(*) filter (where lapsed) from standing
"""
)
_IN: Mapping[Segment, LiteralString] = {
    "active": "active",
    "interested": "interested",
    "involved": "involved",
    "interacting": "interacting",
    "new": "new",
    "lapsed": "lapsed",
}
FIND: LiteralString = """
    select id, name from vault.members
     where shown and recorded and id <> all(%(but)s) and position(lower(%(named)s) in lower(name)) > 0
     order by lower(name) = lower(%(named)s) desc, lower(name), id limit %(limit)s
"""


class Found(msgspec.Struct, frozen=True):
    """A fan whom a name found."""

    id: str
    name: str


def asked(now: datetime, but: Sequence[str]) -> dict[str, Any]:
    """Return what :data:`STANDING` is asked with; *but* are members who are in no segment, such as the brand's own."""
    return {
        "lately": now - LATELY,
        "lapsed": now - LAPSED,
        "but": list(but),
    }


def of_segment(segment: Segment) -> LiteralString:
    """Return the query, to be asked as :func:`asked` says, for the ids of whoever is in a segment."""
    return "with " + STANDING + " select id from standing where " + _IN[segment]


async def counts(connection: AsyncConnection, now: datetime, but: Sequence[str] = ()) -> dict[Segment, int]:
    """Return how many are in each segment now."""
    row = await (await connection.execute(COUNTS, asked(now, but))).fetchone()
    return dict(zip(SEGMENTS, row or (0,) * len(SEGMENTS), strict=True))


async def find(connection: AsyncConnection, named: str, but: Sequence[str] = (), limit: int = 10) -> list[Found]:
    """Return fans whose page is public and whose name has *named* in it, whole names first."""
    async with connection.cursor(row_factory=class_row(Found)) as cursor:
        return await (await cursor.execute(FIND, {"named": named, "but": list(but), "limit": limit})).fetchall()
