"""The pure counter: folds the record, in any interleaving of its partitions, into every figure of the reports."""

from collections import Counter

import msgspec

from fanfare.counting.method import METHODS
from fanfare.record.ballots import BallotCast, BallotsClosed, Choice
from fanfare.record.campaigns import Round, RoundClosing, RoundEvent, RoundOpened
from fanfare.record.decisions import Streams
from fanfare.record.entry import Entry
from fanfare.record.envelope import Recorded
from fanfare.record.position import Moment, Position
from fanfare.record.terms import circle_of
from fanfare.reports.boxes import BallotBox
from fanfare.reports.circled import Circled
from fanfare.reports.community import Community, SupportBox
from fanfare.reports.piles import Piled, minute_of
from fanfare.reports.quarantine import Named, Quarantine, Unread
from fanfare.reports.report import (
    Activity,
    CampaignReport,
    DecisionTaken,
    Figures,
    Origin,
    RoundLine,
    RoundReport,
    Turnout,
    round_cut,
    round_report,
)


class Recount:
    """Every figure, from the record alone. Mutable; feed it each partition's entries in order, partitions in any order."""

    def __init__(self, partitions: int) -> None:
        """Start at the beginning of a record with that many partitions."""
        self.streams = Streams()
        self._next = [0] * partitions
        self._community = Community()
        self.circled = Circled()
        self._boxes: dict[str, BallotBox] = {}
        self._decisions: dict[str, list[DecisionTaken]] = {}
        self._quarantine = Quarantine()
        self._round_of: dict[str, str] = {}
        """By the hash of its terms."""
        self._figures: dict[str, Figures] = {}
        """Of each round, at the present moment: a round stands in its own report and in its campaign's."""

    @property
    def moment(self) -> Moment:
        """How far the fold has come."""
        return tuple(self._next)

    def apply(self, entry: Entry) -> None:
        """
        Take in the next entry of its partition.

        Raises:
            ValueError: the entry is not the next one of its partition.
        """
        self._pass(entry.partition, entry.offset, 1)
        held = self.streams.take(entry) if entry.partition == 0 else entry.decision is None
        for index, recorded in enumerate(entry.events) if held else ():
            if not isinstance(recorded, Recorded):
                self._quarantine.add(Position(entry.partition, entry.offset, index), recorded)
                continue
            event = recorded.event
            if isinstance(event, BallotCast):
                self._box(event.terms).cast(entry.partition, minute_of(recorded.time), event)
            elif isinstance(event, BallotsClosed):
                self._box(event.terms).close(entry.partition)
                self._quarantine.close(event.terms, Position(entry.partition, entry.offset, index))
            else:
                if recorded.decision is not None:
                    self.streams.evolve(recorded)
                    self._decided(Position(entry.partition, entry.offset, index), recorded, recorded.decision.stream)
                self._community.apply(recorded)
                self.circled.apply(event, self.streams.circles)

    def take(self, piled: Piled) -> None:
        """
        Take in the next entries of their partition, of which somebody has made piles: what `apply` does with each, and faster.

        Raises:
            ValueError: they are not the next ones of their partition.
        """
        self._pass(piled.partition, piled.offset, piled.entries)
        for each in piled.piles:
            self._box(each.terms).take(piled.partition, each)

    def _pass(self, partition: int, offset: int, entries: int) -> None:
        if offset != self._next[partition]:
            message = f"partition {partition}: expected entry {self._next[partition]}, got {offset}"
            raise ValueError(message)
        self._next[partition] += entries
        self._figures.clear()

    def watch(self, found: Round, box: BallotBox | SupportBox) -> None:
        """Count a round in *box*, which hears what becomes of each ballot; *found* as it will be, before its first ballot."""
        if isinstance(box, SupportBox):
            self._community.watch(found.id, box)
        else:
            self._boxes[found.terms_hash] = box

    def chosen(self, found: Round) -> Counter[Choice]:
        """Return how many ballots that count in a round of ballots make each choice."""
        return self._boxes.get(found.terms_hash, BallotBox()).chosen()

    def box(self, found: Round) -> BallotBox:
        """Return the box of a round of ballots, to look into."""
        return self._boxes.get(found.terms_hash, BallotBox())

    def _box(self, terms_hash: str) -> BallotBox:
        box = self._boxes.get(terms_hash)
        if box is None:
            box = self._boxes[terms_hash] = BallotBox()
        return box

    def _decided(self, position: Position, recorded: Recorded, stream: str) -> None:
        event = recorded.event
        if not isinstance(event, RoundEvent):
            return
        round_id = event.terms.round if isinstance(event, RoundOpened) else event.round
        self._decisions.setdefault(round_id, []).append(DecisionTaken(str(position), event.wire))
        found = self.streams.campaigns[stream].round(round_id)
        if found is None:
            return
        if isinstance(event, RoundOpened) and found.terms == event.terms:
            self._box(found.terms_hash).admit(event.terms)
            self._round_of[found.terms_hash] = round_id
            self._community.opened(event.terms)
            self.circled.opened(found, self.streams.circles)
        elif isinstance(event, RoundClosing) and found.status == "closing":
            self._community.closing(round_id)
            self.circled.closing(round_id)

    def origin(self) -> Origin:
        """
        Return whose record it is.

        Raises:
            LookupError: the record does not begin with its founding.
        """
        founded = self.streams.site.founded
        if founded is None:
            message = "the record does not begin with fanfare.site.founded"
            raise LookupError(message)
        return Origin(founded.name, founded.simulation)

    def figures(self, found: Round) -> Figures:
        """Return what the fold found out about a round."""
        if found.id not in self._figures:
            self._figures[found.id] = self._count(found)
        return self._figures[found.id]

    def _count(self, found: Round) -> Figures:
        box: BallotBox | SupportBox
        if found.plan.method == "support.v1":
            box = self._community.support_box(found.id)
            options, votes = self._community.entered(found.id), box.votes()
        else:
            box = self._boxes.get(found.terms_hash, BallotBox())
            options = tuple(option.id for option in found.terms.options) if found.terms else ()
            votes = METHODS[found.plan.method].count(self.chosen(found))
        unread, ballots = self._quarantine.of(found, self._known), box.ballots()
        return Figures(
            members=self._electorate(found),
            ballots=msgspec.structs.replace(ballots, received=ballots.received + len(unread), unreadable=len(unread)),
            turnout=tuple(Turnout(each, count) for each, count in sorted(box.turnout.items())),
            options=options,
            votes=votes,
            decisions=tuple(self._decisions.get(found.id, ())),
            unread=unread,
        )

    def _electorate(self, found: Round) -> int:
        if circle_of(found.plan.electorate):
            return len(self.circled.could_vote(found, self.streams.circles))
        return self._community.electorate(found)

    def took_part(self, round_id: str) -> set[str]:
        """Return who raised an idea in a round of ideas before its close, or supported one."""
        return self._community.took_part(round_id)

    def strangers(self, round_id: str) -> set[str]:
        """Return who of them never joined."""
        return self._community.strangers(round_id)

    def _known(self, name: str) -> set[Named]:
        """Return what the record knows by a name that stands in an event which cannot be read."""
        rounds = {name} if self.streams.round(name) else set()
        rounds |= {each for each in (self._round_of.get(name), self._community.round_of(name)) if each is not None}
        campaigns: set[Named] = {("campaign", name)} if name in self.streams.campaigns else set()
        return {("round", each) for each in rounds} | campaigns

    def unread(self, round_id: str) -> tuple[Unread, ...]:
        """Return what cannot be read and may be of a round; nothing of a round that the record does not know."""
        found = self.streams.round(round_id)
        return self._quarantine.of(found[1], self._known) if found else ()

    def round_report(self, round_id: str) -> RoundReport:
        """
        Return the report of a round at the present moment.

        Raises:
            LookupError: the record knows no such round.
        """
        found = self.streams.round(round_id)
        if found is None:
            message = f"the record knows no round {round_id}"
            raise LookupError(message)
        return round_report(self.origin(), *found, self.figures(found[1]), self.moment)

    def campaign_report(self, campaign_id: str) -> CampaignReport:
        """
        Return the report of a campaign at the present moment.

        Raises:
            LookupError: the record knows no such campaign.
        """
        campaign = self.streams.campaigns.get(campaign_id)
        if campaign is None:
            message = f"the record knows no campaign {campaign_id}"
            raise LookupError(message)
        origin = self.origin()
        activity: Activity = self._community.activity(campaign)
        return CampaignReport(
            site=origin.site,
            simulation=origin.simulation,
            campaign=campaign_id,
            moment=self.moment,
            members=self._community.joined,
            activity=activity,
            decisions=self.streams.decisions(campaign_id),
            rounds=tuple(self._line(each) for each in campaign.rounds),
        )

    def _line(self, found: Round) -> RoundLine:
        figures = self.figures(found)
        settled = found.status in ("closed", "sealed")
        return RoundLine(
            round=found.id,
            status=found.status,
            ballots=figures.ballots,
            advanced=round_cut(found, figures).advanced if settled else (),
            report=found.sealed.report if found.sealed else None,
        )
