"""An archive of as many ballots as are asked for, as a site would export it whose figures are right; nobody has to cast them."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache, partial
from pathlib import Path

import msgspec

from fanfare.audit.archives.archive import README, Manifest, Published, Writer
from fanfare.audit.archives.bundles import (
    SIGNED_MANIFEST,
    Gathering,
    checkpoint_member,
    framed,
    history_member,
    record_member,
)
from fanfare.audit.checks.course import Address
from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.hashing import leaf_hash
from fanfare.ledger.notes import Note
from fanfare.ledger.ranges import CompactRange
from fanfare.notary.publishing import manifest
from fanfare.platform.durable import whole_file
from fanfare.record.ballots import BallotCast, Chosen
from fanfare.record.campaigns import Round, RoundClosed, RoundClosing, RoundOpened, RoundSealed
from fanfare.record.entry import MOST_BYTES, pack, unpack
from fanfare.record.envelope import Recorded, encode
from fanfare.record.kinds import Event
from fanfare.record.members import MemberJoined, TookPart
from fanfare.record.notary import STREAM, origin
from fanfare.record.position import Moment
from fanfare.record.terms import RoundTerms, hash_terms, slot
from fanfare.reports.recount import Recount
from fanfare.reports.report import (
    Ballots,
    Figures,
    RoundLine,
    RoundReport,
    Turnout,
    encoded,
    report_digest,
    round_cut,
    round_report,
)
from tests.bench.filling import IN_ENTRY
from tests.builders import NOON, SITE, a_marker, a_plan, founded, hosted, planned, published, recorded, terms_for
from tests.unit.audit.signed_archives import NAMES, added, fresh

PARTITIONS = 4
A_MINUTE = 20_000
"""Ballots come at this rate."""
A_CHECKPOINT = 500
"""After so many entries one is kept, for each partition."""
AGAIN = 10
"""Of so many ballots the last is one with which the voter before it changes her mind."""


class Cast(msgspec.Struct):
    """What came of the ballots of a round, known because they were made so."""

    votes: Counter[str] = msgspec.field(default_factory=Counter)
    turnout: Counter[str] = msgspec.field(default_factory=Counter)
    received: int = 0
    replaced: int = 0


class _Record:
    """A record that goes straight into an archive, of which nothing but its decisions is kept. Mutable."""

    def __init__(self, writer: Writer) -> None:
        self.heads = [0] * PARTITIONS
        self.fold = Recount(PARTITIONS)
        """Partition 0 alone."""
        self._writer = writer
        self._bundles = [Gathering() for _ in range(PARTITIONS)]
        self._decided: Counter[str] = Counter()
        self._keys = {name: fresh(name) for name in NAMES}
        self._trees = [CompactRange() for _ in range(PARTITIONS)]
        self._notes: list[list[tuple[int, bytes]]] = [[] for _ in range(PARTITIONS)]

    def name_keys(self) -> None:
        """Name the notary's keys in the record, its own first."""
        own, *others = self._keys.values()
        self.decide(added(own), *(added(each, own) for each in others), stream=STREAM)

    def append(self, partition: int, body: bytes) -> None:
        assert len(body) <= MOST_BYTES
        if partition == 0:
            self.fold.apply(unpack(0, self.heads[0], body))
        if self._bundles[partition].add(framed(self.heads[partition], body)):
            self._writer.add_bundle(partial(record_member, partition), self._bundles[partition])
        self.heads[partition] += 1
        self._trees[partition].extend((leaf_hash(body),))
        if self.heads[partition] % A_CHECKPOINT == 0:
            self._sign(partition)

    def _sign(self, partition: int) -> None:
        tree, name = self._trees[partition], origin(SITE, partition)
        note = Note(Checkpoint(name, tree.size, tree.root()).text).signed(self._keys[name])
        self._notes[partition].append((tree.size, bytes(note)))

    def publish(self) -> None:
        """Write what the notary signed: all of each partition, all that was kept of it, and the manifest."""
        for partition, kept in enumerate(self._notes):
            self._sign(partition)
            self._writer.add(checkpoint_member(partition), kept[-1][1])
            self._writer.add(history_member(partition), b"".join(framed(*each) for each in kept), len(kept))
        newest = [kept[-1][1] for kept in self._notes]
        self._writer.add(SIGNED_MANIFEST, manifest(SITE, newest, self.fold.streams.notary, [self._keys[NAMES[0]]]))

    def decide(self, *events: Event, stream: str = "flavour") -> None:
        after = self._decided[stream]
        self._decided[stream] += 1
        self.append(0, pack([encode(recorded(each, stream=stream, after=after)) for each in events]))

    def finish(self) -> None:
        for partition, bundle in enumerate(self._bundles):
            self._writer.add_bundle(partial(record_member, partition), bundle)


@lru_cache(maxsize=1024)
def _mold(terms: str, round_id: str, option: str, number: int, minute: int) -> list[bytes]:
    """Return what stands before, between and behind the voter and the id of an encoded ballot."""
    voter, event_id = "a" * 32, "b" * 32
    event = BallotCast(
        terms=terms, voter=voter, number=number, choice=Chosen(options=(option,)), channel="web", admission="member"
    )
    at = NOON + timedelta(minutes=minute)
    made = encode(Recorded(id=event_id, source=SITE, subject=round_id, time=at, event=event))
    head, rest = made.split(voter.encode())
    return [head, *rest.split(event_id.encode())]


def _ballots(terms: RoundTerms, count: int, cast: Cast) -> Iterator[tuple[int, bytes]]:
    """Yield encoded ballots with the partition that each goes to, and note what comes of them."""
    options, terms_hash = [option.id for option in terms.options], hash_terms(terms)
    voter = last = ""
    for n in range(count):
        again, minute = n % AGAIN == AGAIN - 1, n // A_MINUTE
        drawn = hashlib.sha256(f"{terms.round} {n}".encode()).hexdigest()
        voter, option = voter if again else drawn[:32], options[int(drawn[-2:], 16) % len(options)]
        cast.turnout[(NOON + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:00Z")] += 1
        cast.received += 1
        cast.votes[option] += 1
        if again:
            cast.replaced += 1
            cast.votes[last] -= 1
        last = option
        head, middle, tail = _mold(terms_hash, terms.round, option, 2 if again else 1, minute)
        yield slot(voter, terms.partitions), b"".join((head, voter.encode(), middle, drawn[32:].encode(), tail))


def _vote(record: _Record, terms: RoundTerms, count: int, in_entry: int) -> Cast:
    """Append the ballots of a round as group commits."""
    cast, waiting = Cast(), {each: list[bytes]() for each in terms.partitions}
    for partition, ballot in _ballots(terms, count, cast):
        waiting[partition].append(ballot)
        if len(waiting[partition]) == in_entry:
            record.append(partition, pack(waiting[partition]))
            waiting[partition].clear()
    for partition, left in waiting.items():
        if left:
            record.append(partition, pack(left))
    return cast


def _figures(record: _Record, found: Round, cast: Cast) -> Figures:
    counted = cast.received - cast.replaced
    return msgspec.structs.replace(
        record.fold.figures(found),
        ballots=Ballots(received=cast.received, counted=counted, replaced=cast.replaced),
        turnout=tuple(Turnout(*each) for each in sorted(cast.turnout.items())),
        votes=dict(cast.votes),
    )


def _report(record: _Record, round_id: str, cast: Cast) -> RoundReport:
    found = record.fold.streams.round(round_id)
    assert found is not None
    return round_report(record.fold.origin(), *found, _figures(record, found[1], cast), tuple(record.heads))


def _many(record: _Record, events: Iterator[Event]) -> None:
    """Append uncontested events to partition 0, so many to an entry."""
    waiting = list[bytes]()
    for each in events:
        waiting.append(encode(recorded(each)))
        if len(waiting) == IN_ENTRY:
            record.append(0, pack(waiting))
            waiting.clear()
    if waiting:
        record.append(0, pack(waiting))


def _hold(record: _Record, terms: RoundTerms, ballots: int, in_entry: int, *, credited: int) -> Cast:
    """Open a round, have it voted in, close it, credit so many members, and seal it."""
    name = terms.round
    record.decide(RoundOpened(terms=terms, moment=tuple(record.heads)))
    cast = _vote(record, terms, ballots, in_entry)
    record.decide(RoundClosing(round=name))
    for partition in terms.partitions:
        record.append(partition, pack([encode(recorded(a_marker(terms)))]))
    record.decide(RoundClosed(round=name))
    _many(record, (TookPart(member=f"m{each:07}", round=name) for each in range(credited)))
    sealed = _report(record, name, cast)
    record.decide(RoundSealed(round=name, moment=sealed.moment, report=report_digest(sealed)))
    return cast


def write_ballots(path: Path, rounds: int, ballots: int, *, credited: bool = False, in_entry: int = IN_ENTRY) -> Moment:
    """
    Write an archive with *rounds* that were sealed one after the other, of so many *ballots* each, and return its moment.

    Nine of ten ballots are of voters of their own, and as many members joined before. All tokens differ from round to round.

    Args:
        credited: whether each voter is credited for having taken part: as many more events in partition 0.
    """
    plan, cast = a_plan(*"abcdef", advance=2), dict[str, Cast]()
    names = [f"round{each}" for each in range(rounds)]
    with whole_file(path) as stream:
        writer = Writer(stream)
        writer.add(README, b"An archive for a bench.\n")
        record = _Record(writer)
        record.decide(founded(PARTITIONS), hosted(), stream="site")
        record.name_keys()
        record.decide(published(), *(planned(plan, each) for each in names))
        voters = ballots - ballots // AGAIN
        _many(record, (MemberJoined(member=f"m{each:07}") for each in range(voters)))
        for name in names:
            terms = msgspec.structs.replace(terms_for(plan), round=name)
            cast[name] = _hold(record, terms, ballots, in_entry, credited=voters if credited else 0)
        record.finish()
        record.publish()
        reports = tuple(_reports(writer, record, cast))
        writer.finish(
            Manifest(
                site=SITE,
                simulation=False,
                moment=tuple(record.heads),
                fanfare="0.1.0",
                created_at="2026-11-11T13:00:00Z",
                texts=0,
                reports=reports,
            )
        )
    return tuple(record.heads)


def _reports(writer: Writer, record: _Record, cast: dict[str, Cast]) -> Iterator[Published]:
    moment, lines = tuple(record.heads), []
    for name, each in cast.items():
        found = record.fold.streams.round(name)
        assert found is not None
        figures = _figures(record, found[1], each)
        advanced = round_cut(found[1], figures).advanced
        sealed = found[1].sealed.report if found[1].sealed else None
        lines.append(RoundLine(name, found[1].status, figures.ballots, advanced, sealed))
        yield _put(writer, Address("rounds", name), encoded(_report(record, name, each)), moment)
    campaign = msgspec.structs.replace(record.fold.campaign_report("flavour"), moment=moment, rounds=tuple(lines))
    yield _put(writer, Address("campaigns", "flavour"), encoded(campaign), moment)


def _put(writer: Writer, address: Address, body: bytes, moment: Moment) -> Published:
    writer.add(address.member, body)
    return Published(address.member, f"{SITE}{address.path}", moment)
