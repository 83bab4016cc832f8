"""Members: that somebody joined, took part, and had herself erased. Never who she is."""

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


class MemberErased(Event, frozen=True):
    """
    A member had herself erased: her name, address, secret and every text of hers are deleted wherever the site keeps them.

    What she did stays in the record under her id, which nothing leads to a person from then on. No figure changes by it.
    """

    wire: ClassVar[str] = "fanfare.member.erased.v1"
    member: MemberId
