"""Newcomers: who brought in somebody that contributed, and who welcomed her. Uncontested: the first one counts."""

from typing import ClassVar

from fanfare.record.kinds import Count, Event, MemberId, TextHash
from fanfare.record.recognition import CauseId

MOST_WELCOMES = 3
"""For one newcomer. The first ones count, of each giver one: a welcome is no flood."""


class NewcomerBrought(Event, frozen=True):
    """
    A newcomer who had come by somebody's link contributed for the first time.

    The first one of a newcomer counts, and nobody brings herself. Who came by whose link is known to the site alone: that part is
    as reported. What she contributed is in the record, and the credit stands as long as any of it does.
    """

    wire: ClassVar[str] = "fanfare.newcomer.brought.v1"
    newcomer: MemberId
    by: MemberId
    """Whose link she came by."""
    cause: CauseId
    """The id of the first thing she did: an idea, a comment, a support, or a vote, told after its close."""
    offset: Count
    """Where that stands in partition 0."""


class NewcomerWelcomed(Event, frozen=True):
    """Somebody welcomed a newcomer, in words. The first of each giver counts, none for herself, and three for one newcomer."""

    wire: ClassVar[str] = "fanfare.newcomer.welcomed.v1"
    newcomer: MemberId
    by: MemberId
    words: TextHash
