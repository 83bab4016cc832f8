"""The fold of an archive's record, stopped at each moment that something is claimed of."""

from collections.abc import Iterable
from itertools import islice

from fanfare.audit.archive import Archive
from fanfare.audit.bundles import Broken
from fanfare.audit.claims import Progress
from fanfare.audit.course import Course
from fanfare.record.ballots import BallotCast, BallotsClosed
from fanfare.record.campaigns import PassedOver
from fanfare.record.entry import Entry, unpack
from fanfare.record.position import Moment
from fanfare.record.unreadable import Unreadable
from fanfare.reports.recount import Recount


def chains(moments: Iterable[Moment]) -> list[list[Moment]]:
    """
    Sort *moments* into chains: within one, each moment holds the one before it, so that one fold passes through all.

    Moments of one site come one after the other. Only a site whose tables were filled again, or that got more partitions, or a
    forged archive needs a second chain.
    """
    found: list[list[Moment]] = []
    for moment in sorted(set(moments), key=lambda each: (len(each), sum(each), each)):
        for chain in found:
            if len(chain[-1]) == len(moment) and all(one <= other for one, other in zip(chain[-1], moment, strict=True)):
                chain.append(moment)
                break
        else:
            found.append([moment])
    return found


class Fold:
    """The record up to a moment. Mutable; only goes forward."""

    def __init__(self, archive: Archive, partitions: int, progress: Progress) -> None:
        """Start at the beginning of the first *partitions* of the record."""
        self.recount = Recount(partitions)
        self.course = Course()
        self.markers: dict[tuple[str, int], int] = {}
        """By terms and partition: the offset of the first marker."""
        self.first_ballots: dict[tuple[str, int], int] = {}
        """The same: the offset of the first ballot."""
        self.unreadable: dict[PassedOver, str] = {}
        """Why each event that counts for nothing cannot be read."""
        self._entries = [archive.entries(partition) for partition in range(partitions)]
        self._progress = progress
        self._of = sum(archive.manifest.moment)
        self._done = 0

    def advance(self, moment: Moment) -> None:
        """
        Fold up to *moment*. Partition 0 goes first: terms come before the ballots that carry their hash.

        Raises:
            Broken: the record of the archive is shorter, or damaged.
            UnknownEvent: it holds an event that this version does not know.
        """
        for partition, (stop, start) in enumerate(zip(moment, self.recount.moment, strict=True)):
            for offset, body in islice(self._entries[partition], stop - start):
                self._take(unpack(partition, offset, body))
            if self.recount.moment[partition] != stop:
                message = f"partition {partition} ends at {self.recount.moment[partition]}; the manifest says {stop}"
                raise Broken(message)

    def finish(self) -> None:
        """
        Make sure that nothing stands behind the last moment.

        Raises:
            Broken: the archive holds entries that its manifest does not count.
        """
        for partition, entries in enumerate(self._entries):
            if next(entries, None) is not None:
                raise Broken(
                    f"partition {partition} holds more entries than the {self.recount.moment[partition]} of the manifest"
                )

    def _take(self, entry: Entry) -> None:
        self.recount.apply(entry)
        if entry.partition == 0:
            self.course.apply(entry)
        for index, each in enumerate(entry.events):
            if isinstance(each, Unreadable):
                position = f"{entry.partition}:{entry.offset}:{index}"
                self.unreadable[PassedOver(position=position, sha256=each.sha256)] = each.why
            elif isinstance(each.event, BallotCast):
                self.first_ballots.setdefault((each.event.terms, entry.partition), entry.offset)
            elif isinstance(each.event, BallotsClosed) and each.decision is None:
                self.markers.setdefault((each.event.terms, entry.partition), entry.offset)
        self._done += 1
        if self._done % 100 == 0:
            self._progress("counting again", self._done, self._of)
