"""Moderation: that the words of an idea or a comment are hidden, by a public rule and for a public reason, or shown again."""

from typing import Annotated, ClassVar, Literal

import msgspec

from fanfare.record.kinds import CampaignId, ContentId, Event, IdeaId, MemberId, TextHash

ContentKind = Literal["idea", "comment"]
RuleCode = Annotated[
    str, msgspec.Meta(pattern=r"^[a-z][a-z-]{1,39}(?!\n)$", description="A rule of the site, such as personal-details.")
]


class ContentHidden(Event, frozen=True):
    """
    A moderator hid an idea or a comment. Of one content's hidings and showings the last one stands.

    While its round is open, a hidden idea takes no support, and hidden at the close it is not ranked: it goes onto no ballot. On
    a ballot that has opened an idea keeps its place and its count; only its words are hidden.
    """

    wire: ClassVar[str] = "fanfare.content.hidden.v1"
    content: ContentId
    kind: ContentKind
    rule: RuleCode
    reason: TextHash
    by: MemberId
    campaign: CampaignId
    idea: IdeaId
    """The idea itself, or the one that the comment stands under."""


class ContentShown(Event, frozen=True):
    """A moderator showed again what was hidden."""

    wire: ClassVar[str] = "fanfare.content.shown.v1"
    content: ContentId
    kind: ContentKind
    reason: TextHash
    by: MemberId
    campaign: CampaignId
    idea: IdeaId


ModerationEvent = ContentHidden | ContentShown


class Veil(msgspec.Struct, frozen=True):
    """Whether one idea or comment is hidden."""

    hidden: bool = False
    told: frozenset[str] = frozenset()
    """The ids of what was taken in. They are few, and one that comes again later must not have the last word."""


def evolve(state: Veil, event: ModerationEvent, event_id: str) -> Veil:
    """Return *state* with *event* taken in; one that was taken in before changes nothing."""
    if event_id in state.told:
        return state
    return Veil(isinstance(event, ContentHidden), state.told | {event_id})
