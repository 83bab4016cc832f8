"""Members: that somebody joined, and that she took part. Never who she is."""

from typing import ClassVar

from fanfare.record.kinds import Event, MemberId, RoundId


class MemberJoined(Event, frozen=True):
    """Somebody became a member, under a random id."""

    wire: ClassVar[str] = "fanfare.member.joined.v1"
    member: MemberId


class TookPart(Event, frozen=True):
    """
    A member voted in a round.

    Written after the close, in the order of member ids, so that its place tells nothing of her ballot.
    """

    wire: ClassVar[str] = "fanfare.member.took-part.v1"
    member: MemberId
    round: RoundId
