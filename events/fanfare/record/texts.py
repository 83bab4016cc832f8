"""Texts: that one was removed. Of the text itself the record never held more than its salted hash."""

from typing import ClassVar

from fanfare.record.kinds import CampaignId, Event, IdeaId, MemberId, TextHash


class TextRemoved(Event, frozen=True):
    """
    One text was removed: by a moderator with a reason, or by its author without one. No figure changes by it.

    Of several removals of one text the first counts; the others change nothing.
    """

    wire: ClassVar[str] = "fanfare.text.removed.v1"
    text: TextHash
    by: MemberId
    reason: TextHash | None = None
    """None where its author took it back."""
    campaign: CampaignId | None = None
    """Where it stood, so that the timeline can tell it there."""
    idea: IdeaId | None = None
