"""What fans did in partition 0: who joined, ideas, comments, support. Pure."""

from collections import Counter

import msgspec

from fanfare.record import ideas, moderation
from fanfare.record.campaigns import Campaign, Round
from fanfare.record.envelope import Recorded
from fanfare.record.ideas import (
    CommentMade,
    Idea,
    IdeaEdited,
    IdeaRaised,
    IdeaSupported,
    IdeaWithdrawn,
    SupportWithdrawn,
)
from fanfare.record.members import MemberJoined, TookPart
from fanfare.record.moderation import ContentHidden, ContentShown, Veil
from fanfare.record.terms import RoundTerms
from fanfare.reports.boxes import Fate
from fanfare.reports.report import Activity, Ballots


class _Support(msgspec.Struct):
    number: int = 0
    supports: bool = False
    seen: int = 0


class SupportBox:
    """The support that a round's ideas got. A press or its withdrawal is a ballot; the highest of a member and idea counts."""

    def __init__(self) -> None:
        """Start empty and open."""
        self.turnout: Counter[str] = Counter()
        self.closed = False
        self._given: dict[tuple[str, str], _Support] = {}
        self._in_time = self._late = self._void = 0

    def press(self, minute: str, event: IdeaSupported | SupportWithdrawn, *, valid: bool) -> Fate:
        """
        Take in a press or a withdrawal, and tell what becomes of it.

        Args:
            valid: false for one on an idea that was taken back, or is hidden.
        """
        given = self._given.setdefault((event.idea, event.by), _Support())
        bit = 1 << event.number
        if given.seen & bit:
            return "repeated"
        given.seen |= bit
        self.turnout[minute] += 1
        if not valid:
            self._void += 1
            return "void"
        if self.closed:
            self._late += 1
            return "late"
        self._in_time += 1
        if event.number < given.number:
            return "replaced"
        given.number, given.supports = event.number, isinstance(event, IdeaSupported)
        return "counted" if given.supports else "taken back"

    def votes(self) -> dict[str, int]:
        """Return how many members support each idea."""
        return dict(Counter(idea for (idea, _), given in self._given.items() if given.supports))

    def members(self) -> set[str]:
        """Return who pressed in time, whether she supports still or no longer."""
        return {member for (_, member), given in self._given.items() if given.number}

    def ballots(self) -> Ballots:
        """Account for every press."""
        counted = sum(given.supports for given in self._given.values())
        return Ballots(
            received=self._in_time + self._late + self._void,
            counted=counted,
            replaced=self._in_time - counted,
            late=self._late,
            void=self._void,
        )


class Community:
    """The uncontested part of partition 0. Mutable; fed in record order, after what was decided."""

    def __init__(self) -> None:
        """Start with nobody."""
        self._members: set[str] = set()
        self._ideas: dict[str, Idea] = {}
        self._entered: dict[str, list[str]] = {}
        self._raisers: dict[str, set[str]] = {}
        """By the round: whoever raised an idea before its close."""
        self._frozen: set[str] = set()
        self._veils: dict[str, Veil] = {}
        """By the idea; only what was ever hidden or shown."""
        self._comments: dict[str, str] = {}
        self._contributors: dict[str, set[str]] = {}
        self._boxes: dict[str, SupportBox] = {}
        self._members_at: dict[tuple[str, str], int] = {}

    @property
    def joined(self) -> int:
        """How many members joined so far."""
        return len(self._members)

    def opened(self, terms: RoundTerms) -> None:
        """Note who had joined, and freeze the ideas that stand on the ballot."""
        self._members_at.setdefault((terms.round, "opened"), self.joined)
        self._frozen.update(option.id for option in terms.options)

    def closing(self, round_id: str) -> None:
        """Note who had joined, and close the round for ideas and support."""
        box = self.support_box(round_id)
        if box.closed:
            return
        box.closed = True
        self._members_at[round_id, "closing"] = self.joined
        self._entered[round_id] = [idea for idea in self._entered.get(round_id, ()) if self._stands(idea)]

    def watch(self, round_id: str, box: SupportBox) -> None:
        """Take the support for the ideas of a round into *box*; before its first."""
        self._boxes[round_id] = box

    def support_box(self, round_id: str) -> SupportBox:
        """Return the box that holds the support for the ideas of a round."""
        return self._boxes.setdefault(round_id, SupportBox())

    def apply(self, recorded: Recorded) -> None:
        """Take in an event of partition 0."""
        match recorded.event:
            case MemberJoined(member=member):
                self._members.add(member)
            case TookPart(member=member, round=round_id):
                self._contributed(round_id, member)
            case IdeaRaised() as event:
                self._raise(event)
            case IdeaEdited(idea=idea) | IdeaWithdrawn(idea=idea) as event if idea in self._ideas and idea not in self._frozen:
                self._ideas[idea] = ideas.evolve(self._ideas[idea], event)
            case CommentMade(comment=comment, idea=idea, by=by) if idea in self._ideas and comment not in self._comments:
                self._comments[comment] = self._ideas[idea].raised.campaign
                self._contributed(self._ideas[idea].raised.round, by)
            case IdeaSupported(idea=idea, by=by) | SupportWithdrawn(idea=idea, by=by) as event if idea in self._ideas:
                raised = self._ideas[idea].raised
                self._contributed(raised.round, by)
                at = recorded.time.strftime("%Y-%m-%dT%H:%M:00Z")
                self.support_box(raised.round).press(at, event, valid=self._stands(idea))
            case ContentHidden(kind="idea", content=idea) | ContentShown(kind="idea", content=idea) if idea in self._ideas:
                self._veils[idea] = moderation.evolve(self._veils.get(idea, Veil()), recorded.event, recorded.id)
            case _:
                pass

    def _raise(self, event: IdeaRaised) -> None:
        if event.idea in self._ideas:
            return
        self._ideas[event.idea] = ideas.begin(event)
        self._contributed(event.round, event.by)
        if not self.support_box(event.round).closed:
            self._entered.setdefault(event.round, []).append(event.idea)
            self._raisers.setdefault(event.round, set()).add(event.by)

    def _stands(self, idea: str) -> bool:
        """Tell whether an idea takes support and is ranked: neither taken back nor hidden."""
        return not self._ideas[idea].withdrawn and not self._veils.get(idea, Veil()).hidden

    def _contributed(self, round_id: str, member: str) -> None:
        self._contributors.setdefault(round_id, set()).add(member)

    def entered(self, round_id: str) -> tuple[str, ...]:
        """Return the ideas that a support round ranks, the earliest first: raised before its close, standing at it."""
        found = self._entered.get(round_id, ())
        closed = self.support_box(round_id).closed
        return tuple(idea for idea in found if closed or self._stands(idea))

    def took_part(self, round_id: str) -> set[str]:
        """Return who raised an idea in a round before its close, or supported one."""
        return self._raisers.get(round_id, set()) | self.support_box(round_id).members()

    def strangers(self, round_id: str) -> set[str]:
        """Return who took part in a round and never joined: nobody, in a record that the site wrote."""
        return self.took_part(round_id) - self._members

    def round_of(self, idea: str) -> str | None:
        """Return the round that an idea was raised in; none where no such idea was raised."""
        return self._ideas[idea].raised.round if idea in self._ideas else None

    def electorate(self, found: Round) -> int:
        """Return how many members could vote in a round, so far or for good."""
        at = "opened" if found.plan.electorate == "members-before-opening" else "closing"
        return self._members_at.get((found.id, at), self.joined)

    def activity(self, campaign: Campaign) -> Activity:
        """Sum up what fans did in a campaign."""
        raised = [each for each in self._ideas.values() if each.raised.campaign == campaign.id]
        contributors: set[str] = set().union(*(self._contributors.get(each.id, set()) for each in campaign.rounds))
        return Activity(
            ideas=len(raised),
            withdrawn=sum(each.withdrawn for each in raised),
            comments=sum(each == campaign.id for each in self._comments.values()),
            contributors=len(contributors),
        )
