"""Titles: a host names a fan for what she did, with a reason and what is behind it; a host takes it back, or she lays it down."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import LiteralString

import msgspec
from psycopg import AsyncConnection

from fanfare.members import notices, vault
from fanfare.members.refusals import MemberNotFound
from fanfare.platform import requests, texts
from fanfare.platform.desk import Acknowledged, Asked, Desk
from fanfare.platform.language import gettext as _
from fanfare.recognition import decide
from fanfare.recognition.decide import AwardNow, GrantTitle
from fanfare.recognition.refusals import AwardNotFound
from fanfare.record.kinds import digest
from fanfare.record.recognition import AwardRevoked
from fanfare.views import moderation

LONGEST = 60
"""Characters of a title, which stands beside a name."""
NOW: LiteralString = """
    select award, member, kind, turn, by_member from recognition.awards where award = %s and kind is not null
"""


class TitleDraft(msgspec.Struct, frozen=True):
    """A title as a host writes it."""

    member: str
    words: str
    reason: str
    because: tuple[str, ...] = ()
    """Ideas and comments of hers that justify it."""
    until: datetime | None = None
    """When it ends; none: never."""
    campaign: str | None = None
    """None where the contributions say it, or where it is for no campaign alone."""


async def grant(desk: Desk, asked: Asked, draft: TitleDraft) -> tuple[str, Acknowledged]:
    """
    Give a fan a title, and return the id of the award. The same request twice gives one.

    Its words are about her, so they go when she has herself erased.

    Raises:
        MemberNotFound, TitleForYourself, TitleRefused, TextRefused, KeyReused, Busy.
    """
    words = texts.checked(draft.words, "title", LONGEST)
    reason = texts.checked(draft.reason, "reason", texts.LINE)
    award = digest(f"title {asked.event_id(desk.vault_key)}".encode())[:32]
    if done := await requests.earlier(desk.pool, asked):
        return award, done
    await desk.catch_up()
    async with desk.pool.connection() as connection:
        known = await vault.by_id(connection, draft.member)
        if known is None or not known.recorded:
            raise MemberNotFound
        hers, campaigns = await _hers(connection, draft)
        until = draft.until.astimezone(UTC).replace(microsecond=0) if draft.until else None
        campaign = draft.campaign or (campaigns[0] if len(campaigns) == 1 else None)
        command = GrantTitle(award, draft.member, asked.actor, "", "", draft.because, until, campaign)
        public = [each for each, found in desk.streams.campaigns.items() if found.id]
        decide.grant(command, hers, public, desk.now)  # before anything is kept
        kept = await texts.keep(connection, [words, reason], draft.member)
    command = msgspec.structs.replace(command, words=kept[words], reason=kept[reason])
    done = await desk.publish(asked, decide.grant(command, hers, public, desk.now), draft.member)
    subject = _("You are now “%(title)s”", title=words)
    body = f"{reason}\n\n{desk.source.rstrip('/')}/awards/{award}"
    await notices.tell_member(desk.pool, draft.member, subject, body, f"title:{award}:{draft.member}")
    return award, await requests.finished(desk.pool, asked, done)


async def _hers(connection: AsyncConnection, draft: TitleDraft) -> tuple[list[str], Sequence[str]]:
    """Return those of the contributions that she made and everybody can read, and the campaigns they are in."""
    found = await moderation.in_words(connection, draft.because)
    hers = [each for each, words in found.items() if words.author == draft.member and not words.is_hidden]
    return hers, sorted({found[each].campaign for each in hers})


async def revoke(desk: Desk, asked: Asked, award: str, reason: str) -> Acknowledged:
    """
    Take a title back, with a reason that everybody can read on its page.

    Raises:
        AwardNotFound, AwardByRule, AwardHasFallen, TextRefused, KeyReused, Busy.
    """
    return await _end(desk, asked, award, reason, decide.revoke)


async def lay_down(desk: Desk, asked: Asked, award: str, reason: str) -> Acknowledged:
    """
    Let whoever asks lay a title of hers down, with a reason that everybody can read on its page.

    Raises:
        AwardNotFound, NotYourTitle, AwardByRule, AwardHasFallen, TextRefused, KeyReused, Busy.
    """
    return await _end(desk, asked, award, reason, decide.lay_down)


Ending = Callable[[AwardNow, str, str], list[AwardRevoked]]


async def _end(desk: Desk, asked: Asked, award: str, reason: str, ending: Ending) -> Acknowledged:
    reason = texts.checked(reason, "reason", texts.LINE)
    if done := await requests.earlier(desk.pool, asked):
        return done
    async with desk.pool.connection() as connection:
        row = await (await connection.execute(NOW, (award,))).fetchone()
        if row is None:
            raise AwardNotFound
        found = AwardNow(*row)
        ending(found, "", asked.actor)  # before the reason is kept
        kept = (await texts.keep(connection, [reason], found.member))[reason]
    done = await desk.publish(asked, ending(found, kept, asked.actor), found.member)
    return await requests.finished(desk.pool, asked, done)
