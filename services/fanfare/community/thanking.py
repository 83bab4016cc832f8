"""Thanking: a host writes, fans get it in portions, and what they answer comes back to her. The words are in the vault alone."""

from datetime import UTC, datetime
from typing import LiteralString

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row

from fanfare.community import audience, decide, telling
from fanfare.community.refusals import NobodyToThank, ThanksNotFound, TooManyNamed
from fanfare.community.segments import Segment
from fanfare.members import links, notices, vault
from fanfare.platform import requests, texts
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Asked, Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import SignInNeeded
from fanfare.record.envelope import derived_id
from fanfare.record.recognition import MOST_THANKED, FanThanked

WORDS, QUESTION, ANSWER = 2000, 300, 2000
"""Characters."""
MOST_NAMED = 50
"""Fans named in one thank-you: words for more are words for a segment."""

TODAY: LiteralString = "select count(*) from vault.thanks where by_member = %s and written_at >= %s"
WRITE: LiteralString = """
    insert into vault.thanks (id, by_member, words, question, segment) values (%s, %s, %s, %s, %s) on conflict (id) do nothing
"""
# Whoever is being erased is waited for, and left out.
ADDRESS: LiteralString = """
    with held as (select id from vault.members where id in (select * from unnest(%(chosen)s::text[])) order by id for key share)
    insert into vault.thanked (thanks, member, portion)
    select %(thanks)s, id, (row_number() over (order by id) - 1) / %(portion)s from held on conflict do nothing
"""
WRITTEN_BACK: LiteralString = """
    update vault.thanked set written_back_at = now() from vault.thanks
     where thanks.id = thanked.thanks and thanks.by_member = %s and thanked.member = any(%s) and thanked.thanks <> %s
       and answered_at is not null and written_back_at is null
"""
NEXT: LiteralString = """
    select thanks.id, portion, by_member, coalesce(name, '') as by_name, words, question, members
      from (select thanks, portion, array_agg(member order by member) as members
              from (select thanks, portion from vault.thanked where delivered_at is null order by 1, 2 limit 1) as first
              join vault.thanked using (thanks, portion) where delivered_at is null group by thanks, portion) as waiting
      join vault.thanks on thanks.id = waiting.thanks left join vault.members on members.id = by_member
"""
DELIVERED: LiteralString = """
    update vault.thanked set delivered_at = now(), mailed = member = any(%s)
     where thanks = %s and portion = %s and delivered_at is null
"""
ONE: LiteralString = """
    select thanks.id, by_member, name as by_name, words, question, delivered_at, opened_at, answered_at, answer
      from vault.thanked join vault.thanks on thanks.id = thanked.thanks join vault.members on members.id = by_member
     where thanked.member = %s and delivered_at is not null
"""
OPENED: LiteralString = "update vault.thanked set opened_at = now() where thanks = %s and member = %s and opened_at is null"
ANSWERED: LiteralString = """
    update vault.thanked set answer = %s, answered_at = now(), opened_at = coalesce(opened_at, now())
     where thanks = %s and member = %s and answered_at is null
"""


class Written(msgspec.Struct, frozen=True):
    """A thank-you as a host wrote it."""

    words: str
    question: str = ""
    to: tuple[str, ...] = ()
    """Members, each of whom gets it as her own; none where it goes to a segment."""
    segment: Segment | None = None

    def checked(self) -> "Written":
        """Return it as it will be kept. Raises: TextRefused, NobodyToThank, TooManyNamed."""
        words = texts.checked(self.words, "words", WORDS, lines=True)
        question = texts.checked(self.question, "question", QUESTION) if self.question.strip() else ""
        if not self.to and self.segment is None:
            raise NobodyToThank(field="segment")
        if len(set(self.to)) > MOST_NAMED:
            raise TooManyNamed
        return Written(words, question, tuple(sorted(set(self.to))), None if self.to else self.segment)


class Portion(msgspec.Struct, frozen=True):
    """Fans who get a thank-you at once."""

    id: str
    portion: int
    by_member: str
    by_name: str
    words: str
    question: str
    members: list[str]


class Thanks(msgspec.Struct, frozen=True):
    """A thank-you as whoever got it reads it."""

    id: str
    by_member: str
    by_name: str
    words: str
    question: str
    delivered_at: datetime
    opened_at: datetime | None
    answered_at: datetime | None
    answer: str


async def write(desk: Desk, asked: Asked, caller: Caller, written: Written) -> str:
    """
    Keep a thank-you for those whom it is for, and return its id; :func:`deliver` does the rest. The same request twice is one.

    Whoever was named and has left is left out.

    Raises:
        RoleNeeded, TextRefused, NobodyToThank, TooManyNamed, ThanksSpent, KeyReused, SignInNeeded.
    """
    written = written.checked()
    thanks = asked.event_id(desk.vault_key)[:16]
    await requests.earlier(desk.pool, asked)  # refuses a key that came with other words
    await desk.catch_up()
    async with desk.pool.connection() as connection, connection.transaction():
        if await vault.hold(connection, caller.member) is None:  # one thank-you of hers after another
            raise SignInNeeded
        today = await _count(connection, caller.member, desk.now)
        if not (await connection.execute(WRITE, _row(thanks, caller.member, written))).rowcount:
            return thanks
        decide.thank(may_thank=caller.may("host"), today=today)
        chosen = await _chosen(connection, desk, caller.member, written)
        asked_with = {"chosen": chosen, "thanks": thanks, "portion": MOST_THANKED}
        if not (await connection.execute(ADDRESS, asked_with)).rowcount:
            raise NobodyToThank(field="segment")
        if written.to:
            await connection.execute(WRITTEN_BACK, (caller.member, list(written.to), thanks))
    return thanks


def _row(thanks: str, by: str, written: Written) -> tuple[str, ...]:
    return (thanks, by, written.words, written.question, written.segment or "")


async def _count(connection: AsyncConnection, member: str, now: datetime) -> int:
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC)
    row = await (await connection.execute(TODAY, (member, midnight))).fetchone()
    return int(row[0]) if row else 0


async def _chosen(connection: AsyncConnection, desk: Desk, by: str, written: Written) -> list[str]:
    if written.segment is None:
        return [each for each in written.to if each != by]
    rows = await connection.execute(audience.of_segment(written.segment), audience.asked(desk.now, brands_own(desk, by)))
    return [row[0] for row in await rows.fetchall()]


def brands_own(desk: Desk, by: str = "") -> list[str]:
    """Return who is in no segment: hosts and admins, and whoever writes."""
    return sorted({member for member, role in desk.streams.site.roles if role in ("host", "admin")} | {by})


async def deliver(desk: Desk, most: int = 50) -> int:
    """
    Deliver what hosts wrote, and return how many portions that were. Any number of workers may do so at once.

    The record comes first, under an id that follows from the portion. A crash behind it leaves a portion that is not marked: the
    next run appends the same event once more, which every fold takes as one, and the mail has one key for each fan.
    """
    done = 0
    while done < most and (portion := await _next(desk)):
        event = FanThanked(thanks=portion.id, by=portion.by_member, members=tuple(portion.members))
        await desk.emit([derived_id("fan-thanked", portion.id, str(portion.portion))], [event], portion.id)
        await _mark(desk, portion)
        done += 1
    return done


async def _next(desk: Desk) -> Portion | None:
    async with desk.pool.connection() as connection, connection.cursor(row_factory=class_row(Portion)) as cursor:
        return await (await cursor.execute(NEXT)).fetchone()


async def _mark(desk: Desk, portion: Portion) -> None:
    """Put a portion onto the pages of those whom it is for, and queue their mail, together."""
    brand = await links.brand_of(desk)
    subject = _("%(by)s of %(brand)s thanks you", by=portion.by_name, brand=brand)
    page = f"{desk.source.rstrip('/')}/me/thanks/{portion.id}"
    said = [portion.words]
    if portion.question:
        said += [portion.question, _("Answer here, for %(by)s alone to read:", by=portion.by_name) + f"\n{page}"]
    else:
        said.append(_("It is on your page, too:") + f"\n{page}")
    async with desk.pool.connection() as connection, connection.transaction():
        mailed = await telling.tell(connection, desk, portion.members, subject, "\n\n".join(said), f"thanks:{portion.id}")
        await connection.execute(DELIVERED, (mailed, portion.id, portion.portion))


async def of_member(connection: AsyncConnection, member: str, limit: int = 50) -> list[Thanks]:
    """Return the thank-yous that came to a member, the latest first."""
    async with connection.cursor(row_factory=class_row(Thanks)) as cursor:
        return await (await cursor.execute(ONE + " order by delivered_at desc, thanks.id limit %s", (member, limit))).fetchall()


async def read(connection: AsyncConnection, member: str, thanks: str) -> Thanks:
    """Return a thank-you to whoever got it, and note that she opened it. Raises: ThanksNotFound."""
    async with connection.cursor(row_factory=class_row(Thanks)) as cursor:
        found = await (await cursor.execute(ONE + " and thanks.id = %s", (member, thanks))).fetchone()
    if found is None:
        raise ThanksNotFound
    await connection.execute(OPENED, (thanks, member))
    return found


async def answer(desk: Desk, member: str, thanks: str, words: str) -> None:
    """
    Keep what she answers, for the writer alone, and tell the writer by mail. The same answer again changes nothing.

    Raises:
        TextRefused, ThanksNotFound, NothingAsked, AlreadyAnswered.
    """
    words = texts.checked(words, "answer", ANSWER, lines=True)
    async with desk.pool.connection() as connection, connection.transaction():
        await vault.hold(connection, member)  # nobody answers twice at once, and nobody who is being erased
        found = await read(connection, member, thanks)
        if not decide.answer(words, asks=bool(found.question), answered=found.answer if found.answered_at else None):
            return
        await connection.execute(ANSWERED, (words, thanks, member))
    # Not what she said: the mail could wait longer than she stays.
    body = _("A fan answered your thank-you. Read it here:") + f"\n\n{desk.source.rstrip('/')}/host/thanks"
    subject = _("Your thank-you was answered")
    await notices.tell_member(desk.pool, found.by_member, subject, body, f"thanks-answered:{thanks}:{_told_once(desk, member)}")


def _told_once(desk: Desk, member: str) -> str:
    # Of another form than her id: the mail is the writer's, and an erasure looks for ids at the end of keys alone.
    return vault.derived(desk.vault_key, "thanks-answered", member)[:16]
