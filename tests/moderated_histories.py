"""What a teller of histories tells of hosts and moderators who answer, hide, show again and remove."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from random import Random

from fanfare.record import answers, ideas, members, moderation, texts
from fanfare.record.decisions import Streams
from fanfare.record.kinds import Event
from fanfare.record.terms import RoundTerms
from tests.builders import HOST, text

MODERATED = (
    "idea hidden",
    "idea shown again",
    "comment hidden",
    "hidden at the close",
    "hidden on a ballot",
    "support for a hidden idea",
)
"""What a run over many histories must have produced of it."""


class Moderated(ABC):
    """The part of a teller that protects members; the teller keeps what it needs to know."""

    random: Random
    happened: Counter[str]
    streams: Streams
    _ideas: dict[str, list[ideas.IdeaRaised]]
    _comments: list[tuple[str, ideas.IdeaRaised]]
    _hidden: set[str]
    _members: list[str]

    @abstractmethod
    def chance(self, likelihood: float) -> bool:
        """Tell whether something happens this time."""

    @abstractmethod
    def put(self, partition: int, event: Event) -> None:
        """Append an uncontested event."""

    def _forget(self) -> None:
        if self.chance(0.5):
            self.put(0, members.MemberErased(member=self.random.choice(self._members)))
        else:
            reason = text("It gives away where somebody lives.") if self.chance(0.5) else None
            self.put(0, texts.TextRemoved(text=text(self.random.choice("tb")), by=HOST, reason=reason))

    def _moderate(self) -> None:
        """Hide an idea or a comment or show it again, or answer an idea: of this round, or of an earlier one."""
        raised = self.random.choice([each for some in self._ideas.values() for each in some] or [None])
        if raised is None:
            return
        where = {"campaign": raised.campaign, "idea": raised.idea, "by": HOST, "reason": text("It shouts.")}
        if self.chance(0.2):
            self.put(0, answers.IdeaAnswered(status=self.random.choice(("planned", "declined")), **where))
        elif self._comments and self.chance(0.2):
            comment, below = self.random.choice(self._comments)
            self.happened["comment hidden"] += 1
            where["idea"] = below.idea
            self.put(0, moderation.ContentHidden(content=comment, kind="comment", rule="insult", **where))
        elif raised.idea in self._hidden and self.chance(0.6):
            self.happened["idea shown again"] += 1
            self._hidden.discard(raised.idea)
            self.put(0, moderation.ContentShown(content=raised.idea, kind="idea", **where))
        else:
            self.happened["idea hidden"] += 1
            on_a_ballot = {option.id for _, each in self._opened() for option in each.options}
            self.happened["hidden on a ballot"] += raised.idea in on_a_ballot
            self._hidden.add(raised.idea)
            content = raised.idea if not self.chance(0.05) else "neverraised"
            self.put(0, moderation.ContentHidden(content=content, kind="idea", rule="insult", **where))

    def _opened(self) -> Iterator[tuple[str, RoundTerms]]:
        """Yield each round that has opened, with its terms."""
        for campaign in self.streams.campaigns.values():
            yield from ((each.id, each.terms) for each in campaign.rounds if each.terms)
