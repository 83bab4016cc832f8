"""
The desk's papers, raised to the numbers in the record.

They fall behind it in one case only: the tail of a record was put back beside a vault that is older than the tail. A paper with a
number that is in the record already would be acknowledged and not count: it is mended in the transaction that puts the tail back.
"""

from collections.abc import Iterator
from typing import LiteralString

import msgspec
import psycopg

from fanfare.audit.claims import Progress
from fanfare.community.decide import turns_of_week
from fanfare.operations.held import Held, pages
from fanfare.recognition.service import STANDINGS
from fanfare.record.ballots import BallotCast
from fanfare.record.decisions import Streams
from fanfare.record.draws import DrawEntered, DrawLeft
from fanfare.record.entry import Entry
from fanfare.record.envelope import Recorded
from fanfare.record.ideas import IdeaSupported, SupportWithdrawn
from fanfare.record.members import MemberErased, MemberJoined
from fanfare.record.position import Moment
from fanfare.record.recognition import KudosGiven, StandingsJoined, StandingsLeft

HEARD: LiteralString = """
    create temporary table heard (
        round text collate "C", voter text collate "C", number integer, event_id text collate "C") on commit drop
"""
COPY: LiteralString = "copy heard (round, voter, number, event_id) from stdin"
RAISE: LiteralString = """
    insert into desk.papers (round, voter, number, event_id, key_hash)
    select distinct on (round, voter) round, voter, number, event_id, ''::bytea from heard order by round, voter, number desc
    on conflict (round, voter) do update set number = excluded.number, event_id = excluded.event_id, key_hash = excluded.key_hash
     where papers.number < excluded.number
"""
UNKEYED: LiteralString = """
    select id from unnest(%s::text[]) as rounds (id)
     where exists (select from heard where heard.round = rounds.id)
       and not exists (select from vault.round_keys where round_keys.round = rounds.id)
     order by id
"""
STRANGERS: LiteralString = """
    select count(*) from unnest(%s::text[]) as joined (id)
     where not exists (select from vault.members where members.id = joined.id)
"""


class Healed(msgspec.Struct, frozen=True):
    """What was found behind the record."""

    raised: int = 0
    unkeyed: tuple[str, ...] = ()
    """Rounds with ballots whose key is lost: the tokens of their voters cannot be made again."""
    strangers: int = 0
    """Members of whom the vault knows nothing: they have to join again."""


def heal(connection: psycopg.Connection, record: Held, heads: Moment, progress: Progress) -> Healed:
    """Raise each paper to the highest number of its voter in the record up to *heads*, in the connection's transaction."""
    connection.execute(HEARD)
    course = _Course()
    for partition, head in enumerate(heads):
        for page in pages(record, partition, 0, head):
            rows = [row for entry in page for row in course.numbered(entry)]
            with connection.cursor().copy(COPY) as copy:
                for row in rows:
                    copy.write_row(row)
            progress(f"comparing the papers, partition {partition}", page[-1].offset + 1, head)
    raised = connection.execute(RAISE).rowcount
    unkeyed = connection.execute(UNKEYED, (sorted(course.rounds().values()),)).fetchall()
    strangers = connection.execute(STRANGERS, (sorted(course.members),)).fetchone()
    return Healed(raised, tuple(row[0] for row in unkeyed), strangers[0] if strangers else 0)


class _Course:
    """What is needed of the record to know whose numbers they are. Mutable; partition 0 is told first."""

    def __init__(self) -> None:
        self.members: set[str] = set()
        self._streams = Streams()
        self._kudos: dict[tuple[str, str], dict[str, int]] = {}
        """The number of each event, by giver and week."""

    def rounds(self) -> dict[str, str]:
        """Return each round that was opened, by the hash of its terms."""
        every = (each for campaign in self._streams.campaigns.values() for each in campaign.rounds)
        return {each.terms_hash: each.id for each in every if each.terms_hash}

    def numbered(self, entry: Entry) -> Iterator[tuple[str, str, int, str]]:
        """Take in an entry, and yield round, voter, number and event id of each ballot and press in it."""
        rounds = self.rounds() if entry.partition else {}
        if entry.partition == 0:
            self._streams.apply(entry)
        for _, recorded in entry.positioned():
            match recorded.event:
                case BallotCast(terms=terms, voter=voter, number=number) if terms in rounds:
                    yield rounds[terms], voter, number, recorded.id
                case IdeaSupported(idea=idea, by=by, number=number) | SupportWithdrawn(idea=idea, by=by, number=number):
                    yield idea, by, number, recorded.id
                case DrawEntered(draw=draw, member=member, turn=turn) | DrawLeft(draw=draw, member=member, turn=turn):
                    yield draw, member, turn, recorded.id
                case StandingsLeft(member=member, turn=turn) | StandingsJoined(member=member, turn=turn):
                    yield STANDINGS, member, turn, recorded.id
                case KudosGiven(by=by):
                    yield self._kudos_numbered(recorded, by)
                case MemberJoined(member=member):
                    self.members.add(member)
                case MemberErased(member=member):
                    self.members.discard(member)
                case _:
                    pass

    def _kudos_numbered(self, recorded: Recorded, by: str) -> tuple[str, str, int, str]:
        """Return which of her week they are; the record does not say it, and what was appended twice is one."""
        week = turns_of_week(recorded.time)
        hers = self._kudos.setdefault((week, by), {})
        return week, by, hers.setdefault(recorded.id, len(hers) + 1), recorded.id
