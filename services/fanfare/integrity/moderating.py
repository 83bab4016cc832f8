"""Moderating: flags of members in private, and what moderators decide on them: to hide, to show again, to leave as it is."""

from collections.abc import Sequence
from typing import LiteralString

import msgspec
from psycopg import AsyncConnection

from fanfare.integrity import cases, decide
from fanfare.integrity.decide import Content, Moderate
from fanfare.integrity.refusals import ContentNotFound
from fanfare.members import notices
from fanfare.platform import requests, texts
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Acknowledged, Asked, Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.warrants import Warrant
from fanfare.views.rules import RULES, sentence

# Her row is held, so that nothing of a member is written who is being erased. A flag stays the first that she sent.
FLAG: LiteralString = """
    insert into desk.flags (content, member, kind, campaign, idea, rule, words)
    select %s, id, %s, %s, %s, %s, %s from (select id from vault.members where id = %s for key share) as herself
    on conflict (content, member) do nothing
"""
# An author may ask again once her question was answered.
ASK: LiteralString = """
    insert into desk.flags (content, member, kind, campaign, idea, words)
    select %s, id, %s, %s, %s, %s from (select id from vault.members where id = %s for key share) as herself
    on conflict (content, member) do update
       set words = excluded.words, at = now(), settled_at = null, settled_by = null, left_alone = false
"""


class Decided(msgspec.Struct, frozen=True):
    """What a moderator decided: where the record says so, and of which contents; nothing where all stood as she wanted it."""

    contents: tuple[str, ...]
    done: Acknowledged | None = None


async def flag(desk: Desk, caller: Caller, content: str, rule: str, words: str) -> None:
    """
    Tell moderators of an idea or a comment. A member does so once of each; nothing of it is public or in the record.

    Raises:
        ContentNotFound, FlagOfYourOwn, RuleUnknown, TextRefused.
    """
    words = texts.checked(words, marked("words"), texts.LINE) if words.strip() else ""
    async with desk.pool.connection() as connection:
        found = await one(connection, content)
        decide.flag(found, caller.member, rule, RULES)
        row = (content, found.kind, found.campaign, found.idea, rule, words, caller.member)
        await connection.execute(FLAG, row)


async def ask_back(desk: Desk, caller: Caller, content: str, words: str) -> None:
    """
    Ask, as the author of hidden words, for them to be shown again.

    Raises:
        ContentNotFound, NotYourWords, NotHidden, TextRefused.
    """
    words = texts.checked(words, marked("question"), texts.LINE)
    async with desk.pool.connection() as connection:
        found = await one(connection, content)
        decide.ask_back(found, caller.member)
        await connection.execute(ASK, (content, found.kind, found.campaign, found.idea, words, caller.member))


async def one(connection: AsyncConnection, content: str) -> Content:
    """Return an idea or a comment as it stands. Raises: ContentNotFound."""
    found = await cases.contents(connection, [content])
    if not found:
        raise ContentNotFound
    return found[0]


async def moderate(desk: Desk, asked: Asked, warrant: Warrant, ids: Sequence[str], reason: str, rule: str | None) -> Decided:
    """
    Hide ideas and comments by a *rule*, or (without one) show them again, in one decision; it settles what was told of them.

    What stands as she wants it already is passed over.

    Raises:
        RoleNeeded, RuleUnknown, ReasonNeeded, ContentNotFound, TooManyCases, TextRefused, KeyReused, Busy.
    """
    reason = texts.checked(reason, marked("reason"), texts.LINE) if reason.strip() else ""
    command = Moderate(warrant, reason, rule)
    if done := await requests.earlier(desk.pool, asked):
        return Decided(tuple(ids), done)
    async with desk.pool.connection() as connection:
        found = await cases.contents(connection, ids)
        if not decide.moderate(command, found, RULES):  # also refuses, before the reason is kept
            await cases.settle(connection, [each.id for each in found], warrant.member, left_alone=rule is None)
            return Decided(())
        # What everybody reads in the place of somebody's words is the site's own, and stays when its author leaves.
        because = (await texts.keep(connection, [reason], None))[reason]
    events = decide.moderate(msgspec.structs.replace(command, reason=because), found, RULES)
    done = await desk.publish(asked, events, events[0].content)
    async with desk.pool.connection() as connection:
        await cases.settle(connection, [each.id for each in found], warrant.member, left_alone=rule is None)
    await _tell(desk, found, [each.content for each in events], done, reason, rule)
    return Decided(tuple(each.content for each in events), await requests.finished(desk.pool, asked, done))


async def leave(desk: Desk, warrant: Warrant, ids: Sequence[str]) -> int:
    """Leave cases as they are, hidden or not, and return how many flags that settled. Raises: RoleNeeded."""
    async with desk.pool.connection() as connection:
        found = await cases.contents(connection, ids)
        decide.protects(warrant, found)
        return await cases.settle(connection, [each.id for each in found], warrant.member, left_alone=True)


async def reopen(desk: Desk, warrant: Warrant, ids: Sequence[str]) -> int:
    """Put cases back into the queue that were settled, and return how many flags came back. Raises: RoleNeeded."""
    async with desk.pool.connection() as connection:
        found = await cases.contents(connection, ids)
        decide.protects(warrant, found)
        return await cases.reopen(connection, [each.id for each in found])


async def _tell(
    desk: Desk, found: Sequence[Content], turned: Sequence[str], done: Acknowledged, reason: str, rule: str | None
) -> None:
    """Tell the authors by mail. It comes after the record; a crash before it leaves the word on the page alone."""
    for each in found:
        if each.id in turned:
            subject, said = _shown_again(each.kind, reason) if rule is None else _hidden(each.kind, rule, reason)
            body = f"{said}\n\n{desk.source}/ideas/{each.idea}"
            await notices.tell_member(desk.pool, each.author, subject, body, f"moderation:{done.event_id}:{each.id}")


def _shown_again(kind: str, reason: str) -> tuple[str, str]:
    if kind == "idea":
        return _("Your idea is shown again"), _("Your idea can be read by everybody again: %(reason)s", reason=reason)
    return _("Your comment is shown again"), _("Your comment can be read by everybody again: %(reason)s", reason=reason)


def _hidden(kind: str, rule: str, reason: str) -> tuple[str, str]:
    if kind == "idea":
        subject, said = _("Your idea was hidden"), _("Your idea was hidden by a moderator.")
    else:
        subject, said = _("Your comment was hidden"), _("Your comment was hidden by a moderator.")
    return subject, f"{said} {_(sentence(rule))} {reason}\n\n{_('You still see it, and you may ask back:')}"
