"""What must hold for every history: an audit that reads in stretches and piles finds what the pure fold finds, entry by entry."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fanfare.audit.archives.archive import Archive
from fanfare.audit.checks.fold import Fold, folding
from fanfare.audit.checks.stretches import Terms, read, stretches
from fanfare.audit.claims import silent
from fanfare.audit.questions.passage import decisions
from fanfare.ledger.hashing import leaf_hash
from fanfare.ledger.ranges import root_of
from fanfare.platform.logs.port import StoredEntry
from fanfare.record.ballots import BallotCast, BallotsClosed
from fanfare.record.entry import unpack
from fanfare.record.position import Moment
from fanfare.record.unreadable import Unreadable
from fanfare.reports.boxes import BallotBox
from fanfare.reports.piles import Kind, Pile, Piled
from fanfare.reports.recount import Recount
from fanfare.reports.report import Ballots, encoded
from tests.builders import a_ballot, a_plan, terms_for
from tests.histories import Teller, interleaved
from tests.unit.audit.archives import write_archive

SEEDS = st.integers(0, 2**32)
PARTITIONS = st.sampled_from((1, 4, 4, 8))


def a_chain(random: Random, end: Moment) -> list[Moment]:
    """Return moments that hold one another, up to the end; ballots may come to them before their terms."""
    chain, held = [end], end
    for _ in range(random.randint(0, 4)):
        held = tuple(random.randint(0, each) for each in held)
        chain.insert(0, held)
    return chain


def told_of(recount: Recount, told: Teller) -> dict[str, bytes]:
    """Return every report that there is at this moment, and how many tokens and channels there were."""
    found: dict[str, bytes] = {}
    for name in (*told.campaigns, *told.rounds):
        try:
            found[name] = encoded(recount.round_report(name) if name in told.rounds else recount.campaign_report(name))
        except LookupError as error:
            found[name] = str(error).encode()
    return found


def boxes_of(recount: Recount, told: Teller) -> list[object]:
    """Return what stands in the box of each round and in no report."""
    rounds = [found[1] for found in map(recount.streams.round, told.rounds) if found]
    return [(box.tokens(), box.channels, box.chosen()) for box in map(recount.box, rounds)]


def entry_by_entry(told: Teller, chain: list[Moment]) -> Iterator[Recount]:
    """Yield the pure fold at each moment; in between, partitions come in any order."""
    fold = Recount(told.partitions)
    for before, after in pairwise([(0,) * told.partitions, *chain]):
        some = [each for each in told.written if before[each.partition] <= each.offset < after[each.partition]]
        for each in interleaved(told.random, some):
            fold.apply(unpack(each.partition, each.offset, each.body))
        yield fold


def compare(told: Teller, archive: Archive, readers: int) -> None:
    """Compare both folds at every moment of a chain, and at its end what else there is to compare."""
    chain = a_chain(told.random, archive.manifest.moment)
    sizes = {each: range(head + 2) for each, head in enumerate(archive.manifest.moment)}
    with folding(archive, chain, decisions(archive), silent, sizes=sizes, readers=readers) as fold:
        for moment, plain in zip(chain, entry_by_entry(told, chain), strict=True):
            fold.advance(moment)

            assert fold.recount.moment == plain.moment == moment
            assert told_of(fold.recount, told) == told_of(plain, told)
            assert boxes_of(fold.recount, told) == boxes_of(plain, told)
    assert places(fold) == expected_places(told.written)
    assert fold.roots == {each: roots(told.written, each) for each in range(told.partitions)}


def places(fold: Fold) -> tuple[object, ...]:
    """Return the places that the fold notes beside the figures."""
    return fold.first_ballots, fold.markers, {(each.position, each.sha256) for each in fold.unreadable}


def expected_places(written: list[StoredEntry]) -> tuple[object, ...]:
    """Return the same, found one event at a time."""
    ballots, markers, unreadable = dict[tuple[str, int], int](), dict[tuple[str, int], int](), set[tuple[str, str]]()
    for stored in written:
        for at, each in unpack(stored.partition, stored.offset, stored.body).placed:
            if isinstance(each, Unreadable):
                unreadable.add((str(at), each.sha256))
            elif isinstance(each.event, BallotCast):
                ballots.setdefault((each.event.terms, at.partition), at.offset)
            elif isinstance(each.event, BallotsClosed):
                markers.setdefault((each.event.terms, at.partition), at.offset)
    return ballots, markers, unreadable


def roots(written: list[StoredEntry], partition: int) -> dict[int, bytes]:
    """Return the root of a partition at each of its sizes."""
    leaves = [leaf_hash(each.body) for each in written if each.partition == partition]
    return {size: root_of(leaves[:size]) for size in range(len(leaves) + 1)}


def archived(told: Teller, folder: str) -> Path:
    """Write the archive of a history, in bundles of five entries."""
    return write_archive(Path(folder) / "a.tar", told.written, partitions=told.partitions, texts=())


@settings(max_examples=60)
@given(SEEDS, PARTITIONS)
def test_an_audit_finds_what_the_pure_fold_finds_at_every_moment(seed: int, partitions: int) -> None:
    told = Teller(seed, partitions).tell()
    with TemporaryDirectory() as folder, archived(told, folder).open("rb") as stream:
        compare(told, Archive(stream, silent), readers=0)


@pytest.mark.parametrize("seed", [1, 2])
def test_it_does_not_matter_how_many_processes_read(seed: int, tmp_path: Path) -> None:
    told = Teller(seed, 4).tell()
    with archived(told, str(tmp_path)).open("rb") as stream:
        compare(told, Archive(stream, silent), readers=2)


def test_the_histories_come_in_piles_and_not_only_entry_by_entry() -> None:
    pieces: Counter[str] = Counter()
    for seed in range(10):
        told = Teller(seed, 4).tell()
        with TemporaryDirectory() as folder, archived(told, folder).open("rb") as stream:
            archive = Archive(stream, silent)
            terms = {each.terms_hash: each.terms for _, each in filter(None, map(told.streams.round, told.rounds)) if each.terms}
            for each in stretches(archive, [archive.manifest.moment]):
                found = read(stream, each, Terms(terms)).pieces if each.partition else ()
                pieces.update("pile" if isinstance(piece, Piled) else "entry" for piece in found)
                pieces["of several rounds"] += sum(isinstance(piece, Piled) and len(piece.piles) > 1 for piece in found)
                pieces["of several entries"] += sum(isinstance(piece, Piled) and piece.entries > 1 for piece in found)

    assert min(pieces.values()) > 20, pieces


TERMS = terms_for(a_plan("a", "b", "c"), partitions=(1,))
BALLOTS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(1, 7), st.sampled_from(("a", "b", "z")), st.sampled_from((0, 1))),
    max_size=60,
)


@settings(max_examples=300)
@given(BALLOTS, st.integers(0, 60), st.integers(0, 60), st.sampled_from((0, 1, 2, 7, 60)))
def test_of_each_voter_the_highest_number_in_time_counts_whether_ballots_come_in_piles_or_one_by_one(
    ballots: list[tuple[int, int, str, int]], admitted: int, closed: int, in_pile: int
) -> None:
    box = BallotBox()
    # A pile ends where the terms come or the marker stands: both are entries between those of ballots.
    starts = [each for each in range(61) if each in (0, admitted, closed) or (in_pile and each % in_pile == 0)]
    for start, stop in pairwise([*starts, 61]):
        if start == admitted:
            box.admit(TERMS)
        if start == closed:
            box.close(1)
        _put(box, ballots[start:stop], one_by_one=not in_pile)

    assert _account(box) == _by_definition(ballots, closed)


def _account(box: BallotBox) -> tuple[object, ...]:
    return box.ballots(), dict(box.turnout), {each.options[0]: times for each, times in box.chosen().items()}, box.tokens()


def _by_definition(ballots: list[tuple[int, int, str, int]], closed: int) -> tuple[object, ...]:
    """Return the account of a box, from all of its ballots at once."""
    first = {(fan, number): place for place, (fan, number, _, _) in reversed(list(enumerate(ballots)))}
    came = {place: ballots[place] for place in first.values()}
    void = {place for place, (_, _, option, _) in came.items() if option == "z"}
    late = {place for place in came if place >= closed} - void
    in_time = [came[place] for place in came if place not in void | late]
    highest = {fan: max(number for other, number, _, _ in in_time if other == fan) for fan, _, _, _ in in_time}
    chosen = Counter(option for fan, number, option, _ in in_time if highest[fan] == number)
    account = Ballots(len(came), len(highest), len(in_time) - len(highest), len(late), len(void))
    return account, Counter(_minute(minute) for *_, minute in came.values()), chosen, len({fan for fan, *_ in ballots})


def _minute(minute: int) -> str:
    return f"2026-11-11T12:0{minute}:00Z"


def _put(box: BallotBox, ballots: list[tuple[int, int, str, int]], *, one_by_one: bool) -> None:
    made = [(a_ballot(TERMS, f"fan{fan}", option, number=number), _minute(minute)) for fan, number, option, minute in ballots]
    if one_by_one:
        for ballot, minute in made:
            box.cast(1, minute, ballot)
        return
    kinds = [Kind(each.number, each.choice.options, minute, each.channel) for each, minute in made]
    which = {kind: place for place, kind in enumerate(dict.fromkeys(kinds))}
    tokens = bytes.fromhex("".join(each.voter for each, _ in made))
    box.take(1, Pile("", 0, tokens, tuple(which), b"".join(which[each].to_bytes(4, "little") for each in kinds)))
