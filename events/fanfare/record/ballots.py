"""Ballots, and the markers that end a round in each ballot partition."""

from typing import Annotated, ClassVar, Literal

import msgspec

from fanfare.record.kinds import Event, Fact, Number, OptionId, TermsHash, VoterToken
from fanfare.record.terms import MOST_OPTIONS


class Chosen(Fact, frozen=True, tag="chosen", tag_field="kind"):
    """A set of options, sorted. Other kinds of choice (ranked, scored, sealed) will stand beside it."""

    options: Annotated[tuple[OptionId, ...], msgspec.Meta(max_length=MOST_OPTIONS)]


Choice = Chosen


class BallotCast(Event, frozen=True):
    """A voter chose. Before the close the highest number of a voter counts; of equal numbers, the first."""

    wire: ClassVar[str] = "fanfare.ballot.cast.v1"
    terms: TermsHash
    voter: VoterToken
    """Per-round pseudonym: the same all through a round, unlinkable to the next."""
    number: Number
    """Of this voter's papers in this round. A repeated or delayed append never beats a newer choice."""
    choice: Choice
    channel: Literal["web", "api"]
    """How it came in."""
    admission: Literal["member"]
    """The rule by which it was admitted."""


class BallotsClosed(Event, frozen=True):
    """The marker: a ballot behind the first one of its partition is late."""

    wire: ClassVar[str] = "fanfare.ballots.closed.v1"
    terms: TermsHash
