"""Contexts of the transparency reports of a round and of a campaign."""

from collections.abc import Sequence
from datetime import datetime

from fanfare.platform.language import gettext as _
from fanfare.web import words
from fanfare.web.contexts.campaigns import Board, RoundStub, Term
from fanfare.web.contexts.shell import Page, Part


class Seal(Part, frozen=True):
    """The tally can no longer change."""

    fingerprint: str
    """Hexadecimal: the SHA-256 of the canonical report."""
    at: datetime


class Accounting(Part, frozen=True):
    """Every ballot received, once: received = counted + replaced + late + void + unreadable."""

    received: int
    counted: int
    replaced: int
    late: int
    void: int
    unreadable: int = 0


class Tie(Part, frozen=True):
    """Options with equal counts, and how the tie fell."""

    titles: Sequence[str]
    count: int
    fell: str
    """`Pine & Lime goes first: it was raised earliest, on 2 September.`"""


class Column(Part, frozen=True):
    """One bar of a chart over time."""

    label: str
    count: int


class Line(Part, frozen=True):
    """How one option's count grew, at the moments of `LeaderHistory.at`."""

    title: str
    counts: Sequence[int]
    goes_on: bool


class LeaderHistory(Part, frozen=True):
    """The leaderboard over time."""

    at: Sequence[datetime]
    lines: Sequence[Line]
    """In final order."""

    @property
    def most(self) -> int:
        """The highest count of all: the common scale."""
        return max((max(line.counts, default=0) for line in self.lines), default=0)


class Ruling(Part, frozen=True):
    """A host's public decision on the round, with its reason."""

    title: str
    line: str
    at: datetime


class Unread(Part, frozen=True):
    """An event that cannot be read and may be of the round."""

    position: str
    fingerprint: str
    """Hexadecimal: the SHA-256 of its bytes."""
    is_ruled: bool
    """A host ruled to pass it over."""


class Origin(Part, frozen=True):
    """The moment that figures were computed from, and how to compute them again."""

    at: datetime
    moment: Sequence[int]
    """Offset reached in each partition, from partition 0."""
    command: str
    json_href: str
    csv_href: str
    """Empty where there is none."""
    schema: str
    """Version of the report's schema: `fanfare.report.round.v1`."""


class ReportPage(Page, frozen=True):
    """The transparency report of a round; a result once it is closed."""

    template = "report.html"

    round: RoundStub
    rounds: Sequence[RoundStub]
    question: str
    board: Board
    accounting: Accounting
    eligible: int
    """Members who could vote."""
    voters: int
    turnout: Sequence[Column]
    turnout_unit: str
    """`minute`, `hour` or `day`."""
    terms: Sequence[Term]
    terms_hash: str
    advanced: Sequence[str]
    """Titles, in ranking order; empty while the round is not closed."""
    next: str
    """What the host said happens with the answers."""
    origin: Origin
    ties: Sequence[Tie] = ()
    rulings: Sequence[Ruling] = ()
    history: LeaderHistory | None = None
    seal: Seal | None = None
    unread: Sequence[Unread] = ()
    """What cannot be read and may be of the round."""

    @property
    def waiting(self) -> int:
        """How many of those wait for a host's ruling; until then the round is not sealed."""
        return sum(not each.is_ruled for each in self.unread)

    @property
    def headline(self) -> str:
        """The news: who goes on, else who is ahead."""
        if self.round.state == "void":
            return _("Round %(number)s is void", number=self.round.number)
        if not self.advanced:
            return self.board.headline
        return words.goes_on(self.advanced, self.round.keeps)


class RoundSummary(Part, frozen=True):
    """A round in the campaign's report."""

    round: RoundStub
    headline: str
    counted: int
    voters: int


class Moderated(Part, frozen=True):
    """What moderators did in a campaign, and what members told them."""

    hidden: int
    shown_again: int
    rules: Sequence[Term]
    """Each rule by which something was hidden, and how often."""
    flags: int
    """As reported: no flag is in the record."""
    left_alone: int


class CampaignReportPage(Page, frozen=True):
    """The transparency report of a campaign."""

    template = "campaign_report.html"

    title: str
    campaign_id: str
    host_name: str
    headline: str
    rounds: Sequence[RoundSummary]
    fans: int
    ideas: int
    comments: int
    supports: int
    decisions: Sequence[Ruling]
    """What hosts did outside the ordinary: extensions, pauses, voided rounds."""
    moderated: Moderated
    origin: Origin
