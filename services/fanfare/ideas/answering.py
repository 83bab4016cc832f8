"""Answering: a host, or a fan with that right, says for the brand what becomes of an idea, and why."""

from collections.abc import Mapping

from fanfare.ideas import decide
from fanfare.ideas.decide import AnswerIdea, IdeaNow, Said
from fanfare.ideas.refusals import IdeaNotFound
from fanfare.members import notices
from fanfare.platform import requests, rights, texts
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Acknowledged, Asked, Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.record.answers import AnswerStatus
from fanfare.record.position import Position
from fanfare.views import answers
from fanfare.views import ideas as view

LONGEST = 2000
"""Characters of a reason."""
SAYS: Mapping[AnswerStatus, str] = {
    "considered": marked("Your idea “%(title)s” is being considered."),
    "planned": marked("Your idea “%(title)s” is planned."),
    "started": marked("Your idea “%(title)s” has been started."),
    "done": marked("Your idea “%(title)s” is done."),
    "declined": marked("Your idea “%(title)s” is declined."),
}
"""What an author is told of each status."""


async def answer(desk: Desk, asked: Asked, caller: Caller, idea: str, status: AnswerStatus, reason: str) -> Acknowledged:
    """
    Answer an idea and return where the record says so. The same answer again changes nothing: the one that stands is returned.

    Raises:
        IdeaNotFound, IdeaWasWithdrawn, IdeaIsHidden, RoleNeeded, TextRefused, KeyReused, Busy.
    """
    reason = texts.checked(reason, marked("reason"), LONGEST, lines=True)
    if done := await requests.earlier(desk.pool, asked):
        return done
    held = await rights.warrant_of(caller, desk, "curate")
    async with desk.pool.connection() as connection:
        found = await view.one(connection, idea)
        if found is None:
            raise IdeaNotFound
        stands = (await answers.of(connection, [idea])).get(idea)
        state = IdeaNow(idea, found["author"], found["version"], found["withdrawn"], found["frozen"], found["hidden"])
        command = AnswerIdea(caller.member, held.covers(found["campaign"]), found["campaign"], Said(status, reason))
        said = Said(stands.status, stands.reason) if stands else None
        if not decide.answer(command, state, said) and stands:  # also refuses, before the reason is kept
            return await requests.finished(desk.pool, asked, Acknowledged(stands.event_id, Position.parse(stands.position)))
        # What the brand says is the brand's own, and stays when its author leaves.
        kept = (await texts.keep(connection, [reason], None))[reason]
    command = AnswerIdea(command.by, command.may_answer, command.campaign, command.said, kept)
    done = await desk.publish(asked, decide.answer(command, state, None), idea)
    title = found["title"] or _("without a title")
    subject = _("Your idea “%(title)s” was answered", title=title)
    body = f"{_(SAYS[status], title=title)}\n\n{reason}\n\n{desk.source}/ideas/{idea}"
    await notices.tell_member(desk.pool, found["author"], subject, body, f"answered:{done.event_id}")
    return await requests.finished(desk.pool, asked, done)
