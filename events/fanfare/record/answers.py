"""Answers: what the brand says becomes of an idea, and why."""

from typing import ClassVar, Literal

from fanfare.record.kinds import CampaignId, Event, IdeaId, MemberId, TextHash

AnswerStatus = Literal["considered", "planned", "started", "done", "declined"]
"""What becomes of an idea. None of them changes a figure, and each can follow any other."""


class IdeaAnswered(Event, frozen=True):
    """
    A host answered an idea for the brand.

    The last answer in the order of partition 0 stands; the earlier ones stay readable. One that was appended twice is one.
    """

    wire: ClassVar[str] = "fanfare.idea.answered.v1"
    idea: IdeaId
    campaign: CampaignId
    status: AnswerStatus
    reason: TextHash
    by: MemberId
