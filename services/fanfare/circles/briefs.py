"""Briefs and the notes below them: words for who belongs to a circle. They are in the vault alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row

from fanfare.circles import decide
from fanfare.circles.refusals import BriefNotFound, NoteNotFound, NotYourNote
from fanfare.community import telling
from fanfare.members import vault
from fanfare.platform import requests, texts
from fanfare.platform.desk import Acknowledged, Asked, Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.refusals import SignInNeeded
from fanfare.record.circles import BriefShared
from fanfare.views import circles as view

NOTE = 2000
"""Characters."""
WRITE: LiteralString = """
    insert into vault.briefs (id, circle, by_member, title, words) values (%s, %s, %s, %s, %s) on conflict (id) do nothing
"""
OF_CIRCLE: LiteralString = """
    select briefs.id, circle, title, words, coalesce(by_member, '') as by_member, coalesce(name, '') as by_name, shared_at,
           (select count(*) from vault.notes where brief = briefs.id and hidden_at is null) as notes
      from vault.briefs left join vault.members on members.id = by_member where shared_at is not null
"""
NOTES: LiteralString = """
    select notes.id, brief, notes.member, authors.name, authors.shown, words, written_at,
           hidden_at is not null as hidden, hidden_why, coalesce(hiders.name, '') as hidden_by,
           (select count(*) from vault.note_reports where note = notes.id and settled_at is null) as reports,
           exists (select from vault.note_reports where note = notes.id and note_reports.member = %(member)s) as reported_by_me
      from vault.notes join vault.members as authors on authors.id = notes.member
      left join vault.members as hiders on hiders.id = hidden_by
"""
REPORTED: LiteralString = """
    select notes.id as note, brief, circle, briefs.title, count(*) as reports, min(at) as since
      from vault.note_reports join vault.notes on notes.id = note join vault.briefs on briefs.id = brief
     where settled_at is null and (%(circles)s::text[] is null or circle = any(%(circles)s))
     group by notes.id, brief, circle, briefs.title order by since, note limit 50
"""
SETTLE: LiteralString = "update vault.note_reports set settled_at = now() where note = %s and settled_at is null"


class Brief(msgspec.Struct, frozen=True):
    """A brief as who belongs reads it."""

    id: str
    circle: str
    title: str
    words: str
    by_member: str
    """Empty where its author left."""
    by_name: str
    shared_at: datetime
    notes: int


class Note(msgspec.Struct, frozen=True):
    """A note below a brief."""

    id: str
    brief: str
    member: str
    name: str
    shown: bool
    """Everybody may read her page."""
    words: str
    written_at: datetime
    hidden: bool
    hidden_why: str
    hidden_by: str
    reports: int
    """How many members reported it, and nobody settled."""
    reported_by_me: bool


class Reported(msgspec.Struct, frozen=True):
    """A note that waits for a host or a moderator."""

    note: str
    brief: str
    circle: str
    title: str
    reports: int
    since: datetime


async def share(desk: Desk, asked: Asked, circle: str, title: str, words: str) -> tuple[str, Acknowledged]:
    """
    Share a brief with a circle, and return its id. The same request twice shares one.

    The words come first, and nobody reads them before the record says that they were shared.

    Raises:
        CircleNotFound, CircleIsClosed, TextRefused, KeyReused, Busy.
    """
    title = texts.checked(title, marked("title"), texts.TITLE)
    words = texts.checked(words, marked("words"), texts.BODY, lines=True)
    brief = asked.event_id(desk.vault_key)[:16]
    if done := await requests.earlier(desk.pool, asked):
        return brief, done
    await desk.catch_up()
    decide.invite(desk.streams.circles, circle)
    async with desk.pool.connection() as connection:
        await connection.execute(WRITE, (brief, circle, asked.actor, title, words))
    done = await desk.publish(asked, [BriefShared(circle=circle, brief=brief, by=asked.actor)], circle)
    async with desk.pool.connection() as connection:
        query = "update vault.briefs set shared_at = coalesce(shared_at, now()) where id = %s"
        await connection.execute(query, (brief,))
        await _tell(connection, desk, circle, brief)
    return brief, await requests.finished(desk.pool, asked, done)


async def _tell(connection: AsyncConnection, desk: Desk, circle: str, brief: str) -> None:
    """Tell who belongs by mail that there is a brief, and nothing of it: a mail may lie where others read it."""
    named = await texts.read(connection, [desk.streams.circles[circle].title])
    subject = _("A brief for “%(circle)s”", circle="".join(named.values()))
    body = _("Something new was shared with your circle. Read it here:") + f"\n\n{desk.source.rstrip('/')}/briefs/{brief}"
    await telling.tell(connection, desk, await view.members(connection, circle), subject, body, f"brief:{brief}")


async def of_circle(connection: AsyncConnection, circle: str, limit: int = 50) -> list[Brief]:
    """Return the briefs of a circle, the latest first. Whoever calls this has asked whether they may be read."""
    async with connection.cursor(row_factory=class_row(Brief)) as cursor:
        query = OF_CIRCLE + " and circle = %s order by shared_at desc, briefs.id limit %s"
        return await (await cursor.execute(query, (circle, limit))).fetchall()


async def one(connection: AsyncConnection, brief: str) -> Brief:
    """Return a brief. Whoever calls this asks then whether it may be read. Raises: BriefNotFound."""
    async with connection.cursor(row_factory=class_row(Brief)) as cursor:
        found = await (await cursor.execute(OF_CIRCLE + " and briefs.id = %s", (brief,))).fetchone()
    if found is None:
        raise BriefNotFound
    return found


async def remove(connection: AsyncConnection, circle: str, brief: str) -> None:
    """
    Delete a brief of a circle for good, with the notes below it. That it was shared stays in the record.

    Raises:
        BriefNotFound.
    """
    if not (await connection.execute("delete from vault.briefs where id = %s and circle = %s", (brief, circle))).rowcount:
        raise BriefNotFound


async def notes(connection: AsyncConnection, brief: str, member: str, limit: int = 500) -> list[Note]:
    """Return the notes below a brief, the earliest first; those that are hidden, too, with their words."""
    async with connection.cursor(row_factory=class_row(Note)) as cursor:
        query = NOTES + " where brief = %(brief)s order by written_at, notes.id limit %(limit)s"
        return await (await cursor.execute(query, {"brief": brief, "member": member, "limit": limit})).fetchall()


async def write(desk: Desk, asked: Asked, brief: str, words: str) -> str:
    """
    Write a note below a brief, and return its id. The same request twice writes one.

    Raises:
        TextRefused, SignInNeeded: she is being erased in this very moment.
    """
    words = texts.checked(words, marked("note"), NOTE, lines=True)
    note = asked.event_id(desk.vault_key)[:16]
    query = "insert into vault.notes (id, brief, member, words) values (%s, %s, %s, %s) on conflict (id) do nothing"
    async with desk.pool.connection() as connection, connection.transaction():
        if await vault.hold(connection, asked.actor) is None:
            raise SignInNeeded
        await connection.execute(query, (note, brief, asked.actor, words))
    return note


async def note(connection: AsyncConnection, note_id: str) -> Note:
    """Return a note. Raises: NoteNotFound."""
    async with connection.cursor(row_factory=class_row(Note)) as cursor:
        found = await (await cursor.execute(NOTES + " where notes.id = %(note)s", {"note": note_id, "member": ""})).fetchone()
    if found is None:
        raise NoteNotFound
    return found


async def take_back(connection: AsyncConnection, found: Note, member: str) -> None:
    """Delete a note of one's own. Raises: NotYourNote."""
    if found.member != member:
        raise NotYourNote
    await connection.execute("delete from vault.notes where id = %s", (found.id,))


async def report(connection: AsyncConnection, found: Note, member: str) -> None:
    """Tell hosts and moderators of a note; twice is once."""
    await connection.execute(
        "insert into vault.note_reports (note, member) values (%s, %s) on conflict do nothing", (found.id, member)
    )


async def hide(connection: AsyncConnection, found: Note, by: str, why: str) -> None:
    """Hide a note from everybody but its author, hosts and moderators, with a reason that these read. Raises: TextRefused."""
    why = texts.checked(why, marked("reason"), texts.LINE)
    query = "update vault.notes set hidden_at = now(), hidden_by = %s, hidden_why = %s where id = %s and hidden_at is null"
    await connection.execute(query, (by, why, found.id))
    await connection.execute(SETTLE, (found.id,))


async def show(connection: AsyncConnection, found: Note) -> None:
    """Show a note again, or leave a reported one as it is."""
    query = "update vault.notes set hidden_at = null, hidden_by = null, hidden_why = '' where id = %s"
    await connection.execute(query, (found.id,))
    await connection.execute(SETTLE, (found.id,))


async def reported(connection: AsyncConnection, circles: Sequence[str] | None) -> list[Reported]:
    """Return the notes that wait for a host or a moderator, the oldest report first; of these circles, where they are named."""
    async with connection.cursor(row_factory=class_row(Reported)) as cursor:
        return await (await cursor.execute(REPORTED, {"circles": circles if circles is None else list(circles)})).fetchall()
