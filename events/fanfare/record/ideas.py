"""Ideas, comments and support: uncontested, so that doubles and races are harmless by the rules of the fold."""

from typing import Annotated, ClassVar

import msgspec

from fanfare.record.kinds import (
    CampaignId,
    CommentId,
    Event,
    Fact,
    IdeaId,
    MemberId,
    Number,
    PictureHash,
    RoundId,
    TextHash,
)

MOST_PICTURES = 4
"""Of one version of an idea."""


class Picture(Fact, frozen=True):
    """A picture of an idea, and what it shows in words, for whoever cannot see it."""

    picture: PictureHash
    words: TextHash


Pictures = Annotated[tuple[Picture, ...], msgspec.Meta(max_length=MOST_PICTURES)]


class IdeaRaised(Event, frozen=True):
    """A fan raised an idea; its version is 1."""

    wire: ClassVar[str] = "fanfare.idea.raised.v1"
    idea: IdeaId
    campaign: CampaignId
    round: RoundId
    by: MemberId
    title: TextHash
    body: TextHash
    tags: TextHash
    """The tags as one text, separated by commas."""
    pictures: Pictures = ()


class IdeaEdited(Event, frozen=True):
    """Its author wrote a new version. Taken if it is the next one and no vote on the idea has opened."""

    wire: ClassVar[str] = "fanfare.idea.edited.v1"
    idea: IdeaId
    version: Number
    by: MemberId
    title: TextHash
    body: TextHash
    tags: TextHash
    pictures: Pictures = ()
    """All that this version has; one that is left out stays with the earlier versions."""


class IdeaWithdrawn(Event, frozen=True):
    """Its author took the idea back, before a vote on it opened."""

    wire: ClassVar[str] = "fanfare.idea.withdrawn.v1"
    idea: IdeaId
    by: MemberId


class IdeaSupported(Event, frozen=True):
    """A member supports an idea. The highest number of a member and idea counts; of equal ones the first."""

    wire: ClassVar[str] = "fanfare.idea.supported.v1"
    idea: IdeaId
    by: MemberId
    number: Number


class SupportWithdrawn(Event, frozen=True):
    """A member no longer supports an idea."""

    wire: ClassVar[str] = "fanfare.idea.support-withdrawn.v1"
    idea: IdeaId
    by: MemberId
    number: Number


class CommentMade(Event, frozen=True):
    """Somebody wrote under an idea."""

    wire: ClassVar[str] = "fanfare.idea.comment-made.v1"
    comment: CommentId
    idea: IdeaId
    by: MemberId
    text: TextHash


class Idea(msgspec.Struct, frozen=True):
    """What became of an idea."""

    raised: IdeaRaised
    version: int = 1
    title: str = ""
    body: str = ""
    withdrawn: bool = False


def begin(event: IdeaRaised) -> Idea:
    """Return the idea as it was raised."""
    return Idea(raised=event, title=event.title, body=event.body)


def evolve(state: Idea, event: Event) -> Idea:
    """Return *state* with its author's *event* taken in; a stale version or a stranger's event changes nothing."""
    match event:
        case IdeaEdited(by=by, version=version, title=title, body=body):
            if by != state.raised.by or version != state.version + 1 or state.withdrawn:
                return state
            return msgspec.structs.replace(state, version=version, title=title, body=body)
        case IdeaWithdrawn(by=by):
            return msgspec.structs.replace(state, withdrawn=True) if by == state.raised.by else state
        case _:
            return state
