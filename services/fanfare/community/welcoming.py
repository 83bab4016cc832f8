"""Welcoming: the newcomers of the last thirty days whom nobody welcomed yet, and a welcome in words."""

from datetime import datetime
from typing import Any, LiteralString

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row

from fanfare.community import decide, telling
from fanfare.community.bringing import CONTRIBUTED
from fanfare.community.decide import Newcomer, Welcome
from fanfare.community.segments import LATELY
from fanfare.members import vault
from fanfare.members.refusals import MemberNotFound
from fanfare.platform import requests, texts
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Acknowledged, Asked, Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.rights import warrant_of
from fanfare.views import newcomers

WORDS = 280
"""Characters."""
A_PAGE = 30
# A newcomer was answered when somebody else wrote below an idea of hers, or praised her, or the brand answered an idea.
QUEUE: LiteralString = """
    with new as (
        select members.id, members.name, members.joined_at, first.wire, first.idea, first.at
          from vault.members
          join lateral (select wire, idea, at from timeline.acts where member = members.id and wire = any(%(contributed)s)
                         order by place limit 1) as first on true
         where recorded and joined_at > %(lately)s and members.id <> all(%(but)s)
           and not exists (select from newcomers.welcomes where newcomer = members.id)
         order by members.joined_at, members.id limit %(limit)s)
    select new.id, new.name, new.joined_at, new.wire, new.at,
           coalesce(ideas.idea, '') as idea, coalesce(title.text, '') as idea_title,
           exists (select from ideas.ideas as hers join ideas.comments on comments.idea = hers.idea
                    where hers.author = new.id and comments.author <> new.id)
           or exists (select from ideas.ideas as hers join answers.given on given.idea = hers.idea where hers.author = new.id)
           or exists (select from recognition.kudos where to_member = new.id and counts and not taken_back) as answered,
           coalesce(bringer.name, '') as brought_by
      from new
      left join ideas.ideas on ideas.idea = new.idea and not ideas.hidden
      left join ideas.versions on versions.idea = ideas.idea and versions.version = ideas.version
      left join record.texts as title on title.hash = versions.title
      left join newcomers.brought on brought.newcomer = new.id
      left join vault.members as bringer on bringer.id = brought.by_member
     order by new.joined_at, new.id
"""


class Waiting(msgspec.Struct, frozen=True):
    """A newcomer who can be welcomed."""

    id: str
    name: str
    joined_at: datetime
    wire: str
    """What she did first."""
    idea: str
    """Which idea that was about; empty for a vote."""
    idea_title: str
    """Empty where it is hidden, or its words are gone."""
    at: datetime
    answered: bool
    """Somebody answered, praised or commented on what she did."""
    brought_by: str
    """By whom she was brought in; empty where nobody is credited."""


async def demand(desk: Desk, caller: Caller) -> None:
    """Let only those welcome who may: hosts, and fans with that right. Raises: RoleNeeded."""
    (await warrant_of(caller, desk, "welcome")).demand(None)


async def queue(connection: AsyncConnection, desk: Desk, by: str, limit: int = A_PAGE) -> list[Waiting]:
    """Return the newcomers whom nobody welcomed yet and *by* can, the earliest first."""
    asked: dict[str, Any] = {"contributed": list(CONTRIBUTED), "lately": desk.now - LATELY, "limit": limit}
    asked["but"] = [*_brands_own(desk), by]
    async with connection.cursor(row_factory=class_row(Waiting)) as cursor:
        return await (await cursor.execute(QUEUE, asked)).fetchall()


def _brands_own(desk: Desk) -> set[str]:
    return {member for member, role in desk.streams.site.roles if role in ("host", "admin")}


async def welcome(desk: Desk, asked: Asked, caller: Caller, newcomer: str, words: str) -> Acknowledged:
    """
    Welcome a newcomer in words, on her page and by mail as she chose. The same request twice welcomes once.

    Raises:
        RoleNeeded, MemberNotFound, WelcomeForYourself, NoNewcomer, WelcomedAlready, WelcomedOften, TextRefused, KeyReused, Busy.
    """
    words = texts.checked(words, marked("words"), WORDS, lines=True)
    await demand(desk, caller)
    if done := await requests.earlier(desk.pool, asked):
        return done
    await desk.catch_up()
    async with desk.pool.connection() as connection:
        known = await vault.by_id(connection, newcomer)
        if known is None or not known.recorded:
            raise MemberNotFound
        is_new = known.joined_at > desk.now - LATELY and newcomer not in _brands_own(desk)
        now = Newcomer(newcomer, is_new, tuple(await newcomers.welcomed_by(connection, newcomer)))
        decide.welcome(Welcome(caller.member, ""), now)  # before anything is kept
        kept = (await texts.keep(connection, [words], caller.member))[words]
    done = await desk.publish(asked, decide.welcome(Welcome(caller.member, kept), now), newcomer)
    await _tell(desk, newcomer)
    return await requests.finished(desk.pool, asked, done)


async def _tell(desk: Desk, newcomer: str) -> None:
    """Tell her by mail, once a day at most; the words are on her page, where they can be removed."""
    page = f"{desk.source.rstrip('/')}/me"
    body = _("Somebody welcomed you. What they wrote is on your page:") + f"\n\n{page}"
    async with desk.pool.connection() as connection:
        await telling.tell(connection, desk, [newcomer], _("You are welcome"), body, f"welcome:{desk.now.date().isoformat()}")
