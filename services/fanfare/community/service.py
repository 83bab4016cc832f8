"""Kudos: given in words, five a week, and taken back."""

from contextlib import suppress

from psycopg import AsyncConnection

from fanfare.community import decide, telling
from fanfare.community.decide import GiveKudos, KudosNow
from fanfare.integrity import cases
from fanfare.members import vault
from fanfare.members.refusals import MemberNotFound
from fanfare.platform import requests, texts
from fanfare.platform.desk import Acknowledged, Asked, Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.turns import TurnsSpent, latest_turn, next_turn
from fanfare.record.position import Position
from fanfare.record.recognition import MOST_KUDOS
from fanfare.views import kudos as view

WORDS = 280
"""Characters."""


async def left(connection: AsyncConnection, desk: Desk, member: str) -> int:
    """Return how many kudos she can still give this week."""
    return max(0, MOST_KUDOS - await latest_turn(connection, decide.turns_of_week(desk.now), member))


async def give(desk: Desk, asked: Asked, to: str, words: str, about: str = "") -> tuple[str, Acknowledged]:
    """
    Praise a fan in words, and return the id of the kudos. The same request twice praises once.

    Args:
        about: an idea or a comment of hers; empty where it is about none.

    Raises:
        MemberNotFound, KudosForYourself, NotHers, KudosSpent, TextRefused, KeyReused, Busy.
    """
    words = texts.checked(words, "words", WORDS, lines=True)
    event_id = asked.event_id(desk.vault_key)
    kudos = event_id[:16]
    if done := await requests.earlier(desk.pool, asked):
        return kudos, done
    async with desk.pool.connection() as connection:
        known = await vault.by_id(connection, to)
        if known is None or not known.recorded:
            raise MemberNotFound
        found = await cases.contents(connection, [about]) if about else []
        author, campaign = (found[0].author, found[0].campaign) if found else ("", None)
        command = GiveKudos(kudos, asked.actor, to, "", about, author, campaign)
        decide.give(command, 0)  # before anything is kept
        given = MOST_KUDOS
        with suppress(TurnsSpent):
            given = await next_turn(connection, decide.turns_of_week(desk.now), asked.actor, event_id, most=MOST_KUDOS) - 1
        decide.give(command, given)
        kept = (await texts.keep(connection, [words], asked.actor))[words]
    events = decide.give(GiveKudos(kudos, asked.actor, to, kept, about, author, campaign), given)
    done = await desk.publish(asked, events, to)
    await _tell(desk, to)
    return kudos, await requests.finished(desk.pool, asked, done)


async def _tell(desk: Desk, to: str) -> None:
    """Tell her by mail, once a day at most, that somebody praised her; the words are on her page, where they can be removed."""
    page = f"{desk.source.rstrip('/')}/fans/{to}"
    body = _("Somebody gave you kudos today. What they wrote is on your page:") + f"\n\n{page}"
    async with desk.pool.connection() as connection:
        await telling.tell(connection, desk, [to], _("You got kudos"), body, f"kudos:{desk.now.date().isoformat()}")


async def take_back(desk: Desk, asked: Asked, kudos: str) -> Acknowledged:
    """
    Take kudos back, for good. Doing it twice is doing it once.

    Raises:
        KudosNotFound, NotYourKudos, KeyReused, Busy.
    """
    if done := await requests.earlier(desk.pool, asked):
        return done
    async with desk.pool.connection() as connection:
        found = await view.one(connection, kudos)
    events = decide.take_back(KudosNow(found.kudos, found.by, found.to_, found.taken_back) if found else None, asked.actor)
    if not events:  # as it stands
        return Acknowledged(asked.event_id(desk.vault_key), Position(0, desk.streams.next_offset - 1))
    done = await desk.publish(asked, events, kudos)
    return await requests.finished(desk.pool, asked, done)
