"""How an award came to be, and fell, and came back: the deeds in sentences, with their time and their place in the record."""

from datetime import datetime

from fanfare.platform.language import gettext as _
from fanfare.record import campaigns, ideas, members
from fanfare.record.answers import IdeaAnswered
from fanfare.record.bringing import NewcomerBrought
from fanfare.record.moderation import ContentHidden, ContentShown
from fanfare.record.texts import TextRemoved
from fanfare.views.awards import Award, Cause
from fanfare.views.awards import Step as Turn
from fanfare.web import urls, words
from fanfare.web.contexts.ideas import Step
from fanfare.web.contexts.shell import Action


def way(award: Award, zone: str, now: datetime) -> list[Step]:
    """Return the steps of an award: each deed, and what it brought."""
    steps: list[Step] = []
    for turn in award.steps:
        if turn.cause is not None:
            steps.append(Step(_deed(turn.cause), _told(turn.cause, zone, now), "done"))
        steps.append(_turn(award, turn, zone, now))
    return steps


def _turn(award: Award, turn: Turn, zone: str, now: datetime) -> Step:
    at = words.when(turn.at, zone, now)
    line = _("%(when)s. Position %(position)s of the record.", when=_capital(at), position=turn.position)
    if turn.reason and turn.by is not None and not turn.grants:
        line = _("“%(reason)s” %(line)s", reason=turn.reason, line=line)
    by = turn.by_name or _(words.GONE)
    match turn.grants, turn.by is None:
        case False, False if turn.by == award.member:
            title = _("%(name)s laid it down", name=by)
        case True, True:
            title = _("The rule gave it") if turn.turn == 1 else _("The rule gave it again")
        case True, False:
            title = _("%(name)s gave it", name=by) if turn.turn == 1 else _("%(name)s gave it again", name=by)
        case False, True:
            title = _("With that it fell")
        case _:
            title = _("%(name)s took it back", name=by)
    is_last = turn is award.steps[-1]
    return Step(title, line, "done" if turn.grants else "failed" if is_last else "next")


def _told(cause: Cause, zone: str, now: datetime) -> str:
    if cause.at is None:
        return _("Entry %(offset)s of partition 0 of the record.", offset=words.number(cause.offset))
    at = _capital(words.when(cause.at, zone, now))
    return _("%(when)s. Entry %(offset)s of partition 0 of the record.", when=at, offset=words.number(cause.offset))


def _deed(cause: Cause) -> str:
    name, idea = cause.by_name or _(words.GONE), cause.idea_title or _(words.UNNAMED)
    spoken = {
        ideas.IdeaRaised.wire: _("%(name)s raised %(idea)s", name=name, idea=idea),
        ideas.IdeaWithdrawn.wire: _("%(name)s withdrew %(idea)s", name=name, idea=idea),
        ideas.IdeaSupported.wire: _("%(name)s supports %(idea)s", name=name, idea=idea),
        ideas.SupportWithdrawn.wire: _("%(name)s no longer supports %(idea)s", name=name, idea=idea),
        ideas.CommentMade.wire: _("%(name)s commented on %(idea)s", name=name, idea=idea),
        IdeaAnswered.wire: _("%(name)s answered %(idea)s", name=name, idea=idea),
        ContentHidden.wire: _("A moderator hid what had earned it"),
        ContentShown.wire: _("A moderator showed again what had earned it"),
        TextRemoved.wire: _("The words that had earned it were removed"),
        campaigns.RoundOpened.wire: _("A round opened, with the idea on its ballot"),
        campaigns.RoundSealed.wire: _("A round was sealed, with the idea among those that it chose"),
        campaigns.RoundVoided.wire: _("A round was declared void"),
        members.TookPart.wire: _("A vote in a round, credited after its close"),
        members.MemberJoined.wire: _("Joining"),
        NewcomerBrought.wire: _("%(name)s brought a newcomer in, who contributed", name=name),
    }
    return spoken.get(cause.wire, _("A deed that the record holds"))


def deed(award: Award) -> Action | None:
    """Return the way to the deed on the timeline of its campaign; none where it is on no timeline."""
    cause = award.cause
    if cause is None or not cause.wire or not award.campaign:
        return None
    before = str((cause.offset + 1) << 16)  # the timeline begins below this place
    kinds = {"who": cause.by} if cause.by else {"kind": "decision"}
    return Action(_("The deed on the timeline"), urls.timeline(award.campaign, **kinds, cursor=before))


def _capital(said: str) -> str:
    return said[:1].upper() + said[1:]
