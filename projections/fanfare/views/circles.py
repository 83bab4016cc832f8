"""Circles as pages show them: how many belong, where one member stands, and who is invited."""

from collections.abc import Sequence
from typing import LiteralString

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row

COUNTS: LiteralString = "select circle, count(distinct member) from counted.belonging group by circle"
STANDING: LiteralString = """
    select circles.circle, coalesce(invited %% 2 = 1, false) as is_invited, coalesce(came, 0) as came,
           exists (select from counted.belonging where belonging.circle = circles.circle and member = %(member)s) as belongs,
           exists (select from counted.circle_tiers where circle_tiers.rule = circles.rule and circle_tiers.level >= circles.level
                      and turn %% 2 = 1 and member = %(member)s) as holds_tier
      from counted.circles left join counted.circle_turns on circle_turns.circle = circles.circle and member = %(member)s
     where not closed and (%(circle)s::text is null or circles.circle = %(circle)s)
"""
PEOPLE: LiteralString = """
    select members.id as member, name, shown,
           id in (select member from counted.belonging where circle = %(circle)s) as belongs,
           coalesce(circle_turns.invited %% 2 = 1, false) as is_invited, coalesce(came, 0) as came
      from vault.members
      left join counted.circle_turns on circle_turns.circle = %(circle)s and circle_turns.member = members.id
     where id in (select member from counted.belonging where circle = %(circle)s
                  union select member from counted.circle_turns where circle = %(circle)s and invited %% 2 = 1)
     order by belongs desc, lower(name), id limit %(limit)s
"""


class Standing(msgspec.Struct, frozen=True):
    """Where a member stands with a circle that is open."""

    circle: str
    is_invited: bool = False
    came: int = 0
    """Her highest turn: odd where she entered last, even where she left, 0 where she did neither."""
    belongs: bool = False
    holds_tier: bool = False

    @property
    def is_open(self) -> bool:
        """Whether she may enter, or has."""
        return self.is_invited or self.holds_tier

    @property
    def has_left(self) -> bool:
        """Whether she left it last, or declined."""
        return self.came > 0 and self.came % 2 == 0

    @property
    def waits(self) -> bool:
        """Whether she is invited and has said neither yes nor no."""
        return self.is_invited and not self.came and not self.belongs


class Person(msgspec.Struct, frozen=True):
    """Somebody who belongs to a circle, or is invited."""

    member: str
    name: str
    shown: bool
    """Everybody may read her page."""
    belongs: bool
    is_invited: bool
    came: int


async def counts(connection: AsyncConnection) -> dict[str, int]:
    """Return how many belong to each circle; one to which nobody does is missing."""
    return dict(await (await connection.execute(COUNTS)).fetchall())


async def standing(connection: AsyncConnection, circle: str, member: str) -> Standing:
    """Return where a member stands with a circle."""
    found = await _standings(connection, member, circle)
    return found[0] if found else Standing(circle)


async def standings(connection: AsyncConnection, member: str) -> list[Standing]:
    """Return the open circles that are open to a member, by their id."""
    return [each for each in await _standings(connection, member, None) if each.is_open]


async def _standings(connection: AsyncConnection, member: str, circle: str | None) -> list[Standing]:
    async with connection.cursor(row_factory=class_row(Standing)) as cursor:
        asked = {"member": member, "circle": circle}
        return await (await cursor.execute(STANDING + " order by circles.circle", asked)).fetchall()


async def people(connection: AsyncConnection, circle: str, limit: int = 200) -> Sequence[Person]:
    """Return who belongs to a circle and who is invited, those who belong first."""
    async with connection.cursor(row_factory=class_row(Person)) as cursor:
        return await (await cursor.execute(PEOPLE, {"circle": circle, "limit": limit})).fetchall()


async def invited_turn(connection: AsyncConnection, circle: str, member: str) -> int:
    """Return the highest turn of a member's invitations to a circle, 0 where she has none."""
    query = "select invited from counted.circle_turns where circle = %s and member = %s"
    row = await (await connection.execute(query, (circle, member))).fetchone()
    return int(row[0]) if row else 0


async def members(connection: AsyncConnection, circle: str) -> list[str]:
    """Return who belongs to a circle now, by their ids."""
    query = "select distinct member from counted.belonging where circle = %s order by member"
    return [row[0] for row in await (await connection.execute(query, (circle,))).fetchall()]


async def belongs(connection: AsyncConnection, circle: str, member: str) -> bool:
    """Tell whether a member belongs to a circle now."""
    query = "select from counted.belonging where circle = %s and member = %s limit 1"
    return await (await connection.execute(query, (circle, member))).fetchone() is not None
