"""Standings of fans: who earned how many points in a campaign, in a season or in all, and her place among all who are listed."""

from datetime import UTC, datetime
from typing import LiteralString

import msgspec
from psycopg import AsyncConnection

Cursor = tuple[int, str]
"""The points and the id of the last one of the page before."""


class Standing(msgspec.Struct, frozen=True):
    """A fan with her rank. Ties share one: 1, 2, 2, 4."""

    rank: int
    member: str
    name: str
    """As she is called today; empty for one who left or hides her page."""
    points: int
    shown: bool = True
    """Everybody may read her page."""


class FanPlace(msgspec.Struct, frozen=True):
    """Where one fan stands."""

    rank: int | None
    """None where she left the standings, or has no points."""
    points: int
    of: int
    """How many fans are listed."""


class Week(msgspec.Struct, frozen=True):
    """What a member earned in a week, of what stands today."""

    begins_at: datetime
    """Monday, 00:00 UTC."""
    points: int
    awards: int
    """Of every kind."""


def season_of(at: datetime) -> str:
    """Return the quarter of a year, UTC, that a moment is in, such as 2026-q4."""
    at = at.astimezone(UTC)
    return f"{at.year}-q{(at.month + 2) // 3}"


def _scope(campaign: str | None, season: str | None) -> str:
    if campaign and season:
        message = "standings are of a campaign or of a season, not of both"
        raise ValueError(message)
    return campaign or season or ""


# The rank of a fan is one more than how many have more points. Who ties with the first of the page may be on the page before.
PAGE: LiteralString = """
    with page as (
        select member, points from recognition.sums
         where scope = %(scope)s and listed and points > 0
           and (%(points)s::bigint is null or points <= %(points)s and (points < %(points)s or member > %(member)s))
         order by points desc, member limit %(limit)s),
    head as (select max(points) as points from page),
    more as (
        select count(*) filter (where sums.points > head.points) as above, count(*) as level
          from head join recognition.sums on sums.points >= head.points where scope = %(scope)s and listed and sums.points > 0)
    select case when page.points = head.points then above + 1
                else level + rank() over (partition by page.points = head.points order by page.points desc) end,
           page.member, case when shown then name else '' end, page.points, coalesce(shown, false)
      from page cross join head cross join more left join vault.members on members.id = page.member
     order by page.points desc, page.member
"""


async def standings(
    connection: AsyncConnection,
    *,
    campaign: str | None = None,
    season: str | None = None,
    limit: int = 50,
    after: Cursor | None = None,
) -> tuple[list[Standing], Cursor | None]:
    """
    Return a page of the standings of a campaign, of a season or (with neither) of all, and where the page after begins.

    Whoever left them, or was erased, is in none and is not counted; whoever hides her page is not named.

    Args:
        after: what the page before gave; none for the first page.
    """
    points, member = after or (None, "")
    values = {"scope": _scope(campaign, season), "points": points, "member": member, "limit": limit + 1}
    found = [Standing(*row) for row in await (await connection.execute(PAGE, values)).fetchall()]
    last = found[limit - 1] if len(found) > limit else None
    return found[:limit], (last.points, last.member) if last else None


PLACE: LiteralString = """
    with own as (select points, listed from recognition.sums where scope = %(scope)s and member = %(member)s)
    select case when own.listed and own.points > 0
                then 1 + (select count(*) from recognition.sums where scope = %(scope)s and listed and points > 0
                             and points > own.points) end,
           coalesce(own.points, 0),
           (select count(*) from recognition.sums where scope = %(scope)s and listed and points > 0)
      from (select 1) as once left join own on true
"""


async def place_of(
    connection: AsyncConnection, member: str, *, campaign: str | None = None, season: str | None = None
) -> FanPlace:
    """Return where a member stands in a campaign, in a season or (with neither) in all."""
    values = {"scope": _scope(campaign, season), "member": member}
    row = await (await connection.execute(PLACE, values)).fetchone()
    return FanPlace(*row) if row else FanPlace(None, 0, 0)


# The scopes are few and the sums many: from each the next lower one is looked up, in the index of the standings.
SEASONS: LiteralString = """
    with recursive found as (
        select max(scope) as scope from recognition.sums where listed and points > 0
        union all
        select (select max(scope) from recognition.sums where listed and points > 0 and sums.scope < found.scope)
          from found where found.scope is not null)
    select scope from found where scope like '____-q_' order by scope desc
"""


async def seasons(connection: AsyncConnection) -> list[str]:
    """Return the seasons that have standings, the latest first."""
    return [row[0] for row in await (await connection.execute(SEASONS)).fetchall()]


WEEKS: LiteralString = """
    select date_trunc('week', at at time zone 'UTC') at time zone 'UTC' as week,
           sum(points) filter (where kind = 'points'), count(*)
      from recognition.awards
     where member = %s and stands and not exists (select from recognition.fans where fans.member = awards.member and erased)
     group by week order by week desc limit %s
"""


async def weeks(connection: AsyncConnection, member: str, *, limit: int = 53) -> list[Week]:
    """Return what a member earned, week by week, the latest first; weeks without anything are left out."""
    rows = await (await connection.execute(WEEKS, (member, limit))).fetchall()
    return [Week(row[0].astimezone(UTC), row[1] or 0, row[2]) for row in rows]


async def turn_of(connection: AsyncConnection, member: str) -> tuple[bool, int]:
    """Tell whether a member left the standings, and the turn that says so (0 where she never left)."""
    query = "select has_left, turn from recognition.fans where member = %s"
    row = await (await connection.execute(query, (member,))).fetchone()
    return (row[0], row[1]) if row else (False, 0)
