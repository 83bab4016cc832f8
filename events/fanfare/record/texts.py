"""Texts and pictures: that one was removed. Of either the record never held more than its salted hash."""

from typing import ClassVar, Literal

from fanfare.record.kinds import CampaignId, Event, IdeaId, KeptHash, MemberId, TextHash

Kept = Literal["text", "picture"]


class TextRemoved(Event, frozen=True):
    """
    One text or picture was removed: by a moderator with a reason, or by its author without one. No figure changes by it.

    Of several removals of one hash the first counts; the others change nothing.
    """

    wire: ClassVar[str] = "fanfare.text.removed.v1"
    text: KeptHash
    by: MemberId
    kind: Kept = "text"
    reason: TextHash | None = None
    """None where its author took it back."""
    campaign: CampaignId | None = None
    """Where it stood, so that the timeline can tell it there."""
    idea: IdeaId | None = None
