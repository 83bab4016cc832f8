"""Who may remove, flag, hide and show again, and what that makes true. Pure."""

from collections.abc import Collection, Sequence

import msgspec

from fanfare.integrity.refusals import (
    ContentNotFound,
    FlagOfYourOwn,
    NotHidden,
    NotYourWords,
    ReasonNeeded,
    RuleUnknown,
    TextNotFound,
    TooManyCases,
)
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import RoleNeeded
from fanfare.platform.warrants import Warrant
from fanfare.record.moderation import ContentHidden, ContentKind, ContentShown
from fanfare.record.texts import Kept, TextRemoved


class KeptText(msgspec.Struct, frozen=True):
    """A text or a picture that is there: whose it is, and where it stands."""

    hash: str
    member: str | None
    kind: Kept = "text"
    is_hers: bool = False
    """Whose it is may take it back: a comment or a picture. The words of an idea are what others support."""
    campaign: str | None = None
    idea: str | None = None


class RemoveTexts(msgspec.Struct, frozen=True):
    """Remove texts, for one reason."""

    by: str
    may_moderate: bool
    """She is a moderator, a host or an admin."""
    reason: str | None
    """The hash of its text; none where somebody takes back what is hers."""


def decide(command: RemoveTexts, texts: Sequence[KeptText]) -> list[TextRemoved]:
    """
    Answer a command with the facts it makes true, or refuse it.

    Raises:
        TextNotFound: there is nothing to remove.
        RoleNeeded: it is somebody else's, or the words of an idea, and she is no moderator.
        ReasonNeeded: a moderator says why.
    """
    if not texts:
        raise TextNotFound
    is_own = all(each.member == command.by and each.is_hers for each in texts)
    if not is_own and not command.may_moderate:
        message = _("Only a moderator, a host or an admin removes what others wrote. Ask one of them.")
        raise RoleNeeded(message)
    if not is_own and command.reason is None:
        raise ReasonNeeded
    return [
        TextRemoved(text=each.hash, by=command.by, kind=each.kind, reason=command.reason, campaign=each.campaign, idea=each.idea)
        for each in texts
    ]


MOST_CASES = 50
"""Of one decision."""


class Content(msgspec.Struct, frozen=True):
    """An idea or a comment as it stands: who wrote it and where, and the rule by which it is hidden now, if it is."""

    id: str
    kind: ContentKind
    author: str
    campaign: str
    idea: str
    hidden_by: str | None = None


class Moderate(msgspec.Struct, frozen=True):
    """Hide contents by a rule, or (without one) show them again, for one reason."""

    warrant: Warrant
    """Where she moderates: everywhere, or in some campaigns."""
    reason: str
    """The hash of its text; empty where none was given."""
    rule: str | None = None


def moderate(command: Moderate, contents: Sequence[Content], rules: Collection[str]) -> list[ContentHidden | ContentShown]:
    """
    Answer a moderator with the facts she makes true: none for what stands as she wants it already.

    Args:
        rules: the codes that this site hides by.

    Raises:
        RoleNeeded: she does not moderate there.
        RuleUnknown, ReasonNeeded: she hides by no rule of the site, or does not say why.
        ContentNotFound, TooManyCases.
    """
    protects(command.warrant, contents)
    if command.rule is not None and command.rule not in rules:
        raise RuleUnknown
    if not command.reason:
        raise ReasonNeeded
    if not contents:
        raise ContentNotFound
    if len(contents) > MOST_CASES:
        raise TooManyCases
    return [_turned(command, each) for each in contents if each.hidden_by != command.rule]


def _turned(command: Moderate, content: Content) -> ContentHidden | ContentShown:
    kind, campaign, idea = content.kind, content.campaign, content.idea
    if command.rule is None:
        return ContentShown(
            content=content.id, kind=kind, reason=command.reason, by=command.warrant.member, campaign=campaign, idea=idea
        )
    return ContentHidden(
        content=content.id,
        kind=kind,
        rule=command.rule,
        reason=command.reason,
        by=command.warrant.member,
        campaign=campaign,
        idea=idea,
    )


def protects(warrant: Warrant, contents: Sequence[Content]) -> None:
    """Refuse who moderates nowhere, or not where one of these stands. Raises: RoleNeeded."""
    if not warrant.somewhere:
        warrant.demand(None)
    for each in contents:
        warrant.demand(each.campaign)


def flag(content: Content, by: str, rule: str, rules: Collection[str]) -> None:
    """Refuse a flag. Raises: FlagOfYourOwn, RuleUnknown."""
    if content.author == by:
        raise FlagOfYourOwn
    if rule not in rules:
        raise RuleUnknown


def ask_back(content: Content, by: str) -> None:
    """Refuse an author's question why her words are hidden. Raises: NotYourWords, NotHidden."""
    if content.author != by:
        raise NotYourWords
    if content.hidden_by is None:
        raise NotHidden
