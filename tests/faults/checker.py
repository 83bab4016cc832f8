"""
What must hold after any fault, as pure functions over the client's history, the record and the read models.

Each returns its complaints, a sentence each; none is what we hope for. Each is tried on a planted bug in test_checker.py.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby

import msgspec

from fanfare.record.ballots import BallotCast, BallotsClosed
from fanfare.record.entry import Entry
from fanfare.record.ideas import CommentMade
from fanfare.record.position import Position
from tests.faults.credit import Credit, own_credit, recorded_credit, rules_in, wrong_awards
from tests.faults.history import Ballot, Count, Remarked, counted, own_count

MOST_COMPLAINTS = 5
CREATED = 201
Rows = list[tuple[object, ...]]


class Evidence(msgspec.Struct, frozen=True):
    """All that is looked at, of a site at rest."""

    history: Sequence[Ballot]
    entries: Sequence[Entry]
    """The whole record, by partition and offset."""
    rounds: Mapping[str, Mapping[str, Count]] = {}
    """Of each round the figures that the site gives, by where it gives them (leaderboard, report)."""
    tables: Mapping[str, Rows] = {}
    """The rows of each table of every projection, ordered."""
    replayed: Mapping[str, Rows] = {}
    """The same after a clean replay into a fresh database."""
    remarks: Sequence[Remarked] = ()
    members: Mapping[str, str] = {}
    """By the fan."""
    standings: Mapping[str, int] = {}
    """The points of each member as the site's lists of fans give them."""


def acknowledged_ballots_are_in_place(evidence: Evidence) -> list[str]:
    """Every ballot that was acknowledged stands at its position with its event id and the content that was sent."""
    found = {position: (recorded.id, recorded.event) for each in evidence.entries for position, recorded in each.positioned()}
    complaints = []
    for ballot in evidence.history:
        for done in ballot.told:
            if done.status != 200:
                continue
            event_id, event = found.get(Position.parse(done.position), ("", None))
            if not isinstance(event, BallotCast):
                complaints.append(f"{done.position}: acknowledged ({ballot.asked.key}) and not there")
            elif event_id != done.event_id or not _is(ballot, event):
                complaints.append(f"{done.position}: acknowledged ({ballot.asked.key}) and something else is there")
    return complaints


def every_vote_counts_once(evidence: Evidence) -> list[str]:
    """The client's own count, a count over the record, and every figure that the site gives are one and the same."""
    complaints = []
    for round_id, published in evidence.rounds.items():
        if unknown := [each.asked.key for each in evidence.history if each.asked.round == round_id and each.outcome == "unknown"]:
            complaints.append(f"{round_id}: {len(unknown)} ballots without a known outcome, {unknown[0]} first")
        mine = own_count(evidence.history, round_id)
        for name, count in {"the record": recount(evidence.entries, round_id), **published}.items():
            if count != mine:
                complaints.append(f"{round_id}: {name} has {count}, the client counted {mine}")
    return complaints


def nothing_is_there_that_nobody_sent(evidence: Evidence) -> list[str]:
    """Every ballot in the record is one of the history, and none that was refused at each try is in it."""
    sent = {_content(each.asked.voter, each.asked.number, each.asked.options): each for each in evidence.history}
    complaints = []
    for entry in evidence.entries:
        for position, recorded in entry.positioned():
            if isinstance(event := recorded.event, BallotCast):
                ballot = sent.get(_content(event.voter, event.number, event.choice.options))
                if ballot is None:
                    complaints.append(f"{position}: a ballot that nobody sent")
                elif ballot.outcome == "refused":
                    complaints.append(f"{position}: a ballot ({ballot.asked.key}) that was refused")
    return complaints


def offsets_have_no_gap(evidence: Evidence) -> list[str]:
    """The offsets of each partition run 0, 1, 2 and so on, and every event in them can be read."""
    complaints = []
    for partition, run in groupby(evidence.entries, key=lambda each: each.partition):
        for expected, entry in enumerate(run):
            if entry.offset != expected:
                complaints.append(f"partition {partition} has offset {entry.offset} where {expected} should be")
                break
            if len(entry.positioned()) != len(entry.events):
                complaints.append(f"partition {partition}, offset {entry.offset}: an event that cannot be read")
    return complaints


def read_models_equal_a_clean_replay(evidence: Evidence) -> list[str]:
    """Every table of every projection has the rows that a clean replay of the record gives it, in their order."""
    complaints = []
    for table in sorted(evidence.tables.keys() | evidence.replayed.keys()):
        here, clean = evidence.tables.get(table), evidence.replayed.get(table)
        if here != clean:
            odd = next((pair for pair in zip(here or [], clean or [], strict=False) if pair[0] != pair[1]), "a row too many")
            complaints.append(f"{table}: {len(here or [])} rows, {len(clean or [])} after a clean replay; first: {odd}")
    return complaints


def acknowledged_comments_are_in_place(evidence: Evidence) -> list[str]:
    """Every comment that was acknowledged stands at its position with its event id, by the fan who wrote it."""
    found = {str(position): recorded for each in evidence.entries for position, recorded in each.positioned()}
    complaints = []
    for each in evidence.remarks:
        there = found.get(each.position) if each.status == CREATED else None
        if each.status == CREATED and (there is None or there.id != each.event_id):
            complaints.append(f"{each.position}: a comment ({each.key}) was acknowledged and is not there")
        elif there and not (isinstance(event := there.event, CommentMade) and event.by == evidence.members.get(each.fan)):
            complaints.append(f"{each.position}: a comment ({each.key}) was acknowledged and something else is there")
    return complaints


def every_deed_is_awarded_once(evidence: Evidence) -> list[str]:
    """The awards are what a clean fold finds, and what fans hold is what their acknowledged deeds earned, wherever it is told."""
    complaints = wrong_awards(evidence.entries)
    if not rules_in(evidence.entries):
        return complaints
    mine = own_credit(evidence.history, evidence.remarks, evidence.rounds, evidence.members)
    theirs = recorded_credit(evidence.entries)
    for member in sorted(mine.keys() | theirs.keys()):
        if mine.get(member, Credit()) != theirs.get(member, Credit()):
            complaints.append(f"{member} holds {theirs.get(member)}, the client counted {mine.get(member)}")
    points = {member: each.points for member, each in mine.items() if each.points}
    sums = {str(row[1]): row[2] for row in evidence.tables.get("recognition.sums", ()) if row[0] == "" and row[2]}
    for name, told in (("the read model", sums), ("the standings", evidence.standings)):
        if told != points:
            odd = sorted({member for member, _ in told.items() ^ points.items()})[:MOST_COMPLAINTS]
            complaints.append(f"{name} and the client give other points to {', '.join(odd)}")
    return complaints


CHECKS = (
    acknowledged_ballots_are_in_place,
    every_vote_counts_once,
    nothing_is_there_that_nobody_sent,
    offsets_have_no_gap,
    read_models_equal_a_clean_replay,
    acknowledged_comments_are_in_place,
    every_deed_is_awarded_once,
)


def complaints(evidence: Evidence) -> dict[str, list[str]]:
    """Return what each check complains of; empty where all is well."""
    found = {check.__name__: check(evidence)[:MOST_COMPLAINTS] for check in CHECKS}
    return {name: each for name, each in found.items() if each}


def recount(entries: Sequence[Entry], round_id: str) -> Count:
    """Count a round from the record: the highest number of a voter before her partition's first marker, of equals the first."""
    closed: set[tuple[int, str]] = set()
    latest: dict[str, BallotCast] = {}
    for entry in entries:
        for position, recorded in entry.positioned():
            event = recorded.event
            if recorded.subject != round_id or not isinstance(event, BallotCast | BallotsClosed):
                continue
            if isinstance(event, BallotsClosed):
                closed.add((position.partition, event.terms))
            elif (position.partition, event.terms) not in closed:
                before = latest.get(event.voter)
                if before is None or event.number > before.number:
                    latest[event.voter] = event
    return counted(each.choice.options for each in latest.values())


def _content(voter: str, number: int, options: Sequence[str]) -> tuple[str, int, tuple[str, ...]]:
    return voter, number, tuple(sorted(options))


def _is(ballot: Ballot, event: BallotCast) -> bool:
    asked = ballot.asked
    return _content(asked.voter, asked.number, asked.options) == _content(event.voter, event.number, event.choice.options)
