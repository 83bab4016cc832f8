"""Archives for tests: a small history from an idea to a sealed result, and the archive that a site would export of it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from fanfare.audit.archives.archive import README, Manifest, Published, Writer
from fanfare.audit.archives.bundles import StoredText, framed, line, record_member, texts_member
from fanfare.audit.checks.course import Course
from fanfare.audit.checks.replay import replay
from fanfare.audit.claims import Outcome
from fanfare.platform.durable import whole_file
from fanfare.platform.logs.port import StoredEntry
from fanfare.record.ballots import BallotCast
from fanfare.record.campaigns import RoundClosed, RoundClosing, RoundOpened, RoundSealed
from fanfare.record.decisions import Streams
from fanfare.record.entry import unpack
from fanfare.record.envelope import Recorded
from fanfare.record.ideas import IdeaRaised, IdeaSupported, IdeaWithdrawn
from fanfare.record.kinds import Event, text_hash
from fanfare.record.members import MemberJoined
from fanfare.record.position import Moment
from fanfare.record.terms import Advanced, IdeasRaised, Option, RoundPlan, RoundTerms, slot
from fanfare.reports.recount import Recount
from fanfare.reports.report import encoded, report_digest
from tests.builders import (
    SITE,
    a_ballot,
    a_marker,
    a_plan,
    body,
    founded,
    hosted,
    planned,
    published,
    recorded,
    terms_for,
    text,
    token,
)

SALT = b"sixteen bytes of"
TITLE = "Wild cherry, with a bite"


class Record:
    """A record in memory. Decisions know what they come after."""

    def __init__(self, partitions: int = 4) -> None:
        """Start empty."""
        self.partitions = partitions
        self.written: list[StoredEntry] = []
        self._heads = [0] * partitions
        self._streams = Streams()

    @property
    def heads(self) -> Moment:
        """How far the record has come."""
        return tuple(self._heads)

    def put(self, *events: Event, partition: int = 0) -> None:
        """Append uncontested events as one entry."""
        self.append(body(*(recorded(each) for each in events)), partition)

    def decide(self, *events: Event, stream: str = "flavour") -> None:
        """Append a decision."""
        after = self._streams.decisions(stream)
        self.append(body(*(recorded(each, stream=stream, after=after) for each in events)), 0)

    def append(self, entry: bytes, partition: int) -> None:
        """Append the bytes of an entry."""
        self.written.append(StoredEntry(partition, self._heads[partition], entry))
        if partition == 0:
            self._streams.apply(unpack(0, self._heads[0], entry))
        self._heads[partition] += 1


def recounted(written: Iterable[StoredEntry], partitions: int = 4) -> Recount:
    """Fold the entries, in their order."""
    fold = Recount(partitions)
    for each in written:
        fold.apply(unpack(each.partition, each.offset, each.body))
    return fold


RAISING = a_plan(method="support.v1", options=IdeasRaised(), advance=3)
VOTING = a_plan(options=Advanced(round="ideas"))


def a_record(
    *, offered: Sequence[str] = ("idea0", "idea2"), closed: bool = True, voted: bool = True, sealed: bool = True
) -> Record:
    """Three ideas are raised and supported, one that would have advanced is withdrawn, and of the others the fans choose one."""
    record = Record()
    record.decide(founded(), hosted(), stream="site")
    record.put(*(MemberJoined(member=f"fan{each}") for each in range(9)))
    record.decide(published(), planned(RAISING, "ideas"), planned(VOTING, "final"))
    terms = RoundTerms(campaign="flavour", round="ideas", plan=RAISING, options=(), partitions=())
    record.decide(RoundOpened(terms=terms))
    for each, title in enumerate((text_hash(SALT, TITLE), text("Salt"), text("Tea"))):
        words: dict[str, Any] = {"title": title, "body": text("b"), "tags": text("")}
        record.put(IdeaRaised(idea=f"idea{each}", campaign="flavour", round="ideas", by=f"fan{each}", **words))
        record.put(*(IdeaSupported(idea=f"idea{each}", by=f"fan{fan}", number=1) for fan in range(each, 5)))
    if closed:
        record.decide(RoundClosing(round="ideas"), RoundClosed(round="ideas"))
        seal(record, "ideas")
    record.put(IdeaWithdrawn(idea="idea1", by="fan1"))
    if voted:
        _vote(record, opened(record, offered))
    if voted and sealed:
        seal(record, "final")
    return record


def a_listed_record(plan: RoundPlan, options: Sequence[str]) -> Record:
    """Return the record of a round that opened with these options, whatever its *plan* lists."""
    record = Record()
    record.decide(founded(), hosted(), stream="site")
    record.decide(published(), planned(plan))
    record.decide(RoundOpened(terms=terms_for(plan, options=tuple(options))))
    return record


def opened(record: Record, offered: Sequence[str], read_to: int | None = None) -> RoundTerms:
    """Open the final round with these options, read from the whole record unless said otherwise, and return its terms."""
    options = tuple(Option(id=each, label=text(each), version=1) for each in offered)
    terms = RoundTerms(campaign="flavour", round="final", plan=VOTING, options=options, partitions=(1, 2, 3))
    record.decide(RoundOpened(terms=terms, read_to=record.heads[0] if read_to is None else read_to))
    return terms


def _vote(record: Record, terms: RoundTerms) -> None:
    choices = [(f"fan{fan}", "idea0" if fan % 3 else "idea2") for fan in range(9)]
    cast(record, [a_ballot(terms, fan, idea, number=number) for fan, idea in choices for number in (1, 2)], terms)
    record.decide(RoundClosing(round=terms.round))
    for partition in terms.partitions:
        record.put(a_marker(terms), partition=partition)
    cast(record, [a_ballot(terms, "late", "idea2")], terms)
    record.decide(RoundClosed(round=terms.round))


def cast(record: Record, ballots: Iterable[BallotCast], terms: RoundTerms) -> None:
    """Append ballots as a group commit does: one entry a partition."""
    lanes: dict[int, list[BallotCast]] = defaultdict(list)
    for each in ballots:
        lanes[slot(each.voter, terms.partitions)].append(each)
    for partition, found in sorted(lanes.items()):
        record.put(*found, partition=partition)


def seal(record: Record, round_id: str) -> None:
    """Seal a closed round with the report of this moment."""
    report = recounted(record.written).round_report(round_id)
    record.decide(RoundSealed(round=round_id, moment=report.moment, report=report_digest(report)))


Change = Callable[[str, bytes], bytes]
"""Given a member's name and bytes, returns the bytes to write in their place."""


def as_it_is(name: str, member: bytes) -> bytes:
    """Change nothing."""
    del name
    return member


def write_archive(
    path: Path,
    written: Sequence[StoredEntry],
    *,
    partitions: int = 4,
    stored: Sequence[StoredEntry] | None = None,
    change: Change = as_it_is,
    moment: Moment | None = None,
    texts: Sequence[StoredText] = (StoredText(text_hash(SALT, TITLE), SALT.hex(), TITLE),),
    signed: Sequence[tuple[str, bytes, int]] = (),
) -> Path:
    """
    Write an archive as a site would whose published reports follow from *written*.

    Args:
        stored: the entries that the archive holds, where somebody altered them after the reports were published.
        moment: the one that the manifest tells, where it is not that of *written*.
        change: what somebody did to a member before the manifest was made over it.
        signed: members that the notary signed: name, bytes and count.
    """
    fold = recounted(written, partitions)
    with whole_file(path) as stream:
        writer = Writer(stream)
        writer.add(README, b"An archive for a test.\n")
        reports = tuple(_put_reports(writer, written, fold, change))
        for partition in range(partitions):
            _put_entries(writer, [each for each in (stored or written) if each.partition == partition], change)
        for name, member, count in signed:
            writer.add(name, change(name, member), count)
        if texts:
            writer.add(texts_member(0), change(texts_member(0), b"".join(map(line, texts))), len(texts))
        writer.finish(_manifest(moment or fold.moment, len(texts), reports))
    return path


def _manifest(moment: Moment, texts: int, reports: tuple[Published, ...]) -> Manifest:
    return Manifest(
        site=SITE,
        simulation=False,
        moment=moment,
        fanfare="0.1.0",
        created_at="2026-11-11T13:00:00Z",
        texts=texts,
        reports=reports,
    )


def _put_reports(writer: Writer, written: Sequence[StoredEntry], fold: Recount, change: Change) -> Iterator[Published]:
    course = Course()
    for each in written:
        if each.partition == 0:
            course.apply(unpack(0, each.offset, each.body))
    for address in course.addresses():
        report = fold.round_report(address.id) if address.kind == "rounds" else fold.campaign_report(address.id)
        member = change(address.member, encoded(report))
        writer.add(address.member, member)
        yield Published(address.member, f"{SITE}{address.path}", _moment(member) or report.moment)


def _put_entries(writer: Writer, lane: Sequence[StoredEntry], change: Change) -> None:
    for first in range(0, len(lane), 5):
        some = lane[first : first + 5]
        name = record_member(some[0].partition, first)
        writer.add(name, change(name, b"".join(framed(each.offset, each.body) for each in some)), len(some))


class _Dated(msgspec.Struct):
    moment: Moment


def _moment(member: bytes) -> Moment | None:
    try:
        return msgspec.json.decode(member, type=_Dated).moment
    except msgspec.MsgspecError:
        return None


def failed(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the claims of an archive that do not hold, with their differences."""
    return {each.name: each.differences for each in outcome_of(path).claims if not each.passed}


def outcome_of(path: Path) -> Outcome:
    """Replay an archive that can be checked."""
    outcome = replay(path)
    assert outcome.unchecked == ""
    return outcome


def with_choice(written: Sequence[StoredEntry], voter: str, option: str) -> list[StoredEntry]:
    """Return the record with every ballot of a voter changed to another option, as by an update in the database."""
    return [msgspec.structs.replace(each, body=_with_choice(each, token(voter), option)) for each in written]


def _with_choice(stored: StoredEntry, voter: str, option: str) -> bytes:
    events = [each for each in unpack(stored.partition, stored.offset, stored.body).events if isinstance(each, Recorded)]
    if not any(isinstance(each.event, BallotCast) and each.event.voter == voter for each in events):
        return stored.body
    return body(*(_chosen(each, option) if getattr(each.event, "voter", "") == voter else each for each in events))


def _chosen(ballot: Recorded, option: str) -> Recorded:
    assert isinstance(ballot.event, BallotCast)
    choice = msgspec.structs.replace(ballot.event.choice, options=(option,))
    return msgspec.structs.replace(ballot, event=msgspec.structs.replace(ballot.event, choice=choice))
