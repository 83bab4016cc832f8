"""
Bringing: whoever's link a newcomer came by is credited in the record when that newcomer first contributes.

The processor keeps nothing of its own: who came by whose link is in the vault, what she did first is in the record. The id of its
event follows from the newcomer, and what it says from that first thing, so two that run at once write the same.
"""

from typing import LiteralString

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row

from fanfare.community import telling
from fanfare.community.segments import INTEREST, INVOLVEMENT
from fanfare.members import arriving
from fanfare.platform.desk import Desk
from fanfare.platform.language import gettext as _
from fanfare.record.bringing import NewcomerBrought
from fanfare.record.envelope import derived_id
from fanfare.views import newcomers

CONTRIBUTED = INTEREST + INVOLVEMENT
"""The wire names of what is a contribution."""
AT_ONCE = 100
"""Of an entry. An event has at most 500 bytes, an entry 60 KiB."""
FIRST: LiteralString = """
    select arrivals.newcomer, arrivals.by_member as by, first.event_id as cause, first.at_offset as "offset"
      from vault.arrivals
      join lateral (select event_id, "offset" as at_offset, place from timeline.acts
                     where member = arrivals.newcomer and wire = any(%s) order by place limit 1) as first on true
     order by first.place limit %s
"""
CREDITED: LiteralString = "delete from vault.arrivals where newcomer = any(%s)"


class First(msgspec.Struct, frozen=True):
    """What a newcomer did first, and by whose link she had come."""

    newcomer: str
    by: str
    cause: str
    offset: int

    @property
    def event_id(self) -> str:
        """The id of the event that credits it."""
        return derived_id("newcomer-brought", self.newcomer)


class MyLink(msgspec.Struct, frozen=True):
    """A member's own link, and who came by it."""

    code: str
    came: int
    waiting: int
    """Who can still be credited to her."""
    credited: int
    brought: list[newcomers.Fan]
    """The latest of these."""


async def bring(desk: Desk) -> int:
    """
    Credit who brought those that contributed by now, and return how many that were. Any number of workers may do so at once.

    The record comes first. A crash behind it leaves them to be credited again, under the same ids; every fold takes that as one,
    and of mail there is one a day.
    """
    done = 0
    while found := await _first(desk):
        events = [NewcomerBrought(newcomer=each.newcomer, by=each.by, cause=each.cause, offset=each.offset) for each in found]
        await desk.emit([each.event_id for each in found], events, "newcomers")
        await _settle(desk, found)
        done += len(found)
        if len(found) < AT_ONCE:
            break
    return done


async def _first(desk: Desk) -> list[First]:
    async with desk.pool.connection() as connection, connection.cursor(row_factory=class_row(First)) as cursor:
        return await (await cursor.execute(FIRST, (list(CONTRIBUTED), AT_ONCE))).fetchall()


async def _settle(desk: Desk, found: list[First]) -> None:
    """Tell who was credited by mail, without a name of others, and forget by whose links they had come, together."""
    page = f"{desk.source.rstrip('/')}/me/invite"
    body = (
        _("Somebody who came by your link contributed today for the first time. Who it is stands on your page:") + f"\n\n{page}"
    )
    async with desk.pool.connection() as connection, connection.transaction():
        bringers = sorted({each.by for each in found})
        occasion = f"brought:{desk.now.date().isoformat()}"
        await telling.tell(connection, desk, bringers, _("Somebody you brought in contributed"), body, occasion)
        await connection.execute(CREDITED, ([each.newcomer for each in found],))


async def my_link(connection: AsyncConnection, member: str) -> MyLink | None:
    """Return a member's link with who came by it; none where she never made one."""
    link = await arriving.link_of(connection, member)
    if link is None:
        return None
    credited = await newcomers.how_many(connection, member)
    return MyLink(link.code, link.came, link.waiting, credited, await newcomers.brought_by(connection, member))
