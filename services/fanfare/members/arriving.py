"""Arriving by somebody's link: each member's own link, and who came by whose until it is credited, or ninety days are over."""

import re
import secrets
from datetime import datetime
from typing import LiteralString

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row

_CODE = re.compile(r"[A-Za-z0-9_-]{1,40}")

RENEW: LiteralString = """
    insert into vault.bringers (member, code) values (%s, %s)
    on conflict (member) do update set code = excluded.code, made_at = now() returning code
"""
LINK: LiteralString = """
    select code, made_at, came, (select count(*) from vault.arrivals where by_member = bringers.member) as waiting
      from vault.bringers where member = %s
"""
WHOSE: LiteralString = """
    select members.id, name from vault.bringers join vault.members on members.id = bringers.member where code = %s and recorded
"""
# Whoever joined is no newcomer any more; and nobody comes by her own link.
ARRIVED: LiteralString = """
    with arrived as (
        insert into vault.arrivals (newcomer, by_member)
        select newcomer.id, bringer.id from vault.members as newcomer, vault.members as bringer
         where newcomer.id = %(newcomer)s and bringer.id = %(by)s and newcomer.id <> bringer.id for key share of newcomer, bringer
        on conflict do nothing returning by_member)
    update vault.bringers set came = came + 1 from arrived where member = by_member
"""


class Bringer(msgspec.Struct, frozen=True):
    """Whose link it is."""

    id: str
    name: str


class Link(msgspec.Struct, frozen=True):
    """A member's own link."""

    code: str
    made_at: datetime
    came: int
    """How many joined by a link of hers."""
    waiting: int
    """Of these, who can still be credited to her and has not contributed."""


async def renew(connection: AsyncConnection, member: str) -> str:
    """Give a member a link, or another one: the old one is nobody's any more. Return its code."""
    row = await (await connection.execute(RENEW, (member, secrets.token_urlsafe(9)))).fetchone()
    return str(row[0]) if row else ""


async def link_of(connection: AsyncConnection, member: str) -> Link | None:
    """Return a member's link; none where she never made one."""
    async with connection.cursor(row_factory=class_row(Link)) as cursor:
        return await (await cursor.execute(LINK, (member,))).fetchone()


async def whose(connection: AsyncConnection, code: str) -> Bringer | None:
    """Return whose link ends with *code*; none where it is nobody's, or nobody's any more."""
    if not _CODE.fullmatch(code):
        return None
    async with connection.cursor(row_factory=class_row(Bringer)) as cursor:
        return await (await cursor.execute(WHOSE, (code,))).fetchone()


async def arrived(connection: AsyncConnection, newcomer: str, by: str) -> None:
    """
    Keep by whose link a newcomer came, in the transaction that makes her a member. Doing it twice changes nothing.

    Args:
        by: empty where she says no; what she said before a crash no longer holds then.
    """
    if not by:
        await connection.execute("delete from vault.arrivals where newcomer = %s", (newcomer,))
        return
    await connection.execute(ARRIVED, {"newcomer": newcomer, "by": by})
