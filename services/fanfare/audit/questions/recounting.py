"""Recounting: a round counted once more, by another method or without some of its ballots, beside what was published."""

from collections.abc import Iterator

import msgspec

from fanfare.audit.archives.archive import Archive
from fanfare.audit.checks.course import Address
from fanfare.audit.claims import Progress, silent
from fanfare.audit.questions.passage import CannotAnswer, Passage, decisions, within, without
from fanfare.counting.cut import Cut, cut
from fanfare.counting.method import METHODS
from fanfare.record.ballots import BallotCast
from fanfare.record.campaigns import Round
from fanfare.record.decisions import Streams
from fanfare.record.entry import Entry, unpack
from fanfare.record.envelope import Recorded
from fanfare.record.ideas import IdeaRaised, IdeaSupported, SupportWithdrawn
from fanfare.record.kinds import canonical
from fanfare.record.members import MemberJoined
from fanfare.record.position import Moment
from fanfare.reports.recount import Recount
from fanfare.reports.report import Ballots, Figures, encoded, report_digest, round_cut

BRAND = ("host", "admin")
"""Who holds one of these roles is of the brand's team."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """How to count again. What is left out counts as if it had never come: an earlier ballot of the same voter counts instead."""

    method: str = ""
    """The name of a method with its version; empty for that of the terms."""
    ballots: frozenset[str] = frozenset()
    """Ids of events: ballots, or presses of the support button."""
    voters: frozenset[str] = frozenset()
    """Voter tokens, in a round of ballots."""
    channels: frozenset[str] = frozenset()
    """How ballots came in: ``web``, ``api``."""
    members: frozenset[str] = frozenset()
    """Whose support is left out, in a round of ideas; her own ideas stay."""
    hosts: bool = False
    """Also that of whoever was of the brand's team at any time up to the moment."""

    @property
    def leaves_out(self) -> bool:
        """Whether some ballots are left out."""
        return bool(self.ballots or self.voters or self.channels or self.members or self.hosts)


class Place(msgspec.Struct, frozen=True):
    """An option in both rankings."""

    option: str
    published_rank: int
    published_votes: int
    published_advanced: bool
    rank: int
    votes: int
    advanced: bool

    @property
    def moved(self) -> bool:
        """Whether its rank, or whether it goes on, is another."""
        return (self.published_rank, self.published_advanced) != (self.rank, self.advanced)


class Recounted(msgspec.Struct, frozen=True, kw_only=True):
    """What came out, beside what was published."""

    schema: str = "fanfare.recount.v1"
    site: str
    round: str
    moment: Moment
    """What both were counted from."""
    sealed: bool
    method: str
    """Of the terms."""
    counted_by: str
    left_out: int
    """How many ballots, also those that had not counted."""
    published_ballots: Ballots
    ballots: Ballots
    published_advanced: tuple[str, ...]
    advanced: tuple[str, ...]
    ranking: tuple[Place, ...]
    """In the order of the new one."""
    follows: bool
    """Whether what was published follows from the record. Where it does not there is nothing to compare with."""

    @property
    def changes(self) -> bool:
        """Whether somebody else wins, or goes on."""
        return set(self.advanced) != set(self.published_advanced)

    @property
    def exit_code(self) -> int:
        """0: the same go on. 1: others do. 2: what was published does not follow from the record."""
        return 2 if not self.follows else int(self.changes)


def as_json(found: Recounted) -> bytes:
    """Return it as one canonical JSON line."""
    fields = {**msgspec.structs.asdict(found), "changes": found.changes, "exit_code": found.exit_code}
    return canonical(fields) + b"\n"


def method_named(name: str) -> str:
    """
    Return the newest version of a method, as terms name it.

    Raises:
        CannotAnswer: there is no such method.
    """
    found = [each for each in METHODS if name in (each, each.partition(".")[0])]
    if not found:
        raise CannotAnswer(f"{name!r} is no method of counting ballots; there are {', '.join(METHODS)}")
    return found[-1]


def count_again(archive: Archive, round_id: str, asked: Asked, progress: Progress = silent) -> Recounted:
    """
    Count a round again, as of its seal, or of its published report where it is not sealed.

    Raises:
        CannotAnswer: there is no such round, no ranking of it, or it cannot be counted as asked; with a sentence that says why.
    """
    planned = decisions(archive).round(round_id)
    if planned is None:
        raise CannotAnswer(f"the record knows no round {round_id}")
    found = planned[1]
    _check(found, asked)
    moment = _moment(archive, found)
    choosing = _Choosing(found, asked, _brand(archive, moment) if asked.hosts else frozenset())
    plain, changed = Recount(len(moment)), Recount(len(moment))
    for entry in Passage(archive, progress).to(moment):
        plain.apply(entry)
        if asked.leaves_out:
            changed.apply(without(entry, choosing.of(entry)))
    choosing.check()
    return _compared(archive, found, asked, (plain, changed if asked.leaves_out else plain), choosing.count)


def _check(found: Round, asked: Asked) -> None:
    supported = found.plan.method == "support.v1"
    if found.terms is None or found.status == "void":
        why = "it was voided" if found.status == "void" else "it has not opened"
        raise CannotAnswer(f"{found.id} has no ranking to count again: {why}")
    if supported and asked.method:
        raise CannotAnswer(f"{found.id} is a round of ideas: it has support and no ballots, so no other method fits it")
    if supported and (asked.voters or asked.channels):
        raise CannotAnswer(f"{found.id} is a round of ideas: support names its member and no channel; leave out members")
    if not supported and (asked.members or asked.hosts):
        raise CannotAnswer(
            f"{found.id} is a round of ballots: no ballot names a member or a host; leave out voters, by their tokens"
        )


def _moment(archive: Archive, found: Round) -> Moment:
    member = Address("rounds", found.id).member
    moment = (
        found.sealed.moment
        if found.sealed
        else next((each.moment for each in archive.manifest.reports if each.member == member), ())
    )
    if not within(moment, archive.manifest.moment) or not (found.sealed or archive.has(member)):
        raise CannotAnswer(f"the archive has no published report of {found.id} that its record reaches")
    return moment


def _brand(archive: Archive, moment: Moment) -> frozenset[str]:
    """Return who held a role of the brand's team at any time up to *moment*."""
    streams, found = Streams(), set[str]()
    for offset, body in archive.entries(0):
        if offset == moment[0]:
            break
        if streams.apply(unpack(0, offset, body) if b'"after"' in body or b"\\" in body else Entry(0, offset, ())):
            found |= {member for member, role in streams.site.roles if role in BRAND}
    return frozenset(found)


class _Choosing:
    """Chooses what is left out, and makes sure that all of it was there. Mutable; asked of each entry in order."""

    def __init__(self, found: Round, asked: Asked, brand: frozenset[str]) -> None:
        self.count = 0
        self._found, self._asked = found, asked
        self._members = asked.members | brand
        self._missing = {"ballot": set(asked.ballots), "voter": set(asked.voters), "member": set(asked.members)}
        self._ideas: dict[str, str] = {}
        """The round of each idea."""

    def of(self, entry: Entry) -> list[int]:
        """Return the places in *entry* of what is left out."""
        chosen = [index for index, each in enumerate(entry.events) if isinstance(each, Recorded) and self._is(each)]
        self.count += len(chosen)
        return chosen

    def _is(self, recorded: Recorded) -> bool:
        asked, event = self._asked, recorded.event
        if isinstance(event, BallotCast):
            if event.terms != self._found.terms_hash:
                return False
            self._missing["voter"].discard(event.voter)
            named = event.voter in asked.voters or event.channel in asked.channels
        elif isinstance(event, IdeaSupported | SupportWithdrawn):
            if self._ideas.get(event.idea) != self._found.id:
                return False
            named = event.by in self._members
        else:
            if isinstance(event, IdeaRaised):
                self._ideas.setdefault(event.idea, event.round)
            elif isinstance(event, MemberJoined):
                self._missing["member"].discard(event.member)
            return False
        self._missing["ballot"].discard(recorded.id)
        return named or recorded.id in asked.ballots

    def check(self) -> None:
        """Make sure that whatever was named was there: a slip of the pen must not read as “it changes nothing”."""
        for kind, missing in self._missing.items():
            if missing:
                more = len(missing) - 1
                others = f"; nor {'is' if more == 1 else 'are'} there {more} more of those named" if more else ""
                raise CannotAnswer(f"{self._found.id} cannot be counted as asked: {_NONE[kind]} {min(missing)}{others}")


_NONE = {"ballot": "it has no ballot with the event id", "voter": "it has no ballot of the voter", "member": "nobody joined as"}


def _compared(archive: Archive, found: Round, asked: Asked, folds: tuple[Recount, Recount], left_out: int) -> Recounted:
    plain, changed = folds
    report = plain.round_report(found.id)
    then = _then(plain, found.id)
    figures, ours = plain.figures(then), changed.figures(_then(changed, found.id))
    if figures.ballots.counted and not ours.ballots.counted:
        raise CannotAnswer(f"of {figures.ballots.counted} ballots that count in {found.id} none is left: nobody wins, or goes on")
    published, counted = round_cut(then, figures), _cut(changed, then, ours, asked.method)
    if not published.ranking:
        raise CannotAnswer(
            f"{found.id} has no ranking to count again at {', '.join(map(str, report.moment))}: it was {then.status}"
        )
    member = Address("rounds", found.id).member
    follows = report_digest(report) == found.sealed.report if found.sealed else encoded(report) == archive.body(member)
    return Recounted(
        site=report.site,
        round=found.id,
        moment=report.moment,
        sealed=found.sealed is not None,
        method=then.plan.method,
        counted_by=asked.method or then.plan.method,
        left_out=left_out,
        published_ballots=figures.ballots,
        ballots=ours.ballots,
        published_advanced=published.advanced,
        advanced=counted.advanced,
        ranking=tuple(_places(published, counted)),
        follows=follows,
    )


def _then(fold: Recount, round_id: str) -> Round:
    found = fold.streams.round(round_id)
    if found is None:
        raise CannotAnswer(f"the record knew no round {round_id} at the moment of its report")
    return found[1]


def _cut(fold: Recount, found: Round, figures: Figures, method: str) -> Cut:
    """Rank by *method* what the fold found to count: which ballots are valid, and which of a voter counts, the terms say."""
    if not method or found.terms is None:
        return round_cut(found, figures)
    plan, counting = found.terms.plan, METHODS[method]
    offered = frozenset(figures.options)
    chosen = fold.chosen(found)
    unfit = sum(ballots for choice, ballots in chosen.items() if not counting.valid(choice, offered, plan.most))
    if unfit:
        raise CannotAnswer(
            f"{unfit} of {figures.ballots.counted} ballots that count in {found.id} do not fit {method}: "
            "they name several options, and do not say which of these their voters would have chosen alone"
        )
    return cut(figures.options, counting.count(chosen), plan.advance, plan.ties)


def _places(published: Cut, counted: Cut) -> Iterator[Place]:
    before = {each.option: each for each in published.ranking}
    for each in counted.ranking:
        was = before[each.option]
        yield Place(each.option, was.rank, was.votes, was.advanced, each.rank, each.votes, each.advanced)
