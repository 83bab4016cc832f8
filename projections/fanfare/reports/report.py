"""The transparency report: its shape, versioned like a wire name. Ids and integers only, so no figure depends on a text."""

from typing import Literal

import msgspec

from fanfare.counting.cut import Cut, Standing, cut
from fanfare.record.campaigns import Campaign, PassedOver, Round
from fanfare.record.kinds import canonical, digest
from fanfare.record.position import Moment
from fanfare.record.terms import Advanced
from fanfare.reports.quarantine import Unread


class Ballots(msgspec.Struct, frozen=True):
    """
    Every ballot accounted for: ``received`` is the sum of the other five.

    In a support round a ballot is one press of the support button, or its withdrawal.
    """

    received: int = 0
    counted: int = 0
    replaced: int = 0
    late: int = 0
    void: int = 0
    unreadable: int = 0
    """Events that cannot be read and may be of this round; one may be of several."""


class Turnout(msgspec.Struct, frozen=True):
    """How many ballots came in one minute (UTC, RFC 3339)."""

    minute: str
    ballots: int


class DecisionTaken(msgspec.Struct, frozen=True):
    """A decision on the round: where it stands in the record, and what it was."""

    position: str
    type: str


class Unreadable(msgspec.Struct, frozen=True):
    """An event that cannot be read and may be of this round."""

    position: str
    sha256: str
    """Of its bytes as they are stored."""
    ruled: bool
    """A host ruled to pass it over; the ruling is one of the decisions."""


class Figures(msgspec.Struct, frozen=True):
    """What a counter found out about a round. The two counters must agree on every one."""

    members: int
    """Who could vote: members who had joined by the close, or by the opening where the terms say so."""
    ballots: Ballots
    turnout: tuple[Turnout, ...]
    options: tuple[str, ...]
    """In the order in which ties fall."""
    votes: dict[str, int]
    decisions: tuple[DecisionTaken, ...]
    unread: tuple[Unread, ...]
    """What cannot be read and may be of the round; of the same bytes in one partition, the first."""


class Ties(msgspec.Struct, frozen=True):
    """How ties fall, and the options that the rule decided on at the cut."""

    rule: str
    at_cut: tuple[str, ...]


class RoundReport(msgspec.Struct, frozen=True, kw_only=True):
    """The report of a round at a moment."""

    schema: Literal["fanfare.report.round.v1"] = "fanfare.report.round.v1"
    site: str
    simulation: bool
    campaign: str
    round: str
    status: str
    moment: Moment
    method: str
    terms: str | None
    closes_at: str | None
    extended: int
    electorate: str
    members: int
    ballots: Ballots
    turnout: tuple[Turnout, ...]
    ranking: tuple[Standing, ...]
    """``advanced`` holds for good once the round is closed; before, it tells who would advance now."""
    ties: Ties
    advance: int
    next: tuple[str, ...]
    """The rounds whose options come from this one."""
    decisions: tuple[DecisionTaken, ...]
    unreadable: tuple[Unreadable, ...]
    """A round is incomplete, and not sealed, while one of these waits for a ruling."""

    @property
    def unread(self) -> tuple[PassedOver, ...]:
        """What cannot be read, as a ruling names it."""
        return tuple(PassedOver(position=each.position, sha256=each.sha256) for each in self.unreadable)

    @property
    def waiting(self) -> bool:
        """Whether there is something in it that no host has ruled on."""
        return not all(each.ruled for each in self.unreadable)


class RoundLine(msgspec.Struct, frozen=True):
    """A round in the report of its campaign."""

    round: str
    status: str
    ballots: Ballots
    advanced: tuple[str, ...]
    report: str | None
    """The digest of the sealed report; none before the sealing."""


class Activity(msgspec.Struct, frozen=True):
    """What fans did in a campaign."""

    ideas: int
    withdrawn: int
    comments: int
    contributors: int
    """Members who raised, commented, supported or are recorded as having taken part in a vote."""


class CampaignReport(msgspec.Struct, frozen=True, kw_only=True):
    """The report of a campaign at a moment."""

    schema: Literal["fanfare.report.campaign.v1"] = "fanfare.report.campaign.v1"
    site: str
    simulation: bool
    campaign: str
    moment: Moment
    members: int
    activity: Activity
    decisions: int
    rounds: tuple[RoundLine, ...]


class Origin(msgspec.Struct, frozen=True):
    """Whose record it is."""

    site: str
    simulation: bool


def round_report(origin: Origin, campaign: Campaign, found: Round, figures: Figures, moment: Moment) -> RoundReport:
    """Put together the report of *found* from what a counter found out."""
    plan = found.terms.plan if found.terms else found.plan
    result = round_cut(found, figures)
    return RoundReport(
        site=origin.site,
        simulation=origin.simulation,
        campaign=campaign.id,
        round=found.id,
        status=found.status,
        moment=moment,
        method=plan.method,
        terms=found.terms_hash or None,
        closes_at=found.closes_at.strftime("%Y-%m-%dT%H:%M:%SZ") if found.closes_at else None,
        extended=found.extended,
        electorate=plan.electorate,
        members=figures.members,
        ballots=figures.ballots,
        turnout=figures.turnout,
        ranking=result.ranking,
        ties=Ties(rule=plan.ties, at_cut=result.tied),
        advance=plan.advance,
        next=tuple(each.id for each in campaign.rounds if each.plan.options == Advanced(round=found.id)),
        decisions=figures.decisions,
        unreadable=tuple(_unreadable(found, each) for each in figures.unread),
    )


def _unreadable(found: Round, unread: Unread) -> Unreadable:
    position = str(unread.position)
    ruled = PassedOver(position=position, sha256=unread.sha256) in found.ruled
    return Unreadable(position, unread.sha256, ruled)


def round_cut(found: Round, figures: Figures) -> Cut:
    """Return the ranking with its cut; an unopened or voided round has none."""
    if found.terms is None or found.status == "void":
        return Cut((), ())
    plan = found.terms.plan
    return cut(figures.options, figures.votes, plan.advance, plan.ties)


def encoded(report: RoundReport | CampaignReport) -> bytes:
    """Return the canonical bytes of *report*: these are published, hashed and compared."""
    return canonical(report)


def report_digest(report: RoundReport) -> str:
    """Return the SHA-256 of the canonical report, as the sealing writes it into the record."""
    return digest(encoded(report))
