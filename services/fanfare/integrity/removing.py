"""Removing a text or a picture: the record keeps its hash, the reason stands in its place, and the rest is deleted for good."""

from collections.abc import Sequence
from pathlib import Path
from typing import LiteralString

from psycopg import AsyncConnection

from fanfare.integrity.decide import KeptText, RemoveTexts, decide
from fanfare.members import erasures, forgetting
from fanfare.members.erasing import in_thread
from fanfare.members.erasures import RemovedText
from fanfare.platform import requests, texts
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Acknowledged, Asked, Desk
from fanfare.platform.language import marked

MOST = 12
"""Texts and pictures at once: those of one version of an idea."""
WHERE: LiteralString = """
    with kept as (
        select hash, member, 'text' as kind from record.texts where hash = any(%(hashes)s)
        union all select hash, member, 'picture' from record.pictures where hash = any(%(hashes)s))
    select kept.hash, kept.member, kind, said.idea is not null or kind = 'picture', coalesce(ideas.campaign, praised.campaign),
           ideas.idea
      from kept
      left join lateral (select idea from ideas.comments where body = kept.hash limit 1) as said on true
      left join lateral (select idea from ideas.versions where kept.hash in (title, body, tags) limit 1) as versions on true
      left join lateral (select idea from pictures.shown where kept.hash in (picture, words) limit 1) as shown on true
      left join ideas.ideas on ideas.idea = coalesce(said.idea, versions.idea, shown.idea)
      left join lateral (select campaign from recognition.kudos where words = kept.hash limit 1) as praised on true
     where kind = 'text' or shown.idea is not null order by kept.hash
"""


def may_moderate(caller: Caller) -> bool:
    """Tell whether she may remove what others wrote: moderators, hosts and admins may."""
    return caller.may("moderator") or caller.may("host")


async def remove(desk: Desk, home: Path, asked: Asked, caller: Caller, hashes: Sequence[str], reason: str) -> Acknowledged:
    """
    Remove texts and pictures and return where the record says so; nobody is shown them when this returns.

    The event comes first. A crash after it is finished by the sweeper, so what was acknowledged is gone for good.

    Args:
        home: FANFARE_HOME, where the list of erasures lies.
        hashes: of the texts and pictures; those that are gone already are passed over.
        reason: in words; empty where somebody takes back what is hers.

    Raises:
        TextNotFound, RoleNeeded, ReasonNeeded, TextRefused, KeyReused, Busy.
    """
    reason = texts.checked(reason, marked("reason"), texts.LINE) if reason.strip() else ""
    if done := await requests.earlier(desk.pool, asked):
        return done
    async with desk.pool.connection() as connection:
        found = await _find(connection, hashes)
        decide(RemoveTexts(caller.member, may_moderate(caller), reason or None), found)  # before the reason is kept
        because = (await texts.keep(connection, [reason], caller.member))[reason] if reason else None
    events = decide(RemoveTexts(caller.member, may_moderate(caller), because), found)
    done = await desk.publish(asked, events, events[0].text)
    await forgetting.forget_texts(desk.pool, [each.text for each in events])
    await in_thread(lambda: erasures.add(home, [RemovedText(each.text, each.by, each.reason, each.kind) for each in events]))
    return await requests.finished(desk.pool, asked, done)


async def _find(connection: AsyncConnection, hashes: Sequence[str]) -> list[KeptText]:
    rows = await (await connection.execute(WHERE, {"hashes": list(hashes)[:MOST]})).fetchall()
    return [KeptText(*row) for row in rows]
