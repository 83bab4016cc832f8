"""Between two moments: what changed in a report, and the events that it changed by."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from heapq import nsmallest

import msgspec

from fanfare.audit.archives.archive import Archive
from fanfare.audit.checks.course import Address
from fanfare.audit.claims import Progress, silent
from fanfare.audit.questions.as_of import address_of, report_of, shown
from fanfare.audit.questions.differing import Change, difference, named
from fanfare.audit.questions.passage import CannotAnswer, Followed, Following, Passage, decisions, within
from fanfare.record.ballots import BallotsClosed
from fanfare.record.campaigns import Campaign, CampaignEvent, Round
from fanfare.record.circles import CircleEntered, CircleEvent, CircleInvited, CircleLeft, CircleUninvited
from fanfare.record.decisions import Streams
from fanfare.record.entry import Entry
from fanfare.record.envelope import Recorded
from fanfare.record.ideas import CommentMade, IdeaRaised, IdeaSupported, IdeaWithdrawn, SupportWithdrawn
from fanfare.record.kinds import canonical
from fanfare.record.members import MemberErased, MemberJoined, TookPart
from fanfare.record.moderation import ContentHidden, ContentShown
from fanfare.record.position import Moment, Position
from fanfare.record.recognition import AwardGranted, AwardRevoked
from fanfare.record.site import SiteFounded
from fanfare.record.terms import circle_of
from fanfare.reports.recount import Recount
from fanfare.reports.report import encoded

_OF_CIRCLES = (CircleEvent, CircleInvited, CircleUninvited, CircleEntered, CircleLeft, MemberErased)
"""What may bring somebody into a circle, or send her away; beside awards."""


class Cause(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event between two moments that a report rests on."""

    position: str
    type: str
    """Its wire name; ``unreadable`` of what has none."""
    fate: str = ""
    """Of a ballot: what had become of it by the later moment."""
    options: tuple[str, ...] = ()
    instead_of: str = ""
    """Of a ballot: which earlier one of the same voter it replaced as it came."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What changed in a report from one moment to a later one, and by which events."""

    schema: str = "fanfare.difference.v1"
    what: str
    before: Moment
    after: Moment
    changes: tuple[Change, ...]
    ballots: dict[str, dict[str, dict[str, int]]]
    """The ballots in between: by round, option and fate, how many. One that chose several options stands with each."""
    events: dict[str, int]
    """The other events in between: how many of each type."""
    causes: tuple[Cause, ...]
    """Ballots and other events, in the order of their positions; the first ones, unless all were asked for."""
    caused: int
    """How many there are in all."""


def as_json(found: Difference) -> bytes:
    """Return it as one canonical JSON line."""
    return canonical(found) + b"\n"


def between(
    archive: Archive, what: str, moments: tuple[Moment, Moment], most: int | None, progress: Progress = silent
) -> Difference:
    """
    Return what changed in the report of a round or a campaign between two *moments*, from the earlier to the later.

    Args:
        most: how many causes to name; none for all of them.

    Raises:
        CannotAnswer: neither moment holds the other, or the record knew no such thing at the earlier one.
    """
    address = address_of(what)
    before, after = sorted((_widened(each, max(map(len, moments))) for each in moments), key=sum)
    if not within(before, after):
        raise CannotAnswer(f"neither of the moments {shown(before)} and {shown(after)} holds the other")
    way = _Way(archive, address, after, progress)
    way.go(before)
    earlier = way.report(address)
    way.go(after, causes=True)
    ballots = way.ballots(before)
    events = sorted([*way.causes.found, *way.unread(before)], key=lambda each: each[0])
    return Difference(
        what=what,
        before=before,
        after=after,
        changes=tuple(difference(earlier, way.report(address))),
        ballots={round_id: _by_option(some) for round_id, some in ballots.items() if some},
        events=dict(Counter(wire for _, wire in events)),
        causes=tuple(_first(events, [each for some in ballots.values() for each in some], most)),
        caused=len(events) + sum(map(len, ballots.values())),
    )


def _widened(moment: Moment, partitions: int) -> Moment:
    """Return a moment of when the record had fewer partitions as one of now."""
    return (*moment, *[0] * (partitions - len(moment)))


class _Way:
    """The fold on its way, with each ballot of some rounds followed from the beginning. Mutable."""

    def __init__(self, archive: Archive, address: Address, after: Moment, progress: Progress) -> None:
        last = decisions(archive, after[0])
        campaign = _campaign(last, address)
        self._rounds = [each for each in campaign.rounds if address.kind == "campaigns" or each.id == address.id]
        self._fold, self._passage = Recount(len(after)), Passage(archive, progress)
        self._following = {each.id: Following(self._fold, each) for each in self._rounds if _takes_ballots(each)}
        self.causes = _Causes(campaign, self._rounds, whole=address.kind == "campaigns")

    def go(self, moment: Moment, *, causes: bool = False) -> None:
        """Fold up to *moment*; note the *causes* on this stretch, if asked to."""
        for entry in self._passage.to(moment):
            self._fold.apply(entry)
            self.causes.take(entry, self._fold.streams, note=causes)
            for following in self._following.values():
                following.take(entry)

    def report(self, address: Address) -> object:
        """Return the report at the present moment, with names in the place of places."""
        return named(msgspec.json.decode(encoded(report_of(self._fold, address))))

    def ballots(self, before: Moment) -> dict[str, list[Followed]]:
        """Return the ballots of each round that came after *before*; what only repeats one changes nothing."""
        return {
            round_id: [each for each in following.ballots() if each.fate != "repeated" and _beyond(each.position, before)]
            for round_id, following in self._following.items()
        }

    def unread(self, before: Moment) -> list[tuple[Position, str]]:
        """Return what came after *before*, cannot be read and may be of one of the rounds."""
        found = {each.position for round_ in self._rounds for each in self._fold.unread(round_.id)}
        return [(each, "unreadable") for each in found if _beyond(each, before)]


def _campaign(streams: Streams, address: Address) -> Campaign:
    if address.kind == "rounds":
        found = streams.round(address.id)
        campaign = found[0] if found else None
    else:
        campaign = streams.campaigns.get(address.id)
    if campaign is None:
        raise CannotAnswer(f"the record knows no {address.kind.removesuffix('s')} {address.id} at the later moment")
    return campaign


def _takes_ballots(found: Round) -> bool:
    return found.terms is not None or found.plan.method == "support.v1"


def _beyond(position: Position, before: Moment) -> bool:
    return position.offset >= before[position.partition]


class _Causes:
    """Finds the events, but for ballots and presses, that the report of a campaign or of some of its rounds rests on. Mutable."""

    def __init__(self, campaign: Campaign, rounds: Sequence[Round], *, whole: bool) -> None:
        self.found: list[tuple[Position, str]] = []
        self._campaign, self._whole = campaign.id, whole
        self._rounds = {each.id for each in rounds}
        self._terms = {each.terms_hash for each in rounds if each.terms_hash}
        self._of_circle = any(circle_of(each.plan.electorate) for each in rounds)
        self._followed = {each.id for each in rounds if each.plan.method == "support.v1"}
        self._ideas: dict[str, str] = {}
        """The round of each idea that matters here."""
        self._elsewhere: set[str] = set()

    def take(self, entry: Entry, streams: Streams, *, note: bool) -> None:
        """Take in an entry after the fold did; *note* which of its events are causes, or only learn what ideas there are."""
        if note or entry.partition == 0:
            held = _held(entry, streams)
            for position, recorded in entry.positioned() if held else ():
                if self._is(recorded) and note:
                    self.found.append((position, recorded.event.wire))

    def _is(self, recorded: Recorded) -> bool:
        event = recorded.event
        if isinstance(event, CampaignEvent):
            return recorded.decision is not None and recorded.decision.stream == self._campaign
        match event:
            case BallotsClosed(terms=terms):
                return terms in self._terms
            case IdeaRaised():
                return self._raised(event)
            case IdeaWithdrawn(idea=idea) | ContentHidden(content=idea) | ContentShown(content=idea):
                return idea in self._ideas
            case CommentMade(idea=idea):
                return self._whole and idea in self._ideas
            case IdeaSupported(idea=idea) | SupportWithdrawn(idea=idea):
                return self._whole and idea in self._ideas and self._ideas[idea] not in self._followed
            case TookPart(round=round_id):
                return self._whole and round_id in self._rounds
            case MemberJoined() | SiteFounded():
                return True
            case _:
                return self._of_circle and self._circled(event)

    def _raised(self, event: IdeaRaised) -> bool:
        """Learn of an idea; only the first event that raises it does."""
        if event.idea in self._ideas or event.idea in self._elsewhere:
            return False
        ours = event.round in self._rounds or (self._whole and event.campaign == self._campaign)
        if ours:
            self._ideas[event.idea] = event.round
        else:
            self._elsewhere.add(event.idea)
        return ours

    @staticmethod
    def _circled(event: object) -> bool:
        if isinstance(event, AwardGranted):
            return event.kind == "tier"
        return isinstance(event, (*_OF_CIRCLES, AwardRevoked))


def _held(entry: Entry, streams: Streams) -> bool:
    """Tell whether an entry that the fold has taken in holds, or was overtaken."""
    if entry.decision is None:
        return True
    first = next(each for each in entry.events if isinstance(each, Recorded))
    taken = streams.ids.get(first.id)
    return taken is not None and taken.offset == entry.offset


def _by_option(ballots: Iterable[Followed]) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = {}
    for ballot in ballots:
        for option in ballot.options or ("",):
            found.setdefault(option, Counter())[ballot.fate] += 1
    return {option: dict(fates) for option, fates in found.items()}


def _first(events: Iterable[tuple[Position, str]], ballots: Iterable[Followed], most: int | None) -> Iterator[Cause]:
    causes = [*((position, Cause(str(position), wire)) for position, wire in events)]
    chosen = sorted(ballots, key=_position) if most is None else nsmallest(most, ballots, key=_position)
    causes += [(each.position, _cause(each)) for each in chosen]
    causes.sort(key=lambda each: each[0])
    return (cause for _, cause in causes[:most])


def _position(ballot: Followed) -> Position:
    return ballot.position


def _cause(ballot: Followed) -> Cause:
    instead_of = str(ballot.instead_of) if ballot.instead_of else ""
    return Cause(str(ballot.position), ballot.type, ballot.fate, ballot.options, instead_of)
