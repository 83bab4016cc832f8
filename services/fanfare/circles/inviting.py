"""Inviting: a host chooses fans by name or by a segment, and they are invited in portions, in the record first, then by mail."""

from typing import LiteralString

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row

from fanfare.circles import decide
from fanfare.circles.refusals import NobodyToInvite
from fanfare.community import audience, telling
from fanfare.community.segments import Segment
from fanfare.community.thanking import brands_own
from fanfare.members import links
from fanfare.platform import requests, texts
from fanfare.platform.desk import Asked, Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.record.circles import Chosen, CircleInvited
from fanfare.record.envelope import derived_id

PORTION = 100
"""An entry holds so many invitations."""
# Whoever is being erased is waited for, and left out; whoever is invited already, or belongs, is passed over.
CHOOSE: LiteralString = """
    with held as (select id from vault.members where id in (select * from unnest(%(chosen)s::text[])) and recorded
                   order by id for key share)
    insert into vault.circle_invitations as known (circle, member, turn, chosen, reason, by_member)
    select %(circle)s, id, coalesce(invited, 0) + 1, %(how)s, %(reason)s, %(by)s
      from held left join counted.circle_turns on circle_turns.circle = %(circle)s and circle_turns.member = id
     where coalesce(invited, 0) %% 2 = 0
       and not exists (select from counted.belonging where belonging.circle = %(circle)s and belonging.member = id)
    on conflict (circle, member) do update
       set turn = excluded.turn, chosen = excluded.chosen, reason = excluded.reason, by_member = excluded.by_member,
           invited_at = now(), delivered_at = null
     where excluded.turn > known.turn
"""
NEXT: LiteralString = """
    select circle, waiting.member, turn, chosen, reason, by_member, coalesce(text, '') as why
      from vault.circle_invitations as waiting left join record.texts on hash = reason
     where delivered_at is null
       and circle = (select circle from vault.circle_invitations where delivered_at is null order by invited_at, circle limit 1)
     order by waiting.member limit %s
"""
OF_MEMBER: LiteralString = """
    select coalesce(name, '') as by_name, coalesce(text, '') as why
      from vault.circle_invitations left join record.texts on hash = reason left join vault.members on members.id = by_member
     where circle = %s and circle_invitations.member = %s and delivered_at is not null
"""
DELIVERED: LiteralString = """
    update vault.circle_invitations set delivered_at = now(), mailed = circle_invitations.member = any(%s)
      from unnest(%s::text[], %s::int[]) as done (member, turn)
     where circle = %s and circle_invitations.member = done.member and circle_invitations.turn = done.turn
       and delivered_at is null
"""


class Invitation(msgspec.Struct, frozen=True):
    """An invitation that is on its way."""

    circle: str
    member: str
    turn: int
    chosen: Chosen
    reason: str
    by_member: str
    why: str


async def invite(desk: Desk, asked: Asked, circle: str, *, reason: str, member: str = "", segment: Segment | None = None) -> int:
    """
    Choose whom to invite, and return how many that are; :func:`deliver` does the rest. The same request twice invites once.

    Args:
        reason: why they are invited; public, and theirs to read.
        member: a fan; empty where *segment* says who.

    Raises:
        CircleNotFound, CircleIsClosed, NobodyToInvite, TextRefused, KeyReused.
    """
    reason = texts.checked(reason, marked("reason"), texts.LINE)
    again = await requests.earlier(desk.pool, asked)  # refuses a key that came with other words
    await desk.catch_up()
    decide.invite(desk.streams.circles, circle)
    async with desk.pool.connection() as connection, connection.transaction():
        chosen = [member] if member else await _in_segment(connection, desk, asked.actor, segment)
        hashes = await texts.keep(connection, [reason], member or None)
        choosing = {"chosen": chosen, "circle": circle, "how": "by-name" if member else segment, "by": asked.actor}
        count = (await connection.execute(CHOOSE, choosing | {"reason": hashes[reason]})).rowcount
        if not count and not again:
            raise NobodyToInvite(field="member" if member else "segment")
    return count


async def _in_segment(connection: AsyncConnection, desk: Desk, by: str, segment: Segment | None) -> list[str]:
    if segment is None:
        raise NobodyToInvite(field="segment")
    rows = await connection.execute(audience.of_segment(segment), audience.asked(desk.now, brands_own(desk, by)))
    return [row[0] for row in await rows.fetchall()]


class Delivered(msgspec.Struct, frozen=True):
    """An invitation as whoever got it reads it."""

    by_name: str
    """Empty where its host left."""
    why: str


async def of_member(connection: AsyncConnection, circle: str, member: str) -> Delivered | None:
    """Return the last invitation of a member to a circle, once it was delivered; none where there was none."""
    async with connection.cursor(row_factory=class_row(Delivered)) as cursor:
        return await (await cursor.execute(OF_MEMBER, (circle, member))).fetchone()


async def on_their_way(connection: AsyncConnection, circle: str) -> int:
    """Return how many invitations to a circle are not delivered yet."""
    query = "select count(*) from vault.circle_invitations where circle = %s and delivered_at is null"
    row = await (await connection.execute(query, (circle,))).fetchone()
    return int(row[0]) if row else 0


async def deliver(desk: Desk, most: int = 20) -> int:
    """
    Deliver invitations, and return how many portions that were. Any number of workers may do so at once.

    The record comes first, under ids that follow from circle, member and turn. A crash behind it leaves a portion that is not
    marked: the next run appends the same events once more, which every fold takes as one, and the mail has one key for each fan.
    """
    done = 0
    while done < most and (portion := await _next(desk)):
        await desk.catch_up()
        circle = desk.streams.circles.get(portion[0].circle)
        if circle is not None and not circle.closed:
            ids = [derived_id("circle-invited", each.circle, each.member, str(each.turn)) for each in portion]
            await desk.emit(ids, [_invited(each) for each in portion], portion[0].circle)
        await _mark(desk, portion, circle.title if circle is not None and not circle.closed else "")
        done += 1
    return done


def _invited(found: Invitation) -> CircleInvited:
    return CircleInvited(
        circle=found.circle,
        member=found.member,
        turn=found.turn,
        chosen=found.chosen,
        reason=found.reason,
        by=found.by_member,
    )


async def _next(desk: Desk) -> list[Invitation]:
    async with desk.pool.connection() as connection, connection.cursor(row_factory=class_row(Invitation)) as cursor:
        return await (await cursor.execute(NEXT, (PORTION,))).fetchall()


async def _mark(desk: Desk, portion: list[Invitation], title: str) -> None:
    """Mark a portion as delivered and queue its mail, together; *title* is the hash of the circle's name, empty for no mail."""
    brand = await links.brand_of(desk)
    circle, page = portion[0].circle, f"{desk.source.rstrip('/')}/circles/{portion[0].circle}"
    async with desk.pool.connection() as connection, connection.transaction():
        named = (await texts.read(connection, [title])).get(title, "") if title else ""
        mailed: list[str] = []
        for why in dict.fromkeys(each.why for each in portion) if title else ():
            subject = _("%(brand)s invites you to “%(circle)s”", brand=brand, circle=named)
            said = [_("You are invited to a circle: “%(circle)s”.", circle=named), why]
            said += [_("What it is for, and where you say yes or no:") + f"\n{page}"]
            members = [each.member for each in portion if each.why == why]
            body = "\n\n".join(each for each in said if each)
            mailed += await telling.tell(connection, desk, members, subject, body, f"circle:{circle}:{_turns(portion)}")
        done = ([each.member for each in portion], [each.turn for each in portion])
        await connection.execute(DELIVERED, (mailed, *done, circle))


def _turns(portion: list[Invitation]) -> str:
    return str(max(each.turn for each in portion))
