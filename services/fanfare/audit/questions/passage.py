"""What is asked of an archive beside a replay: the record on its way from moment to moment, and what became of each ballot."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from fanfare.audit.archives.archive import Archive, ArchiveUnreadable
from fanfare.audit.archives.bundles import Broken
from fanfare.audit.claims import Progress
from fanfare.record.ballots import BallotCast
from fanfare.record.campaigns import Round
from fanfare.record.decisions import Streams
from fanfare.record.entry import Entry, UnknownEvent, unpack
from fanfare.record.envelope import Recorded
from fanfare.record.ideas import IdeaSupported, SupportWithdrawn
from fanfare.record.kinds import Event
from fanfare.record.position import Moment, Position
from fanfare.reports.boxes import BallotBox, Fate
from fanfare.reports.community import SupportBox
from fanfare.reports.recount import Recount

Press = IdeaSupported | SupportWithdrawn


class CannotAnswer(Exception):
    """The archive cannot be read, or what was asked has no answer in it."""


@contextmanager
def opened(path: Path, progress: Progress) -> Iterator[Archive]:
    """
    Open the archive at *path* to ask something of it.

    Raises:
        CannotAnswer: it cannot be read, or not by this version; with a sentence that says why.
    """
    try:
        with path.open("rb") as stream:
            yield _whole(Archive(stream, progress))
    except (ArchiveUnreadable, Broken, UnknownEvent) as error:
        raise CannotAnswer(f"{path.name}: {error}") from error
    except OSError as error:
        raise CannotAnswer(f"{path.name}: {error.strerror}") from error


def _whole(archive: Archive) -> Archive:
    if archive.damage:
        raise Broken(archive.damage[0])
    return archive


def within(moment: Moment, end: Moment) -> bool:
    """Tell whether a record that ends at *end* holds *moment*; one may know of fewer partitions."""
    return 0 < len(moment) <= len(end) and all(0 <= held <= head for held, head in zip(moment, end, strict=False))


class Passage:
    """The record of an archive, entry by entry up to a moment and then on to a later one. Mutable; only goes forward."""

    def __init__(self, archive: Archive, progress: Progress) -> None:
        """Start at the beginning of the record."""
        self.end = archive.manifest.moment
        self._next = [0] * len(self.end)
        self._entries = [archive.entries(partition) for partition in range(len(self.end))]
        self._progress = progress

    @property
    def moment(self) -> Moment:
        """How far it has come."""
        return tuple(self._next)

    def to(self, moment: Moment) -> Iterator[Entry]:
        """
        Yield what lies before *moment*, partition 0 first: terms come before the ballots that carry their hash.

        Raises:
            Broken: the record of the archive is shorter, or damaged.
            UnknownEvent: it holds an event that this version does not know.
        """
        for partition, stop in enumerate(moment):
            for offset, body in islice(self._entries[partition], stop - self._next[partition]):
                self._next[partition] += 1
                if offset % 100 == 0:
                    self._progress("counting again", sum(self._next), sum(self.end))
                yield unpack(partition, offset, body)
            if self._next[partition] != stop:
                message = f"partition {partition} ends at {self._next[partition]}; the manifest says {stop}"
                raise Broken(message)


def decisions(archive: Archive, until: int | None = None) -> Streams:
    """Fold the decisions alone, up to an offset of partition 0. What may hide one behind an escape is read too."""
    streams = Streams()
    for offset, body in archive.entries(0):
        if offset == until:
            break
        streams.apply(unpack(0, offset, body) if b'"after"' in body or b"\\" in body else Entry(0, offset, ()))
    return streams


def titles(archive: Archive, found: Round | None) -> dict[str, str]:
    """Return the titles of the options of a round, as far as the archive has their texts."""
    wanted = {option.label: option.id for option in found.terms.options} if found and found.terms else {}
    return {wanted[each.hash]: each.text for each in archive.texts() if each.hash in wanted and each.matches()} if wanted else {}


class LeftOut(Event, frozen=True):
    """Stands in memory where a ballot was left out, so that what is behind it keeps its place. It is never in a record."""

    wire: ClassVar[str] = ""


def without(entry: Entry, left_out: Iterable[int]) -> Entry:
    """Return the entry without the events at these places in it."""
    events: list[Any] = list(entry.events)
    for index in left_out:
        events[index] = msgspec.structs.replace(events[index], event=LeftOut())
    return Entry(entry.partition, entry.offset, tuple(events))


class Followed(msgspec.Struct, gc=False):
    """A ballot, or a press of the support button, and what became of it up to now."""

    position: Position
    type: str
    options: tuple[str, ...]
    """What it chose; the idea, in a round of ideas."""
    minute: str
    fate: Fate
    instead_of: Position | None = None
    """The ballot of the same voter that it replaced as it came."""


class _Ballots(BallotBox):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[BallotCast | Press, str, Fate | None]] = []

    def cast(self, partition: int, minute: str, ballot: BallotCast) -> Fate | None:
        fate = super().cast(partition, minute, ballot)
        self.heard.append((ballot, minute, fate))
        return fate


class _Support(SupportBox):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[BallotCast | Press, str, Fate | None]] = []

    def press(self, minute: str, event: Press, *, valid: bool) -> Fate:
        fate = super().press(minute, event, valid=valid)
        self.heard.append((event, minute, fate))
        return fate


class Following:
    """Follows each ballot of a round while a recount, which counts them, is fed. Mutable; takes each entry after that did."""

    def __init__(self, recount: Recount, found: Round) -> None:
        """Follow the ballots of *found*, a round as it is going to be; before its first ballot."""
        self.box = _Support() if found.plan.method == "support.v1" else _Ballots()
        recount.watch(found, self.box)
        self.others: list[Followed] = []
        """Those that do not count, in the order in which that came out."""
        self._counting: dict[object, Followed] = {}
        self._waiting: dict[int, Position] = {}

    def take(self, entry: Entry) -> None:
        """Hear what became of the ballots of an entry that the fold has just taken in, and of those that waited for it."""
        if not self.box.heard:
            return
        heard, self.box.heard = self.box.heard, []
        places = {id(each.event): index for index, each in enumerate(entry.events) if isinstance(each, Recorded)}
        for event, minute, fate in heard:
            index = places.get(id(event))
            at = self._waiting.pop(id(event)) if index is None else Position(entry.partition, entry.offset, index)
            if fate is None:
                self._waiting[id(event)] = at  # the box holds the event meanwhile, so that no other gets its id
            else:
                self._became(event, Followed(at, event.wire, _options(event), minute, fate))

    def _became(self, event: BallotCast | Press, ballot: Followed) -> None:
        if ballot.fate not in ("counted", "taken back"):
            self.others.append(ballot)
            return
        voter = bytes.fromhex(event.voter) if isinstance(event, BallotCast) else (event.idea, event.by)
        before = self._counting.get(voter)
        if before is not None:
            before.fate = "replaced"
            ballot.instead_of = before.position
            self.others.append(before)
        self._counting[voter] = ballot

    def ballots(self) -> Iterator[Followed]:
        """Yield each ballot once, in no order."""
        yield from self._counting.values()
        yield from self.others


def _options(event: BallotCast | Press) -> tuple[str, ...]:
    return event.choice.options if isinstance(event, BallotCast) else (event.idea,)
