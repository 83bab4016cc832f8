"""Who may remove a text, and what that makes true. Pure."""

from collections.abc import Sequence

import msgspec

from fanfare.integrity.refusals import ReasonNeeded, TextNotFound
from fanfare.platform.refusals import RoleNeeded
from fanfare.record.texts import TextRemoved


class KeptText(msgspec.Struct, frozen=True):
    """A text that is there: who wrote it, and where it stands."""

    hash: str
    member: str | None
    is_comment: bool = False
    campaign: str | None = None
    idea: str | None = None


class RemoveTexts(msgspec.Struct, frozen=True):
    """Remove texts, for one reason."""

    by: str
    may_moderate: bool
    """She is a moderator, a host or an admin."""
    reason: str | None
    """The hash of its text; none where an author takes her own comment back."""


def decide(command: RemoveTexts, texts: Sequence[KeptText]) -> list[TextRemoved]:
    """
    Answer a command with the facts it makes true, or refuse it.

    Raises:
        TextNotFound: there is nothing to remove.
        RoleNeeded: it is somebody else's text, or no comment, and she is no moderator.
        ReasonNeeded: a moderator says why.
    """
    if not texts:
        raise TextNotFound
    is_own = all(each.member == command.by and each.is_comment for each in texts)
    if not is_own and not command.may_moderate:
        message = "Only a moderator, a host or an admin removes what others wrote. Ask one of them."
        raise RoleNeeded(message)
    if not is_own and command.reason is None:
        raise ReasonNeeded
    return [
        TextRemoved(text=each.hash, by=command.by, reason=command.reason, campaign=each.campaign, idea=each.idea)
        for each in texts
    ]
