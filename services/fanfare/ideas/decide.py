"""What fans may do with ideas. Pure; the state is what the idea's page shows, so a race is settled by the rules of the fold."""

from datetime import datetime

import msgspec

from fanfare.campaigns.refusals import RoundNotOpen, RoundPausedNow
from fanfare.ideas.refusals import IdeaChanged, IdeaFrozen, IdeaIsHidden, IdeaWasWithdrawn, NoIdeasNow, NotYourIdea
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import RoleNeeded
from fanfare.platform.warrants import ASK
from fanfare.record.answers import AnswerStatus, IdeaAnswered
from fanfare.record.campaigns import Round


class IdeaNow(msgspec.Struct, frozen=True):
    """An idea as its page shows it."""

    idea: str
    author: str
    version: int
    withdrawn: bool
    frozen: bool
    hidden: bool = False


def takes_ideas(found: Round, now: datetime) -> None:
    """
    Refuse where a round takes no ideas and no support now.

    Raises:
        NoIdeasNow, RoundNotOpen, RoundPausedNow.
    """
    if found.plan.method != "support.v1":
        raise NoIdeasNow
    if found.status != "open" or (found.closes_at is not None and now >= found.closes_at):
        message = _("This round takes ideas and support only while it is open. What you wrote is still in your form.")
        raise RoundNotOpen(message, status_of_round=found.status)
    if found.paused:
        raise RoundPausedNow


def change(state: IdeaNow, by: str, version: int | None = None) -> None:
    """
    Refuse a change of an idea's words, or taking it back.

    Args:
        version: the version that the author edited; none where she takes the idea back.

    Raises:
        NotYourIdea, IdeaWasWithdrawn, IdeaFrozen, IdeaChanged.
    """
    if state.author != by:
        raise NotYourIdea
    if state.withdrawn:
        raise IdeaWasWithdrawn
    if state.frozen:
        raise IdeaFrozen
    if version is not None and version != state.version:
        raise IdeaChanged(version=state.version)


def press(state: IdeaNow) -> None:
    """Refuse whatever is said to an idea that was taken back or is hidden. Raises: IdeaWasWithdrawn, IdeaIsHidden."""
    if state.withdrawn:
        raise IdeaWasWithdrawn
    if state.hidden:
        raise IdeaIsHidden


class Said(msgspec.Struct, frozen=True):
    """What the brand says of an idea, in words."""

    status: AnswerStatus
    reason: str


class AnswerIdea(msgspec.Struct, frozen=True):
    """Answer an idea for the brand."""

    by: str
    may_answer: bool
    """She is a host or an admin, or a fan with that right in this campaign."""
    campaign: str
    said: Said
    reason: str = ""
    """The hash of the reason; empty before it is kept."""


def answer(command: AnswerIdea, state: IdeaNow, stands: Said | None) -> list[IdeaAnswered]:
    """
    Answer a host with the fact she makes true: none where the answer that *stands* says the same already.

    Raises:
        RoleNeeded: she is no host, and has no such right here.
        IdeaWasWithdrawn, IdeaIsHidden.
    """
    if not command.may_answer:
        raise RoleNeeded(_(ASK["curate"]))
    press(state)
    if command.said == stands:
        return []
    status = command.said.status
    return [IdeaAnswered(idea=state.idea, campaign=command.campaign, status=status, reason=command.reason, by=command.by)]
