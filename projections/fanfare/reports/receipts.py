"""Receipts: what became of one ballot, and what counts for one voter now."""

import msgspec
from psycopg import AsyncConnection

from fanfare.record.position import Position


class BallotFound(msgspec.Struct, frozen=True):
    """A ballot in the record. Its choice is not told, so no receipt can sell a vote."""

    event_id: str
    position: Position
    terms: str
    voter: str
    number: int
    late: bool
    replaced: bool
    """A ballot of hers with a higher number counts instead."""
    void: bool
    """It cannot count: astray, or not a choice of this round."""

    @property
    def state(self) -> str:
        """Return late, void, replaced or counted."""
        if self.late:
            return "late"
        if self.void:
            return "void"
        return "replaced" if self.replaced else "counted"


async def find(connection: AsyncConnection, event_id: str) -> BallotFound | None:
    """Return the ballot of that id; none where no such ballot was read yet."""
    query = """
        select ballots.partition, ballots."offset", ballots.index, ballots.terms, ballots.voter, ballots.number,
               coalesce((ballots."offset", ballots.index) > (markers."offset", markers.index), false), coalesce(choices.number, 0)
          from counted.ballots left join counted.markers using (terms, partition)
          left join standings.choices on choices.terms = ballots.terms and choices.voter = ballots.voter
         where event_id = %s limit 1
    """
    row = await (await connection.execute(query, (event_id,))).fetchone()
    if row is None:
        return None
    partition, offset, index, terms, voter, number, late, counting = row
    return BallotFound(
        event_id,
        Position(partition, offset, index),
        terms,
        voter,
        number,
        late=late,
        replaced=not late and counting > number,
        void=not late and counting < number,
    )


async def counting_choice(connection: AsyncConnection, terms_hash: str, voter: str) -> tuple[str, ...]:
    """Return the options of the ballot that counts for a voter now; empty where there is none."""
    query = "select options from standings.choices where terms = %s and voter = %s"
    row = await (await connection.execute(query, (terms_hash, voter))).fetchone()
    return tuple(row[0]) if row else ()


async def joined_before_opening(connection: AsyncConnection, round_id: str, member: str) -> bool:
    """Tell whether a member had joined when the round opened."""
    query = """select members.at < rounds.opened_at from counted.members, counted.rounds where member = %s and round = %s"""
    row = await (await connection.execute(query, (member, round_id))).fetchone()
    return bool(row and row[0])


async def of_voter(connection: AsyncConnection, terms_hash: str, voter: str) -> list[BallotFound]:
    """Return a voter's ballots in a round, the latest first: also one that she never cast."""
    query = "select event_id from counted.ballots where terms = %s and voter = %s order by number desc limit 100"
    rows = await (await connection.execute(query, (terms_hash, voter))).fetchall()
    found = [await find(connection, row[0]) for row in rows]
    return [each for each in found if each]
