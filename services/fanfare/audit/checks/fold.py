"""The fold of an archive's record, stopped at each moment that something is claimed of."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager

from fanfare.audit.archives.archive import Archive
from fanfare.audit.checks.course import Course
from fanfare.audit.checks.leaves import Leaves
from fanfare.audit.checks.readers import readings
from fanfare.audit.checks.stretches import Read, Terms, stretches
from fanfare.audit.claims import Progress
from fanfare.record.ballots import BallotCast, BallotsClosed
from fanfare.record.campaigns import PassedOver
from fanfare.record.decisions import Streams
from fanfare.record.entry import Entry, unpack
from fanfare.record.position import Moment
from fanfare.record.terms import RoundTerms
from fanfare.record.unreadable import Unreadable
from fanfare.reports.piles import Piled
from fanfare.reports.recount import Recount

Sizes = Mapping[int, Iterable[int]]
"""By partition: at which sizes of its tree the root is wanted."""


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


@contextmanager
def folding(
    archive: Archive,
    chain: Sequence[Moment],
    decided: Streams,
    progress: Progress,
    *,
    sizes: Sizes | None = None,
    readers: int | None = None,
) -> Iterator["Fold"]:
    """
    Give a fold that can be advanced to each moment of *chain* in turn; each holds the one before it.

    Args:
        decided: every decision of the record: ballots are read before the fold has come to the opening of their round.
        sizes: where the roots of the trees are wanted; none, and no entry is hashed.
        readers: how many processes read; where it is not said, as fits the machine and the archive.

    Raises:
        Broken: the record of the archive is not as long as its manifest says, or is damaged.
        ReaderDied: a process that read was ended from outside.
    """
    planned = stretches(archive, chain)
    found = readings(archive.path, planned, Terms(terms_of(decided), leaves=sizes is not None), readers)
    with closing(found):
        yield Fold(len(chain[0]), found, progress, of=sum(chain[-1]), sizes=sizes)


def terms_of(decided: Streams) -> dict[str, RoundTerms]:
    """Return the terms of every round that has opened, by their hash."""
    rounds = (each for campaign in decided.campaigns.values() for each in campaign.rounds)
    return {each.terms_hash: each.terms for each in rounds if each.terms is not None}


class Fold:
    """The record up to a moment. Mutable; only goes forward."""

    def __init__(
        self, partitions: int, found: Iterator[Read], progress: Progress, *, of: int = 0, sizes: Sizes | None = None
    ) -> None:
        """Start at the beginning of the first *partitions* of the record, of which *found* brings what was read."""
        self.recount = Recount(partitions)
        self.course = Course()
        self.markers: dict[tuple[str, int], int] = {}
        """By terms and partition: the offset of the first marker."""
        self.first_ballots: dict[tuple[str, int], int] = {}
        """The same: the offset of the first ballot."""
        self.unreadable: dict[PassedOver, str] = {}
        """Why each event that counts for nothing cannot be read."""
        self._trees = {each: Leaves(sizes.get(each, ())) for each in range(partitions)} if sizes is not None else {}
        self._found, self._progress, self._of = found, progress, of

    @property
    def roots(self) -> dict[int, dict[int, bytes]]:
        """The root of each partition's tree, as far as the fold has come, at each size that was wanted; without sizes none."""
        return {partition: tree.finish() for partition, tree in self._trees.items()}

    def advance(self, moment: Moment) -> None:
        """
        Fold up to *moment*. Partition 0 goes first: terms come before the ballots that carry their hash.

        Raises:
            Broken: the record of the archive is damaged.
            UnknownEvent: it holds an event that this version does not know.
        """
        while self.recount.moment != moment:
            self._take(next(self._found))

    def _take(self, read: Read) -> None:
        if self._trees:
            self._trees[read.partition].take_hashes(read.leaves)
        for each in read.pieces:
            if isinstance(each, Piled):
                self._take_piled(each)
            else:
                self._take_entry(unpack(read.partition, each.offset, each.body))
        self._progress("counting again", sum(self.recount.moment), self._of)

    def _take_piled(self, piled: Piled) -> None:
        self.recount.take(piled)
        for each in piled.piles:
            self.first_ballots.setdefault((each.terms, piled.partition), each.offset)

    def _take_entry(self, entry: Entry) -> None:
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
