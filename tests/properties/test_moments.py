"""What must hold for every history and any two moments of it: differences, their causes, and recounts."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from fanfare.audit.archives.archive import Archive
from fanfare.audit.claims import silent
from fanfare.audit.questions.as_of import as_of
from fanfare.audit.questions.between import Difference, between
from fanfare.audit.questions.differing import applied, listed, named
from fanfare.audit.questions.passage import CannotAnswer, opened, without
from fanfare.audit.questions.recounting import Asked, count_again
from fanfare.platform.logs.port import StoredEntry
from fanfare.record.ballots import BallotCast
from fanfare.record.entry import unpack
from fanfare.record.envelope import Recorded
from fanfare.record.ideas import IdeaRaised, IdeaSupported, SupportWithdrawn
from fanfare.record.position import Moment, Position
from fanfare.reports.recount import Recount
from fanfare.reports.report import Figures, encoded
from tests.histories import Teller
from tests.unit.audit.archives import write_archive

SEEDS = st.integers(0, 2**32)
PARTITIONS = st.sampled_from((1, 4))


def archived(told: Teller, folder: str) -> Path:
    """Write the archive of a history."""
    return write_archive(Path(folder) / "a.tar", told.written, partitions=told.partitions, texts=())


def two_moments(random: Random, end: Moment) -> tuple[Moment, Moment]:
    """Return any two moments of which the second holds the first."""
    after = tuple(random.randint(held // 2, held) for held in end)
    return tuple(random.randint(0, held) for held in after), after


def differences(told: Teller, archive: Archive) -> Iterator[Difference]:
    """Yield the difference of each report between two moments at both of which there was one."""
    for what in (*(f"round:{each}" for each in told.rounds), *(f"campaign:{each}" for each in told.campaigns)):
        try:
            yield between(archive, what, two_moments(told.random, archive.manifest.moment), None)
        except CannotAnswer:
            continue


def plain(archive: Archive, moment: Moment, what: str) -> bytes:
    """Return a report as of a moment."""
    (found,) = as_of(archive, moment, what)
    return encoded(found)


@settings(max_examples=10, deadline=None)
@given(SEEDS, PARTITIONS)
def test_a_difference_applied_to_the_earlier_report_gives_the_later_one(seed: int, partitions: int) -> None:
    told = Teller(seed, partitions).tell()
    with TemporaryDirectory() as folder, opened(archived(told, folder), silent) as archive:
        for found in differences(told, archive):
            before = named(msgspec.json.decode(plain(archive, found.before, found.what)))
            after = plain(archive, found.after, found.what)

            given_ = listed(applied(before, list(found.changes)))

            assert msgspec.json.encode(given_, order="sorted") == after


@settings(max_examples=10, deadline=None)
@given(SEEDS, PARTITIONS)
def test_what_is_not_named_as_a_cause_changed_no_figure(seed: int, partitions: int) -> None:
    told = Teller(seed, partitions).tell()
    with TemporaryDirectory() as folder, opened(archived(told, folder), silent) as archive:
        for found in differences(told, archive):
            after = msgspec.json.decode(plain(archive, found.after, found.what))
            fold = Recount(len(found.after))
            named_ = {each.position for each in found.causes}
            for stored in told.written:
                if stored.offset < found.after[stored.partition]:
                    entry = unpack(stored.partition, stored.offset, stored.body)
                    beyond = stored.offset >= found.before[stored.partition]
                    idle = [
                        index
                        for index, each in enumerate(entry.events)
                        if beyond and isinstance(each, Recorded) and str(Position(*_place(stored), index)) not in named_
                    ]
                    fold.apply(without(entry, idle))
            kind, _, name = found.what.partition(":")
            report = fold.round_report(name) if kind == "round" else fold.campaign_report(name)
            assert read(msgspec.json.decode(encoded(report))) == read(after)


def read(report: dict[str, Any]) -> dict[str, Any]:
    """Return a report without what cannot be read: which rounds that may be of follows from every name in the record."""
    for each in (report, *report.get("rounds", ())):
        unreadable = each.get("ballots", {}).pop("unreadable", 0)
        if unreadable:
            each["ballots"]["received"] -= unreadable
    report.pop("unreadable", None)
    return report


def _place(stored: StoredEntry) -> tuple[int, int]:
    return stored.partition, stored.offset


@settings(max_examples=10, deadline=None)
@given(SEEDS, PARTITIONS)
def test_a_recount_without_some_ballots_equals_the_count_of_a_record_that_never_had_them(seed: int, partitions: int) -> None:
    told = Teller(seed, partitions).tell()
    with TemporaryDirectory() as folder, opened(archived(told, folder), silent) as archive:
        for round_id in told.rounds:
            try:
                same = count_again(archive, round_id, Asked())
            except CannotAnswer:
                continue
            assert [(each.votes, each.rank) for each in same.ranking] == [
                (each.published_votes, each.published_rank) for each in same.ranking
            ]
            known = ballots_of(told, round_id, same.moment)
            chosen = frozenset(told.random.sample(known, min(3, len(known))))
            found = count_again(archive, round_id, Asked(ballots=chosen))
            assert found.left_out >= len(chosen)
            never = _never_had(told, same.moment, chosen)
            figures: Figures = never.figures(never.streams.round(round_id)[1])  # type: ignore[index]
            assert {each.option: each.votes for each in found.ranking} == {
                each: figures.votes.get(each, 0) for each in figures.options
            }
            assert found.ballots == figures.ballots


def ballots_of(told: Teller, round_id: str, moment: Moment) -> list[str]:
    """Return the ids of the ballots, or presses, of a round up to a moment."""
    terms = told.streams.round(round_id)[1].terms_hash  # type: ignore[index]
    found, of_round = set[str](), set[str]()
    for stored in told.written:
        for _, each in unpack(stored.partition, stored.offset, stored.body).positioned():
            event = each.event
            if isinstance(event, IdeaRaised) and event.round == round_id:
                of_round.add(event.idea)
            ours = (isinstance(event, BallotCast) and event.terms == terms) or getattr(event, "idea", "") in of_round
            if ours and isinstance(event, BallotCast | IdeaSupported | SupportWithdrawn) and _in(stored, moment):
                found.add(each.id)
    return sorted(found)


def _in(stored: StoredEntry, moment: Moment) -> bool:
    return stored.offset < moment[stored.partition]


def _never_had(told: Teller, moment: Moment, chosen: frozenset[str]) -> Recount:
    """Fold a history up to a moment in which some ballots never came; nothing else of an entry moves."""
    fold = Recount(len(moment))
    for stored in told.written:
        entry = unpack(stored.partition, stored.offset, stored.body)
        if stored.offset < moment[stored.partition]:
            kept = tuple(each for each in entry.events if not (isinstance(each, Recorded) and each.id in chosen))
            fold.apply(msgspec.structs.replace(entry, events=kept))
    return fold
